#pragma once

#include <chrono>

#include "base/body_stream.h"
#include "net/byte_stream.h"

namespace warifu::net {

/// One connection's deadline. Arming costs a clock read; the event loop's ticker looks at all of them a few times in
/// the shortest timeout, so a deadline may pass late by that much. Lives on one event loop.
class Watch {
 public:
  using Clock = std::chrono::steady_clock;

  /// `stream` must outlive the watch.
  explicit Watch(ByteStream& stream) : stream_(&stream) {}

  void arm(Clock::duration timeout) {
    at_ = Clock::now() + timeout;
    passed_ = false;
  }
  void disarm() {
    at_ = Clock::time_point::max();
    passed_ = false;
  }
  /// From here on `body` is cancelled when the peer goes; nullptr ends that. It lives until then.
  void guard(http::BodyStream* body) { body_ = body; }
  /// True when the deadline armed last has passed: a failed read or write then means time-out.
  [[nodiscard]] bool passed() const { return passed_; }

  /// The ticker's part. Cancels at every tick once late, since an operation may have begun after an earlier cancel.
  void check(Clock::time_point now) {
    if (body_ != nullptr && stream_->gone()) body_->cancel();
    if (now < at_) return;
    passed_ = true;
    stream_->cancel();
  }

 private:
  ByteStream* stream_;
  http::BodyStream* body_ = nullptr;
  Clock::time_point at_ = Clock::time_point::max();
  bool passed_ = false;
};

}  // namespace warifu::net
