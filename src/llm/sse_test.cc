#include "llm/sse.h"

#include <gtest/gtest.h>

namespace warifu::llm {
namespace {

/// The data of all events when the bytes come `step` at a time; nullopt when a bound was passed.
std::optional<std::vector<std::string>> events(std::string_view text, std::size_t step, std::size_t bytes_max = 1'000) {
  SseReader reader(bytes_max);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    reader.feed(text.substr(at, step));
    for (;;) {
      auto event = reader.next();
      if (!event) return std::nullopt;
      if (!*event) break;
      out.push_back(std::move(**event));
    }
  }
  return out;
}

struct Case {
  std::string_view name, text;
  std::vector<std::string> want;
};

TEST(SseTest, CutsEventsWhateverTheLineEndsAndTheReads) {
  const Case cases[] = {
      {"one", "data: a\n\n", {"a"}},
      {"without the space", "data:a\n\n", {"a"}},
      {"only the first space goes", "data:  a\n\n", {" a"}},
      {"carriage returns", "data: a\r\rdata: b\r\r\n", {"a", "b"}},
      {"both", "data: a\r\n\r\ndata: b\r\n\r\n", {"a", "b"}},
      {"several lines are one event", "data: a\ndata: b\n\n", {"a\nb"}},
      {"an empty data line counts", "data\n\ndata:\n\n", {"", ""}},
      {"comments and other fields do not", ": hi\nevent: x\nid: 1\nretry: 5\ndata: a\n\n", {"a"}},
      {"an event without data is none", "event: x\n\ndata: a\n\n", {"a"}},
      {"the rest waits for its end", "data: a\n\ndata: b\n", {"a"}},
      {"names compare whole", "dataset: a\n\ndata : b\n\n", {}},
  };
  for (const Case& c : cases) {
    for (const std::size_t step : {1UL, 2UL, 3UL, 1'000UL}) {
      EXPECT_EQ(events(c.text, step), c.want) << c.name << " in steps of " << step;
    }
  }
}

TEST(SseTest, BoundsAnEventAndALine) {
  const std::string line = "data: " + std::string(90, 'x') + "\n";
  EXPECT_TRUE(events(line + "\n", 7, 200));
  EXPECT_FALSE(events(line + line + line + "\n", 7, 200)) << "many lines of one event";
  EXPECT_FALSE(events(std::string(300, 'x'), 7, 200)) << "a line that never ends";
}

}  // namespace
}  // namespace warifu::llm
