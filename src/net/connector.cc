#include "net/connector.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/socket_stream.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

Task<Result<tcp::socket>> connect_tcp(const Url& url, Deadline& deadline) {
  const auto executor = co_await asio::this_coro::executor;
  error_code error;
  std::vector<tcp::endpoint> endpoints;
  if (const asio::ip::address literal = asio::ip::make_address(url.host, error); !error) {
    endpoints.emplace_back(literal, url.port);
  } else {
    tcp::resolver resolver(executor);
    deadline.guard([&] { resolver.cancel(); });
    const auto found =
        co_await resolver.async_resolve(url.host, std::to_string(url.port), tcp::resolver::numeric_service,
                                        asio::redirect_error(asio::use_awaitable, error));
    deadline.guard(nullptr);
    if (error) co_return fail(unavailable("cannot resolve `" + url.host + "`: " + error.message()));
    for (const auto& entry : found) endpoints.push_back(entry.endpoint());
  }
  error = asio::error::not_found;
  for (const tcp::endpoint& endpoint : endpoints) {
    if (deadline.passed()) break;
    tcp::socket socket(executor);
    deadline.guard([&] {
      error_code ignored;
      socket.close(ignored);
    });
    co_await socket.async_connect(endpoint, asio::redirect_error(asio::use_awaitable, error));
    deadline.guard(nullptr);
    if (!error && socket.is_open()) co_return socket;
  }
  co_return fail(unavailable("cannot connect to `" + url.authority() + "`: " + error.message()));
}

}  // namespace

void Deadline::start(std::chrono::milliseconds timeout) {
  passed_ = false;
  timer_.expires_after(timeout);
  timer_.async_wait([self = shared_from_this(), turn = ++turn_](const error_code& error) {
    if (error || turn != self->turn_) return;
    self->passed_ = true;
    if (self->cancel_) self->cancel_();
  });
}

void Deadline::stop() {
  ++turn_;
  cancel_ = nullptr;
  timer_.cancel();
}

Task<Result<std::unique_ptr<ByteStream>>> connect(const Url& url, asio::ssl::context& tls, Deadline& deadline) {
  Result<tcp::socket> socket = co_await connect_tcp(url, deadline);
  if (!socket) co_return fail(std::move(socket).error());
  if (!url.secure) co_return tcp_stream(std::move(*socket));

  std::unique_ptr<TlsByteStream> stream = tls_client_stream(std::move(*socket), tls, url.host);
  deadline.guard([s = stream.get()] { s->close(); });
  Result<> shaken = co_await stream->handshake();
  deadline.guard(nullptr);
  if (!shaken) co_return fail(std::move(shaken).error());
  co_return stream;
}

Error timed_out(const Url& url) {
  Error error = unavailable("no answer from `" + url.authority() + "` in time");
  error.reason = kTimedOut;
  return error;
}

}  // namespace warifu::net
