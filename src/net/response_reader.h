#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "net/http_parser.h"

namespace warifu::net {

/// Turns bytes into one response, without I/O; interim (1xx) responses are skipped. Not thread-safe.
class ResponseReader {
 public:
  enum class Step : std::uint8_t { kNeedMore, kReady };

  /// `to_head`: the request was HEAD, so no body follows whatever the head says.
  ResponseReader(bool to_head, std::size_t body_max) : to_head_(to_head), body_max_(body_max) {}

  /// kUnavailable: not HTTP; kTooLarge: a limit is passed.
  [[nodiscard]] Result<Step> feed(std::string_view bytes);
  /// The peer ended the stream: the whole response where its end was to be marked so, else kUnavailable.
  [[nodiscard]] Result<> finish() const;

  [[nodiscard]] http::Response take() { return std::move(response_); }
  /// The head has been read: `take_body` may give some of the body already, `response` has status and fields.
  [[nodiscard]] bool has_head() const { return phase_ != Phase::kHead; }
  [[nodiscard]] const http::Response& response() const { return response_; }
  /// The bytes of the body that have come since the last call; `body_max` bounds them all together.
  [[nodiscard]] std::string take_body();
  /// After kReady: the connection may carry another request.
  [[nodiscard]] bool reusable() const { return phase_ == Phase::kDone && framing_.keep_alive && buffer_.empty(); }
  [[nodiscard]] bool begun() const { return begun_; }

 private:
  enum class Phase : std::uint8_t { kHead, kLength, kChunks, kToEnd, kDone };

  Result<> read_head();
  Result<> begin_body();
  Result<> read_body();

  const bool to_head_;
  const std::size_t body_max_;
  Phase phase_ = Phase::kHead;
  std::string buffer_;  // bytes not yet understood
  HeadScanner scanner_;
  ChunkDecoder chunks_;
  Framing framing_;
  http::Response response_;
  std::size_t taken_ = 0;  // of the body, by take_body
  bool begun_ = false;
};

}  // namespace warifu::net
