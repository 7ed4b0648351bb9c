#include "api/denial.h"

#include "policy/explain.h"

namespace warifu::api {
namespace {

using json::Value;

constexpr std::string_view kDecode = "sts:DecodeAuthorizationMessage";
/// Sealed and in base 64 it must stay below the 10,240 characters that DecodeAuthorizationMessage takes.
constexpr std::size_t kDecodedBytesMax = 7'000;

Value items(std::vector<Value> values) {
  Value out = Value::object();
  out.set("items", Value::array(std::move(values)));
  return out;
}

Value condition(const policy::EvidenceKey& key) {
  std::vector<Value> values;
  for (const std::string& text : key.values) {
    Value value = Value::object();
    value.set("value", Value::string(text));
    values.push_back(std::move(value));
  }
  Value out = Value::object();
  out.set("key", Value::string(key.name)).set("values", items(std::move(values)));
  return out;
}

/// The document that AWS describes: what the caller's half of the denial was made of.
std::string decoded_message(const access::Outcome& outcome, const access::Ask& ask) {
  const policy::Evidence& evidence = *outcome.evidence;
  const policy::View view = policy::view_of(evidence, policy::View::kCaller);
  Value principal = Value::object();
  principal.set("id", Value::string(evidence.principal.user_id)).set("arn", Value::string(evidence.principal.arn));
  std::vector<Value> conditions;
  std::size_t bytes = 1'024 + ask.action.size() + ask.resource.size();
  for (const policy::EvidenceKey& key : policy::visible_keys(evidence, view)) {
    Value one = condition(key);
    bytes += one.dump().size() + 1;
    if (bytes > kDecodedBytesMax) break;
    conditions.push_back(std::move(one));
  }
  Value context = Value::object();
  context.set("principal", std::move(principal))
      .set("action", Value::string(std::string(ask.action)))
      .set("resource", Value::string(std::string(ask.resource)))
      .set("conditions", items(std::move(conditions)));

  std::vector<Value> matched;
  const auto explained = policy::explain(evidence, policy::View::kCaller);
  for (const policy::LayerReport& layer : explained ? explained->layers : std::vector<policy::LayerReport>{}) {
    for (const policy::NearStatement& statement : layer.statements) {
      if (!statement.applies || statement.effect != policy::Effect::kDeny) continue;
      Value one = Value::object();
      one.set("statementId", Value::string(statement.sid)).set("effect", Value::string("DENY"));
      one.set("policy", Value::string(statement.policy_name.substr(0, 256)));
      matched.push_back(std::move(one));
    }
  }
  Value out = Value::object();
  out.set("allowed", Value::boolean(false))
      .set("explicitDeny", Value::boolean(outcome.decision.because == policy::Because::kExplicitDeny))
      .set("matchedStatements", items(std::move(matched)))
      .set("failures", items({}))
      .set("context", std::move(context));
  return out.dump();
}

}  // namespace

Error no_such_denial() { return not_found("no denial of that request id is kept for your account"); }

bool for_management_alone(const wire::Operation& operation) {
  return operation.service->signing_name == "warifu" &&
         (operation.permissions.empty() || operation.permissions.front().action.starts_with("warifu:"));
}

Error denied(const Environment& environment, const DenialOptions& options, const Call& call, std::string_view service,
             std::string_view operation, const access::Ask& ask, const access::Outcome& outcome) {
  // To those who may not decode, no id exists: not even the refusal tells.
  if (service == "warifu" && ask.action == kDecode) return no_such_denial();
  std::string message = access::denial_message(call.principal().arn, ask, outcome.decision, options.wording);
  if (outcome.evidence && options.keep) {
    options.keep({.request_id = call.request_id(),
                  .when = call.now(),
                  .caller = call.account(),
                  .service = std::string(service),
                  .operation = std::string(operation),
                  .message = message,
                  .evidence = outcome.evidence});
  }
  if (outcome.evidence && options.encoded) {
    const std::string purpose = std::string(kEncodedDenialPurpose) + call.account().str();
    message += " Encoded authorization failure message: ";
    message += environment.sealer.seal(purpose, decoded_message(outcome, ask));
  }
  return access::access_denied(std::move(message));
}

}  // namespace warifu::api
