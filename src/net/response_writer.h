#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/http.h"
#include "base/time.h"

namespace warifu::net {

/// The `Date` field's value, formatted once a second. Not thread-safe: one per event loop.
class DateCache {
 public:
  [[nodiscard]] std::string_view at(Timestamp now);

 private:
  std::int64_t second_ = -1;
  std::string text_;
};

/// How one response stands on its connection.
struct ResponseFraming {
  bool to_head = false;   // answers HEAD: no body, but its length
  bool http_1_0 = false;  // the client speaks HTTP/1.0: keep-alive must be said
  bool close = false;
  bool chunked = false;  // the body's length is not known ahead
};

/// Replaces `out` by status line and fields with their empty line. Content-Length and Connection of the response itself
/// give way to what is true (an answer to HEAD without a body keeps its own Content-Length).
/// REQUIRES: is_sendable(response).
void write_response_head(const http::Response& response, ResponseFraming framing, std::string_view date,
                         std::string& out);

/// False when a field would break the message apart (response splitting), or the status is not 200–599.
[[nodiscard]] bool is_sendable(const http::Response& response);

/// True when a response of that status has no body (RFC 9110 §6.4.1).
[[nodiscard]] bool is_bodyless(int status);

/// Replaces `out` by a request's head. The target and Host are given; Content-Length follows the body.
void write_request_head(const http::Request& request, std::string_view target, std::string_view host, bool close,
                        std::string& out);

/// `Not Found` of 404; empty for a status without a registered phrase.
[[nodiscard]] std::string_view reason_phrase(int status);

}  // namespace warifu::net
