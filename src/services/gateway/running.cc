#include "services/gateway/running.h"

#include "net/pause.h"

namespace warifu::services::gateway {
namespace {

std::string key_of(const Conversation& of, std::string_view kind, std::string_view id) {
  return of.key() + "\n" + std::string(kind) + std::string(id);
}

/// A number and a text with the same digits are two ids.
std::string text_of(const mcp::Id& id) { return id.value().dump(); }

}  // namespace

/// Lives on the loop of who waits.
struct Running::Waiting {
  net::LoopHandle loop;
  net::Pause pause;
  std::optional<Answer> answer;
};

Running::Entry::~Entry() {
  if (running_ == nullptr || key_.empty()) return;
  const std::lock_guard lock(running_->mutex_);
  running_->running_.erase(key_);
}

Running::Entry Running::enter(const Conversation& of, const mcp::Id& id, std::shared_ptr<Cancellation> cancellation,
                              net::LoopHandle loop) {
  std::string key = key_of(of, "r", text_of(id));
  if (of.session.empty()) return {*this, {}};
  const std::lock_guard lock(mutex_);
  running_.insert_or_assign(key, One{.cancellation = std::move(cancellation), .loop = std::move(loop)});
  return {*this, std::move(key)};
}

void Running::cancel(const Conversation& of, const mcp::Id& id) {
  std::optional<One> one;
  {
    const std::lock_guard lock(mutex_);
    const auto found = running_.find(key_of(of, "r", text_of(id)));
    if (found == running_.end()) return;
    one = found->second;
  }
  one->loop.post([cancellation = one->cancellation] { cancellation->cancel(); });
}

Task<Answer> Running::answer_to(Conversation of, std::string id, std::shared_ptr<Cancellation> cancellation,
                                std::chrono::milliseconds timeout) {
  auto waiting = std::make_shared<Waiting>();
  waiting->loop = co_await net::LoopHandle::current();
  const std::string key = key_of(of, "a", id);
  {
    const std::lock_guard lock(mutex_);
    waiting_[key] = waiting;
  }
  cancellation->on_cancel_upcall([waiting] { waiting->pause.cancel(); });
  co_await waiting->pause.wait(timeout);
  cancellation->on_cancel_upcall({});
  {
    const std::lock_guard lock(mutex_);
    waiting_.erase(key);
  }
  if (waiting->answer) co_return std::move(*waiting->answer);
  co_return std::unexpected(RpcError{.code = -32603, .message = "the client did not answer"});
}

bool Running::answered(const Conversation& of, const mcp::Message& answer) {
  if (!answer.id) return false;
  std::shared_ptr<Waiting> waiting;
  {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(key_of(of, "a", answer.id->text()));
    if (found == waiting_.end()) return false;
    waiting = found->second;
  }
  Answer given =
      answer.kind == mcp::Message::Kind::kResult ? Answer(answer.result.dump()) : Answer(std::unexpected(answer.error));
  waiting->loop.post([waiting, given = std::move(given)] {
    waiting->answer = given;
    waiting->pause.cancel();
  });
  return true;
}

}  // namespace warifu::services::gateway
