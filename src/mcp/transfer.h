#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "mcp/message.h"
#include "mcp/sse.h"
#include "mcp/upstream.h"
#include "net/pause.h"

/// One HTTP exchange of the client, as messages. Of this module alone.
namespace warifu::mcp {

/// What comes back to one request. Used by one coroutine.
class Transfer {
 public:
  struct Limits {
    net::StreamTimeouts timeouts;
    std::size_t message_bytes_max = kMessageBytesMax;
  };

  /// Sends `request` and reads the answer's head. `handle` may be null; cancelled meanwhile: kUnavailable, kCancelled.
  static Task<Result<std::unique_ptr<Transfer>>> begin(std::shared_ptr<Carrier> carrier, http::Request request,
                                                       Limits limits, std::shared_ptr<CallHandle> handle);
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  [[nodiscard]] int status() const { return stream_->head().status; }
  [[nodiscard]] const http::Headers& headers() const { return stream_->head().headers; }
  /// The next message; nullopt: there are no more. kUnavailable: the answer is broken or holds no messages (a body that
  /// is not JSON, where the status is an error, reads as no message).
  Task<Result<std::optional<Message>>> next();
  /// Reads what is left beside the caller, for a moment, so that the connection can be used again.
  static Task<> finish(std::unique_ptr<Transfer> transfer);

  /// Of the last event: where a stream may be taken up again. Empty: nowhere.
  [[nodiscard]] const std::string& last_event_id() const { return last_event_id_; }

 private:
  Transfer(std::unique_ptr<net::ResponseStream> stream, Limits limits, std::shared_ptr<CallHandle> handle);
  Task<Result<std::optional<Message>>> next_event();
  Task<Result<>> read_whole();
  static Task<> drain(std::shared_ptr<Transfer> transfer, std::shared_ptr<net::Pause> done);
  [[nodiscard]] Error broken(std::string_view why) const;

  std::unique_ptr<net::ResponseStream> stream_;
  const Limits limits_;
  const std::shared_ptr<CallHandle> handle_;
  bool events_ = false;
  bool whole_ = false;
  EventReader reader_;
  std::deque<Message> ready_;
  std::string last_event_id_;
};

}  // namespace warifu::mcp
