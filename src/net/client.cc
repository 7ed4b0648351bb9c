#include "net/client.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "net/http_parser.h"
#include "net/response_reader.h"
#include "net/response_writer.h"
#include "net/socket_stream.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using tcp = asio::ip::tcp;
using Clock = std::chrono::steady_clock;

/// One fetch's deadline: when it passes, what is under way is cancelled, and nothing new may begin.
class Deadline : public std::enable_shared_from_this<Deadline> {
 public:
  explicit Deadline(const asio::any_io_executor& executor) : timer_(executor) {}

  void start(std::chrono::milliseconds timeout) {
    timer_.expires_after(timeout);
    timer_.async_wait([self = shared_from_this()](const error_code& error) {
      if (error) return;
      self->passed_ = true;
      if (self->cancel_) self->cancel_();
    });
  }
  /// What to cancel from here on. REQUIRES: what `cancel` refers to lives until the next call of this or of `stop`.
  void guard(std::function<void()> cancel) { cancel_ = std::move(cancel); }
  void stop() {
    cancel_ = nullptr;
    timer_.cancel();
  }
  [[nodiscard]] bool passed() const { return passed_; }

 private:
  asio::steady_timer timer_;
  std::function<void()> cancel_;
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

bool is_repeatable(std::string_view method) {
  constexpr std::array<std::string_view, 5> kMethods = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"};
  return std::ranges::find(kMethods, method) != kMethods.end();
}

Result<> check_request(const http::Request& request) {
  if (!is_token(request.method)) return fail(validation_error("`" + request.method + "` is not a method"));
  for (const auto& [name, value] : request.headers.fields()) {
    if (!is_token(name) || !is_field_value(value)) return fail(validation_error("malformed header `" + name + "`"));
  }
  return {};
}

/// An idle connection waiting for its next request.
struct Idle {
  std::string key;  // scheme and authority
  const asio::execution_context* loop;
  std::unique_ptr<ByteStream> stream;
  Clock::time_point until;
};

}  // namespace

class Client::Impl {
 public:
  explicit Impl(ClientOptions options);

  static Task<Result<http::Response>> fetch(std::shared_ptr<Impl> self, Url url, http::Request request,
                                            std::chrono::milliseconds timeout);

 private:
  struct Attempt {
    Result<http::Response> response;
    bool repeatable = false;  // nothing of an answer came over a connection that had been idle
  };

  Task<Result<std::unique_ptr<ByteStream>>> connect(const Url& url, Deadline& deadline);
  Task<Result<tcp::socket>> connect_tcp(const Url& url, Deadline& deadline);
  Task<Attempt> exchange(std::unique_ptr<ByteStream> stream, const Url& url, const http::Request& request,
                         Deadline& deadline);
  std::unique_ptr<ByteStream> take_idle(const std::string& key, const asio::execution_context& loop);
  void keep_idle(std::string key, const asio::execution_context& loop, std::unique_ptr<ByteStream> stream);

  ClientOptions options_;
  asio::ssl::context tls_{asio::ssl::context::tls_client};
  std::optional<Error> tls_error_;
  std::mutex mutex_;  // guards idle_
  std::list<Idle> idle_;
};

Client::Impl::Impl(ClientOptions options) : options_(std::move(options)) {
  using Context = asio::ssl::context;
  error_code error;
  tls_.set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 | Context::no_tlsv1 |
                       Context::no_tlsv1_1 | Context::no_compression,
                   error);
  if (!error) {
    if (options_.ca_bundle_path.empty())
      tls_.set_default_verify_paths(error);
    else
      tls_.load_verify_file(options_.ca_bundle_path, error);
  }
  if (!error) tls_.set_verify_mode(asio::ssl::verify_peer, error);
  if (error)
    tls_error_ = validation_error("certificate authorities `" + options_.ca_bundle_path + "`: " + error.message());
}

std::unique_ptr<ByteStream> Client::Impl::take_idle(const std::string& key, const asio::execution_context& loop) {
  std::unique_ptr<ByteStream> found;
  std::list<Idle> dead;  // closed after the lock is gone
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  for (auto it = idle_.begin(); it != idle_.end() && !found;) {
    const auto here = it++;
    // A socket is touched on its own loop only, so strangers' are left to their loop or to the pool's bound.
    if (here->loop != &loop) continue;
    if (here->until < now || (here->key == key && !here->stream->usable())) {
      dead.splice(dead.end(), idle_, here);
    } else if (here->key == key) {
      found = std::move(here->stream);
      idle_.erase(here);
    }
  }
  return found;
}

void Client::Impl::keep_idle(std::string key, const asio::execution_context& loop, std::unique_ptr<ByteStream> stream) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() >= options_.pool_max) return;
  idle_.push_front(
      {.key = std::move(key), .loop = &loop, .stream = std::move(stream), .until = Clock::now() + options_.pool_idle});
}

Task<Result<tcp::socket>> Client::Impl::connect_tcp(const Url& url, Deadline& deadline) {
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

Task<Result<std::unique_ptr<ByteStream>>> Client::Impl::connect(const Url& url, Deadline& deadline) {
  Result<tcp::socket> socket = co_await connect_tcp(url, deadline);
  if (!socket) co_return fail(std::move(socket).error());
  if (!url.secure) co_return tcp_stream(std::move(*socket));
  if (tls_error_) co_return fail(*tls_error_);

  std::unique_ptr<TlsByteStream> stream = tls_client_stream(std::move(*socket), tls_, url.host);
  deadline.guard([s = stream.get()] { s->close(); });
  Result<> shaken = co_await stream->handshake();
  deadline.guard(nullptr);
  if (!shaken) co_return fail(std::move(shaken).error());
  co_return stream;
}

Task<Client::Impl::Attempt> Client::Impl::exchange(std::unique_ptr<ByteStream> stream, const Url& url,
                                                   const http::Request& request, Deadline& deadline) {
  std::string head;
  write_request_head(request, url.target, url.authority(), options_.pool_max == 0, head);
  deadline.guard([s = stream.get()] { s->close(); });
  const GuardScope scope(deadline);

  // A server may answer and stop reading before it has the whole body: its answer then still counts.
  const Result<> written = co_await stream->write_all(head, request.body);
  constexpr std::size_t kReadBytes = 16 * 1024;
  std::vector<char> bytes(kReadBytes);
  ResponseReader reader(request.method == "HEAD", options_.body_bytes_max);
  for (;;) {
    Result<std::size_t> n = co_await stream->read_some(bytes);
    if (!n) co_return Attempt{fail(written ? std::move(n).error() : written.error()), !reader.begun()};
    if (*n == 0) {
      Result<> finished = reader.finish();
      if (!finished) co_return Attempt{fail(std::move(finished).error()), !reader.begun()};
      co_return Attempt{reader.take()};
    }
    Result<ResponseReader::Step> step = reader.feed({bytes.data(), *n});
    if (!step) co_return Attempt{fail(std::move(step).error())};
    if (*step == ResponseReader::Step::kReady) break;
  }
  if (written && reader.reusable() && options_.pool_max > 0) {
    const auto executor = co_await asio::this_coro::executor;
    deadline.guard(nullptr);
    keep_idle((url.secure ? "https " : "http ") + url.authority(), asio::query(executor, asio::execution::context),
              std::move(stream));
  }
  co_return Attempt{reader.take()};
}

Task<Result<http::Response>> Client::Impl::fetch(std::shared_ptr<Impl> self, Url url, http::Request request,
                                                 std::chrono::milliseconds timeout) {
  CO_TRY(check_request(request));
  const auto executor = co_await asio::this_coro::executor;
  const auto deadline = std::make_shared<Deadline>(executor);
  const DeadlineScope scope(deadline);
  deadline->start(timeout);
  const std::string key = (url.secure ? "https " : "http ") + url.authority();

  std::optional<Attempt> attempt;
  if (auto pooled = self->take_idle(key, asio::query(executor, asio::execution::context))) {
    attempt = co_await self->exchange(std::move(pooled), url, request, *deadline);
    const bool again = !attempt->response && attempt->repeatable && is_repeatable(request.method);
    if (again && !deadline->passed()) attempt.reset();
  }
  if (!attempt) {
    Result<std::unique_ptr<ByteStream>> stream = co_await self->connect(url, *deadline);
    if (stream && !deadline->passed()) {
      attempt = co_await self->exchange(std::move(*stream), url, request, *deadline);
    } else if (!stream) {
      attempt = Attempt{fail(std::move(stream).error())};
    }
  }
  if (attempt && (attempt->response || !deadline->passed())) co_return std::move(attempt->response);
  co_return fail(unavailable("no answer from `" + url.authority() + "` in time"));
}

Client::Client(ClientOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {}
Client::~Client() = default;

Task<Result<http::Response>> Client::fetch(std::string url, http::Request request, std::chrono::milliseconds timeout) {
  Url parsed = CO_TRY(Url::parse(url));
  co_return co_await Impl::fetch(impl_, std::move(parsed), std::move(request), timeout);
}

Result<http::Response> fetch_blocking(std::string url, http::Request request, std::chrono::milliseconds timeout,
                                      ClientOptions options) {
  asio::io_context loop(1);
  options.pool_max = 0;
  Client client(std::move(options));
  Result<http::Response> result = fail(internal_error("the fetch did not end"));
  asio::co_spawn(loop, client.fetch(std::move(url), std::move(request), timeout),
                 [&](const std::exception_ptr& failure, Result<http::Response> response) {
                   if (!failure) result = std::move(response);
                 });
  loop.run();
  return result;
}

}  // namespace warifu::net
