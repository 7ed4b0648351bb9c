#include "services/runtime/command.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "json/value.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"

namespace warifu::services::runtime {
namespace {

using Event = m::InvokeAgentRuntimeCommandStreamOutput;

class Events final : public api::EventSource<Event> {
 public:
  explicit Events(std::unique_ptr<agents::Command> command) : command_(std::move(command)) {}

  Task<Result<std::optional<Event>>> next() override {
    if (ended_) co_return std::optional<Event>();
    if (!started_) {
      started_ = true;
      m::ResponseChunk chunk;
      chunk.content_start = m::ContentStartEvent{};
      co_return event(std::move(chunk));
    }
    if (pending_.bytes.empty()) {
      auto made = CO_TRY(co_await command_->next());
      if (const auto* end = std::get_if<agents::Command::End>(&made)) co_return stop(*end);
      pending_ = std::move(std::get<agents::Command::Output>(made));
    }
    co_return delta();
  }
  void cancel() override { command_->cancel(); }

 private:
  static std::optional<Event> event(m::ResponseChunk chunk) {
    Event out;
    out.chunk = std::move(chunk);
    return out;
  }

  std::optional<Event> stop(const agents::Command::End& end) {
    ended_ = true;
    m::ResponseChunk chunk;
    chunk.content_stop =
        m::ContentStopEvent{.exit_code = end.exit_code, .status = end.timed_out ? "TIMED_OUT" : "COMPLETED"};
    return event(std::move(chunk));
  }

  Result<std::optional<Event>> delta() {
    std::string piece = pending_.bytes.substr(0, kCommandEventBytesMax);
    pending_.bytes.erase(0, piece.size());
    sent_ += piece.size();
    if (sent_ > kCommandAnswerBytesMax) {
      command_->cancel();
      ended_ = true;
      return fail(quota_exceeded(fmt::format("the command wrote more than {} bytes", kCommandAnswerBytesMax)));
    }
    m::ResponseChunk chunk;
    chunk.content_delta = m::ContentDeltaEvent{};
    (pending_.stream == 2 ? chunk.content_delta->stderr : chunk.content_delta->stdout) = std::move(piece);
    return event(std::move(chunk));
  }

  std::unique_ptr<agents::Command> command_;
  agents::Command::Output pending_;
  std::size_t sent_ = 0;
  bool started_ = false;
  bool ended_ = false;
};

}  // namespace

Result<CommandRequest> read_command(const std::string& body) {
  const auto parsed = json::parse(body);
  if (!parsed || !parsed->is_object()) return fail(invalid_field("body", "the body is no JSON object"));
  const auto command = parsed->find_string("command");
  if (!command || command->empty() || command->size() > kCommandBytesMax) {
    return fail(invalid_field("command", fmt::format("command must be text of 1 to {} bytes", kCommandBytesMax)));
  }
  CommandRequest out{.command = *command, .timeout_s = kCommandSecondsDefault};
  if (const json::Value* timeout = parsed->find("timeout"); timeout != nullptr && !timeout->is_null()) {
    const auto seconds = timeout->as_int64();
    if (!seconds || *seconds < 1 || *seconds > kCommandSecondsMax) {
      return fail(invalid_field("timeout", fmt::format("timeout must be 1 to {} seconds", kCommandSecondsMax)));
    }
    out.timeout_s = *seconds;
  }
  return out;
}

std::unique_ptr<api::EventSource<Event>> events_of(std::unique_ptr<agents::Command> command) {
  return std::make_unique<Events>(std::move(command));
}

}  // namespace warifu::services::runtime
