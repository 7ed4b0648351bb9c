#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/authenticate.h"
#include "api/pipeline.h"
#include "base/body_stream.h"
#include "base/check.h"
#include "base/encoding.h"
#include "gen/model/services.h"
#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "json/value.h"
#include "sigv4/sign.h"
#include "store/memory.h"

/// A server without a socket, for tests of handlers: memory engine, a clock that stands still, the real pipeline and
/// real signatures. Not thread-safe.
namespace warifu::api::testing {

/// Reversible and forgeable: it only keeps purposes apart. Never in a server.
class PlainSealer final : public Sealer {
 public:
  [[nodiscard]] std::string seal(std::string_view purpose, std::string_view text) const override {
    return base64url_encode(std::string(purpose) + "\n" + std::string(text));
  }
  [[nodiscard]] std::optional<std::string> open(std::string_view purpose, std::string_view sealed) const override {
    const auto text = base64url_decode(sealed);
    const std::string prefix = std::string(purpose) + "\n";
    if (!text || !text->starts_with(prefix)) return std::nullopt;
    return text->substr(prefix.size());
  }
  [[nodiscard]] std::string derive(std::string_view purpose, std::string_view text) const override {
    std::string out = std::string(purpose) + std::string(text);
    out.resize(32, 'x');
    return out;
  }
};

struct Keys {
  std::string access_key_id, secret, session_token;
};

/// What a test sends: signed for `service` in `region` by `keys`.
struct Sent {
  std::string service = "bedrock-agentcore";
  std::string region = "us-east-1";
  std::string method = "POST";
  std::string target = "/";
  std::string body;
  std::vector<http::Headers::Field> headers;
};

class TestServer {
 public:
  /// `bind` registers the handlers under test.
  explicit TestServer(const std::function<void(Registry&)>& bind, PipelineOptions options = {}) {
    bind(registry_);
    if (options.trail == nullptr) options.trail = &trail_;
    pipeline_ = std::make_unique<Pipeline>(environment_, registry_, router_, std::move(options));
    environment_.client = pipeline_.get();
  }

  /// Makes an account with an administrator and returns the administrator's keys.
  Keys account(std::string_view id) {
    const auto account = AccountId::parse(id);
    CHECK(account.has_value(), "twelve digits");
    const std::string user_id = identity::new_unique_id(identity::EntityKind::kUser, random_);
    const Keys keys{identity::new_access_key_id(random_), identity::new_secret_key(random_), {}};
    const Timestamp now = clock_.now();
    const Result<> made = db_->write_blocking([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_account(txn,
                                   {.id = account->str(), .name = "test", .email = {}, .alias = {}, .created = now}));
      TRY(access::create_administrator(txn, *account, "admin", user_id, now));
      return identity::create_access_key(
          txn, *account,
          {.id = keys.access_key_id, .user_id = user_id, .secret = keys.secret, .active = true, .created = now});
    });
    CHECK(made.has_value(), made ? std::string_view{} : std::string_view(made.error().message));
    return keys;
  }

  http::Response send(const Keys& keys, const Sent& sent) {
    http::Request request = unsigned_request(sent);
    const sigv4::Credentials credentials{.access_key_id = keys.access_key_id,
                                         .secret = crypto::SecretBytes::copy_of(keys.secret),
                                         .session_token = keys.session_token};
    sigv4::sign(request, credentials, {.region = sent.region, .service = sent.service}, clock_.now());
    return serve(std::move(request));
  }

  [[nodiscard]] static http::Request unsigned_request(const Sent& sent) {
    http::Request request;
    request.method = sent.method;
    request.target = sent.target;
    request.body = sent.body;
    request.peer_ip = "127.0.0.1";
    request.headers.add("Host", "127.0.0.1:4566");
    for (const auto& [name, value] : sent.headers) request.headers.add(name, value);
    return request;
  }

  /// As the socket would hand it over: whatever signature it has is verified.
  http::Response serve(http::Request request) {
    boost::asio::io_context loop;
    std::optional<http::Response> response;
    // A named coroutine function, since a capturing lambda would die before its frame.
    boost::asio::co_spawn(loop, run(std::move(request), response),
                          [](const std::exception_ptr& failure) { CHECK(failure == nullptr, "a handler threw"); });
    // The committer posts from its own thread: the loop must not end while a handler waits for it.
    const auto work = boost::asio::make_work_guard(loop);
    while (!response) loop.run_one();
    return std::move(*response);
  }

  /// Runs one coroutine to its end, as an event loop would.
  template <class T>
  T await(Task<T> task) {
    boost::asio::io_context loop;
    std::optional<T> result;
    boost::asio::co_spawn(loop, keep(std::move(task), result),
                          [](const std::exception_ptr& failure) { CHECK(failure == nullptr, "a coroutine threw"); });
    const auto work = boost::asio::make_work_guard(loop);
    while (!result) loop.run_one();
    return std::move(*result);
  }

  [[nodiscard]] Pipeline& pipeline() { return *pipeline_; }
  [[nodiscard]] store::Db& db() { return *db_; }
  [[nodiscard]] audit::Trail& trail() { return trail_; }
  [[nodiscard]] ManualClock& clock() { return clock_; }
  [[nodiscard]] const Environment& environment() const { return environment_; }

 private:
  template <class T>
  static Task<> keep(Task<T> task, std::optional<T>& result) {
    result = co_await std::move(task);
  }

  Task<> run(http::Request request, std::optional<http::Response>& response) {
    http::Response answer = co_await pipeline_->serve(std::move(request));
    // A stream lives on the loop that it began on: what it makes is read here, as the socket would.
    while (answer.stream) {
      auto piece = co_await answer.stream->next();
      CHECK(piece.has_value(), "a stream of events ends with its last message");
      if (!*piece) answer.stream.reset();
      if (*piece) answer.body += **piece;
    }
    response = std::move(answer);
  }

  std::unique_ptr<store::Db> db_ = store::open_memory();
  PlainSealer sealer_;
  ManualClock clock_{Timestamp{1'783'165'130'000}};
  SeededRandom random_{7};
  Environment environment_{
      .db = *db_, .sealer = sealer_, .clock = clock_, .random = random_, .public_url = "http://127.0.0.1:4566"};
  audit::Trail trail_{*db_, clock_};
  Registry registry_;
  wire::Router router_{model::services()};
  std::unique_ptr<Pipeline> pipeline_;
};

/// The response's body as JSON; CHECKs that it is.
[[nodiscard]] inline json::Value body_of(const http::Response& response) {
  auto parsed = json::parse(response.body);
  CHECK(parsed.has_value(), response.body);
  return std::move(*parsed);
}

}  // namespace warifu::api::testing
