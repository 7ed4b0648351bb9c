#include "net/server.h"

#include <sys/socket.h>
#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/event_loop.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kTickMin{5};
constexpr std::chrono::milliseconds kTickMax{500};
/// After the drain time is over, sockets are cut; handlers that still run get this long to notice.
constexpr std::chrono::milliseconds kCutWait{1'000};
/// Out of descriptors: accepting again at once would spin.
constexpr std::chrono::milliseconds kAcceptPause{50};

std::chrono::milliseconds tick_of(const ServerOptions& options) {
  const auto shortest = std::min({options.idle_timeout, options.request_timeout, options.write_timeout});
  return std::clamp(shortest / 8, kTickMin, kTickMax);
}

Result<std::unique_ptr<asio::ssl::context>> tls_context(const std::string& cert_path, const std::string& key_path) {
  using Context = asio::ssl::context;
  auto context = std::make_unique<Context>(Context::tls_server);
  error_code error;
  context->set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 | Context::no_tlsv1 |
                           Context::no_tlsv1_1 | Context::no_compression,
                       error);
  if (!error) context->use_certificate_chain_file(cert_path, error);
  if (error) return fail(validation_error("tls certificate `" + cert_path + "`: " + error.message()));
  context->use_private_key_file(key_path, Context::pem, error);
  if (error) return fail(validation_error("tls key `" + key_path + "`: " + error.message()));
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  return context;
}

}  // namespace

class Server::Impl {
 public:
  Impl(ServerOptions options, Handler handler) {
    shared_.options = std::move(options);
    shared_.handler = std::move(handler);
  }
  ~Impl() { stop(std::chrono::milliseconds{0}); }

  Result<> start();
  Result<std::unique_ptr<Attachment>> attach(UniqueFd listening, std::shared_ptr<const AttachedService> other);
  Result<std::unique_ptr<Attachment>> attach(UniqueFd listening, AttachedHandler other);
  Result<std::shared_ptr<const AttachedService>> under(const std::string& cert_path, const std::string& key_path) const;
  bool stop(std::chrono::milliseconds drain);
  [[nodiscard]] ServerMetrics metrics() const;
  [[nodiscard]] const std::vector<Endpoint>& endpoints() const { return endpoints_; }

 private:
  struct Listener {
    Listener(EventLoop& l) : loop(l), acceptor(l.context()), pause(l.context()) {}
    EventLoop& loop;
    tcp::acceptor acceptor;
    asio::steady_timer pause;
    std::shared_ptr<const AttachedService> other{};

    static void close(const std::shared_ptr<Listener>& listener) {
      asio::post(listener->loop.context(), [listener] {
        error_code ignored;
        listener->acceptor.close(ignored);
        listener->pause.cancel();
      });
    }
  };
  struct AttachedListener final : Attachment {
    explicit AttachedListener(std::shared_ptr<Listener> l) : listener(std::move(l)) {}
    ~AttachedListener() override { Listener::close(listener); }
    AttachedListener(const AttachedListener&) = delete;
    AttachedListener& operator=(const AttachedListener&) = delete;
    std::shared_ptr<Listener> listener;
  };

  Result<> listen(const Endpoint& endpoint);
  void run(const std::shared_ptr<Listener>& listener);
  Task<> accept(std::shared_ptr<Listener> listener);
  void admit(EventLoop& loop, tcp::socket socket, const std::shared_ptr<const AttachedService>& other);
  void refuse(tcp::socket socket);
  bool wait_closed(std::chrono::milliseconds limit);
  void wait_listeners_ended();

  ServerShared shared_;
  std::unique_ptr<asio::ssl::context> tls_;
  std::vector<std::unique_ptr<EventLoop>> loops_;
  std::vector<std::shared_ptr<Listener>> listeners_;
  std::vector<std::weak_ptr<Listener>> attached_;  // under shared_.mutex
  std::vector<Endpoint> endpoints_;
  std::atomic<std::size_t> next_loop_ = 0;
  std::size_t accepting_ = 0;  // listeners whose coroutine runs; under shared_.mutex
  std::mutex stop_mutex_;
  bool started_ = false;
  bool stopped_ = false;
};

Result<> Server::Impl::start() {
  CHECK(!started_, "a server starts once");
  started_ = true;
  shared_.trust = TRY(ForwardedTrust::from(shared_.options.trusted_proxies));
  if (!shared_.options.tls_cert_path.empty() || !shared_.options.tls_key_path.empty()) {
    tls_ = TRY(tls_context(shared_.options.tls_cert_path, shared_.options.tls_key_path));
    shared_.tls = tls_.get();
  }
  shared_.tick = tick_of(shared_.options);
  const std::size_t threads =
      shared_.options.threads > 0 ? shared_.options.threads : std::max(1U, std::thread::hardware_concurrency());
  for (std::size_t i = 0; i < threads; ++i) loops_.push_back(std::make_unique<EventLoop>(shared_));
  for (const Endpoint& endpoint : shared_.options.listen) TRY(listen(endpoint));

  accepting_ = listeners_.size();
  for (const auto& listener : listeners_) run(listener);
  for (const auto& loop : loops_) loop->run();
  return {};
}

void Server::Impl::run(const std::shared_ptr<Listener>& listener) {
  asio::co_spawn(listener->loop.context(), accept(listener), [this](const std::exception_ptr& failure) {
    if (failure) log::error("a listener ended by an exception");
    const std::lock_guard lock(shared_.mutex);
    --accepting_;
    shared_.all_closed.notify_all();
  });
}

Result<std::unique_ptr<Attachment>> Server::Impl::attach(UniqueFd listening, AttachedHandler other) {
  auto service = std::make_shared<AttachedService>(shared_.options, std::move(other.handler));
  service->options.body_limit = nullptr;
  service->options.body_bytes_max = other.body_bytes_max;
  return attach(std::move(listening), std::move(service));
}

Result<std::shared_ptr<const AttachedService>> Server::Impl::under(const std::string& cert_path,
                                                                   const std::string& key_path) const {
  auto service = std::make_shared<AttachedService>(shared_.options, shared_.handler);
  service->tls = TRY(tls_context(cert_path, key_path));
  return service;
}

Result<std::unique_ptr<Attachment>> Server::Impl::attach(UniqueFd listening,
                                                         std::shared_ptr<const AttachedService> other) {
  CHECK(!loops_.empty(), "a socket is attached to a started server");
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  int accepts = 0;
  socklen_t accepts_length = sizeof(accepts);
  if (::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length) != 0 ||
      ::getsockopt(listening.get(), SOL_SOCKET, SO_ACCEPTCONN, &accepts, &accepts_length) != 0 || accepts == 0) {
    return fail(unavailable("a descriptor that is attached is no listening socket"));
  }
  auto listener = std::make_shared<Listener>(*loops_[next_loop_.fetch_add(1) % loops_.size()]);
  listener->other = std::move(other);
  error_code error;
  listener->acceptor.assign(address.ss_family == AF_INET6 ? tcp::v6() : tcp::v4(), listening.get(), error);
  if (error) return fail(unavailable("a listening socket cannot be attached: " + error.message()));
  static_cast<void>(listening.release());
  {
    const std::lock_guard lock(shared_.mutex);
    if (shared_.draining.load()) return fail(unavailable("the server has stopped"));
    std::erase_if(attached_, [](const std::weak_ptr<Listener>& old) { return old.expired(); });
    attached_.push_back(listener);
    ++accepting_;
  }
  run(listener);
  return std::make_unique<AttachedListener>(std::move(listener));
}

Result<> Server::Impl::listen(const Endpoint& endpoint) {
  const auto cannot = [&](const error_code& error) {
    return fail(unavailable("cannot listen on " + endpoint.str() + ": " + error.message()));
  };
  error_code error;
  const asio::ip::address address = asio::ip::make_address(endpoint.host, error);
  if (error) return fail(validation_error("`" + endpoint.host + "` is not an address"));

  auto listener = std::make_shared<Listener>(*loops_[listeners_.size() % loops_.size()]);
  tcp::acceptor& acceptor = listener->acceptor;
  acceptor.open(address.is_v6() ? tcp::v6() : tcp::v4(), error);
  if (error) return cannot(error);
  acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind({address, endpoint.port}, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return cannot(error);
  const tcp::endpoint bound = acceptor.local_endpoint(error);
  if (error) return cannot(error);
  endpoints_.push_back({.host = endpoint.host, .port = bound.port()});
  listeners_.push_back(std::move(listener));
  return {};
}

Task<> Server::Impl::accept(std::shared_ptr<Listener> listener) {
  while (!shared_.draining.load()) {
    // Round robin over the loops: with the kernel's own spreading (SO_REUSEPORT) 64 connections fall unevenly.
    EventLoop& loop = *loops_[next_loop_.fetch_add(1) % loops_.size()];
    error_code error;
    tcp::socket socket =
        co_await listener->acceptor.async_accept(loop.context(), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || !listener->acceptor.is_open()) co_return;
    if (!error) {
      admit(loop, std::move(socket), listener->other);
    } else if (error != asio::error::connection_aborted) {
      log::warn("cannot accept a connection", {{"error", error.message()}});
      listener->pause.expires_after(kAcceptPause);
      co_await listener->pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Server::Impl::admit(EventLoop& loop, tcp::socket socket, const std::shared_ptr<const AttachedService>& other) {
  if (shared_.connections_open.fetch_add(1) >= shared_.options.connections_max) {
    shared_.connections_open.fetch_sub(1);
    shared_.connections_refused.fetch_add(1);
    refuse(std::move(socket));
    return;
  }
  shared_.connections_total.fetch_add(1);
  loop.open(std::move(socket), other);
}

void Server::Impl::refuse(tcp::socket socket) {
  if (shared_.tls != nullptr) return;  // an answer would need the handshake that we cannot afford
  constexpr std::string_view kMessage = "too many connections";
  const http::Response response =
      shared_.options.error_page ? shared_.options.error_page(503, kMessage) : plain_error_page(503, kMessage);
  std::string text;
  DateCache date;
  if (!is_sendable(response)) return;
  write_response_head(response, {.close = true}, date.at(SystemClock().now()), text);
  text += response.body;
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.send(asio::buffer(text), 0, ignored);
  socket.shutdown(tcp::socket::shutdown_both, ignored);
}

bool Server::Impl::wait_closed(std::chrono::milliseconds limit) {
  std::unique_lock lock(shared_.mutex);
  return shared_.all_closed.wait_for(lock, limit, [&] { return shared_.connections_open.load() == 0; });
}

void Server::Impl::wait_listeners_ended() {
  std::unique_lock lock(shared_.mutex);
  shared_.all_closed.wait_for(lock, kCutWait, [&] { return accepting_ == 0; });
}

bool Server::Impl::stop(std::chrono::milliseconds drain) {
  const std::lock_guard lock(stop_mutex_);
  if (std::exchange(stopped_, true) || loops_.empty()) return true;
  std::vector<std::shared_ptr<Listener>> all = listeners_;
  {
    const std::lock_guard shared_lock(shared_.mutex);
    shared_.draining.store(true);
    for (const auto& attached : attached_) {
      if (auto listener = attached.lock()) all.push_back(std::move(listener));
    }
  }
  for (const auto& listener : all) Listener::close(listener);
  for (const auto& loop : loops_) loop->close_idle();
  const bool clean = wait_closed(drain);
  if (!clean) {
    for (const auto& loop : loops_) loop->close_all();
    wait_closed(kCutWait);
  }
  // An accept that is still pending holds a socket of another loop, which must not outlive that loop.
  wait_listeners_ended();
  for (const auto& loop : loops_) loop->stop();
  return clean;
}

ServerMetrics Server::Impl::metrics() const {
  ServerMetrics total{.connections_open = shared_.connections_open.load(),
                      .connections_total = shared_.connections_total.load(),
                      .connections_refused = shared_.connections_refused.load()};
  for (const auto& loop : loops_) {
    const LoopCounters& counters = loop->counters();
    total.requests += counters.requests.get();
    total.bytes_in += counters.bytes_in.get();
    total.bytes_out += counters.bytes_out.get();
    total.parse_errors += counters.parse_errors.get();
    total.timeouts += counters.timeouts.get();
  }
  return total;
}

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(std::move(options), std::move(handler))) {}
Server::~Server() = default;
Result<> Server::start() { return impl_->start(); }
std::vector<Endpoint> Server::endpoints() const { return impl_->endpoints(); }
Result<std::unique_ptr<Attachment>> Server::attach(UniqueFd listening) {
  return impl_->attach(std::move(listening), std::shared_ptr<const AttachedService>());
}
Result<std::unique_ptr<Attachment>> Server::attach(UniqueFd listening, std::shared_ptr<const AttachedService> other) {
  return impl_->attach(std::move(listening), std::move(other));
}
Result<std::shared_ptr<const AttachedService>> Server::under(const std::string& cert_path,
                                                             const std::string& key_path) const {
  return impl_->under(cert_path, key_path);
}
Result<std::unique_ptr<Attachment>> Server::attach(UniqueFd listening, AttachedHandler other) {
  return impl_->attach(std::move(listening), std::move(other));
}
bool Server::stop(std::chrono::milliseconds drain) { return impl_->stop(drain); }
ServerMetrics Server::metrics() const { return impl_->metrics(); }

}  // namespace warifu::net
