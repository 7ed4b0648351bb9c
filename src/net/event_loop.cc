#include "net/event_loop.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/socket_stream.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using tcp = asio::ip::tcp;

/// Textual address, IPv4 where it is one: a policy's aws:SourceIp must not depend on how the socket was bound.
std::string text_of(const asio::ip::address& address) {
  // Bytes alone: a link-local address's zone is this machine's affair.
  const std::optional<IpAddress> parsed = IpAddress::parse(
      address.is_v6() ? asio::ip::address_v6(address.to_v6().to_bytes()).to_string() : address.to_string());
  return parsed ? parsed->str() : std::string{};
}

/// An exception here is a bug of ours or a full memory: the connection ends, the server goes on, the log tells.
void report(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& e) {
    log::error("a connection ended by an exception", {{"what", e.what()}});
  }
}

}  // namespace

struct EventLoop::Session {
  Session(std::unique_ptr<ByteStream> s, TlsByteStream* t, ConnectionContext c, ConnectionEnds ends)
      : stream(std::move(s)), tls(t), watch(*stream), context(c), http(*stream, watch, context, std::move(ends)) {}

  std::unique_ptr<ByteStream> stream;
  TlsByteStream* tls;  // the same stream, while it has a handshake ahead
  Watch watch;
  ConnectionContext context;
  HttpConnection http;
  bool shaking_hands = false;
};

EventLoop::EventLoop(ServerShared& shared)
    : shared_(shared),
      context_{.options = shared.options,
               .handler = shared.handler,
               .trust = shared.trust,
               .draining = shared.draining,
               .counters = counters_,
               .date = date_} {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  thread_ = std::thread([this] { io_.run(); });
}

void EventLoop::stop() {
  work_.reset();
  io_.stop();
  if (thread_.joinable()) thread_.join();
}

void EventLoop::open(tcp::socket socket, std::shared_ptr<const AttachedService> other) {
  asio::co_spawn(io_, serve(std::move(socket), std::move(other)), [this](const std::exception_ptr& failure) {
    report(failure);
    if (shared_.connections_open.fetch_sub(1) != 1) return;
    const std::lock_guard lock(shared_.mutex);
    shared_.all_closed.notify_all();
  });
}

ConnectionContext EventLoop::context_of(const AttachedService& other) {
  return {.options = other.options,
          .handler = other.handler,
          .trust = shared_.trust,
          .draining = shared_.draining,
          .counters = counters_,
          .date = date_};
}

Task<> EventLoop::serve(tcp::socket socket, std::shared_ptr<const AttachedService> other) {
  boost::system::error_code error;
  const tcp::endpoint peer = socket.remote_endpoint(error);
  if (error) co_return;
  const tcp::endpoint local = socket.local_endpoint(error);
  if (error) co_return;

  asio::ssl::context* const tls_context = other ? other->tls.get() : shared_.tls;
  ConnectionEnds ends{
      .peer_ip = text_of(peer.address()), .local_host = text_of(local.address()), .secure = tls_context != nullptr};
  std::unique_ptr<ByteStream> stream;
  TlsByteStream* tls = nullptr;
  if (ends.secure) {
    auto tls_stream = tls_server_stream(std::move(socket), *tls_context);
    tls = tls_stream.get();
    stream = std::move(tls_stream);
  } else {
    stream = tcp_stream(std::move(socket));
  }
  const auto session = sessions_.emplace(sessions_.end(), std::move(stream), tls, other ? context_of(*other) : context_,
                                         std::move(ends));
  if (!std::exchange(ticking_, true)) asio::co_spawn(io_, tick(), report);

  std::exception_ptr failure;
  try {
    co_await serve_session(*session);
  } catch (...) {
    failure = std::current_exception();
  }
  session->stream->close();
  sessions_.erase(session);
  if (failure) std::rethrow_exception(failure);
}

Task<> EventLoop::serve_session(Session& session) {
  if (session.tls != nullptr) {
    if (shared_.draining.load()) co_return;
    session.watch.arm(shared_.options.request_timeout);
    session.shaking_hands = true;
    const Result<> shaken = co_await session.tls->handshake();
    session.shaking_hands = false;
    if (!shaken) {
      if (session.watch.passed()) counters_.timeouts.add(1);
      co_return;
    }
  }
  co_await session.http.run();
}

Task<> EventLoop::tick() {
  while (!sessions_.empty()) {
    boost::system::error_code error;
    ticker_.expires_after(shared_.tick);
    co_await ticker_.async_wait(asio::redirect_error(asio::use_awaitable, error));
    const Watch::Clock::time_point now = Watch::Clock::now();
    for (Session& session : sessions_) session.watch.check(now);
  }
  ticking_ = false;
}

void EventLoop::close_idle() {
  asio::post(io_, [this] {
    for (Session& session : sessions_) {
      if (session.shaking_hands || session.http.idle()) session.stream->cancel();
    }
  });
}

void EventLoop::close_all() {
  asio::post(io_, [this] {
    for (Session& session : sessions_) session.stream->close();
  });
}

}  // namespace warifu::net
