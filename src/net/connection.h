#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>

#include "net/address.h"
#include "net/byte_stream.h"
#include "net/request_reader.h"
#include "net/response_writer.h"
#include "net/server.h"
#include "net/watch.h"

namespace warifu::net {

/// A counter written by one thread and read by any.
class Counter {
 public:
  void add(std::uint64_t n) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// What one event loop counts.
struct alignas(64) LoopCounters {
  Counter requests, bytes_in, bytes_out, parse_errors, timeouts;
};

/// What the connections of one event loop share. Everything referenced outlives them.
struct ConnectionContext {
  const ServerOptions& options;
  const Handler& handler;
  const ForwardedTrust& trust;
  const std::atomic<bool>& draining;
  LoopCounters& counters;
  DateCache& date;
};

/// Who is at the other end, and where it came in.
struct ConnectionEnds {
  std::string peer_ip;
  std::string local_host;
  bool secure = false;
};

/// One HTTP/1.1 connection: reads requests, has them answered in order, keeps or ends the connection. Knows no sockets,
/// so that tests and the fuzzer drive it over memory. Lives on one event loop.
class HttpConnection {
 public:
  HttpConnection(ByteStream& stream, Watch& watch, const ConnectionContext& context, ConnectionEnds ends)
      : stream_(stream), watch_(watch), context_(context), ends_(std::move(ends)), reader_(context.options) {}

  /// Serves until either side ends the connection. The stream may then be closed.
  Task<> run();
  /// True while it waits for a request of which nothing has come: cancelling the stream then harms nobody.
  [[nodiscard]] bool idle() const { return idle_; }

 private:
  class RequestBody;

  Task<bool> fill();
  Task<Result<std::optional<std::string>>> next_request_piece();
  Task<bool> answer();
  Task<http::Response> handle(http::Request request);
  Task<bool> send(const http::Response& response, ResponseFraming framing);
  Task<bool> send_stream(http::BodyStream& body, std::string first, bool chunked, std::optional<std::uint64_t> length);
  Task<bool> send_piece(std::string_view piece, bool chunked);
  Task<Result<std::optional<std::string>>> next_piece(http::BodyStream& body);
  Task<bool> send_bytes(std::string_view head, std::string_view body);
  Task<> refuse(Refusal refusal);
  Task<> linger(std::size_t bytes_max);
  [[nodiscard]] http::Response error_page(int status, std::string_view message) const;

  ByteStream& stream_;
  Watch& watch_;
  const ConnectionContext& context_;
  const ConnectionEnds ends_;
  RequestReader reader_;
  std::string head_;  // reused from response to response
  bool idle_ = false;
  bool request_timed_ = false;  // the watch runs on request time, not on idle time
};

/// `{"message":"…"}` as application/json: what net answers itself when no ErrorPage is given.
[[nodiscard]] http::Response plain_error_page(int status, std::string_view message);

}  // namespace warifu::net
