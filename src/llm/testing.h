#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/body_stream.h"
#include "base/check.h"
#include "json/value.h"
#include "llm/openai.h"
#include "net/pause.h"
#include "net/server.h"

/// A model endpoint for tests: answers what it was told, in turn, and keeps what it was asked.
namespace warifu::llm::testing {

/// One answer. Without pieces its body is sent whole.
struct Reply {
  enum class End : std::uint8_t { kWhole, kBroken, kHangs, kEndless };
  int status = 200;
  std::string body{};
  std::vector<std::string> pieces{};
  End end = End::kWhole;
  std::vector<http::Headers::Field> headers{};
  std::chrono::milliseconds delay{0};
};

/// `data: …` events of a stream, `[DONE]` at the end.
[[nodiscard]] inline std::vector<std::string> events_of(const std::vector<std::string>& chunks) {
  std::vector<std::string> pieces;
  for (const std::string& chunk : chunks) pieces.push_back("data: " + chunk + "\n\n");
  pieces.emplace_back("data: [DONE]\n\n");
  return pieces;
}

class FakeEndpoint {
 public:
  FakeEndpoint() : server_({.threads = 1}, [this](http::Request request) { return answer(std::move(request)); }) {
    const Result<> started = server_.start();
    CHECK(started.has_value(), "the test's endpoint does not start");
  }

  void add(Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
  }
  [[nodiscard]] std::vector<http::Request> requests() const {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  /// The body of the request at `index`, which must be JSON.
  [[nodiscard]] json::Value asked(std::size_t index = 0) const {
    const auto all = requests();
    CHECK(index < all.size(), "the endpoint was not asked that often");
    auto parsed = json::parse(all[index].body);
    CHECK(parsed.has_value(), all[index].body);
    return std::move(*parsed);
  }
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(server_.endpoints().at(0).port) + "/v1";
  }
  /// Readers of this endpoint that went before their answer was whole.
  [[nodiscard]] int cancelled() const { return cancelled_; }
  /// Options that reach it and do not make a test wait.
  [[nodiscard]] EndpointOptions options() const {
    EndpointOptions options{.url = url(), .model = "small"};
    options.backoff = std::chrono::milliseconds{1};
    options.backoff_max = std::chrono::milliseconds{20};
    return options;
  }

 private:
  class Body final : public http::BodyStream {
   public:
    Body(Reply reply, std::atomic<int>& cancelled) : reply_(std::move(reply)), cancelled_(cancelled) {}
    Task<Result<std::optional<std::string>>> next() override {
      if (at_ == reply_.pieces.size() && reply_.end == Reply::End::kEndless) at_ = 0;
      if (at_ < reply_.pieces.size()) co_return std::optional(reply_.pieces[at_++]);
      if (reply_.end == Reply::End::kWhole) co_return std::nullopt;
      if (reply_.end == Reply::End::kHangs) co_await pause_.wait(std::chrono::seconds{30});
      co_return fail(unavailable("cut by the test"));
    }
    void cancel() override {
      ++cancelled_;
      pause_.cancel();
    }

   private:
    const Reply reply_;
    std::atomic<int>& cancelled_;
    std::size_t at_ = 0;
    net::Pause pause_;
  };

  Task<http::Response> answer(http::Request request) {
    Reply reply{.status = 500, .body = R"({"error":{"message":"the test has no more replies"}})"};
    {
      const std::lock_guard lock(mutex_);
      requests_.push_back(std::move(request));
      if (!replies_.empty()) {
        reply = std::move(replies_.front());
        replies_.pop_front();
      }
    }
    if (reply.delay.count() > 0) {
      net::Pause pause;
      co_await pause.wait(reply.delay);
    }
    http::Response response;
    response.status = reply.status;
    response.body = reply.body;
    for (const auto& [name, value] : reply.headers) response.headers.add(name, value);
    if (!reply.pieces.empty()) {
      response.headers.add("Content-Type", "text/event-stream");
      response.stream = std::make_shared<Body>(std::move(reply), cancelled_);
    }
    co_return response;
  }

  mutable std::mutex mutex_;
  std::deque<Reply> replies_;
  std::vector<http::Request> requests_;
  std::atomic<int> cancelled_{0};
  net::Server server_;
};

}  // namespace warifu::llm::testing
