#include "services/bedrock/converse_stream.h"

#include <chrono>
#include <deque>
#include <utility>

#include "services/bedrock/converse_request.h"

namespace warifu::services::bedrock {
namespace {

namespace model = warifu::model::bedrock;
using model::ConverseEvent;

/// Deltas of a model in Bedrock's events: which content block is open, and its number.
class Source final : public ConverseEvents {
 public:
  Source(std::unique_ptr<llm::ChatStream> stream, std::chrono::steady_clock::time_point begun)
      : stream_(std::move(stream)), begun_(begun) {
    add().message_start = model::MessageStartEvent{.role = "assistant"};
  }

  Task<Result<std::optional<ConverseEvent>>> next() override {
    while (ready_.empty()) {
      Result<std::optional<llm::ChatEvent>> event = co_await stream_->next();
      if (!event) co_return fail(answered_in_stream(std::move(event).error()));
      if (!*event) co_return std::nullopt;
      std::visit([this](auto& delta) { take(delta); }, **event);
    }
    ConverseEvent event = std::move(ready_.front());
    ready_.pop_front();
    co_return event;
  }

  void cancel() override { stream_->cancel(); }

 private:
  enum class Block : std::uint8_t { kNone, kText, kTool };

  ConverseEvent& add() { return ready_.emplace_back(); }

  void close_block() {
    if (open_ == Block::kNone) return;
    add().content_block_stop = model::ContentBlockStopEvent{.content_block_index = index_};
    open_ = Block::kNone;
    ++index_;
  }

  model::ContentBlockDelta& add_delta() {
    return add()
        .content_block_delta.emplace(model::ContentBlockDeltaEvent{.delta = {}, .content_block_index = index_})
        .delta;
  }

  void take(llm::TextDelta& text) {
    if (open_ != Block::kText) close_block();
    open_ = Block::kText;
    add_delta().text = std::move(text.text);
  }

  void take(llm::ToolStart& tool) {
    close_block();
    open_ = Block::kTool;
    model::ContentBlockStartEvent& start = add().content_block_start.emplace();
    start.content_block_index = index_;
    start.start.tool_use = model::ToolUseBlockStart{.tool_use_id = std::move(tool.id), .name = std::move(tool.name)};
  }

  void take(llm::ToolDelta& piece) {
    add_delta().tool_use = model::ToolUseBlockDelta{.input = std::move(piece.arguments)};
  }

  void take(llm::Finished& end) {
    close_block();
    add().message_stop = model::MessageStopEvent{.stop_reason = std::string(stop_reason(end.stop))};
    const auto spent = std::chrono::steady_clock::now() - begun_;
    const auto latency = std::chrono::duration_cast<std::chrono::milliseconds>(spent).count();
    add().metadata =
        model::ConverseStreamMetadataEvent{.usage = token_usage(end.usage), .metrics = {.latency_ms = latency}};
  }

  std::unique_ptr<llm::ChatStream> stream_;
  const std::chrono::steady_clock::time_point begun_;
  std::deque<ConverseEvent> ready_;
  Block open_ = Block::kNone;
  std::int32_t index_ = 0;
};

}  // namespace

Task<Result<std::unique_ptr<ConverseEvents>>> converse_stream(api::Call&, llm::ChatModel* model,
                                                              model::ConverseStreamInput input) {
  if (model == nullptr) co_return fail(not_configured());
  const auto begun = std::chrono::steady_clock::now();
  llm::ChatRequest request = CO_TRY(chat_request(input));
  Result<std::unique_ptr<llm::ChatStream>> stream = co_await model->stream(std::move(request));
  if (!stream) co_return fail(answered(std::move(stream).error()));
  co_return std::make_unique<Source>(std::move(*stream), begun);
}

}  // namespace warifu::services::bedrock
