#include "lint/checks.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/arn.h"
#include "base/encoding.h"
#include "lint/actions.h"
#include "policy/explain.h"
#include "policy/operators.h"
#include "policy/pattern.h"

namespace warifu::lint {
namespace {

using policy::ConditionEntry;
using policy::Effect;
using policy::Kind;
using policy::Operator;
using policy::Statement;

bool matches(std::string_view pattern, std::string_view text) {
  const policy::Context nothing;
  return policy::Pattern::compile(to_lower(pattern), {.wildcards = true})
             .match(policy::Subject::plain(to_lower(text)), nothing) == policy::Match::kYes;
}

/// Whether any action of the service fits the pattern; true for services that are not known.
bool some_action_fits(std::string_view pattern) {
  const std::size_t colon = pattern.find(':');
  if (colon == std::string_view::npos) return true;
  const std::string service = to_lower(pattern.substr(0, colon));
  const auto known = std::ranges::find(services(), service, &ServiceActions::service);
  if (known == services().end()) return true;
  std::string_view names = known->actions;
  while (!names.empty()) {
    const std::size_t end = std::min(names.find(' '), names.size());
    if (matches(pattern.substr(colon + 1), names.substr(0, end))) return true;
    names.remove_prefix(std::min(end + 1, names.size()));
  }
  return false;
}

void check_actions(const Statement& statement, std::size_t number, std::vector<Finding>& findings) {
  const std::string element = statement.not_action ? "NotAction" : "Action";
  for (std::size_t i = 0; i < statement.actions.size(); ++i) {
    const std::string& action = statement.actions[i];
    if (some_action_fits(action)) continue;
    findings.push_back({.severity = Severity::kError,
                        .code = "INVALID_ACTION",
                        .details = fmt::format("`{}` is no action of its service: it matches nothing", action),
                        .path = at(number, element, i)});
  }
}

bool allows(const Statement& statement, std::string_view action) {
  if (statement.effect != Effect::kAllow) return false;
  const bool listed =
      std::ranges::any_of(statement.actions, [&](const std::string& pattern) { return matches(pattern, action); });
  return listed != statement.not_action;
}

void check_pass_role(const Statement& statement, std::size_t number, std::vector<Finding>& findings) {
  if (!allows(statement, "iam:PassRole") || statement.not_resource) return;
  const auto star = std::ranges::find(statement.resources, "*");
  if (star == statement.resources.end()) return;
  findings.push_back({.severity = Severity::kSecurityWarning,
                      .code = "PASS_ROLE_WITH_STAR_IN_RESOURCE",
                      .details = "iam:PassRole on `*` lets its holder give any role of the account to a service: name "
                                 "the roles",
                      .path = at(number, "Resource", static_cast<std::size_t>(star - statement.resources.begin()))});
}

void check_principals(const Subject& subject, const Statement& statement, std::size_t number,
                      std::vector<Finding>& findings) {
  if (statement.principals.empty()) return;
  const std::string element = statement.not_principal ? "NotPrincipal" : "Principal";
  if (statement.not_principal && statement.effect == Effect::kAllow) {
    findings.push_back({.severity = Severity::kSecurityWarning,
                        .code = "ALLOW_WITH_NOT_PRINCIPAL",
                        .details = "NotPrincipal with Allow admits everybody who is not listed, anonymous callers "
                                   "included: list with Principal who may",
                        .path = at(number, element)});
  }
  const bool everyone = std::ranges::any_of(
      statement.principals, [](const auto& name) { return name.type == policy::PrincipalType::kAnyone; });
  if (subject.policy.kind() == Kind::kTrust && everyone && statement.effect == Effect::kAllow &&
      statement.conditions.empty()) {
    findings.push_back({.severity = Severity::kSecurityWarning,
                        .code = "ROLE_TRUSTS_EVERYONE",
                        .details = "anybody of any account may assume the role: name principals, or add conditions",
                        .path = at(number, element)});
  }
  if (!subject.options.principal_exists) return;
  for (const policy::PrincipalName& name : statement.principals) {
    if (name.type != policy::PrincipalType::kAws || subject.options.principal_exists(name.value)) continue;
    findings.push_back(
        {.severity = Severity::kWarning,
         .code = "PRINCIPAL_NOT_FOUND",
         .details = fmt::format("there is no principal `{}`: the statement reaches nobody by it", name.value),
         .path = at(number, element)});
  }
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kSourceKeys = {{
    {"aws:sourceaccount", "aws:PrincipalAccount"},
    {"aws:sourcearn", "aws:PrincipalArn"},
    {"aws:sourceorgid", "aws:PrincipalOrgID"},
    {"aws:sourceorgpaths", "aws:PrincipalOrgPaths"},
}};

/// Gotcha 3: the key is there only when a service calls on someone's behalf.
void check_source_key(const Statement& statement, std::size_t number, const ConditionEntry& entry, const Operator& op,
                      std::vector<Finding>& findings) {
  const auto* const source =
      std::ranges::find(kSourceKeys, to_lower(entry.key), [](const auto& row) { return row.first; });
  if (source == kSourceKeys.end() || statement.effect != Effect::kAllow) return;
  const bool wants_absent = op.family == policy::Family::kNull && entry.values == std::vector<std::string>{"true"};
  if (op.negated || op.if_exists || op.quantifier == policy::Quantifier::kForAll || wants_absent) return;
  const bool services_alone =
      !statement.principals.empty() && std::ranges::all_of(statement.principals, [](const auto& name) {
        return name.type == policy::PrincipalType::kService;
      });
  if (services_alone) return;
  findings.push_back({.severity = Severity::kWarning,
                      .code = "SOURCE_KEY_WITH_IAM_PRINCIPAL",
                      .details = fmt::format("`{}` is set only when a service calls on someone's behalf: for a user or "
                                             "role that calls directly the condition fails and the call is denied. For "
                                             "IAM principals use `{}`",
                                             entry.key, source->second),
                      .path = at(number, entry)});
}

bool has_null_check(const Statement& statement, std::string_view key) {
  return std::ranges::any_of(statement.conditions, [&](const ConditionEntry& entry) {
    return entry.operator_name == "Null" && iequals(entry.key, key) &&
           std::ranges::all_of(entry.values, [](const std::string& value) { return iequals(value, "false"); });
  });
}

void check_quantifier(const Statement& statement, std::size_t number, const ConditionEntry& entry, const Operator& op,
                      std::vector<Finding>& findings) {
  const bool for_all = op.quantifier == policy::Quantifier::kForAll;
  if (for_all && statement.effect == Effect::kAllow && !has_null_check(statement, entry.key)) {
    findings.push_back({.severity = Severity::kSecurityWarning,
                        .code = "FORALLVALUES_WITHOUT_NULL",
                        .details = fmt::format("ForAllValues holds when the request has no `{}` at all: add "
                                               "`\"Null\": {{\"{}\": \"false\"}}`",
                                               entry.key, entry.key),
                        .path = at(number, entry)});
  }
  const bool single = op.quantifier == policy::Quantifier::kSingle && op.family != policy::Family::kNull;
  if (single && policy::is_multivalued_key(entry.key)) {
    findings.push_back({.severity = Severity::kWarning,
                        .code = "SET_OPERATOR_NEEDED",
                        .details = fmt::format("`{}` may hold several values: only ForAllValues and ForAnyValue apply "
                                               "to it, the condition never holds",
                                               entry.key),
                        .path = at(number, entry)});
  }
}

}  // namespace

void check_document(const Subject& subject, std::vector<Finding>& findings) {
  if (subject.policy.has_variables()) return;
  findings.push_back({.severity = Severity::kWarning,
                      .code = "MISSING_VERSION",
                      .details = "without `\"Version\": \"2012-10-17\"` the older language holds: `${…}` is plain text",
                      .path = {}});
}

void check_statement(const Subject& subject, std::size_t number, std::vector<Finding>& findings) {
  const Statement& statement = subject.policy.statements()[number];
  check_actions(statement, number, findings);
  check_pass_role(statement, number, findings);
  check_principals(subject, statement, number, findings);
  for (const ConditionEntry& entry : statement.conditions) {
    const auto op = policy::read_operator(entry.operator_name);
    if (!op) continue;
    check_source_key(statement, number, entry, *op, findings);
    check_quantifier(statement, number, entry, *op, findings);
  }
}

}  // namespace warifu::lint
