#include "services/gateway/reply_stream.h"

#include <deque>

#include "mcp/sse.h"
#include "net/beside.h"
#include "net/pause.h"

namespace warifu::services::gateway {
namespace {

constexpr std::chrono::milliseconds kKeepAlive{15'000};
/// How long the first event is waited for before the head of a stream goes out.
constexpr std::chrono::milliseconds kHeadPatience{2'000};
constexpr std::chrono::milliseconds kAskTimeout{600'000};
/// Events that wait for a slow reader; past it the target's notifications are dropped, never its answer.
constexpr std::size_t kQueueMax = 1024;

/// What the reader and the worker share. Lives on one event loop.
struct Pipe {
  std::deque<std::string> events;
  bool done = false;
  std::shared_ptr<net::Pause> reader;  // that waits
  std::shared_ptr<Cancellation> cancellation = std::make_shared<Cancellation>();

  void wake() {
    if (reader) reader->cancel();
  }
  void push(std::string_view message) {
    std::string event;
    mcp::append_event(event, message);
    events.push_back(std::move(event));
    wake();
  }
};

/// True when the client said that it can be asked so.
bool can_be_asked(const json::Value& capabilities, std::string_view method) {
  const std::string_view wanted = method.substr(0, method.find('/'));
  return capabilities.is_object() && capabilities.find(wanted) != nullptr;
}

class StreamUpcalls final : public Upcalls {
 public:
  StreamUpcalls(Shared& shared, std::shared_ptr<Exchange> exchange, std::shared_ptr<Pipe> pipe)
      : shared_(shared), exchange_(std::move(exchange)), pipe_(std::move(pipe)) {}

  Task<> notify(json::Value notification) override {
    if (pipe_->events.size() >= kQueueMax) co_return;
    if (notification.find("jsonrpc") == nullptr) notification.set("jsonrpc", json::Value::string("2.0"));
    pipe_->push(notification.dump());
  }

  Task<Answer> ask(json::Value request) override {
    const std::string method = request.find_string("method").value_or("");
    const bool stateless = mcp::is_stateless(exchange_->envelope.version);
    // An answer arrives as a request of its own: only a session tells whose it is.
    if (stateless || exchange_->conversation.session.empty() || !can_be_asked(exchange_->capabilities, method)) {
      co_return std::unexpected(mcp::method_not_found(method));
    }
    const std::string id = shared_.environment.random.uuid();
    json::Value message = json::Value::object();
    message.set("jsonrpc", json::Value::string("2.0")).set("id", json::Value::string(id));
    message.set("method", json::Value::string(method));
    if (const json::Value* params = request.find("params")) message.set("params", *params);
    pipe_->push(message.dump());
    co_return co_await shared_.running.answer_to(exchange_->conversation, id, pipe_->cancellation, kAskTimeout);
  }

 private:
  Shared& shared_;
  std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<Pipe> pipe_;
};

struct Work {
  Shared& shared;
  std::shared_ptr<Exchange> exchange;
  mcp::Message message;
  std::function<void(const Outcome*)> ended;
  std::shared_ptr<Pipe> pipe;
  bool streaming = false;            // the head of a stream has gone out
  std::optional<Outcome> outcome{};  // of a request that needs no stream
};

Task<> wait_for_event(std::shared_ptr<Pipe> pipe, std::chrono::milliseconds patience) {
  if (!pipe->events.empty() || pipe->done) co_return;
  const auto pause = std::make_shared<net::Pause>();
  pipe->reader = pause;
  co_await pause->wait(patience);
  pipe->reader.reset();
}

Task<> work_on(std::shared_ptr<Work> work) {
  const mcp::Id id = *work->message.id;
  const auto loop = co_await net::LoopHandle::current();
  const auto entry = work->shared.running.enter(work->exchange->conversation, id, work->pipe->cancellation, loop);
  auto upcalls = std::make_shared<StreamUpcalls>(work->shared, work->exchange, work->pipe);
  Outcome outcome = co_await perform(work->shared, work->exchange, std::move(work->message), std::move(upcalls),
                                     work->pipe->cancellation);
  if (!work->streaming && work->pipe->events.empty()) {
    work->outcome = std::move(outcome);
    work->pipe->done = true;
    work->pipe->wake();
    co_return;
  }
  // A request that was cancelled gets no answer.
  if (!work->pipe->cancellation->cancelled()) {
    work->pipe->push(outcome.answer ? mcp::print_result(id, *outcome.answer)
                                    : mcp::print(mcp::error(id, outcome.answer.error())));
  }
  work->pipe->done = true;
  work->pipe->wake();
  if (auto ended = std::exchange(work->ended, {})) ended(&outcome);
}

class ReplyStream final : public http::BodyStream {
 public:
  explicit ReplyStream(std::shared_ptr<Work> work) : work_(std::move(work)), pipe_(work_->pipe) {}
  ~ReplyStream() override {
    pipe_->cancellation->cancel();
    if (auto ended = std::exchange(work_->ended, {})) ended(nullptr);
  }
  ReplyStream(const ReplyStream&) = delete;
  ReplyStream& operator=(const ReplyStream&) = delete;

  Task<Result<std::optional<std::string>>> next() override {
    if (!gone_) co_await wait_for_event(pipe_, kKeepAlive);
    if (gone_) co_return fail(unavailable("the reader has gone"));
    if (!pipe_->events.empty()) {
      std::string event = std::move(pipe_->events.front());
      pipe_->events.pop_front();
      co_return std::optional(std::move(event));
    }
    if (pipe_->done) co_return std::optional<std::string>{};
    co_return std::optional(std::string(mcp::kKeepAlive));
  }

  void cancel() override {
    gone_ = true;
    pipe_->cancellation->cancel();
    pipe_->wake();
  }

 private:
  std::shared_ptr<Work> work_;
  std::shared_ptr<Pipe> pipe_;
  bool gone_ = false;
};

}  // namespace

Task<Reply> begin_reply(Shared& shared, std::shared_ptr<Exchange> exchange, mcp::Message message,
                        std::function<void(const Outcome*)> ended) {
  const auto work = std::make_shared<Work>(Work{.shared = shared,
                                                .exchange = std::move(exchange),
                                                .message = std::move(message),
                                                .ended = std::move(ended),
                                                .pipe = std::make_shared<Pipe>()});
  co_await net::spawn(work_on(work));
  co_await wait_for_event(work->pipe, kHeadPatience);
  if (work->outcome) co_return Reply{.outcome = std::move(work->outcome), .stream = nullptr};
  work->streaming = true;
  co_return Reply{.outcome = std::nullopt, .stream = std::make_shared<ReplyStream>(work)};
}

}  // namespace warifu::services::gateway
