// Requests that no model describes: authenticated and authorized as if one did.
#include <fmt/format.h>

#include "access/authorize.h"
#include "api/exchange.h"

namespace warifu::api {

Task<std::expected<void, http::Response>> Pipeline::identify(Exchange& exchange, Door& door) {
  if (door.known) {
    const auto host = exchange.request.headers.get("host").value_or("");
    exchange.host = options_.hosts.judge(host);
    if (!exchange.host) co_return std::unexpected(stray_host(exchange, host));
    const Result<> known = know(exchange, std::move(*door.known));
    if (!known) co_return std::unexpected(error(exchange, known.error()));
    co_return std::expected<void, http::Response>{};
  }
  auto params = read_signature(exchange);
  if (!params) co_return std::unexpected(std::move(params).error());
  if (auto checked = check_claims(exchange, *params); !checked) co_return std::unexpected(std::move(checked).error());
  const auto mismatch = [&](std::string message) {
    return std::unexpected(refused(exchange, {AuthFailureKind::kSignatureMismatch, std::move(message)}));
  };
  if (exchange.service->signing_name != door.signing_name) {
    exchange.service = router_.service(door.signing_name);  // whose errors the caller understands
    co_return mismatch(fmt::format("Credential should be scoped to correct service: '{}'.", door.signing_name));
  }
  if (params->scope.region != door.region) {
    co_return mismatch(fmt::format("Credential should be scoped to a valid region, not '{}'.", params->scope.region));
  }
  if (takes_development_keys(exchange)) {
    const Result<> prepared = co_await prepare_development_account(exchange, *params);
    if (!prepared) co_return std::unexpected(error(exchange, prepared.error()));
  }
  auto proven = authenticate(exchange, *params);
  if (!proven) co_return std::unexpected(std::move(proven).error());
  co_return std::expected<void, http::Response>{};
}

Result<> Pipeline::ask_at_door(Exchange& exchange, const Call& call, const Door& door) const {
  std::vector<Door::Ask> asks;
  if (!door.action.empty()) asks.push_back({.action = door.action, .resource = door.resource});
  asks.insert(asks.end(), door.also.begin(), door.also.end());
  if (asks.empty()) return {};
  return environment_.db.read([&](store::Reader& reader) -> Result<> {
    const RequestKeys keys(exchange.request, call);
    for (const Door::Ask& one : asks) {
      const access::Ask ask{.action = one.action, .resource = one.resource, .resource_account = door.resource_account};
      const auto outcome = TRY(access::authorize(reader, *exchange.subject, ask, [&](policy::Context& context) {
        keys.fill(context, 0);
        if (door.context) door.context(context);
      }));
      if (outcome.decision.allowed) continue;
      return fail(denied(environment_, options_.denials, call, door.signing_name, door.operation, ask, outcome));
    }
    return {};
  });
}

Task<Admission> Pipeline::admit(http::Request& request, Door door) {
  const auto begun = std::chrono::steady_clock::now();
  Exchange exchange{.request = std::move(request), .report = {}, .now = environment_.clock.now(), .host = {}};
  exchange.report.request_id = environment_.random.uuid();
  exchange.report.peer_ip = exchange.request.peer_ip;
  exchange.report.service = door.signing_name;
  exchange.report.operation = door.operation;
  exchange.report.resource = door.resource;
  auto identified = co_await identify(exchange, door);
  std::optional<http::Response> refusal;
  if (!identified) refusal = std::move(identified).error();
  if (!refusal) {
    Call call(environment_, exchange.credential->principal);
    call.now_ = exchange.now;
    call.request_id_ = exchange.report.request_id;
    call.region_ = door.region;
    call.operation_ = std::string(door.operation);
    call.resource_ = door.resource;
    if (const Result<> asked = ask_at_door(exchange, call, door); !asked) refusal = error(exchange, asked.error());
  }
  request = std::move(exchange.request);
  if (refusal) {
    co_return std::unexpected(Refusal{.status = refusal->status,
                                      .code = exchange.report.error_code,
                                      .message = exchange.report.message,
                                      .request_id = exchange.report.request_id,
                                      .report = exchange.report,
                                      .begun = begun});
  }
  const std::string request_id = exchange.report.request_id;
  exchange.subject.reset();  // it points into the credential
  co_return Visit{.principal = std::move(exchange.credential->principal),
                  .request_id = request_id,
                  .now = exchange.now,
                  .region = door.region,
                  .report = std::move(exchange.report),
                  .begun = begun};
}

void Pipeline::depart(const Visit& visit, Departure departure) const {
  tell(visit.report, visit.begun, std::move(departure));
}

void Pipeline::depart(const Refusal& refusal, Departure departure) const {
  tell(refusal.report, refusal.begun, std::move(departure));
}

}  // namespace warifu::api
