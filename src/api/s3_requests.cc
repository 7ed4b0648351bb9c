#include "api/s3_requests.h"

#include <algorithm>

#include "access/authenticate.h"
#include "access/authorize.h"
#include "api/exchange.h"
#include "api/upload.h"
#include "base/encoding.h"
#include "identity/buckets.h"
#include "sigv4/old_query.h"
#include "sigv4/query.h"

namespace warifu::api {
namespace {

constexpr std::string_view kAnywhere = "us-east-1";

/// Parameters of the signature itself, which are no headers.
constexpr std::string_view kOfSignature[] = {"x-amz-algorithm",      "x-amz-credential",    "x-amz-date",
                                             "x-amz-expires",        "x-amz-signedheaders", "x-amz-signature",
                                             "x-amz-security-token", "x-amz-content-sha256"};

}  // namespace

bool is_s3(const wire::Service& service) { return service.protocol == wire::Protocol::kRestXml; }

bool takes_stream(const wire::Operation& operation) {
  return is_s3(*operation.service) && std::ranges::any_of(operation.input->members, [](const wire::Member& member) {
           return member.location == wire::Location::kPayload && member.shape->kind == wire::Kind::kBlob;
         });
}

std::string s3_path(const http::Request& request, const std::optional<std::string>& bucket_of_host) {
  std::string path(request.path());
  return bucket_of_host ? "/" + *bucket_of_host + path : path;
}

std::string_view bucket_named(std::string_view s3_path) {
  if (s3_path.starts_with('/')) s3_path.remove_prefix(1);
  return s3_path.substr(0, s3_path.find('/'));
}

void prepare_s3(http::Request& request, const std::optional<std::string>& bucket_of_host) {
  for (const sigv4::QueryParam& param : sigv4::parse_query(request.query())) {
    const std::string name = to_lower(param.name);
    if (!name.starts_with("x-amz-") || std::ranges::find(kOfSignature, name) != std::end(kOfSignature)) continue;
    if (!request.headers.get(name)) request.headers.add(name, param.value);
  }
  if (bucket_of_host) request.target = "/" + *bucket_of_host + request.target;
}

access::Principal anonymous_principal() {
  return {.kind = access::PrincipalKind::kAnonymous,
          .account = *AccountId::parse(access::kManagementAccount),
          .arn = "anonymous",
          .identity_arn = {},
          .unique_id = {},
          .user_id = {},
          .name = {},
          .access_key_id = {},
          .session = {},
          .service = {}};
}

bool is_stranger(const access::Principal& principal, std::string_view account) {
  if (principal.kind == access::PrincipalKind::kService) return false;
  return principal.kind == access::PrincipalKind::kAnonymous || principal.account.str() != account;
}

/// Without credentials a request says for whom it is by its Host or by a bucket that is there; all others go on to be
/// refused as the protocol of the rest would.
Result<bool> Pipeline::is_plain_s3(Exchange& exchange) const {
  const http::Request& request = exchange.request;
  if (request.headers.count("x-amz-target") > 0 || request.headers.count("authorization") > 0) return false;
  const HostClaim& host = *exchange.host;
  if (host.service && *host.service != "s3") return false;
  const std::string path = s3_path(request, host.bucket);
  const std::string_view bucket = bucket_named(path);
  exchange.s3_region = host.region.value_or(std::string(kAnywhere));
  if (!identity::is_bucket_name(bucket)) return host.service.has_value();
  const auto owner =
      TRY(environment_.db.read([&](store::Reader& reader) { return identity::find_bucket(reader, bucket); }));
  if (owner) exchange.s3_region = owner->region;
  return owner.has_value() || host.service.has_value();
}

std::optional<sigv4::Checked<sigv4::AuthParams>> Pipeline::read_plain_s3(Exchange& exchange) const {
  const http::Request& request = exchange.request;
  const wire::Service* s3 = router_.service("s3");
  if (s3 == nullptr || sigv4::broken_escape(request.query())) return std::nullopt;
  const bool old = sigv4::is_old_query(request);
  const auto query = sigv4::parse_query(request.query());
  // What tries to be a signature and is none must not count as if it were not there.
  const bool tries = std::ranges::any_of(query, [](const sigv4::QueryParam& param) {
    return param.name.starts_with("X-Amz-") || param.name == "Signature" || param.name == "AWSAccessKeyId";
  });
  if (!old && tries) return std::nullopt;
  const auto plain = is_plain_s3(exchange);
  if (!old && (!plain || !*plain)) return std::nullopt;
  exchange.service = s3;
  if (exchange.s3_region.empty()) exchange.s3_region = kAnywhere;
  if (old) return sigv4::parse_old_query(request, exchange.s3_region, exchange.now);
  exchange.anonymous = true;
  return sigv4::unsigned_params(request, exchange.s3_region, exchange.now);
}

Task<Result<>> Pipeline::take_body(Exchange& exchange, Upload& upload) const {
  const wire::Operation& operation = *exchange.operation;
  if (takes_stream(operation)) co_return Result<>{};
  exchange.request.body = CO_TRY(co_await upload.whole(operation.body_bytes_max));
  co_return check_stated_digests(exchange.request.headers, upload.trailers(), exchange.request.body);
}

/// `exchange` outlives the call.
void Pipeline::let_ask_other(const Exchange& exchange, Call& call, const Target& target, RequestKeys keys) {
  keys.outlive_input();
  auto shared = std::make_shared<const RequestKeys>(std::move(keys));
  call.ask_other_ = [&exchange, target, shared](store::Reader& reader, std::string_view action,
                                                std::string_view resource,
                                                const std::function<void(policy::Context&)>& fill) -> Result<bool> {
    // A copy's source may be another account's than its target.
    const auto bucket = TRY(identity::find_bucket(reader, identity::bucket_in(resource)));
    const std::string account = bucket ? bucket->account.str() : target.account;
    const bool owner_only = bucket ? bucket->owner_only : target.owner_only;
    if (owner_only && is_stranger(exchange.credential->principal, account)) return false;
    const access::Ask ask{.action = action, .resource = resource, .resource_account = account};
    const auto outcome = TRY(access::authorize(reader, *exchange.subject, ask, [&](policy::Context& context) {
      shared->fill(context, 0);
      context.set("s3:ResourceAccount", account);
      if (fill) fill(context);
    }));
    return outcome.decision.allowed;
  };
}

}  // namespace warifu::api
