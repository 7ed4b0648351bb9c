#include "services/gateway/outbound.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

#include "access/cache_scope.h"
#include "access/subject.h"
#include "base/body_stream.h"
#include "base/encoding.h"
#include "gen/agentcore/resource_tokens.h"
#include "services/gateway/front_door.h"
#include "sigv4/sign.h"

namespace warifu::services::gateway {
namespace {

namespace am = model::agentcore;

constexpr std::string_view kServicePrincipal = "bedrock-agentcore.amazonaws.com";
constexpr std::string_view kSessionName = "AgentCoreGateway";
constexpr std::int64_t kRenewBeforeMs = 5 * 60 * 1000;
constexpr std::size_t kSessionsMax = 4096;
constexpr int kRedirectsMax = 3;

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Error refused(std::string message) {
  return {.code = ErrorCode::kAccessDenied, .message = std::move(message), .aws_name = {}, .reason = {}, .fields = {}};
}

/// Where a Location leads: nullopt unless it is on the same host, and no less secure.
std::optional<std::string> followed(const net::Url& from, std::string_view location) {
  if (location.starts_with('/') && !location.starts_with("//")) {
    return fmt::format("{}://{}{}", from.secure ? "https" : "http", from.authority(), location);
  }
  const auto to = net::Url::parse(location);
  if (!to || to->host != from.host || (from.secure && !to->secure)) return std::nullopt;
  if (to->secure == from.secure && to->port != from.port) return std::nullopt;
  return std::string(location);
}

bool is_aws_name(std::string_view host) {
  return to_lower(host).ends_with(".amazonaws.com") || to_lower(host).ends_with(".api.aws");
}

std::string last_part(std::string_view arn) { return std::string(arn.substr(arn.rfind('/') + 1)); }

/// An answer of this server's own.
class Here final : public net::ResponseStream {
 public:
  explicit Here(http::Response response) : stream_(std::move(response.stream)), body_(std::move(response.body)) {
    head_.status = response.status;
    head_.headers = std::move(response.headers);
  }
  [[nodiscard]] const http::Response& head() const override { return head_; }
  Task<Result<std::optional<std::string>>> next() override {
    if (!body_.empty()) co_return std::optional(std::exchange(body_, {}));
    if (!stream_) co_return std::optional<std::string>{};
    co_return co_await stream_->next();
  }
  void cancel() override {
    if (stream_) stream_->cancel();
  }

 private:
  http::Response head_;
  std::shared_ptr<http::BodyStream> stream_;
  std::string body_;
};

class RealOutbound final : public ClosableOutbound {
 public:
  RealOutbound(const api::Environment& environment, OutboundOptions options)
      : environment_(environment),
        front_door_(options.front_door),
        response_bytes_max_(options.response_bytes_max),
        client_(client_options(std::move(options))) {}

  void close() override { client_.close(); }

  Task<Result<api::RoleSession>> role_session(const Target& target) override {
    const std::string key = target.gateway_arn + "\n" + target.gateway_role_arn;
    const Timestamp now = environment_.clock.now();
    std::optional<api::RoleSession> kept = kept_session(key);
    if (kept && kept->credentials.expires.ms - kRenewBeforeMs > now.ms && still_there(*kept)) {
      co_return std::move(*kept);
    }
    auto session =
        co_await api::assume_role(*environment_.client, environment_,
                                  {.role_arn = target.gateway_role_arn,
                                   .session_name = std::string(kSessionName),
                                   .as = api::as_service(kServicePrincipal, target.gateway_arn, target.account),
                                   .region = target.region});
    if (!session) co_return fail(session.error());
    const std::lock_guard lock(mutex_);
    if (sessions_.size() >= kSessionsMax) sessions_.clear();
    sessions_.insert_or_assign(key, *session);
    co_return std::move(*session);
  }

  Task<Result<>> authorize(const Target& target, const Invocation* invocation, std::string& url,
                           http::Request& request) override {
    using Kind = OutboundCredential::Kind;
    const OutboundCredential& credential = target.credential;
    if (request.headers.get("authorization")) co_return Result<>{};  // an interceptor's
    switch (credential.kind) {
      case Kind::kNone:
        co_return Result<>{};
      case Kind::kApiKey:
        co_return co_await add_api_key(target, url, request);
      case Kind::kOauth:
        co_return co_await add_oauth_token(target, request);
      case Kind::kGatewayRole:
        co_return co_await sign(target, invocation, url, request);
      case Kind::kJwtPassthrough:
        if (invocation == nullptr || invocation->bearer.empty()) co_return fail(refused("the caller has no token"));
        request.headers.add("Authorization", "Bearer " + invocation->bearer);
        co_return Result<>{};
      case Kind::kCallerIam:
        co_return fail(refused("the caller's own credentials cannot be passed on"));
    }
    co_return fail(internal_error("an unknown credential"));
  }

  Task<Result<http::Response>> fetch(std::string url, http::Request request,
                                     std::chrono::milliseconds timeout) override {
    for (int hop = 0;; ++hop) {
      const net::Url from = CO_TRY(net::Url::parse(url));
      if (leads_here(from)) co_return co_await fetch_here(from, std::move(request));
      auto response = co_await client_.fetch(url, request, timeout);
      if (!response || !is_redirect(response->status) || request.method != "GET") co_return response;
      const auto location = response->headers.get("location");
      if (!location) co_return response;
      const auto next = followed(from, *location);
      if (!next || hop == kRedirectsMax) co_return fail(refused(fmt::format("`{}` redirects elsewhere", url)));
      url = *next;
    }
  }

  Task<Result<std::unique_ptr<net::ResponseStream>>> open(std::string url, http::Request request,
                                                          net::StreamTimeouts timeouts) override {
    const net::Url to = CO_TRY(net::Url::parse(url));
    if (leads_here(to)) {
      co_return std::make_unique<Here>(co_await front_door_->serve(to, std::move(request)));
    }
    auto stream = co_await client_.open(std::move(url), std::move(request), timeouts);
    if (stream && is_redirect((*stream)->head().status)) co_return fail(refused("the target redirects elsewhere"));
    co_return stream;
  }

 private:
  [[nodiscard]] bool leads_here(const net::Url& url) const {
    return front_door_ != nullptr && front_door_->leads_here(url);
  }

  Task<Result<http::Response>> fetch_here(net::Url url, http::Request request) {
    Here answer(co_await front_door_->serve(url, std::move(request)));
    http::Response whole = answer.head();
    while (auto piece = CO_TRY(co_await answer.next())) {
      if (whole.body.size() + piece->size() > response_bytes_max_) {
        co_return fail(unavailable("the answer is too long"));
      }
      whole.body += *piece;
    }
    co_return whole;
  }

  static net::ClientOptions client_options(OutboundOptions options) {
    net::ClientOptions out;
    out.body_bytes_max = options.response_bytes_max;
    out.may_connect = [destinations = std::move(options.destinations)](const net::IpAddress& address) {
      return destinations.allows(address);
    };
    return out;
  }

  std::optional<api::RoleSession> kept_session(const std::string& key) {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(key);
    return found == sessions_.end() ? std::nullopt : std::optional(found->second);
  }

  /// A session dies with its role: one made again under the same name is another.
  bool still_there(const api::RoleSession& session) const {
    const auto subject = environment_.db.read([&](store::Reader& reader) -> Result<bool> {
      const auto found = TRY(access::Subject::gather(reader, scope_, session.principal));
      return found.has_value();
    });
    return subject && *subject;
  }

  Task<Result<std::string>> workload_token(const Target& target, const api::As& as) {
    am::GetWorkloadAccessTokenInput input;
    input.workload_name = target.gateway_id;
    const auto token = CO_TRY(
        co_await environment_.client->invoke(am::ops::kGetWorkloadAccessToken, std::move(input), as, target.region));
    co_return token.workload_access_token;
  }

  Task<Result<>> add_api_key(const Target& target, std::string& url, http::Request& request) {
    const api::RoleSession session = CO_TRY(co_await role_session(target));
    const api::As as = api::as_session(session.principal);
    am::GetResourceApiKeyInput input;
    input.workload_identity_token = CO_TRY(co_await workload_token(target, as));
    input.resource_credential_provider_name = last_part(target.credential.provider_arn);
    const auto answer =
        CO_TRY(co_await environment_.client->invoke(am::ops::kGetResourceApiKey, std::move(input), as, target.region));
    const OutboundCredential& credential = target.credential;
    const std::string name = credential.parameter_name.empty() ? "Authorization" : credential.parameter_name;
    const std::string value = credential.prefix.empty() ? answer.api_key : credential.prefix + " " + answer.api_key;
    if (credential.in_query) {
      url += (url.find('?') == std::string::npos ? "?" : "&") + percent_encode(name) + "=" + percent_encode(value);
    } else {
      request.headers.add(name, value);
    }
    co_return Result<>{};
  }

  Task<Result<>> add_oauth_token(const Target& target, http::Request& request) {
    const api::RoleSession session = CO_TRY(co_await role_session(target));
    const api::As as = api::as_session(session.principal);
    am::GetResourceOauth2TokenInput input;
    input.workload_identity_token = CO_TRY(co_await workload_token(target, as));
    input.resource_credential_provider_name = last_part(target.credential.provider_arn);
    input.scopes = target.credential.scopes;
    if (!target.credential.parameters.empty()) input.custom_parameters = target.credential.parameters;
    input.oauth2_flow = "M2M";
    const auto answer = CO_TRY(
        co_await environment_.client->invoke(am::ops::kGetResourceOauth2Token, std::move(input), as, target.region));
    if (!answer.access_token) co_return fail(refused("the credential provider gave no token"));
    request.headers.add("Authorization", "Bearer " + *answer.access_token);
    co_return Result<>{};
  }

  Task<Result<>> sign(const Target& target, const Invocation* invocation, const std::string& url,
                      http::Request& request) {
    std::string service = target.credential.sign_service;
    if (service.empty() && invocation != nullptr) service = invocation->sign_service;
    if (service.empty()) co_return Result<>{};
    const net::Url parsed = CO_TRY(net::Url::parse(url));
    if (is_aws_name(parsed.host) && !leads_here(parsed)) {
      co_return fail(
          refused(fmt::format("`{}` is not served by this server, and AWS knows no role of it", parsed.host)));
    }
    const api::RoleSession session = CO_TRY(co_await role_session(target));
    request.target = parsed.target;
    if (!request.headers.get("host")) request.headers.add("Host", parsed.authority());
    const sigv4::Credentials credentials{.access_key_id = session.credentials.access_key_id,
                                         .secret = crypto::SecretBytes::copy_of(session.credentials.secret_access_key),
                                         .session_token = session.credentials.session_token};
    std::string region = target.credential.sign_region;
    if (region.empty() && invocation != nullptr) region = invocation->sign_region;
    sigv4::sign(request, credentials, {.region = region.empty() ? target.region : region, .service = service},
                environment_.clock.now());
    co_return Result<>{};
  }

  const api::Environment& environment_;
  FrontDoor* front_door_;
  std::size_t response_bytes_max_;
  net::Client client_;
  access::CacheScope scope_;
  std::mutex mutex_;
  std::unordered_map<std::string, api::RoleSession> sessions_;
};

}  // namespace

std::unique_ptr<ClosableOutbound> make_outbound(const api::Environment& environment, OutboundOptions options) {
  return std::make_unique<RealOutbound>(environment, std::move(options));
}

}  // namespace warifu::services::gateway
