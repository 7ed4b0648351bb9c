#include "api/pipeline.h"

#include <fmt/format.h>

#include <chrono>

#include "access/authorize.h"
#include "access/session_rules.h"
#include "api/context.h"
#include "api/copy_source.h"
#include "api/event_source.h"
#include "api/exchange.h"
#include "api/resource.h"
#include "api/s3_requests.h"
#include "api/upload.h"
#include "api/workload_token.h"
#include "identity/types.h"
#include "sigv4/old_query.h"
#include "sigv4/verify.h"
#include "wire/decode.h"
#include "wire/encode.h"
#include "wire/error_map.h"
#include "wire/member.h"

namespace warifu::api {
namespace {

constexpr std::string_view kDeadPrincipal = "The security token included in the request is invalid";
constexpr int kMisdirected = 421;  // RFC 9110 §15.5.20
constexpr std::string_view kReaderGone = "ClientDisconnected";

using Clock = std::chrono::steady_clock;

Report report_after(Report report, Clock::time_point begun) {
  report.duration_us = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun).count();
  return report;
}

Error host_error(std::string_view host) {
  return {.code = ErrorCode::kValidation,
          .message = fmt::format("this server does not answer to host `{}`; see --host", host.substr(0, 255)),
          .aws_name = {},
          .reason = {},
          .fields = {}};
}

std::uint64_t secret_version(std::string_view secret) { return std::hash<std::string_view>{}(secret); }

}  // namespace

Pipeline::Pipeline(const Environment& environment, const Registry& registry, const wire::Router& router,
                   PipelineOptions options)
    : environment_(environment), registry_(registry), router_(router), options_(std::move(options)) {}

http::Response Pipeline::error(Exchange& exchange, const Error& error) const {
  exchange.report.error_code = std::string(wire::map_error(exchange.service, exchange.operation, error).name);
  exchange.report.message = error.message;
  return wire::encode_error(exchange.service, exchange.operation, error, exchange.report.request_id);
}

http::Response Pipeline::refused(Exchange& exchange, const AuthFailure& failure) const {
  exchange.report.error_code = std::string(wire::map_auth_failure(exchange.service, failure.kind).name);
  exchange.report.message = failure.message;
  return wire::encode_auth_failure(exchange.service, failure, exchange.report.request_id);
}

/// A streamed answer, reported when it has ended, whoever ended it.
class Pipeline::ReportedStream final : public http::BodyStream {
 public:
  /// `first`: what comes before the body's own pieces.
  ReportedStream(std::string first, std::shared_ptr<http::BodyStream> body, Report report, Clock::time_point begun,
                 const PipelineOptions& options)
      : first_(std::move(first)),
        body_(std::move(body)),
        report_(std::move(report)),
        begun_(begun),
        options_(options) {}
  ~ReportedStream() override { end(); }
  ReportedStream(const ReportedStream&) = delete;
  ReportedStream& operator=(const ReportedStream&) = delete;

  Task<Result<std::optional<std::string>>> next() override {
    if (!first_.empty()) co_return std::optional(std::exchange(first_, {}));
    co_return co_await body_->next();
  }
  void cancel() override { body_->cancel(); }

 private:
  void end() {
    const auto* events = dynamic_cast<const EventBodyBase*>(body_.get());
    if (events != nullptr && events->failure()) {
      report_.error_code = std::string(events->failure()->aws_name);
      report_.message = events->failure()->message;
    } else if (events != nullptr && !events->whole()) {
      report_.error_code = kReaderGone;
      report_.message = "the caller left before the answer was whole";
    }
    options_.report(report_after(std::move(report_), begun_));
  }

  std::string first_;
  std::shared_ptr<http::BodyStream> body_;
  Report report_;
  const Clock::time_point begun_;
  const PipelineOptions& options_;
};

Task<http::Response> Pipeline::serve(http::Request request) {
  const auto begun = Clock::now();
  Exchange exchange{.request = std::move(request), .report = {}, .now = environment_.clock.now(), .host = {}};
  exchange.report.request_id = environment_.random.uuid();
  exchange.report.peer_ip = exchange.request.peer_ip;
  http::Response response = co_await answer(exchange);
  if (exchange.recording.begun()) {
    const Result<> noted = co_await exchange.recording.finish(exchange.report.error_code, exchange.report.message);
    if (!noted) response = error(exchange, noted.error());
  }
  exchange.report.status = response.status;
  if (options_.report && response.stream) {
    response.stream = std::make_shared<ReportedStream>(std::exchange(response.body, {}), std::move(response.stream),
                                                       std::move(exchange.report), begun, options_);
  } else if (options_.report) {
    options_.report(report_after(std::move(exchange.report), begun));
  }
  co_return response;
}

Task<http::Response> Pipeline::answer(Exchange& exchange) {
  auto params = read_signature(exchange);
  if (!params) co_return std::move(params).error();
  if (auto checked = check_claims(exchange, *params); !checked) co_return std::move(checked).error();
  if (takes_development_keys(exchange)) {
    const Result<> prepared = co_await prepare_development_account(exchange, *params);
    if (!prepared) co_return error(exchange, prepared.error());
  }
  const auto key = authenticate(exchange, *params);
  if (!key) co_return key.error();

  const std::string region(params->scope.region);
  // The signature covers the normalised path: routing by the raw one would let it serve for another resource.
  if (sigv4::profile_of(params->scope.service).normalize_path) {
    const std::string path = sigv4::normalized_path(exchange.request.path());
    const std::string query(exchange.request.query());
    exchange.request.target = query.empty() ? path : path + "?" + query;
  }

  if (is_s3(*exchange.service)) prepare_s3(exchange.request, exchange.host->bucket);
  const auto routed = router_.route(*exchange.service, exchange.request);
  if (!routed) co_return error(exchange, routed.error());
  exchange.operation = routed->operation;
  exchange.report.operation = routed->operation->name;
  std::optional<Upload> upload;
  if (is_s3(*exchange.service)) {
    upload.emplace(exchange.request, *params, *key);
    if (const Result<> taken = co_await take_body(exchange, *upload); !taken) co_return error(exchange, taken.error());
  }
  const wire::Erased input = wire::make_input(*routed->operation);
  const Result<> decoded = wire::decode(*routed->operation, exchange.request, *routed, input.get());
  record(exchange, region, {}, decoded ? input.get() : nullptr);
  if (!decoded) co_return error(exchange, decoded.error());

  Call call(environment_, exchange.credential->principal);
  call.now_ = exchange.now;
  call.request_id_ = exchange.report.request_id;
  call.region_ = region;
  call.operation_ = std::string(routed->operation->name);
  call.record_in(exchange.recording);
  if (upload && takes_stream(*routed->operation)) call.upload_ = &*upload;
  call.signed_by_ = exchange.anonymous                        ? SignedBy::kNothing
                    : params->old_query                       ? SignedBy::kOldQuery
                    : params->source == sigv4::Source::kQuery ? SignedBy::kQuery
                                                              : SignedBy::kHeader;
  call.signature_age_ms_ = exchange.now.ms - params->time.ms;
  const Result<> authorized = authorize(exchange, call, input.get());
  if (!authorized) co_return error(exchange, authorized.error());

  const Registry::Erased* handler = registry_.find(routed->operation);
  if (handler == nullptr) co_return error(exchange, not_implemented(*routed->operation));
  Result<http::Response> response = co_await (*handler)(call, input.get());
  if (!response) co_return error(exchange, response.error());
  co_return std::move(*response);
}

void Pipeline::record(Exchange& exchange, std::string_view region, std::span<const std::string> via,
                      const void* input) const {
  const RecordedCall call{.principal = exchange.credential->principal,
                          .via = via,
                          .region = region,
                          .request = exchange.request,
                          .request_id = exchange.report.request_id,
                          .now = exchange.now};
  exchange.recording.begin(options_.trail, environment_.db, environment_.random, call, *exchange.operation, input);
}

http::Response Pipeline::stray_host(Exchange& exchange, std::string_view host) const {
  http::Response response = error(exchange, host_error(host));
  response.status = kMisdirected;
  return response;
}

std::expected<sigv4::AuthParams, http::Response> Pipeline::read_signature(Exchange& exchange) const {
  const auto claimed = sigv4::claimed_service(exchange.request);
  exchange.service = claimed ? router_.service(*claimed) : router_.spoken_service(exchange.request);
  const auto host = exchange.request.headers.get("host").value_or("");
  exchange.host = options_.hosts.judge(host);
  if (!exchange.host) return std::unexpected(stray_host(exchange, host));
  auto params = sigv4::parse(exchange.request, exchange.now);
  if (params) return std::move(*params);
  if (auto plain = read_plain_s3(exchange)) {
    if (*plain) return std::move(**plain);
    return std::unexpected(refused(exchange, plain->error()));
  }
  if (const wire::Operation* open = router_.unsigned_operation(exchange.request)) {
    exchange.service = open->service;
    exchange.operation = open;
    return std::unexpected(error(exchange, not_implemented(*open)));
  }
  return std::unexpected(refused(exchange, params.error()));
}

std::expected<void, http::Response> Pipeline::check_claims(Exchange& exchange, const sigv4::AuthParams& params) const {
  const auto mismatch = [&](std::string message) {
    return std::unexpected(refused(exchange, {AuthFailureKind::kSignatureMismatch, std::move(message)}));
  };
  exchange.service = router_.service(params.scope.service);
  if (exchange.service == nullptr) {
    return mismatch(
        fmt::format("Credential should be scoped to a service of this server, not '{}'.", params.scope.service));
  }
  exchange.report.service = exchange.service->signing_name;
  const bool dated = !params.old_query && !exchange.anonymous;
  if (const auto scoped = sigv4::check_scope(params, exchange.service->signing_name); dated && !scoped) {
    return std::unexpected(refused(exchange, scoped.error()));
  }
  const HostClaim& host = *exchange.host;
  if (host.service && *host.service != exchange.service->signing_name) {
    return mismatch(fmt::format("Credential should be scoped to correct service: '{}'.", *host.service));
  }
  if (dated && host.region && !exchange.service->global && *host.region != params.scope.region) {
    return mismatch(fmt::format("Credential should be scoped to a valid region, not '{}'.", params.scope.region));
  }
  if (const auto target = exchange.request.headers.get("x-amz-target");
      target && (exchange.service->target_prefix.empty() || !target->starts_with(exchange.service->target_prefix))) {
    return mismatch("X-Amz-Target names another service than the credential scope.");
  }
  return {};
}

bool Pipeline::takes_development_keys(const Exchange& exchange) const {
  return options_.development && exchange.host->loopback && !from_foreign_page(exchange.request.headers);
}

Task<Result<>> Pipeline::prepare_development_account(const Exchange& exchange, const sigv4::AuthParams& params) {
  if (params.session_token) co_return Result<>{};
  const auto account = access::development_account(params.access_key_id);
  if (!account) co_return Result<>{};
  const auto known = environment_.db.read([&](store::Reader& reader) -> Result<bool> {
    const auto found = TRY(access::find_credential(reader, {.sealer = environment_.sealer, .development = true},
                                                   params.access_key_id, {}, exchange.now));
    return found.has_value();
  });
  if (!known) co_return std::unexpected(known.error());
  if (*known) co_return Result<>{};
  // An account is made for who can sign, not for whoever writes twelve digits.
  const sigv4::Scope& scope = params.scope;
  const auto key = sigv4::SigningKey::derive(access::kDevelopmentSecret, scope.date, scope.region, scope.service);
  const bool proven = params.old_query
                          ? sigv4::verify_old_query(exchange.request, params, access::kDevelopmentSecret,
                                                    s3_path(exchange.request, exchange.host->bucket))
                                .has_value()
                          : sigv4::verify(exchange.request, params, key, sigv4::profile_of(scope.service)).has_value();
  if (!proven) co_return Result<>{};
  const std::string user_id = identity::new_unique_id(identity::EntityKind::kUser, environment_.random);
  co_return co_await environment_.db.write([account = *account, user_id, now = exchange.now](store::Txn& txn) {
    return access::ensure_development_account(txn, account, user_id, now);
  });
}

std::expected<sigv4::SigningKey, http::Response> Pipeline::authenticate(Exchange& exchange,
                                                                        const sigv4::AuthParams& params) {
  if (exchange.anonymous) {
    const Result<> known = know(exchange, anonymous_principal());
    if (!known) return std::unexpected(error(exchange, known.error()));
    return sigv4::SigningKey::derive({}, {}, {}, {});  // nothing is signed, so nothing can be proven with it
  }
  const access::CredentialSource source{
      .sealer = environment_.sealer, .development = takes_development_keys(exchange), .scope = cache_scope_};
  const auto found = environment_.db.read([&](store::Reader& reader) -> Result<std::optional<AuthFailure>> {
    auto credential = TRY(
        access::find_credential(reader, source, params.access_key_id, params.session_token.value_or(""), exchange.now));
    if (!credential) return std::optional(credential.error());
    exchange.credential = std::move(*credential);
    const auto version = exchange.credential->identity_version;
    exchange.subject = TRY(access::Subject::gather(reader, cache_scope_, exchange.credential->principal, version));
    if (exchange.subject) return std::optional<AuthFailure>{};
    // A session whose role or user is gone is dead, however long its token lasts.
    return std::optional(AuthFailure{AuthFailureKind::kInvalidToken, std::string(kDeadPrincipal)});
  });
  if (!found) return std::unexpected(error(exchange, found.error()));
  if (*found) return std::unexpected(refused(exchange, **found));
  auto key = prove(exchange, params);
  if (!key) return key;
  const access::Principal& principal = exchange.credential->principal;
  exchange.report.principal_arn = principal.arn;
  if (options_.authenticated) options_.authenticated(principal, params.scope, exchange.now);
  return key;
}

std::expected<sigv4::SigningKey, http::Response> Pipeline::prove(Exchange& exchange, const sigv4::AuthParams& params) {
  const access::Credential& credential = *exchange.credential;

  const sigv4::SigningKeyId id{.access_key_id = params.access_key_id,
                               .secret_version = secret_version(credential.secret),
                               .date = params.scope.date,
                               .region = params.scope.region,
                               .service = params.scope.service};
  if (params.old_query) {
    const auto verified = sigv4::verify_old_query(exchange.request, params, credential.secret,
                                                  s3_path(exchange.request, exchange.host->bucket));
    if (!verified) return std::unexpected(refused(exchange, verified.error()));
    return sigv4::SigningKey::derive(credential.secret, {}, {}, {});
  }
  const auto cached = signing_keys_.find(id);
  const sigv4::SigningKey key = cached ? *cached : signing_keys_.insert(id, credential.secret);
  const auto verified = sigv4::verify(exchange.request, params, key, sigv4::profile_of(params.scope.service));
  if (!verified) return std::unexpected(refused(exchange, verified.error()));
  return key;
}

/// `exchange` and `permission` outlive the call.
void Pipeline::let_ask_again(const Exchange& exchange, Call& call, const wire::Permission& permission,
                             const Target& target, RequestKeys keys) {
  keys.outlive_input();
  auto shared = std::make_shared<const RequestKeys>(std::move(keys));
  call.ask_again_ = [&exchange, &permission, target, shared](store::Reader& reader, std::string_view key,
                                                             std::string_view value) -> Result<bool> {
    const access::Ask ask{.action = permission.action, .resource = target.arn, .resource_account = target.account};
    const auto outcome = TRY(access::authorize(
        reader, *exchange.subject, ask, [&](policy::Context& context) { shared->fill_with(context, key, value); }));
    return outcome.decision.allowed;
  };
}

Result<> Pipeline::ask(store::Reader& reader, Exchange& exchange, const Call& call, const wire::Permission& permission,
                       const Target& target, const RequestKeys& keys) const {
  const wire::Operation& operation = *exchange.operation;
  const bool trust = operation.authorizer == wire::Authorizer::kTrust;
  const access::Ask ask{
      .action = permission.action, .resource = target.arn, .resource_account = target.account, .trust = trust};
  exchange.report.resource = target.arn;
  if (target.owner_only && is_stranger(call.principal(), target.account)) {
    return fail(access::access_denied(
        fmt::format("User: {} is not authorized to perform: {} on resource: {} because public access to the bucket is "
                    "restricted by the RestrictPublicBuckets setting in S3 Block Public Access",
                    call.principal().arn, permission.action, target.arn)));
  }
  for (std::size_t form = 0; form < keys.forms(); ++form) {
    const auto outcome = TRY(
        access::authorize(reader, *exchange.subject, ask, [&](policy::Context& context) { keys.fill(context, form); }));
    if (outcome.decision.allowed) continue;
    return fail(
        denied(environment_, options_.denials, call, operation.service->signing_name, operation.name, ask, outcome));
  }
  return {};
}

Result<> Pipeline::authorize(Exchange& exchange, Call& call, const void* input) const {
  const wire::Operation& operation = *exchange.operation;
  if (for_management_alone(operation) && call.account().str() != access::kManagementAccount) {
    return fail(access::access_denied("accounts are managed with the server's management credentials"));
  }
  return environment_.db.read([&](store::Reader& reader) -> Result<> {
    call.resource_ = "*";
    const auto forbidden =
        access::forbidden_to_session(call.principal_, exchange.service->signing_name, operation.name);
    if (forbidden) return fail(access::access_denied(*forbidden));
    if (operation.authorizer == wire::Authorizer::kNone) return {};

    bool first = true;
    for (const wire::Permission& permission : operation.permissions) {
      if (!applies_to(operation, permission, input) && !access::handed_down(call.principal_, permission.action)) {
        continue;
      }
      Target target = TRY(resolve_target(reader, operation, permission, input, call.principal_, call.region_));
      name_workload(environment_.sealer, permission, target);
      if (first) exchange.recording.about(target);
      RequestKeys keys(exchange.request, call, operation, permission, input, target);
      const bool by_handler = operation.authorizer == wire::Authorizer::kHandler;
      if (!by_handler) TRY(ask(reader, exchange, call, permission, target, keys));
      for (const Target& further : further_targets(permission, target, call.region_)) {
        const RequestKeys its_keys(exchange.request, call, operation, permission, input, further);
        TRY(ask(reader, exchange, call, permission, further, its_keys));
      }
      exchange.report.resource = target.arn;
      if (!first) continue;
      first = false;
      call.resource_ = target.arn;
      if (is_s3(*operation.service)) {
        RequestKeys others(exchange.request, call, operation, permission, input, target);
        let_ask_other(exchange, call, target, std::move(others));
      }
      if (keys.has_forms()) let_ask_again(exchange, call, permission, target, std::move(keys));
      if (const auto owner = AccountId::parse(target.account)) call.owner_ = *owner;
    }
    if (first) return fail(access::access_denied(fmt::format("no permission covers this form of {}", operation.name)));
    return {};
  });
}

}  // namespace warifu::api
