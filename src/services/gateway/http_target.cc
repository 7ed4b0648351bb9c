#include "services/gateway/http_target.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "base/body_stream.h"
#include "base/encoding.h"
#include "services/gateway/passing.h"
#include "services/gateway/refusal.h"

namespace warifu::services::gateway {
namespace {

constexpr std::chrono::milliseconds kTimeout{900'000};
constexpr std::size_t kBodyBytesMax = 6 * 1024 * 1024;
constexpr std::string_view kInvocations = "/invocations";
constexpr std::string_view kRuntimeService = "bedrock-agentcore";
constexpr std::string_view kRuntimeSession = "X-Amzn-Bedrock-AgentCore-Runtime-Session-Id";

/// A response's body as it comes.
class Passed final : public http::BodyStream {
 public:
  explicit Passed(std::unique_ptr<net::ResponseStream> stream) : stream_(std::move(stream)) {}
  Task<Result<std::optional<std::string>>> next() override { return stream_->next(); }
  void cancel() override { stream_->cancel(); }

 private:
  std::unique_ptr<net::ResponseStream> stream_;
};

std::string joined(std::string_view endpoint, std::string_view path, const std::string& query) {
  while (endpoint.ends_with('/')) endpoint.remove_suffix(1);
  std::string url(endpoint);
  if (path != "/") url += path;
  return query.empty() ? url : url + (url.find('?') == std::string::npos ? "?" : "&") + query;
}

/// Where InvokeAgentRuntime of the runtime's region is asked. The whole ARN stands in the path, as SDKs send it.
std::string runtime_url(const HttpPlace& place) {
  const auto arn = ArnView::parse(place.runtime_arn);
  const std::string_view region = arn ? arn->region : std::string_view{};
  std::string url = fmt::format("https://bedrock-agentcore.{}.amazonaws.com/runtimes/{}/invocations", region,
                                percent_encode(place.runtime_arn));
  if (!place.qualifier.empty()) url += "?qualifier=" + percent_encode(place.qualifier);
  return url;
}

/// The runtime's session is the client's to name. Its user is not: the role may speak for users, the client may not.
void keep_session(const http::Headers& from, http::Headers& into) {
  const auto session = from.get(kRuntimeSession);
  if (session && session->size() <= kHeaderValueMax) into.add(std::string(kRuntimeSession), std::string(*session));
}

http::Headers passed_on(const http::Headers& headers, const Target& target) {
  http::Headers out = propagated(headers, target.request_headers);
  for (const char* name : {"Content-Type", "Accept"}) {
    if (const auto value = headers.get(name)) out.add(name, std::string(*value));
  }
  return out;
}

http::Response failed(const Target& target, const Error& error) {
  const bool late = error.reason == net::kTimedOut;
  const std::string_view shown = target.debug ? std::string_view(error.message) : kGenericFailure;
  return plain_error(late                                     ? 504
                     : error.code == ErrorCode::kAccessDenied ? 403
                                                              : 502,
                     "DependencyFailedException", shown);
}

}  // namespace

Task<http::Response> HttpTargets::forward(http::Request request, Guest guest, std::shared_ptr<const Target> target,
                                          std::string path, std::string authorization) {
  const auto* place = std::get_if<HttpPlace>(&target->place);
  if (place == nullptr) {
    co_return plain_error(501, "UnsupportedOperationException", "This kind of target is not supported.");
  }
  const bool runtime = !place->runtime_arn.empty();
  if (runtime && (path != kInvocations || request.method != "POST")) {
    co_return plain_error(404, "ResourceNotFoundException", "A runtime is asked by POST to /invocations.");
  }
  if (request.body.size() > kBodyBytesMax) {
    co_return plain_error(413, "RequestEntityTooLargeException", "The request is longer than 6 MB.");
  }
  http::Request out;
  out.method = request.method;
  out.headers = passed_on(request.headers, *target);
  out.body = std::move(request.body);
  std::string url = runtime
                        ? runtime_url(*place)
                        : joined(place->endpoint, path, propagated_query(request.query(), target->query_parameters));
  if (runtime) keep_session(request.headers, out.headers);
  if (!authorization.empty()) out.headers.add("Authorization", std::move(authorization));
  Invocation invocation{.target = target};
  invocation.bearer = guest.bearer;
  if (runtime) {
    const auto arn = ArnView::parse(place->runtime_arn);
    invocation.sign_service = kRuntimeService;
    invocation.sign_region = arn ? std::string(arn->region) : std::string();
  }
  if (const auto signed_ = co_await outbound_.authorize(*target, &invocation, url, out); !signed_) {
    co_return failed(*target, signed_.error());
  }
  auto opened = co_await outbound_.open(std::move(url), std::move(out), {.head = kTimeout, .idle = kTimeout});
  if (!opened) co_return failed(*target, opened.error());
  const http::Response& head = (*opened)->head();
  http::Response response{.status = head.status, .headers = propagated(head.headers, target->response_headers)};
  if (runtime) keep_session(head.headers, response.headers);
  const std::string type(head.headers.get("content-type").value_or("application/octet-stream"));
  response.headers.add("Content-Type", type);
  if (type.starts_with("text/event-stream")) {
    response.stream = std::make_shared<Passed>(std::move(*opened));
    co_return response;
  }
  for (;;) {
    auto piece = co_await (*opened)->next();
    if (!piece) co_return failed(*target, piece.error());
    if (!*piece) co_return response;
    response.body += **piece;
  }
}

}  // namespace warifu::services::gateway
