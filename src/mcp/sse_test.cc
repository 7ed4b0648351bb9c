#include "mcp/sse.h"

#include <gtest/gtest.h>

namespace warifu::mcp {
namespace {

/// All data of `text`, fed in pieces of `step` bytes.
std::vector<std::string> read_all(std::string_view text, std::size_t step) {
  EventReader reader(1000);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < text.size(); at += step) {
    reader.feed(text.substr(at, step));
    for (;;) {
      auto event = reader.next();
      if (!event || !*event) break;
      out.push_back((*event)->type + "|" + (*event)->id + "|" + (*event)->data);
    }
  }
  return out;
}

TEST(Events, AreReadAlikeHoweverTheyAreCut) {
  const std::string_view text =
      "\xEF\xBB\xBF: hello\n\nevent: message\nid: 7\ndata: a\ndata:b\r\n\r\ndata\n\nid\nretry: 5\ndata:  c\n\n"
      "event: x\n\nwhat: ever\ndata: d\r\r";
  // The last line ends by a carriage return, so another byte is needed to know that it ended.
  const std::string whole = std::string(text) + "\n";
  const std::vector<std::string> want = {"message|7|a\nb", "message|7|", "message|| c", "message||d"};
  for (std::size_t step = 1; step <= whole.size(); ++step) EXPECT_EQ(read_all(whole, step), want) << step;
}

TEST(Events, ComeBackAsTheyWereWritten) {
  std::string text;
  append_event(text, "{\"a\":1}");
  append_event(text, "two\nlines\r\nthree\rfour", "9", "other");
  append_event(text, "");
  EXPECT_EQ(text.substr(0, 32), "event: message\ndata: {\"a\":1}\n\nev");
  const std::vector<std::string> want = {"message||{\"a\":1}", "other|9|two\nlines\nthree\nfour", "message|9|"};
  EXPECT_EQ(read_all(text, text.size()), want);
}

TEST(Events, ThatGrowPastTheBoundAreRefused) {
  const auto refused = [](std::string_view text) {
    EventReader reader(100);
    reader.feed(text);
    for (;;) {
      const auto event = reader.next();
      if (!event) return true;
      if (!*event) return false;
    }
  };
  EXPECT_FALSE(refused("data: " + std::string(90, 'x')));
  EXPECT_TRUE(refused("data: " + std::string(100, 'x')));
  EXPECT_TRUE(refused("data: " + std::string(60, 'x') + "\ndata: " + std::string(60, 'x') + "\n"));
  EXPECT_FALSE(refused("data: " + std::string(60, 'x') + "\n\ndata: " + std::string(60, 'x') + "\n\n"));
}

}  // namespace
}  // namespace warifu::mcp
