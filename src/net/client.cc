#include "net/client.h"

#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/this_coro.hpp>
#include <list>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "net/connector.h"
#include "net/http_parser.h"
#include "net/response_reader.h"
#include "net/response_writer.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

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

std::string pool_key(const Url& url) { return (url.secure ? "https " : "http ") + url.authority(); }

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
  static Task<Result<std::unique_ptr<ResponseStream>>> open(std::shared_ptr<Impl> self, Url url, http::Request request,
                                                            StreamTimeouts timeouts);
  /// Nothing is kept from here on: the loops may go.
  void close();

 private:
  struct Attempt {
    Result<http::Response> response;
    bool repeatable = false;  // nothing of an answer came over a connection that had been idle
  };

  class Live;

  Task<Result<std::unique_ptr<ByteStream>>> dial(const Url& url, Deadline& deadline);
  Task<Attempt> exchange(std::unique_ptr<ByteStream> stream, const Url& url, const http::Request& request,
                         Deadline& deadline);
  std::unique_ptr<ByteStream> take_idle(const std::string& key, const asio::execution_context& loop);
  Task<> keep(const Url& url, std::unique_ptr<ByteStream> stream);
  void keep_idle(std::string key, const asio::execution_context& loop, std::unique_ptr<ByteStream> stream);

  Result<asio::ssl::context*> tls();
  [[nodiscard]] error_code set_up_tls();

  ClientOptions options_;
  // Made for the first https URL: reading the system's authorities costs some 20 ms and megabytes.
  std::once_flag tls_once_;
  std::optional<asio::ssl::context> tls_;
  std::optional<Error> tls_error_;
  std::mutex mutex_;  // guards idle_ and closed_
  std::list<Idle> idle_;
  bool closed_ = false;
};

Client::Impl::Impl(ClientOptions options) : options_(std::move(options)) {}

error_code Client::Impl::set_up_tls() {
  using Context = asio::ssl::context;
  error_code error;
  Context& tls = tls_.emplace(Context::tls_client);
  tls.set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 | Context::no_tlsv1 |
                      Context::no_tlsv1_1 | Context::no_compression,
                  error);
  if (error) return error;
  if (options_.ca_bundle_path.empty())
    tls.set_default_verify_paths(error);
  else
    tls.load_verify_file(options_.ca_bundle_path, error);
  if (!error) tls.set_verify_mode(asio::ssl::verify_peer, error);
  return error;
}

Result<asio::ssl::context*> Client::Impl::tls() {
  std::call_once(tls_once_, [this] {
    if (const error_code error = set_up_tls()) {
      tls_error_ = validation_error("certificate authorities `" + options_.ca_bundle_path + "`: " + error.message());
    }
  });
  if (tls_error_) return fail(*tls_error_);
  return &*tls_;
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
  if (closed_ || idle_.size() >= options_.pool_max) return;
  idle_.push_front(
      {.key = std::move(key), .loop = &loop, .stream = std::move(stream), .until = Clock::now() + options_.pool_idle});
}

Task<Result<std::unique_ptr<ByteStream>>> Client::Impl::dial(const Url& url, Deadline& deadline) {
  if (options_.dial) {
    UniqueFd made = CO_TRY(co_await options_.dial(url));
    co_return co_await adopt_socket(std::move(made), deadline);
  }
  asio::ssl::context* context = nullptr;
  if (url.secure) context = CO_TRY(tls());
  co_return co_await connect(url, context, deadline, options_.may_connect);
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
  if (written && reader.reusable()) {
    deadline.guard(nullptr);
    co_await keep(url, std::move(stream));
  }
  co_return Attempt{reader.take()};
}

void Client::Impl::close() {
  std::list<Idle> dropped;
  const std::lock_guard lock(mutex_);
  closed_ = true;
  dropped.swap(idle_);
}

Task<Result<http::Response>> Client::Impl::fetch(std::shared_ptr<Impl> self, Url url, http::Request request,
                                                 std::chrono::milliseconds timeout) {
  CO_TRY(check_request(request));
  const auto executor = co_await asio::this_coro::executor;
  const auto deadline = std::make_shared<Deadline>(executor);
  const DeadlineScope scope(deadline);
  deadline->start(timeout);

  std::optional<Attempt> attempt;
  if (auto pooled = self->take_idle(pool_key(url), asio::query(executor, asio::execution::context))) {
    attempt = co_await self->exchange(std::move(pooled), url, request, *deadline);
    const bool again = !attempt->response && attempt->repeatable && is_repeatable(request.method);
    if (again && !deadline->passed()) attempt.reset();
  }
  if (!attempt) {
    Result<std::unique_ptr<ByteStream>> stream = co_await self->dial(url, *deadline);
    if (stream && !deadline->passed()) {
      attempt = co_await self->exchange(std::move(*stream), url, request, *deadline);
    } else if (!stream) {
      attempt = Attempt{fail(std::move(stream).error())};
    }
  }
  if (attempt && (attempt->response || !deadline->passed())) co_return std::move(attempt->response);
  co_return fail(timed_out(url));
}

/// The rest of a response whose head has been read.
class Client::Impl::Live final : public ResponseStream {
 public:
  Live(std::shared_ptr<Impl> client, Url url, std::unique_ptr<ByteStream> stream, std::size_t body_max,
       std::shared_ptr<Deadline> deadline)
      : client_(std::move(client)),
        url_(std::move(url)),
        stream_(std::move(stream)),
        reader_(false, body_max),
        deadline_(std::move(deadline)) {}
  ~Live() override { deadline_->stop(); }
  Live(const Live&) = delete;
  Live& operator=(const Live&) = delete;

  [[nodiscard]] const http::Response& head() const override { return head_; }

  Task<Result<>> begin(const http::Request& request, bool close) {
    std::string text;
    write_request_head(request, url_.target, url_.authority(), close, text);
    deadline_->guard([this] { stream_->close(); });
    written_ = (co_await stream_->write_all(text, request.body)).has_value();
    while (!reader_.has_head()) CO_TRY(co_await read());
    deadline_->stop();
    head_ = reader_.response();
    head_.body.clear();
    co_return Result<>{};
  }

  Task<Result<std::optional<std::string>>> next() override {
    for (;;) {
      if (std::string part = reader_.take_body(); !part.empty()) co_return std::optional(std::move(part));
      if (whole_) break;
      deadline_->guard([this] { stream_->close(); });
      deadline_->start(idle_);
      const Result<> more = co_await read();
      deadline_->stop();
      if (!more) co_return fail(more.error());
    }
    if (stream_ && written_ && reader_.reusable()) co_await client_->keep(url_, std::move(stream_));
    co_return std::nullopt;
  }

  void cancel() override {
    if (stream_) stream_->close();
  }

  void idle(std::chrono::milliseconds timeout) { idle_ = timeout; }

 private:
  Task<Result<>> read() {
    constexpr std::size_t kReadBytes = 16 * 1024;
    buffer_.resize(kReadBytes);
    const Result<std::size_t> n = co_await stream_->read_some(buffer_);
    if (deadline_->passed()) co_return fail(timed_out(url_));
    if (!n) co_return fail(n.error());
    if (*n == 0) {
      CO_TRY(reader_.finish());
      whole_ = true;
      co_return Result<>{};
    }
    const ResponseReader::Step step = CO_TRY(reader_.feed({buffer_.data(), *n}));
    whole_ = step == ResponseReader::Step::kReady;
    co_return Result<>{};
  }

  std::shared_ptr<Impl> client_;  // the stream's TLS context is its
  const Url url_;
  std::unique_ptr<ByteStream> stream_;
  ResponseReader reader_;
  std::shared_ptr<Deadline> deadline_;
  std::chrono::milliseconds idle_{};
  std::vector<char> buffer_;
  http::Response head_;
  bool written_ = false;
  bool whole_ = false;
};

Task<> Client::Impl::keep(const Url& url, std::unique_ptr<ByteStream> stream) {
  if (options_.pool_max == 0) co_return;
  const auto executor = co_await asio::this_coro::executor;
  keep_idle(pool_key(url), asio::query(executor, asio::execution::context), std::move(stream));
}

Task<Result<std::unique_ptr<ResponseStream>>> Client::Impl::open(std::shared_ptr<Impl> self, Url url,
                                                                 http::Request request, StreamTimeouts timeouts) {
  CO_TRY(check_request(request));
  const auto executor = co_await asio::this_coro::executor;
  const auto deadline = std::make_shared<Deadline>(executor);
  const DeadlineScope scope(deadline);
  deadline->start(timeouts.head);
  std::unique_ptr<ByteStream> stream = self->take_idle(pool_key(url), asio::query(executor, asio::execution::context));
  if (!stream) {
    Result<std::unique_ptr<ByteStream>> dialled = co_await self->dial(url, *deadline);
    if (deadline->passed()) co_return fail(timed_out(url));
    if (!dialled) co_return fail(std::move(dialled).error());
    stream = std::move(*dialled);
  }
  auto live = std::make_unique<Live>(self, std::move(url), std::move(stream), self->options_.body_bytes_max, deadline);
  live->idle(timeouts.idle);
  CO_TRY(co_await live->begin(request, self->options_.pool_max == 0));
  co_return live;
}

Client::Client(ClientOptions options) : impl_(std::make_shared<Impl>(std::move(options))) {}
Client::~Client() { close(); }
void Client::close() { impl_->close(); }

Task<Result<http::Response>> Client::fetch(std::string url, http::Request request, std::chrono::milliseconds timeout) {
  Url parsed = CO_TRY(Url::parse(url));
  co_return co_await Impl::fetch(impl_, std::move(parsed), std::move(request), timeout);
}

Task<Result<std::unique_ptr<ResponseStream>>> Client::open(std::string url, http::Request request,
                                                           StreamTimeouts timeouts) {
  Url parsed = CO_TRY(Url::parse(url));
  co_return co_await Impl::open(impl_, std::move(parsed), std::move(request), timeouts);
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
