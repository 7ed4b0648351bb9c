#include "policy/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/arn.h"
#include "base/check.h"
#include "base/encoding.h"
#include "policy/program.h"

namespace warifu::policy {
namespace {

const Statement& written(const StatementView& view) {
  return view.replay.document(view.layer, view.policy).statements()[view.statement];
}

const CompiledStatement& compiled(const StatementView& view) {
  return view.replay.layers()[view.layer].policies[view.policy]->program().statements[view.statement];
}

Finding action_finding(const StatementView& view) {
  const Statement& statement = written(view);
  Finding finding{.element = Element::kAction,
                  .name = statement.not_action ? "NotAction" : "Action",
                  .key = {},
                  .wanted = statement.actions,
                  .actual = {view.evidence.action},
                  .note = {}};
  if (statement.not_action) finding.note = "NotAction lists the action, so the statement leaves it out";
  return finding;
}

constexpr std::array<std::string_view, 5> kFieldNames = {"", "partition", "service", "region", "account"};

/// The six fields, the last with its colons; empty when there are fewer.
std::vector<std::string_view> fields_of(std::string_view arn) {
  std::vector<std::string_view> fields;
  while (fields.size() < 5) {
    const std::size_t colon = arn.find(':');
    if (colon == std::string_view::npos) return {};
    fields.push_back(arn.substr(0, colon));
    arn.remove_prefix(colon + 1);
  }
  fields.push_back(arn);
  return fields;
}

/// In which of the six fields a pattern first parts from the resource; 6: in none.
std::size_t first_difference(std::string_view pattern, std::string_view resource) {
  const auto wanted = fields_of(pattern);
  const auto actual = fields_of(resource);
  if (wanted.empty() || actual.empty()) return 0;
  const Context nothing;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto field = Pattern::compile(wanted[i], {.wildcards = true});
    if (field.match(Subject::plain(actual[i]), nothing) != Match::kYes) return i;
  }
  return wanted.size();
}

std::string resource_note(const Statement& statement, std::string_view resource) {
  if (statement.not_resource) return "NotResource lists the resource, so the statement leaves it out";
  if (resource == "*") return "this action has no resource type: only `*` stands for it";
  std::string_view nearest;
  std::size_t furthest = 0;
  for (const std::string& pattern : statement.resources) {
    const std::size_t at = first_difference(pattern, resource);
    if (at > furthest || nearest.empty()) {
      furthest = at;
      nearest = pattern;
    }
  }
  const auto wanted = fields_of(nearest);
  const auto actual = fields_of(resource);
  if (wanted.empty() || actual.empty() || furthest == 0 || furthest > 5) return {};
  if (furthest < 5) {
    return fmt::format("`{}`: its {} is `{}`, the resource's is `{}`", nearest, kFieldNames[furthest], wanted[furthest],
                       actual[furthest]);
  }
  if (actual[5].starts_with(wanted[5]) && actual[5].substr(wanted[5].size()).starts_with('/')) {
    return fmt::format("`{}` ends before `{}`: what lies below it is a resource of its own", nearest,
                       actual[5].substr(wanted[5].size()));
  }
  return {};
}

Finding resource_finding(const StatementView& view) {
  const Statement& statement = written(view);
  return {.element = Element::kResource,
          .name = statement.not_resource ? "NotResource" : "Resource",
          .key = {},
          .wanted = statement.resources,
          .actual = {view.evidence.resource},
          .note = resource_note(statement, view.evidence.resource)};
}

std::string principal_note(const Statement& statement, const EvidencePrincipal& caller) {
  if (statement.principals.empty()) return "the statement names nobody";
  if (statement.not_principal) return "NotPrincipal lists the caller, so the statement leaves it out";
  const auto own = ArnView::parse(caller.issuer_arn.empty() ? caller.arn : caller.issuer_arn);
  for (const PrincipalName& name : statement.principals) {
    if (name.value.starts_with("AROA") || name.value.starts_with("AIDA")) {
      return fmt::format("`{}` is the id of another principal; one deleted and made again under its name has a new id",
                         name.value);
    }
    const auto listed = ArnView::parse(name.value);
    if (!own || !listed || listed->account != own->account || listed->resource == own->resource) continue;
    const std::string_view a = listed->resource.substr(listed->resource.rfind('/') + 1);
    const std::string_view b = own->resource.substr(own->resource.rfind('/') + 1);
    if (a == b && listed->resource_type() == own->resource_type()) {
      return fmt::format("`{}` and `{}` differ in their path", name.value,
                         caller.issuer_arn.empty() ? caller.arn : caller.issuer_arn);
    }
  }
  return {};
}

Finding principal_finding(const StatementView& view) {
  const Statement& statement = written(view);
  Finding finding{.element = Element::kPrincipal,
                  .name = statement.not_principal ? "NotPrincipal" : "Principal",
                  .key = {},
                  .wanted = {},
                  .actual = {},
                  .note = {}};
  for (const PrincipalName& name : statement.principals) finding.wanted.push_back(name.value);
  const EvidencePrincipal& caller = view.evidence.principal;
  if (view.view == View::kOwner) {
    // CloudTrail tells an owner the id and the account of another account's caller, not its name.
    finding.actual = {caller.user_id, caller.account};
    return finding;
  }
  for (const std::string& name : {caller.arn, caller.issuer_arn, caller.account}) {
    if (!name.empty()) finding.actual.push_back(name);
  }
  finding.actual.insert(finding.actual.end(), caller.services.begin(), caller.services.end());
  finding.actual.insert(finding.actual.end(), caller.providers.begin(), caller.providers.end());
  finding.note = principal_note(statement, caller);
  return finding;
}

const EvidenceKey* find_key(const Evidence& evidence, std::string_view name) {
  const auto found =
      std::ranges::find_if(evidence.keys, [&](const EvidenceKey& key) { return iequals(key.name, name); });
  return found == evidence.keys.end() || found->values.empty() ? nullptr : &*found;
}

/// A key that a policy's author may have meant instead.
std::string_view kin_of(std::string_view key) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kKin = {{
      {"aws:sourceaccount", "aws:PrincipalAccount"},
      {"aws:sourcearn", "aws:PrincipalArn"},
      {"aws:sourceorgid", "aws:PrincipalOrgID"},
      {"aws:sourceorgpaths", "aws:PrincipalOrgPaths"},
      {"aws:username", "aws:userid"},
      {"aws:sourceip", "aws:VpcSourceIp"},
      {"aws:vpcsourceip", "aws:SourceIp"},
      {"bedrock-agentcore:namespace", "bedrock-agentcore:namespacePath"},
      {"bedrock-agentcore:namespacepath", "bedrock-agentcore:namespace"},
  }};
  const auto* const found = std::ranges::find(kKin, to_lower(key), [](const auto& row) { return row.first; });
  return found == kKin.end() ? std::string_view{} : found->second;
}

std::string absent_note(const StatementView& view, std::string_view key) {
  std::string note = "the request has no such key";
  if (const std::string when = when_key_is_set(key); !when.empty()) note += "; " + when;
  const std::string_view kin = kin_of(key);
  if (!kin.empty() && find_key(view.evidence, kin) != nullptr) note += fmt::format(" — {} is set here", kin);
  return note;
}

/// Variables of the values that have no value here.
std::string unresolved_note(const StatementView& view, const ConditionEntry& entry) {
  for (const std::string& value : entry.values) {
    const auto segments = read_segments(value, {.wildcards = false, .variables = true});
    if (!segments) continue;
    for (const Segment& segment : *segments) {
      if (segment.kind != Segment::Kind::kVariable || segment.has_default) continue;
      if (find_key(view.evidence, segment.variable) != nullptr) continue;
      return fmt::format("`${{{}}}` has no value here; {}", segment.variable, when_key_is_set(segment.variable));
    }
  }
  return {};
}

std::string mismatch_note(const StatementView& view, const ConditionEntry& entry, const Operator& op,
                          const EvidenceKey& key) {
  if (op.quantifier == Quantifier::kSingle && key.multivalued) {
    return "the key may hold several values: only ForAllValues and ForAnyValue apply to it";
  }
  if (op.family == Family::kNull) return "the key is there";
  if (op.negated) return "no value may match, and one does";
  if (view.replay.document(view.layer, view.policy).has_variables()) {
    if (std::string note = unresolved_note(view, entry); !note.empty()) return note;
  }
  for (const std::string& value : entry.values) {
    if (std::ranges::any_of(key.values, [&](const std::string& own) { return own != value && iequals(own, value); })) {
      return "they differ in the case of letters alone";
    }
  }
  return {};
}

Finding condition_finding(const StatementView& view, std::size_t number, bool failed) {
  const ConditionEntry& entry = written(view).conditions[number];
  Finding finding{.element = Element::kCondition,
                  .name = entry.operator_name,
                  .key = entry.key,
                  .wanted = entry.values,
                  .actual = {},
                  .note = {}};
  if (hides(view.view, entry.key)) {
    finding.note = "the key tells about the resource: its value is its owner's to see";
    return finding;
  }
  const auto op = read_operator(entry.operator_name);
  CHECK(op.has_value(), "a condition operator that the parser should have refused");
  const EvidenceKey* key = find_key(view.evidence, entry.key);
  if (key == nullptr) {
    if (failed) finding.note = absent_note(view, entry.key);
    return finding;
  }
  finding.actual = key->values;
  if (failed) finding.note = mismatch_note(view, entry, *op, *key);
  return finding;
}

}  // namespace

std::vector<Finding> failures_of(const StatementView& view) {
  const FoldedAction action(view.replay.request().action);
  if (!action.usable()) return {action_finding(view)};
  const Question question = question_of(view.replay.request(), action, view.kind, view.replay.has_boundary());
  const CompiledStatement& statement = compiled(view);
  std::vector<Finding> findings;
  if (!statement.actions.matches(question)) findings.push_back(action_finding(view));
  if (!statement.resources.matches(question)) findings.push_back(resource_finding(view));
  if (statement.principals.matches(question) == NamedBy::kNone) findings.push_back(principal_finding(view));
  for (std::size_t i = 0; i < statement.conditions.size(); ++i) {
    if (!statement.conditions[i].holds(question.context)) findings.push_back(condition_finding(view, i, true));
  }
  return findings;
}

std::vector<Finding> conditions_of(const StatementView& view) {
  std::vector<Finding> findings;
  for (std::size_t i = 0; i < written(view).conditions.size(); ++i) {
    findings.push_back(condition_finding(view, i, false));
  }
  return findings;
}

bool names_service_of(const Statement& statement, std::string_view action) {
  if (statement.not_action) return true;
  const std::string service = to_lower(action.substr(0, action.find(':')));
  const Context nothing;
  return std::ranges::any_of(statement.actions, [&](const std::string& pattern) {
    const std::string lower = to_lower(pattern);
    const auto left = Pattern::compile(lower.substr(0, lower.find(':')), {.wildcards = true});
    return left.match(Subject::plain(service), nothing) == Match::kYes;
  });
}

}  // namespace warifu::policy
