#include <algorithm>

#include <fmt/format.h>

#include "base/arn.h"
#include "base/encoding.h"
#include "lint/checks.h"
#include "policy/operators.h"

namespace warifu::lint {
namespace {

using policy::Effect;
using policy::Kind;
using policy::Statement;

constexpr std::string_view kService = "bedrock-agentcore";
constexpr std::string_view kEndpointPart = "/runtime-endpoint/";

bool speaks_of_agentcore(const Statement& statement) {
  return std::ranges::any_of(
      statement.actions, [](const std::string& action) { return to_lower(action).starts_with("bedrock-agentcore:"); });
}

bool invokes(const Statement& statement) {
  return std::ranges::any_of(statement.actions, [](const std::string& action) {
    const std::string name = to_lower(action);
    return name == "*" || name == "bedrock-agentcore:*" || name.starts_with("bedrock-agentcore:invoke") ||
           name == "bedrock-agentcore:getagentcard" || name == "bedrock-agentcore:stopruntimesession";
  });
}

bool is_agentcore(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  return view && view->service == kService;
}
bool is_endpoint(std::string_view arn) { return arn.find(kEndpointPart) != std::string_view::npos; }
bool is_runtime(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  return view && view->service == kService && view->resource_type() == "runtime" && !is_endpoint(arn);
}

/// Gotcha 2: AgentCore takes the exact ARN of the resource that the policy is attached to, and nothing else.
void check_exact_resource(const Subject& subject, const Statement& statement, std::size_t number,
                          std::vector<Finding>& findings) {
  const std::string& own = subject.options.attached_to;
  if (!own.empty() ? !is_agentcore(own) : !speaks_of_agentcore(statement)) return;
  const std::string element = statement.not_resource ? "NotResource" : "Resource";
  for (std::size_t i = 0; i < statement.resources.size(); ++i) {
    const std::string& resource = statement.resources[i];
    const bool wild = statement.not_resource || resource.find_first_of("*?") != std::string::npos;
    if (!wild && (own.empty() || resource == own)) continue;
    findings.push_back(
        {.severity = Severity::kError,
         .code = wild ? "WILDCARD_RESOURCE" : "RESOURCE_MISMATCH",
         .details = fmt::format("`{}`: AgentCore takes only the exact ARN of the resource that the policy is attached "
                                "to{}",
                                resource, own.empty() ? std::string{} : ", `" + own + "`"),
         .path = at(number, element, i)});
  }
}

/// Gotcha 1: a call is authorized on the runtime and on its endpoint.
void check_second_policy(const Subject& subject, const Statement& statement, std::size_t number,
                         std::vector<Finding>& findings) {
  if (statement.effect != Effect::kAllow || !invokes(statement)) return;
  const std::string& own = subject.options.attached_to;
  for (std::size_t i = 0; i < statement.resources.size(); ++i) {
    const std::string& resource = statement.resources[i];
    const std::string_view meant = own.empty() ? std::string_view(resource) : std::string_view(own);
    if (!is_runtime(meant) && !is_endpoint(meant)) continue;
    const std::size_t cut = meant.find(kEndpointPart);
    const std::string other =
        is_endpoint(meant) ? std::string(meant.substr(0, cut)) : fmt::format("{}{}DEFAULT", meant, kEndpointPart);
    findings.push_back({.severity = Severity::kSuggestion,
                        .code = "SECOND_POLICY_NEEDED",
                        .details = fmt::format("across accounts a call of an agent needs the policies of its runtime "
                                               "and of its endpoint: attach the same to `{}`",
                                               other),
                        .path = at(number, "Resource", i)});
    return;
  }
}

std::string_view account_of(std::string_view arn) {
  const auto view = ArnView::parse(arn);
  return view ? view->account : std::string_view{};
}

/// Gotcha 4, in identity policies: an endpoint under another account than its runtimes, or none at all.
void check_endpoint_paths(const Statement& statement, std::size_t number, std::vector<Finding>& findings) {
  if (statement.effect != Effect::kAllow || statement.not_resource || !invokes(statement)) return;
  const auto runtime = std::ranges::find_if(statement.resources, is_runtime);
  if (runtime == statement.resources.end()) return;
  bool covered = std::ranges::any_of(statement.resources, [](const std::string& resource) {
    return resource == "*" || (is_runtime(resource) && resource.ends_with('*'));
  });
  for (std::size_t i = 0; i < statement.resources.size(); ++i) {
    const std::string& endpoint = statement.resources[i];
    if (!is_endpoint(endpoint)) continue;
    const std::string_view account = account_of(endpoint);
    const bool known = std::ranges::any_of(statement.resources, [&](const std::string& resource) {
      return is_runtime(resource) && (account_of(resource) == account || account == "*" || account_of(resource) == "*");
    });
    if (known) {
      covered = true;
      continue;
    }
    findings.push_back({.severity = Severity::kWarning,
                        .code = "ENDPOINT_UNDER_OTHER_ACCOUNT",
                        .details = fmt::format("`{}` is under account {}, the runtime under {}: an endpoint belongs to "
                                               "the account of its runtime",
                                               endpoint, account, account_of(*runtime)),
                        .path = at(number, "Resource", i)});
  }
  if (covered) return;
  findings.push_back({.severity = Severity::kWarning,
                      .code = "ENDPOINT_RESOURCE_MISSING",
                      .details = fmt::format("a call of an agent is authorized on its endpoint too: add `{}{}*`",
                                             *runtime, kEndpointPart),
                      .path = at(number, "Resource", static_cast<std::size_t>(runtime - statement.resources.begin()))});
}

/// `/actor/a*` lets `/actor/a2` in.
void check_open_patterns(const Statement& statement, std::size_t number, std::vector<Finding>& findings) {
  if (statement.effect != Effect::kAllow) return;
  for (const policy::ConditionEntry& entry : statement.conditions) {
    const std::string key = to_lower(entry.key);
    if (key != "bedrock-agentcore:namespace" && key != "bedrock-agentcore:namespacepath") continue;
    const auto op = policy::read_operator(entry.operator_name);
    if (!op || op->family != policy::Family::kStringLike || op->negated) continue;
    for (const std::string& value : entry.values) {
      if (value.size() < 2 || !value.ends_with('*') || value.ends_with("/*") || value.ends_with("**")) continue;
      findings.push_back({.severity = Severity::kWarning,
                          .code = "PATTERN_NOT_ENDED",
                          .details = fmt::format("`{}` also matches names that only begin so: end the last name with "
                                                 "`/` before the `*`",
                                                 value),
                          .path = at(number, entry)});
    }
  }
}

}  // namespace

void check_agentcore(const Subject& subject, std::size_t number, std::vector<Finding>& findings) {
  const Statement& statement = subject.policy.statements()[number];
  if (subject.policy.kind() == Kind::kResource) {
    check_exact_resource(subject, statement, number, findings);
    check_second_policy(subject, statement, number, findings);
  }
  if (subject.policy.kind() == Kind::kIdentity) check_endpoint_paths(statement, number, findings);
  check_open_patterns(statement, number, findings);
}

}  // namespace warifu::lint
