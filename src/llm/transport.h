#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/task.h"
#include "llm/openai.h"
#include "net/client.h"

namespace warifu::llm {

/// Posts JSON to one endpoint, with its key, deadlines and retries. Errors are those of `error.h`, and never hold the
/// key. Thread-safe; outlives its calls, not its streams.
class Transport {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Transport(EndpointOptions options);

  [[nodiscard]] const EndpointOptions& options() const { return options_; }
  /// The whole body of a 2xx answer to `POST <url><path>`.
  Task<Result<std::string>> post(std::string path, std::string body);
  /// The same, come back when a 2xx answer has begun.
  Task<Result<std::unique_ptr<net::ResponseStream>>> open(std::string path, std::string body);

  void close() { client_.close(); }

  /// What a failure of net's means to who asked.
  [[nodiscard]] Error classed(const Error& error) const;
  /// `error` without the key, should an endpoint have repeated it.
  [[nodiscard]] Error redacted(Error error) const;

 private:
  struct Failed;
  [[nodiscard]] http::Request request_of(const std::string& body) const;
  [[nodiscard]] Failed failed(const http::Response& response) const;
  [[nodiscard]] Failed failed(const Error& error) const;
  Task<bool> may_try_again(const Failed& failed, std::size_t attempt, Clock::time_point end);

  const EndpointOptions options_;
  net::Client client_;
};

}  // namespace warifu::llm
