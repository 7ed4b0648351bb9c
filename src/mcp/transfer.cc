#include "mcp/transfer.h"

#include <utility>

#include "base/encoding.h"
#include "net/beside.h"

namespace warifu::mcp {
namespace {

Error cancelled() {
  Error error = unavailable("the call was cancelled");
  error.reason = kCancelled;
  return error;
}

/// A request that is being sent while somebody may give up waiting for it.
struct Opening {
  net::Pause done;
  std::optional<Result<std::unique_ptr<net::ResponseStream>>> result;
};

Task<> open_into(std::shared_ptr<Opening> opening, std::shared_ptr<Carrier> carrier, http::Request request,
                 net::StreamTimeouts timeouts) {
  opening->result = co_await carrier->open(std::move(request), timeouts);
  opening->done.cancel();
}

Task<Result<std::unique_ptr<net::ResponseStream>>> open_cancellably(std::shared_ptr<Carrier> carrier,
                                                                    http::Request request, net::StreamTimeouts timeouts,
                                                                    std::shared_ptr<CallHandle> handle) {
  if (handle->cancelled()) co_return fail(cancelled());
  const auto opening = std::make_shared<Opening>();
  handle->on_cancel([opening] { opening->done.cancel(); });
  co_await net::spawn(open_into(opening, carrier, std::move(request), timeouts));
  // The carrier keeps to its time; a little more only covers that it says so first.
  co_await opening->done.wait(timeouts.head + std::chrono::seconds(5));
  handle->on_cancel({});
  if (handle->cancelled() || !opening->result) co_return fail(cancelled());
  co_return std::move(*opening->result);
}

bool is_type(const http::Headers& headers, std::string_view type) {
  const std::string_view said = headers.get("content-type").value_or("");
  return iequals(said.substr(0, std::min(said.find_first_of("; "), said.size())), type);
}

}  // namespace

Transfer::Transfer(std::unique_ptr<net::ResponseStream> stream, Limits limits, std::shared_ptr<CallHandle> handle)
    : stream_(std::move(stream)),
      limits_(limits),
      handle_(std::move(handle)),
      events_(is_type(stream_->head().headers, "text/event-stream")),
      reader_(limits.message_bytes_max) {
  if (handle_) handle_->on_cancel([s = stream_.get()] { s->cancel(); });
}

Transfer::~Transfer() {
  if (handle_) handle_->on_cancel({});
}

Task<Result<std::unique_ptr<Transfer>>> Transfer::begin(std::shared_ptr<Carrier> carrier, http::Request request,
                                                        Limits limits, std::shared_ptr<CallHandle> handle) {
  Result<std::unique_ptr<net::ResponseStream>> stream = fail(cancelled());
  if (handle) {
    stream = co_await open_cancellably(carrier, std::move(request), limits.timeouts, handle);
  } else {
    stream = co_await carrier->open(std::move(request), limits.timeouts);
  }
  if (!stream) co_return fail(std::move(stream).error());
  co_return std::unique_ptr<Transfer>(new Transfer(std::move(*stream), limits, std::move(handle)));
}

Error Transfer::broken(std::string_view why) const {
  return unavailable("the MCP server's answer is broken: " + std::string(why));
}

Task<Result<std::optional<Message>>> Transfer::next() {
  if (handle_ && handle_->cancelled()) co_return fail(cancelled());
  if (!events_ && !whole_) {
    const Result<> read = co_await read_whole();
    if (handle_ && handle_->cancelled()) co_return fail(cancelled());
    if (!read) co_return fail(read.error());
  }
  if (!ready_.empty()) {
    Message message = std::move(ready_.front());
    ready_.pop_front();
    co_return std::optional(std::move(message));
  }
  if (whole_) co_return std::nullopt;
  Result<std::optional<Message>> message = co_await next_event();
  if (handle_ && handle_->cancelled()) co_return fail(cancelled());
  co_return message;
}

Task<Result<>> Transfer::read_whole() {
  std::string text;
  for (;;) {
    Result<std::optional<std::string>> part = co_await stream_->next();
    if (!part) co_return fail(std::move(part).error());
    if (!*part) break;
    text += **part;
    if (text.size() > limits_.message_bytes_max)
      co_return fail({.code = ErrorCode::kTooLarge, .message = "the MCP server's answer is too large"});
  }
  whole_ = true;
  if (text.empty() || !is_type(headers(), "application/json")) {
    if (text.empty() || status() >= 300) co_return Result<>{};
    co_return fail(broken("neither JSON nor an event stream"));
  }
  std::expected<Body, Malformed> body = read_body(text);
  if (!body && status() >= 300) co_return Result<>{};
  if (!body) co_return fail(broken(body.error().error.message));
  for (Message& message : body->messages) ready_.push_back(std::move(message));
  co_return Result<>{};
}

Task<Result<std::optional<Message>>> Transfer::next_event() {
  for (;;) {
    Result<std::optional<Event>> event = reader_.next();
    if (!event) co_return fail(std::move(event).error());
    if (*event) {
      last_event_id_ = (*event)->id;
      // An event without data only says where to go on from.
      if ((*event)->data.empty() || (*event)->type != "message") continue;
      std::expected<Body, Malformed> body = read_body((*event)->data);
      if (!body) co_return fail(broken(body.error().error.message));
      Message first = std::move(body->messages.front());
      for (std::size_t i = 1; i < body->messages.size(); ++i) ready_.push_back(std::move(body->messages[i]));
      co_return std::optional(std::move(first));
    }
    Result<std::optional<std::string>> part = co_await stream_->next();
    if (!part) co_return fail(std::move(part).error());
    if (!*part) {
      whole_ = true;
      co_return std::nullopt;
    }
    reader_.feed(**part);
  }
}

Task<> Transfer::drain(std::shared_ptr<Transfer> transfer, std::shared_ptr<net::Pause> done) {
  constexpr int kPiecesMax = 16;
  for (int i = 0; i < kPiecesMax; ++i) {
    const Result<std::optional<std::string>> part = co_await transfer->stream_->next();
    if (!part || !*part) break;
  }
  done->cancel();
}

namespace {

Task<> hang_up_late(std::shared_ptr<net::Pause> done, std::function<void()> hang_up) {
  constexpr std::chrono::milliseconds kPatience{1'000};
  co_await done->wait(kPatience);
  if (!done->cancelled()) hang_up();
}

}  // namespace

Task<> Transfer::finish(std::unique_ptr<Transfer> transfer) {
  // The end of a stream comes with the answer or right after it; who goes on talking is hung up on.
  if (transfer->whole_) co_return;
  if (transfer->handle_) transfer->handle_->on_cancel({});
  const std::shared_ptr<Transfer> shared = std::move(transfer);
  const auto done = std::make_shared<net::Pause>();
  co_await net::spawn(drain(shared, done));
  if (!done->cancelled()) co_await net::spawn(hang_up_late(done, [shared] { shared->stream_->cancel(); }));
}

}  // namespace warifu::mcp
