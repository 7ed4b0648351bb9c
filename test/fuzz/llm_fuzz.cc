// Any bytes from a model endpoint: its stream is cut into the same events however it comes in pieces, deltas keep their
// order (a call begins before its pieces, nothing follows the end), a call's pieces are one JSON object, and whole
// answers and vectors are read or refused.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "json/value.h"
#include "llm/openai_answer.h"
#include "llm/sse.h"

namespace {

using namespace warifu::llm;

constexpr std::size_t kEventMax = 4096;

void require(bool holds) {
  if (!holds) std::abort();
}

std::vector<std::string> cut(std::string_view bytes, std::size_t step) {
  SseReader reader(kEventMax);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    reader.feed(bytes.substr(at, step));
    for (;;) {
      auto event = reader.next();
      if (!event) return out;
      if (!*event) break;
      require((*event)->size() <= kEventMax);
      out.push_back(std::move(**event));
    }
  }
  return out;
}

/// How a sequence of deltas must look; `whole`: the stream came to its end.
class Order {
 public:
  void take(const ChatEvent& event) {
    require(!finished_);
    const auto* piece = std::get_if<ToolDelta>(&event);
    require(piece == nullptr || in_call_);
    if (piece != nullptr) {
      arguments_ += piece->arguments;
      return;
    }
    end_call();
    const auto* start = std::get_if<ToolStart>(&event);
    in_call_ = start != nullptr;
    require(start == nullptr || (!start->name.empty() && !start->id.empty() && start->id.size() <= 64));
    finished_ = std::holds_alternative<Finished>(event);
  }

 private:
  void end_call() {
    if (!in_call_) return;
    const auto parsed = warifu::json::parse(arguments_);
    require(parsed.has_value() && parsed->is_object());
    arguments_.clear();
  }

  bool in_call_ = false;
  bool finished_ = false;
  std::string arguments_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::vector<std::string> events = cut(bytes, size + 1);
  // Where a bound ends the reading, pieces of another size may show it earlier or later.
  if (size <= kEventMax) require(cut(bytes, 1) == events && cut(bytes, 7) == events);

  ChunkReader reader;
  Order order;
  std::vector<ChatEvent> deltas;
  bool good = true;
  for (const std::string& event : events) {
    good = good && !reader.done() && reader.feed(event, deltas).has_value();
  }
  if (good && !reader.done()) (void)reader.finish(deltas);
  // What stands before an error may end within a call: only whole streams are held to their order.
  if (reader.done() && !deltas.empty() && std::holds_alternative<Finished>(deltas.back())) {
    for (const ChatEvent& delta : deltas) order.take(delta);
  }

  if (const auto answer = read_answer(bytes)) {
    for (const ToolCall& call : answer->tool_calls) {
      const auto arguments = warifu::json::parse(call.arguments);
      require(!call.id.empty() && !call.name.empty() && arguments.has_value() && arguments->is_object());
    }
  }
  if (const auto vectors = read_embeddings(bytes, 2)) {
    require(vectors->size() == 2 && vectors->at(0).size() == vectors->at(1).size());
  }
  require(error_text(bytes).size() <= 304);
  return 0;
}
