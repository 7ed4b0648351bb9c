#include "net/connection.h"

#include <fmt/format.h>

#include <array>
#include <exception>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "base/log.h"

namespace warifu::net {
namespace {

bool says_close(const http::Response& response) {
  for (const auto& [name, value] : response.headers.fields()) {
    if (iequals(name, "connection") && iequals(value, "close")) return true;
  }
  return false;
}

}  // namespace

http::Response plain_error_page(int status, std::string_view message) {
  http::Response response{.status = status, .headers = {}, .body = {}};
  response.headers.add("Content-Type", "application/json");
  response.body.append(R"({"message":")").append(message).append(R"("})");
  return response;
}

http::Response HttpConnection::error_page(int status, std::string_view message) const {
  if (!context_.options.error_page) return plain_error_page(status, message);
  http::Response response = context_.options.error_page(status, message);
  return is_sendable(response) ? std::move(response) : plain_error_page(status, message);
}

/// The body of the request that is being handled. Whoever still holds it afterwards holds nothing.
class HttpConnection::RequestBody final : public http::BodyStream {
 public:
  explicit RequestBody(HttpConnection& connection) : connection_(&connection) {}

  Task<Result<std::optional<std::string>>> next() override {
    if (whole_) co_return std::optional<std::string>{};
    if (connection_ == nullptr) co_return fail(unavailable("the request is over"));
    auto piece = co_await connection_->next_request_piece();
    whole_ = piece && !*piece;
    co_return piece;
  }
  void cancel() override {
    if (connection_ != nullptr) connection_->stream_.cancel();
  }
  void detach() { connection_ = nullptr; }

 private:
  HttpConnection* connection_;
  bool whole_ = false;
};

Task<Result<std::optional<std::string>>> HttpConnection::next_request_piece() {
  std::string piece;
  while (reader_.streams()) {
    const RequestReader::Step step = reader_.next_piece(piece);
    if (step == RequestReader::Step::kRefused) {
      context_.counters.parse_errors.add(1);
      co_return fail(validation_error(std::string(reader_.refusal().message)));
    }
    if (!piece.empty()) co_return std::optional(std::move(piece));
    if (step == RequestReader::Step::kReady) break;
    if (step == RequestReader::Step::kContinue && !co_await send_bytes("HTTP/1.1 100 Continue\r\n\r\n", {})) {
      co_return fail(unavailable("the connection has ended"));
    }
    // Each piece has its own deadline: how long the whole takes is its size's affair.
    watch_.arm(context_.options.request_timeout);
    const Result<std::size_t> n = co_await stream_.read_some(reader_.space());
    const bool late = watch_.passed();
    watch_.disarm();
    if (!n || *n == 0) co_return fail(unavailable(late ? "the body took too long" : "the body was cut off"));
    context_.counters.bytes_in.add(*n);
    reader_.commit(*n);
  }
  co_return std::optional<std::string>{};
}

Task<> HttpConnection::run() {
  watch_.arm(context_.options.idle_timeout);
  for (;;) {
    const RequestReader::Step step = reader_.next();
    if (step == RequestReader::Step::kReady) {
      if (!co_await answer()) co_return;
    } else if (step == RequestReader::Step::kRefused) {
      context_.counters.parse_errors.add(1);
      co_await refuse(reader_.refusal());
      co_return;
    } else {
      if (step == RequestReader::Step::kContinue && !co_await send_bytes("HTTP/1.1 100 Continue\r\n\r\n", {}))
        co_return;
      if (!co_await fill()) co_return;
    }
  }
}

Task<bool> HttpConnection::fill() {
  const bool begun = reader_.begun();
  if (!begun && context_.draining.load(std::memory_order_relaxed)) co_return false;
  if (begun && !request_timed_) {
    watch_.arm(context_.options.request_timeout);
    request_timed_ = true;
  }
  idle_ = !begun;
  const Result<std::size_t> n = co_await stream_.read_some(reader_.space());
  idle_ = false;
  if (n && *n > 0) {
    context_.counters.bytes_in.add(*n);
    reader_.commit(*n);
    co_return true;
  }
  if (watch_.passed()) {
    context_.counters.timeouts.add(1);
    if (begun) co_await refuse({408, "request took too long"});
  }
  co_return false;
}

Task<http::Response> HttpConnection::handle(http::Request request) {
  try {
    http::Response response = co_await context_.handler(std::move(request));
    if (is_sendable(response)) co_return response;
    log::error("a handler's response has a malformed field or status");
  } catch (const std::exception& e) {
    log::error("a handler threw", {{"what", e.what()}});
  }
  co_return error_page(500, "internal error");
}

Task<bool> HttpConnection::answer() {
  watch_.disarm();
  request_timed_ = false;
  ResponseFraming framing{.http_1_0 = reader_.framing().http_1_0, .close = !reader_.framing().keep_alive};
  http::Request request = reader_.take();
  framing.to_head = request.method == "HEAD";
  request.peer_ip = ends_.peer_ip;
  request.local_host = ends_.local_host;
  request.secure = ends_.secure;
  context_.trust.apply(request);
  context_.counters.requests.add(1);

  std::shared_ptr<RequestBody> body;
  if (reader_.streams()) request.stream = body = std::make_shared<RequestBody>(*this);
  const http::Response response = co_await handle(std::move(request));
  if (body) body->detach();
  // What of the body nobody read stands before the next request.
  const bool unread = reader_.streams();
  framing.close = framing.close || unread;
  reader_.answered();
  framing.close = framing.close || says_close(response) || context_.draining.load(std::memory_order_relaxed);
  // HTTP/1.0 knows the end of a body without a length by the end of the connection alone.
  framing.close = framing.close || (response.stream && !response.stream_bytes && framing.http_1_0);
  if (!co_await send(response, framing)) co_return false;
  if (framing.close) {
    // What the client sent beyond this request would make the kernel reset the connection, and the answer be lost.
    co_await linger(unread || reader_.pending() > 0 ? kLingerBytesMax : 0);
    co_return false;
  }
  watch_.arm(context_.options.idle_timeout);
  co_return true;
}

Task<bool> HttpConnection::send(const http::Response& response, ResponseFraming framing) {
  const bool bodyless = framing.to_head || is_bodyless(response.status);
  framing.chunked = response.stream && !response.stream_bytes && !framing.http_1_0 && !is_bodyless(response.status);
  write_response_head(response, framing, context_.date.at(SystemClock().now()), head_);
  if (response.stream && !bodyless) {
    co_return co_await send_bytes(head_, {}) &&
        co_await send_stream(*response.stream, response.body, framing.chunked, response.stream_bytes);
  }
  co_return co_await send_bytes(head_, bodyless ? std::string_view{} : std::string_view(response.body));
}

Task<bool> HttpConnection::send_stream(http::BodyStream& body, std::string first, bool chunked,
                                       std::optional<std::uint64_t> length) {
  if (!first.empty() && !co_await send_piece(first, chunked)) co_return false;
  for (;;) {
    Result<std::optional<std::string>> piece = co_await next_piece(body);
    if (!piece) co_return false;
    if (!*piece) break;
    // More than was promised would be taken for the next answer.
    if (length && (*piece)->size() > *length) co_return false;
    if (length) *length -= (*piece)->size();
    if (!(*piece)->empty() && !co_await send_piece(**piece, chunked)) co_return false;
  }
  if (length && *length > 0) co_return false;
  co_return !chunked || co_await send_bytes("0\r\n\r\n", {});
}

Task<Result<std::optional<std::string>>> HttpConnection::next_piece(http::BodyStream& body) {
  watch_.disarm();
  watch_.guard(&body);
  Result<std::optional<std::string>> piece = fail(internal_error("a body's stream threw"));
  try {
    piece = co_await body.next();
  } catch (const std::exception& e) {
    log::error("a body's stream threw", {{"what", e.what()}});
  }
  watch_.guard(nullptr);
  co_return piece;
}

Task<bool> HttpConnection::send_piece(std::string_view piece, bool chunked) {
  if (!chunked) co_return co_await send_bytes(piece, {});
  head_ = fmt::format("{:x}\r\n", piece.size());
  head_.append(piece).append("\r\n", 2);
  co_return co_await send_bytes(head_, {});
}

Task<bool> HttpConnection::send_bytes(std::string_view head, std::string_view body) {
  context_.counters.bytes_out.add(head.size() + body.size());
  std::size_t sent = stream_.try_write(head, body);
  if (sent == head.size() + body.size()) co_return true;

  const std::size_t of_head = std::min(sent, head.size());
  sent -= of_head;
  watch_.arm(context_.options.write_timeout);
  const Result<> written = co_await stream_.write_all(head.substr(of_head), body.substr(sent));
  if (!written && watch_.passed()) context_.counters.timeouts.add(1);
  request_timed_ = false;
  co_return written.has_value();
}

Task<> HttpConnection::refuse(Refusal refusal) {
  const http::Response response = error_page(refusal.status, refusal.message);
  watch_.disarm();
  if (co_await send(response, {.close = true})) co_await linger(kLingerBytesMax);
}

Task<> HttpConnection::linger(std::size_t bytes_max) {
  watch_.arm(kLingerTimeout);
  co_await stream_.finish_writing();
  constexpr std::size_t kSinkBytes = 4096;
  std::array<char, kSinkBytes> sink;  // NOLINT: filled by the peer, read by nobody
  for (std::size_t total = 0; total < bytes_max;) {
    const Result<std::size_t> n = co_await stream_.read_some(sink);
    if (!n || *n == 0) co_return;
    context_.counters.bytes_in.add(*n);
    total += *n;
  }
}

}  // namespace warifu::net
