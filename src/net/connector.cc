#include "net/connector.h"

#include <sys/socket.h>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "net/destination.h"
#include "net/socket_stream.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

IpAddress address_of(const tcp::endpoint& endpoint) {
  const asio::ip::address& address = endpoint.address();
  const asio::ip::address_v6 wide =
      address.is_v6() ? address.to_v6() : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
  return {.bytes = wide.to_bytes()};
}

Error forbidden(const Url& url) {
  return {.code = ErrorCode::kAccessDenied,
          .message = "the address of `" + url.host + "` is private, and its network is not allowed",
          .aws_name = {},
          .reason = kForbiddenAddress,
          .fields = {}};
}

Task<Result<tcp::socket>> connect_tcp(const Url& url, Deadline& deadline,
                                      const std::function<bool(const IpAddress&)>& may_connect) {
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
  if (may_connect) {
    std::erase_if(endpoints, [&](const tcp::endpoint& endpoint) { return !may_connect(address_of(endpoint)); });
    if (endpoints.empty()) co_return fail(forbidden(url));
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

Task<Result<std::unique_ptr<ByteStream>>> connect(const Url& url, asio::ssl::context* tls, Deadline& deadline,
                                                  const std::function<bool(const IpAddress&)>& may_connect) {
  Result<tcp::socket> socket = co_await connect_tcp(url, deadline, may_connect);
  if (!socket) co_return fail(std::move(socket).error());
  if (!url.secure) co_return tcp_client_stream(std::move(*socket));
  CHECK(tls != nullptr, "a secure URL");

  std::unique_ptr<TlsByteStream> stream = tls_client_stream(std::move(*socket), *tls, url.host);
  deadline.guard([s = stream.get()] { s->close(); });
  Result<> shaken = co_await stream->handshake();
  deadline.guard(nullptr);
  if (!shaken) co_return fail(std::move(shaken).error());
  co_return stream;
}

Task<Result<std::unique_ptr<ByteStream>>> adopt_socket(UniqueFd connecting, Deadline& deadline) {
  tcp::socket socket(co_await asio::this_coro::executor);
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (::getsockname(connecting.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    co_return fail(unavailable("not a socket"));
  }
  error_code error;
  socket.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), connecting.get(), error);
  if (error) co_return fail(unavailable(error.message()));
  static_cast<void>(connecting.release());
  deadline.guard([&] {
    error_code ignored;
    socket.close(ignored);
  });
  const GuardScope scope(deadline);
  co_await socket.async_wait(tcp::socket::wait_write, asio::redirect_error(asio::use_awaitable, error));
  if (error || !socket.is_open()) co_return fail(unavailable("cannot connect: " + error.message()));
  int failed = 0;
  length = sizeof(failed);
  ::getsockopt(socket.native_handle(), SOL_SOCKET, SO_ERROR, &failed, &length);
  if (failed != 0) {
    co_return fail(unavailable("cannot connect: " + error_code(failed, asio::error::get_system_category()).message()));
  }
  co_return tcp_client_stream(std::move(socket));
}

Task<Result<std::unique_ptr<ByteStream>>> adopt(UniqueFd connecting, std::chrono::milliseconds timeout) {
  const auto deadline = std::make_shared<Deadline>(co_await asio::this_coro::executor);
  const DeadlineScope scope(deadline);
  deadline->start(timeout);
  co_return co_await adopt_socket(std::move(connecting), *deadline);
}

Error timed_out(const Url& url) {
  Error error = unavailable("no answer from `" + url.authority() + "` in time");
  error.reason = kTimedOut;
  return error;
}

}  // namespace warifu::net
