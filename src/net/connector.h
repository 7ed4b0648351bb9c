#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "net/address.h"
#include "net/byte_stream.h"
#include "net/client.h"

namespace boost::asio::ssl {
class context;
}

namespace warifu::net {

/// A deadline for what is under way: when it passes, that is cancelled, and nothing new may begin. May be started again
/// and again. Lives on one event loop; shared with its own timer.
class Deadline : public std::enable_shared_from_this<Deadline> {
 public:
  explicit Deadline(const boost::asio::any_io_executor& executor) : timer_(executor) {}

  void start(std::chrono::milliseconds timeout);
  /// What to cancel from here on. REQUIRES: what `cancel` refers to lives until the next call of this or of `stop`.
  void guard(std::function<void()> cancel) { cancel_ = std::move(cancel); }
  void stop();
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  boost::asio::steady_timer timer_;
  std::function<void()> cancel_;
  std::uint64_t turn_ = 0;  // of the start that counts: an earlier one's timer may already be on its way
  bool passed_ = false;
};

/// Ends the deadline however the coroutine that owns it ends.
struct DeadlineScope {
  std::shared_ptr<Deadline> deadline;
  explicit DeadlineScope(std::shared_ptr<Deadline> d) : deadline(std::move(d)) {}
  ~DeadlineScope() { deadline->stop(); }
  DeadlineScope(const DeadlineScope&) = delete;
  DeadlineScope& operator=(const DeadlineScope&) = delete;
};

/// Forgets what the deadline was to cancel, before that is gone.
struct GuardScope {
  Deadline& deadline;
  explicit GuardScope(Deadline& d) : deadline(d) {}
  ~GuardScope() { deadline.guard(nullptr); }
  GuardScope(const GuardScope&) = delete;
  GuardScope& operator=(const GuardScope&) = delete;
};

/// A connection to where `url` points, TLS made and verified as `tls` says where the URL is secure (null only where it
/// is not). kUnavailable: it cannot be had before the deadline. kAccessDenied: `may_connect` (where it is not empty)
/// refused every address that the name has. All arguments outlive the call; `tls` the stream too.
[[nodiscard]] Task<Result<std::unique_ptr<ByteStream>>> connect(
    const Url& url, boost::asio::ssl::context* tls, Deadline& deadline,
    const std::function<bool(const IpAddress&)>& may_connect);

/// `connecting` as a stream once it is connected. kUnavailable: it cannot be before the deadline.
[[nodiscard]] Task<Result<std::unique_ptr<ByteStream>>> adopt_socket(UniqueFd connecting, Deadline& deadline);

/// kUnavailable with `reason` kTimedOut.
[[nodiscard]] Error timed_out(const Url& url);

}  // namespace warifu::net
