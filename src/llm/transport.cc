#include "llm/transport.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/random.h"
#include "llm/error.h"
#include "llm/openai_answer.h"
#include "net/pause.h"

namespace warifu::llm {
namespace {

using std::chrono::milliseconds;

/// What is read of an answer that only explains an error.
constexpr std::size_t kErrorBodyMax = 64 * 1024;

Failure failure_of_status(int status) {
  switch (status) {
    case 401:
    case 403:
      return Failure::kAccessDenied;
    case 404:
      return Failure::kResourceNotFound;
    case 408:
    case 504:
      return Failure::kModelTimeout;
    case 429:
      return Failure::kThrottling;
    case 502:
    case 503:
      return Failure::kServiceUnavailable;
    default:
      break;
  }
  if (status >= 500) return Failure::kInternal;
  return status >= 400 ? Failure::kValidation : Failure::kModelError;
}

bool is_worth_another_try(int status) { return status == 429 || status >= 500; }

/// Retry-After in seconds; a date is left to our own back-off.
std::optional<milliseconds> retry_after(const http::Response& response) {
  const auto text = response.headers.get("retry-after");
  if (!text) return std::nullopt;
  std::uint32_t seconds = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), seconds);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return milliseconds(std::int64_t{1'000} * seconds);
}

milliseconds remaining(Transport::Clock::time_point end) {
  return std::max(milliseconds{0}, std::chrono::duration_cast<milliseconds>(end - Transport::Clock::now()));
}

/// The body of an answer with an error status, as far as it comes.
Task<std::string> read_error_body(net::ResponseStream& stream) {
  std::string body;
  while (body.size() < kErrorBodyMax) {
    Result<std::optional<std::string>> piece = co_await stream.next();
    if (!piece || !*piece) break;
    body += **piece;
  }
  co_return body;
}

}  // namespace

/// Why an attempt came to nothing.
struct Transport::Failed {
  Error error;
  bool again = false;
  std::optional<milliseconds> wait{};  // as the endpoint asks
};

Transport::Transport(EndpointOptions options)
    : options_(std::move(options)),
      client_({.ca_bundle_path = options_.ca_bundle_path, .body_bytes_max = options_.answer_bytes_max}) {}

http::Request Transport::request_of(const std::string& body) const {
  http::Request request;
  request.method = "POST";
  request.body = body;
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "application/json, text/event-stream");
  request.headers.add("User-Agent", "warifu");
  if (!options_.key.empty()) request.headers.add("Authorization", "Bearer " + options_.key);
  return request;
}

Error Transport::classed(const Error& error) const {
  if (error.reason == net::kTimedOut) {
    return failure_error(Failure::kModelTimeout, "the model endpoint did not answer in time");
  }
  if (error.code == ErrorCode::kTooLarge) {
    return failure_error(Failure::kModelError,
                         fmt::format("the model endpoint's answer is larger than {} bytes", options_.answer_bytes_max));
  }
  if (error.code == ErrorCode::kValidation) return failure_error(Failure::kInternal, error.message);
  return failure_error(Failure::kServiceUnavailable, "the model endpoint is not available: " + error.message);
}

Error Transport::redacted(Error error) const {
  const std::string& key = options_.key;
  for (std::size_t at = 0; !key.empty() && (at = error.message.find(key, at)) != std::string::npos;) {
    error.message.replace(at, key.size(), "***");
    at += 3;
  }
  return error;
}

Transport::Failed Transport::failed(const Error& error) const {
  const bool broken = error.code == ErrorCode::kUnavailable && error.reason != net::kTimedOut;
  return {.error = classed(error), .again = broken};
}

Transport::Failed Transport::failed(const http::Response& response) const {
  const std::string said = error_text(response.body);
  std::string message =
      fmt::format("the model endpoint answered {}{}{}", response.status, said.empty() ? "" : ": ", said);
  return {.error = redacted(failure_error(failure_of_status(response.status), std::move(message))),
          .again = is_worth_another_try(response.status),
          .wait = retry_after(response)};
}

Task<bool> Transport::may_try_again(const Failed& failed, std::size_t attempt, Clock::time_point end) {
  if (!failed.again || attempt >= options_.attempts_max) co_return false;
  const auto doublings = std::min<std::size_t>(attempt - 1, 16);
  const milliseconds full = std::min(options_.backoff_max, options_.backoff * (std::int64_t{1} << doublings));
  SystemRandom random;
  // Half fixed, half by chance: callers that failed together do not come back together.
  const milliseconds jittered =
      full / 2 +
      milliseconds(static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(full.count() / 2 + 1))));
  const milliseconds wait = std::min(options_.backoff_max, std::max(jittered, failed.wait.value_or(milliseconds{0})));
  if (wait >= remaining(end)) co_return false;
  net::Pause pause;
  co_await pause.wait(wait);
  co_return true;
}

Task<Result<std::string>> Transport::post(std::string path, std::string body) {
  const Clock::time_point end = Clock::now() + options_.timeout;
  for (std::size_t attempt = 1;; ++attempt) {
    Result<http::Response> answer = co_await client_.fetch(options_.url + path, request_of(body), remaining(end));
    if (answer && answer->status >= 200 && answer->status < 300) co_return std::move(answer->body);
    const Failed why = answer ? failed(*answer) : failed(answer.error());
    if (!co_await may_try_again(why, attempt, end)) co_return fail(why.error);
  }
}

Task<Result<std::unique_ptr<net::ResponseStream>>> Transport::open(std::string path, std::string body) {
  const Clock::time_point end = Clock::now() + options_.timeout;
  for (std::size_t attempt = 1;; ++attempt) {
    const net::StreamTimeouts timeouts{.head = remaining(end), .idle = options_.idle_timeout};
    auto opened = co_await client_.open(options_.url + path, request_of(body), timeouts);
    if (opened && (*opened)->head().status >= 200 && (*opened)->head().status < 300) co_return std::move(*opened);
    http::Response answer;
    if (opened) {
      answer = (*opened)->head();
      answer.body = co_await read_error_body(**opened);
    }
    const Failed why = opened ? failed(answer) : failed(opened.error());
    if (!co_await may_try_again(why, attempt, end)) co_return fail(why.error);
  }
}

}  // namespace warifu::llm
