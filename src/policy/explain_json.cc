#include <algorithm>

#include "policy/explain.h"

namespace warifu::policy {
namespace {

using json::Value;

Value text(std::string_view value) { return Value::string(std::string(value)); }

Value texts(const std::vector<std::string>& values) {
  std::vector<Value> items;
  for (const std::string& value : values) items.push_back(text(value));
  return Value::array(std::move(items));
}

std::string_view element_name(Element element) {
  switch (element) {
    case Element::kAction:
      return "Action";
    case Element::kResource:
      return "Resource";
    case Element::kPrincipal:
      return "Principal";
    case Element::kCondition:
      return "Condition";
  }
  return "Condition";
}

std::string_view because_name(Because because) {
  switch (because) {
    case Because::kNoAllow:
      return "no-allow";
    case Because::kExplicitDeny:
      return "explicit-deny";
    case Because::kAllowed:
      return "allowed";
    case Because::kRoot:
      return "root";
  }
  return "no-allow";
}

std::string_view verdict_name(LayerVerdict verdict) {
  switch (verdict) {
    case LayerVerdict::kAllows:
      return "allows";
    case LayerVerdict::kDenies:
      return "denies";
    case LayerVerdict::kSilent:
      return "silent";
  }
  return "silent";
}

Value shown(const Finding& finding) {
  Value out = Value::object();
  out.set("Element", text(element_name(finding.element)));
  out.set(finding.element == Element::kCondition ? "Operator" : "Name", text(finding.name));
  if (!finding.key.empty()) out.set("Key", text(finding.key));
  out.set("PolicyValues", texts(finding.wanted));
  out.set("RequestValues", texts(finding.actual));
  if (!finding.note.empty()) out.set("Note", text(finding.note));
  return out;
}

Value shown(const NearStatement& statement) {
  Value out = Value::object();
  out.set("Policy", text(statement.policy_name));
  out.set("Statement", Value::number(static_cast<std::int64_t>(statement.statement)));
  if (!statement.sid.empty()) out.set("Sid", text(statement.sid));
  out.set("Effect", text(statement.effect == Effect::kAllow ? "Allow" : "Deny"));
  out.set("Applies", Value::boolean(statement.applies));
  std::vector<Value> findings;
  for (const Finding& finding : statement.findings) findings.push_back(shown(finding));
  out.set(statement.applies ? "Conditions" : "Failed", Value::array(std::move(findings)));
  return out;
}

Value shown(const LayerReport& layer, const Evidence& evidence) {
  Value out = Value::object();
  out.set("Layer", text(missing_words(layer.kind)));
  std::vector<Value> policies;
  for (const EvidencePolicy& policy : evidence.layers[layer.layer].policies) policies.push_back(text(policy.name));
  out.set("Policies", Value::array(std::move(policies)));
  out.set("Verdict", text(verdict_name(layer.verdict)));
  out.set("Missing", Value::boolean(layer.missing));
  std::vector<Value> statements;
  for (const NearStatement& statement : layer.statements) statements.push_back(shown(statement));
  out.set("Statements", Value::array(std::move(statements)));
  return out;
}

Value shown(const Fix& fix) {
  Value out = Value::object();
  out.set("Layer", text(missing_words(fix.kind)));
  if (!fix.account.empty()) out.set("Account", text(fix.account));
  out.set("Where", text(fix.where));
  out.set("Statement", text(fix.statement));
  return out;
}

Value shown(const EvidencePrincipal& principal, View view) {
  Value out = Value::object();
  out.set("Account", text(principal.account));
  out.set("UserId", text(principal.user_id));
  // An owner's CloudTrail names neither user nor role of another account.
  if (view != View::kOwner) {
    out.set("Arn", text(principal.arn));
    if (!principal.issuer_arn.empty()) out.set("IssuerArn", text(principal.issuer_arn));
  }
  return out;
}

}  // namespace

Value to_json(const Explanation& explanation, const Evidence& evidence, View asked) {
  const View view = view_of(evidence, asked);
  Value out = Value::object();
  out.set("Allowed", Value::boolean(explanation.decision.allowed));
  out.set("Because", text(because_name(explanation.decision.because)));
  out.set("Layer", text(missing_words(explanation.decision.layer)));
  out.set("Principal", shown(evidence.principal, view));
  out.set("Action", text(evidence.action));
  out.set("Resource", text(evidence.resource));
  out.set("ResourceAccount", text(evidence.resource_account));
  std::vector<Value> keys;
  for (const EvidenceKey& key : visible_keys(evidence, view)) {
    Value one = Value::object();
    one.set("Key", text(key.name)).set("Values", texts(key.values));
    keys.push_back(std::move(one));
  }
  out.set("Keys", Value::array(std::move(keys)));
  std::vector<Value> layers;
  for (const LayerReport& layer : explanation.layers) layers.push_back(shown(layer, evidence));
  out.set("Layers", Value::array(std::move(layers)));
  std::vector<Value> absent;
  for (const LayerKind kind : explanation.absent) absent.push_back(text(missing_words(kind)));
  out.set("Absent", Value::array(std::move(absent)));
  std::vector<Value> fixes;
  for (const Fix& fix : explanation.fixes) fixes.push_back(shown(fix));
  out.set("Fixes", Value::array(std::move(fixes)));
  return out;
}

}  // namespace warifu::policy
