#include "services/iam/simulation.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/arn.h"
#include "base/encoding.h"
#include "policy/explain.h"
#include "policy/operators.h"
#include "policy/positions.h"

namespace warifu::services::iam {
namespace {

using identity::invalid_input;
using policy::LayerKind;

constexpr std::size_t kItemsDefault = 100;

struct ValueType {
  std::string_view name;
  policy::Family family;
};
constexpr std::array<ValueType, 6> kValueTypes = {{{"string", policy::Family::kString},
                                                   {"numeric", policy::Family::kNumeric},
                                                   {"boolean", policy::Family::kBool},
                                                   {"ip", policy::Family::kIp},
                                                   {"binary", policy::Family::kBinary},
                                                   {"date", policy::Family::kDate}}};

/// Where AWS's parser stood before it read the statement: past the list's bracket, or past the statement before.
std::optional<policy::Position> before(const std::string& document, std::size_t statement) {
  if (statement > 0) {
    const auto last = policy::locate(document, {"Statement", statement - 1});
    return last ? std::optional(last->end) : std::nullopt;
  }
  const auto list = policy::locate(document, {"Statement"});
  if (!list) return std::nullopt;
  policy::Position past = list->start;
  ++past.column;
  return past;
}

m::Position shown(const policy::Position& position) {
  return {.line = static_cast<std::int32_t>(position.line), .column = static_cast<std::int32_t>(position.column)};
}

m::Statement matched(const Simulation& simulation, std::size_t layer, const policy::StatementRef& ref) {
  const SimulatedSource& source = simulation.sources[layer][ref.policy];
  m::Statement out{.source_policy_id = source.id,
                   .source_policy_type = std::string(source.type),
                   .start_position = {},
                   .end_position = {}};
  const std::string& document = simulation.evidence.layers[layer].policies[ref.policy].document;
  const auto start = before(document, ref.statement);
  const auto span = policy::locate(document, {"Statement", std::size_t{ref.statement}});
  if (!start || !span) return out;
  out.start_position = shown(*start);
  out.end_position = shown(span->end);
  return out;
}

bool grants(LayerKind kind) {
  return kind == LayerKind::kIdentity || kind == LayerKind::kResource || kind == LayerKind::kTrust ||
         kind == LayerKind::kKey;
}

std::string_view decision_word(const policy::Decision& decision) {
  if (decision.allowed) return "allowed";
  return decision.because == policy::Because::kExplicitDeny ? "explicitDeny" : "implicitDeny";
}

std::string_view verdict_word(const policy::Verdict& verdict) {
  if (verdict.allows()) return "allowed";
  return verdict.denies() ? "explicitDeny" : "implicitDeny";
}

/// Keys that the policies name and the simulation does not have.
std::vector<std::string> missing_keys(const policy::Replay& replay, const Simulation& simulation) {
  std::vector<std::string> missing;
  for (std::size_t i = 0; i < simulation.evidence.layers.size(); ++i) {
    for (std::size_t j = 0; j < simulation.evidence.layers[i].policies.size(); ++j) {
      for (const std::string& name : policy::context_keys(replay.document(i, j))) {
        const bool listed = std::ranges::any_of(missing, [&](const std::string& one) { return iequals(one, name); });
        if (!listed && !simulation.has_key(name)) missing.push_back(name);
      }
    }
  }
  return missing;
}

/// Answers the questions of one simulation.
class Simulator {
 public:
  Simulator(const Simulation& simulation, const policy::Replay& replay)
      : simulation_(simulation), replay_(replay), missing_(missing_keys(replay, simulation)) {}

  [[nodiscard]] m::EvaluationResult answer(const std::string& action, const std::string& resource) const {
    const auto arn = ArnView::parse(resource);
    const std::string owner = arn && !arn->account.empty() ? std::string(arn->account) : simulation_.default_owner;
    const policy::Request request = replay_.asking(action, resource, owner);
    const policy::Decision decision = policy::decide(replay_.layers(), request);

    m::EvaluationResult out{.eval_action_name = action,
                            .eval_resource_name = resource,
                            .eval_decision = std::string(decision_word(decision)),
                            .matched_statements = matched_statements(decision, request),
                            .missing_context_values = missing_};
    if (has(LayerKind::kScp))
      out.organizations_decision_detail.emplace().allowed_by_organizations = passes(LayerKind::kScp, request);
    if (has(LayerKind::kBoundary)) {
      out.permissions_boundary_decision_detail.emplace().allowed_by_permissions_boundary =
          passes(LayerKind::kBoundary, request);
    }
    if (!simulation_.names_resources) return out;
    const bool crosses = owner != simulation_.evidence.principal.account;
    // A denial by the organization ends AWS's simulation before the sides are asked.
    const bool ended = has(LayerKind::kScp) && !passes(LayerKind::kScp, request);
    if (!ended) out.eval_decision_details = crosses ? details(request) : std::map<std::string, std::string>{};
    out.missing_context_values.emplace();
    m::ResourceSpecificResult specific{.eval_resource_name = resource,
                                       .eval_resource_decision = out.eval_decision,
                                       .matched_statements = out.matched_statements,
                                       .missing_context_values = missing_};
    specific.permissions_boundary_decision_detail = out.permissions_boundary_decision_detail;
    if (crosses) specific.eval_decision_details = out.eval_decision_details;
    out.resource_specific_results.emplace().push_back(std::move(specific));
    return out;
  }

 private:
  [[nodiscard]] bool has(LayerKind kind) const {
    return std::ranges::any_of(replay_.layers(), [&](const policy::Layer& layer) { return layer.kind == kind; });
  }
  [[nodiscard]] bool passes(LayerKind kind, const policy::Request& request) const {
    return std::ranges::all_of(replay_.layers(), [&](const policy::Layer& layer) {
      return layer.kind != kind || policy::evaluate(layer, request, replay_.has_boundary()).allows();
    });
  }

  /// What decided: of a side that denies its denials, of one that allows its allows; the resource's side first. Nothing
  /// when nobody denied and somebody was silent.
  [[nodiscard]] std::vector<m::Statement> matched_statements(const policy::Decision& decision,
                                                             const policy::Request& request) const {
    std::vector<m::Statement> out;
    const bool denied = decision.because == policy::Because::kExplicitDeny;
    if (!decision.allowed && !denied) return out;
    for (const bool owners : {true, false}) {
      for (std::size_t i = 0; i < replay_.layers().size(); ++i) {
        if ((policy::side_of(replay_.layers()[i].kind) == policy::Side::kOwner) == owners) add_matched(i, request, out);
      }
    }
    return out;
  }

  void add_matched(std::size_t number, const policy::Request& request, std::vector<m::Statement>& out) const {
    const policy::Layer& layer = replay_.layers()[number];
    const bool denies = policy::evaluate(layer, request, replay_.has_boundary()).denies();
    if (!denies && !grants(layer.kind)) return;
    const auto effect = denies ? policy::Effect::kDeny : policy::Effect::kAllow;
    for (const auto& ref : policy::applying(layer, request, replay_.has_boundary(), effect)) {
      out.push_back(matched(simulation_, number, ref));
    }
  }

  /// What each side says by itself.
  [[nodiscard]] std::map<std::string, std::string> details(const policy::Request& request) const {
    std::map<std::string, std::string> out = {{std::string(kIamPolicy), "implicitDeny"},
                                              {std::string(kResourcePolicy), "implicitDeny"}};
    for (const policy::Layer& layer : replay_.layers()) {
      if (!grants(layer.kind)) continue;
      const policy::Verdict verdict = policy::evaluate(layer, request, replay_.has_boundary());
      out[std::string(layer.kind == LayerKind::kIdentity ? kIamPolicy : kResourcePolicy)] = verdict_word(verdict);
    }
    return out;
  }

  const Simulation& simulation_;
  const policy::Replay& replay_;
  std::vector<std::string> missing_;
};

Result<std::size_t> position_of(const api::Call& call, const std::optional<std::string>& marker) {
  if (!marker) return std::size_t{0};
  const std::string text = TRY(call.page_position(*marker));
  std::size_t position = 0;
  for (const char c : text.substr(0, 9)) position = position * 10 + static_cast<std::size_t>(c - '0');
  return position;
}

}  // namespace

Result<> Simulation::add(LayerKind layer, policy::Kind kind, std::string_view document, SimulatedSource source) {
  const auto parsed = policy::parse(document, kind);
  if (!parsed) return fail(invalid_input(fmt::format("Invalid Input {}: {}", source.id, parsed.error().message)));
  if (evidence.layers.empty() || evidence.layers.back().kind != layer) {
    evidence.layers.push_back({.kind = layer, .policies = {}});
    sources.emplace_back();
  }
  evidence.layers.back().policies.push_back({.name = source.id, .kind = kind, .document = std::string(document)});
  sources.back().push_back(std::move(source));
  return {};
}

Result<> Simulation::add_list(LayerKind layer, policy::Kind kind,
                              const std::optional<std::vector<std::string>>& documents, std::string_view list) {
  if (!documents) return {};
  for (std::size_t i = 0; i < documents->size(); ++i) {
    TRY(add(layer, kind, (*documents)[i], {.id = fmt::format("{}.{}", list, i + 1), .type = kIamPolicy}));
  }
  return {};
}

Result<> Simulation::add_resource_policy(const std::optional<std::string>& document) {
  if (!document) return {};
  const SimulatedSource source{.id = "ResourcePolicy", .type = kResourcePolicy};
  if (policy::parse(*document, policy::Kind::kTrust)) {
    return add(LayerKind::kTrust, policy::Kind::kTrust, *document, source);
  }
  return add(LayerKind::kResource, policy::Kind::kResource, *document, source);
}

Result<> Simulation::add_context(const std::optional<std::vector<m::ContextEntry>>& entries) {
  for (const m::ContextEntry& entry : entries.value_or(std::vector<m::ContextEntry>{})) {
    const std::string name = entry.context_key_name.value_or("");
    std::string_view type = entry.context_key_type ? std::string_view(*entry.context_key_type) : "string";
    const bool many = type.ends_with("List");
    if (many) type.remove_suffix(4);
    const auto* const known = std::ranges::find(kValueTypes, type, &ValueType::name);
    const std::vector<std::string> values = entry.context_key_values.value_or(std::vector<std::string>{});
    if (name.empty() || known == kValueTypes.end() || (!many && values.size() != 1)) {
      return fail(invalid_input(fmt::format("Invalid context entry `{}`: one value of its type is needed", name)));
    }
    for (const std::string& value : values) {
      if (!policy::check_value(known->family, value, false)) {
        return fail(invalid_input(fmt::format("Invalid value `{}` of context entry `{}`", value, name)));
      }
    }
    std::erase_if(evidence.keys, [&](const policy::EvidenceKey& key) { return iequals(key.name, name); });
    evidence.keys.push_back({.name = name, .values = values, .multivalued = many});
  }
  return {};
}

Result<> Simulation::ask(const std::vector<std::string>& action_names,
                         const std::optional<std::vector<std::string>>& resource_arns,
                         const std::optional<std::string>& resource_owner) {
  for (const std::string& action : action_names) {
    const std::size_t colon = action.find(':');
    const bool named = colon != std::string::npos && colon > 0 && colon + 1 < action.size();
    if (!named || action.find_first_of("*?") != std::string::npos) {
      return fail(invalid_input(fmt::format("Invalid action name: {}", action)));
    }
  }
  actions = action_names;
  resources = resource_arns.value_or(std::vector<std::string>{});
  if (resources.empty()) resources.emplace_back("*");
  names_resources = std::ranges::any_of(resources, [](const std::string& resource) { return resource != "*"; });
  if (!resource_owner) return {};
  const auto arn = ArnView::parse(*resource_owner);
  const auto account = AccountId::parse(arn ? arn->account : std::string_view(*resource_owner));
  if (!account) return fail(invalid_input(fmt::format("Invalid ResourceOwner: {}", *resource_owner)));
  default_owner = account->str();
  return {};
}

bool Simulation::has_key(std::string_view name) const {
  return std::ranges::any_of(evidence.keys, [&](const auto& key) { return iequals(key.name, name); });
}

Result<m::SimulatePolicyResponse> run(const api::Call& call, const Simulation& simulation,
                                      std::optional<std::int32_t> items_max, const std::optional<std::string>& marker) {
  const auto replay = TRY(policy::Replay::make(simulation.evidence));
  const Simulator simulator(simulation, *replay);
  const std::size_t count = simulation.actions.size() * simulation.resources.size();
  const std::size_t begin = std::min(TRY(position_of(call, marker)), count);
  const std::size_t room = items_max ? static_cast<std::size_t>(*items_max) : kItemsDefault;
  const std::size_t end = std::min(count, begin + room);
  m::SimulatePolicyResponse out;
  out.evaluation_results.emplace();
  for (std::size_t i = begin; i < end; ++i) {
    const std::size_t width = simulation.resources.size();
    out.evaluation_results->push_back(simulator.answer(simulation.actions[i / width], simulation.resources[i % width]));
  }
  set_page(call, end < count ? std::to_string(end) : std::string{}, out);
  return out;
}

}  // namespace warifu::services::iam
