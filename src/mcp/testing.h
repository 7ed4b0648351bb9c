#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/body_stream.h"
#include "mcp/envelope.h"
#include "mcp/sse.h"
#include "net/pause.h"
#include "net/testing.h"

/// An MCP server for tests, on loopback: each test says how it answers.
namespace warifu::mcp::testing {

[[nodiscard]] inline json::Value parsed(std::string_view text) { return json::parse(text).value(); }

/// How one request is answered. Steps are sent in order; a step that asks waits for the client's answer.
struct Script {
  std::vector<Message> steps;                                    // notifications and requests
  std::function<json::Value(const std::vector<Message>&)> last;  // the result, from the answers to the asking steps
  bool hangs = false;                                            // after the steps nothing comes
  bool cut = false;  // the stream ends after the steps; GET with its last event id goes on with the result
};

class Server {
 public:
  /// What the server does with a request other than the handshake's.
  using Answer = std::function<std::variant<json::Value, RpcError, Script>(const Message& request)>;

  explicit Server(std::vector<Version> versions, Answer answer, bool sessions = true)
      : versions_(std::move(versions)),
        answer_(std::move(answer)),
        sessions_(sessions),
        http_({.threads = 1}, [this](http::Request request) { return serve(std::move(request)); }) {}

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(http_.port()) + "/mcp"; }
  /// Bodies and heads of the POSTs so far whose method is `method`; empty: all.
  [[nodiscard]] std::vector<http::Request> seen(std::string_view method = {}) const {
    const std::lock_guard lock(mutex_);
    std::vector<http::Request> out;
    for (const auto& [name, request] : seen_) {
      if (method.empty() || name == method) out.push_back(request);
    }
    return out;
  }
  /// All sessions are gone from here on.
  void forget_sessions() {
    const std::lock_guard lock(mutex_);
    live_.clear();
  }
  std::atomic<int> status_of_all = 0;  // not 0: every request is answered so
  std::atomic<bool> lost_is_400 = false;

 private:
  struct Stream final : http::BodyStream {
    Stream(Server& s, Script what, Id request) : server(s), script(std::move(what)), id(std::move(request)) {}
    Task<Result<std::optional<std::string>>> next() override {
      std::string out;
      if (at > 0 && script.steps[at - 1].kind == Message::Kind::kRequest && answers.size() < asked) {
        pause = std::make_unique<net::Pause>();
        {
          const std::lock_guard lock(server.mutex_);
          server.waiting_[script.steps[at - 1].id->text()] = this;
        }
        co_await pause->wait(net::testing::kPatience);
      }
      if (at < script.steps.size()) {
        asked += script.steps[at].kind == Message::Kind::kRequest ? 1 : 0;
        const Message& step = script.steps[at++];
        append_event(out, print(step), "e" + std::to_string(at));
        co_return std::optional(std::move(out));
      }
      if (script.hangs) {
        pause = std::make_unique<net::Pause>();
        co_await pause->wait(net::testing::kPatience);
        co_return std::nullopt;
      }
      if (ended || script.cut) {
        if (script.cut) {
          const std::lock_guard lock(server.mutex_);
          server.resumable_.emplace("e" + std::to_string(at), print(result(id, script.last(answers))));
        }
        co_return std::nullopt;
      }
      ended = true;
      append_event(out, print(result(id, script.last(answers))), "last");
      co_return std::optional(std::move(out));
    }
    void cancel() override {
      if (pause) pause->cancel();
    }
    Server& server;
    Script script;
    Id id;
    std::size_t at = 0;
    std::size_t asked = 0;
    std::vector<Message> answers;
    std::unique_ptr<net::Pause> pause;
    bool ended = false;
  };

  Task<http::Response> serve(http::Request request) {
    if (status_of_all != 0) co_return http::Response{.status = status_of_all};
    if (request.method == "GET") co_return resumed(request);
    if (request.method == "DELETE") {
      const std::lock_guard lock(mutex_);
      seen_.emplace_back("DELETE", request);
      live_.erase(std::string(request.headers.get("mcp-session-id").value_or("")));
      co_return http::Response{.status = 204};
    }
    const ServerProfile profile{.server_info = parsed(R"({"name":"scripted","version":"1"})"),
                                .capabilities = parsed(R"({"tools":{},"prompts":{},"resources":{}})"),
                                .versions = versions_,
                                .sessions = sessions_,
                                .streaming = true};
    auto envelope = open_envelope(request, profile);
    note(request);
    if (!envelope) co_return std::move(envelope.error());
    co_return answer(*envelope, profile);
  }

  void note(const http::Request& request) {
    const auto body = read_body(request.body);
    const std::lock_guard lock(mutex_);
    seen_.emplace_back(body ? body->messages[0].method : "", request);
  }

  http::Response resumed(const http::Request& request) {
    const std::lock_guard lock(mutex_);
    const auto found = resumable_.find(std::string(request.headers.get("last-event-id").value_or("")));
    if (found == resumable_.end()) return wrong_method();
    http::Response response = begin_events();
    append_event(response.body, found->second, "last");
    return response;
  }

  http::Response handshake(const Envelope& envelope, const ServerProfile& profile) {
    http::Response response =
        reply(envelope.version, result(*envelope.messages[0].id, initialize_result(profile, envelope.version)));
    if (!sessions_) return response;
    const std::lock_guard lock(mutex_);
    live_.insert({"s" + std::to_string(++made_), true});
    response.headers.add("Mcp-Session-Id", "s" + std::to_string(made_));
    return response;
  }

  http::Response answer(const Envelope& envelope, const ServerProfile& profile) {
    const Message& message = envelope.messages[0];
    if (envelope.handshake) return handshake(envelope, profile);
    if (sessions_ && !is_stateless(envelope.version)) {
      const std::lock_guard lock(mutex_);
      if (!live_.contains(envelope.session_id))
        return reply_text(lost_is_400 ? 400 : 404,
                          print(error(message.id, {.code = -32000, .message = "Bad Request: no valid session"})));
    }
    if (message.is_answer()) return answered(message);
    if (message.kind == Message::Kind::kNotification) return accepted();
    if (message.method == "server/discover") return fitted(envelope, message, discover_result(profile), profile);
    auto said = answer_(message);
    if (auto* fault = std::get_if<RpcError>(&said)) return reply(envelope.version, error(message.id, *fault));
    if (auto* value = std::get_if<json::Value>(&said)) return fitted(envelope, message, std::move(*value), profile);
    http::Response response = begin_events();
    response.stream = std::make_shared<Stream>(*this, std::get<Script>(std::move(said)), *message.id);
    return response;
  }

  static http::Response fitted(const Envelope& envelope, const Message& message, json::Value value,
                               const ServerProfile& profile) {
    fit_result(value, envelope.version, message.method, {}, profile.server_info);
    return reply(envelope.version, result(*message.id, std::move(value)));
  }

  http::Response answered(const Message& message) {
    const std::lock_guard lock(mutex_);
    const auto found = waiting_.find(message.id->text());
    if (found == waiting_.end()) return {.status = 400};
    found->second->answers.push_back(message);
    found->second->pause->cancel();
    waiting_.erase(found);
    return accepted();
  }

  const std::vector<Version> versions_;
  const Answer answer_;
  const bool sessions_;
  mutable std::mutex mutex_;
  std::vector<std::pair<std::string, http::Request>> seen_;
  std::map<std::string, bool> live_;
  std::map<std::string, Stream*> waiting_;
  std::map<std::string, std::string> resumable_;
  int made_ = 0;
  net::testing::TestServer http_;
};

}  // namespace warifu::mcp::testing
