#include <algorithm>

#include <fmt/format.h>

#include "access/simulated.h"
#include "base/arn.h"
#include "base/encoding.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/simulation.h"

namespace warifu::services::iam {
namespace {

using identity::invalid_input;
using policy::Kind;
using policy::LayerKind;

const identity::SliceQuery kEverything{.items_max = 10'000};

/// A user or role that need not exist.
Result<policy::EvidencePrincipal> imagined(std::string_view arn) {
  const auto entity = identity::parse_entity_arn(arn);
  const auto account = AccountId::parse(entity ? entity->account : std::string_view{});
  if (!account || (entity->kind != identity::EntityKind::kUser && entity->kind != identity::EntityKind::kRole)) {
    return fail(invalid_input(fmt::format("Invalid CallerArn: {}", arn)));
  }
  policy::EvidencePrincipal principal{
      .kind = policy::PrincipalKind::kUser, .account = account->str(), .arn = std::string(arn)};
  if (entity->kind == identity::EntityKind::kRole) {
    principal.kind = policy::PrincipalKind::kRoleSession;
    principal.issuer_arn = arn;
    principal.arn = identity::session_arn(*account, entity->name, "simulation");
  }
  return principal;
}

Result<> add_organizations(Simulation& simulation,
                           const std::optional<std::vector<m::OrderedOrganizationPolicyType>>& levels) {
  std::size_t level = 0;
  for (const auto& one : levels.value_or(std::vector<m::OrderedOrganizationPolicyType>{})) {
    ++level;
    simulation.evidence.layers.push_back({.kind = LayerKind::kScp, .policies = {}});
    simulation.sources.emplace_back();
    TRY(simulation.add_list(LayerKind::kScp, Kind::kScp, one.service_control_policy_input_list,
                            fmt::format("OrderedOrganizationPolicyInputList.{}", level)));
  }
  return {};
}

Task<Result<m::SimulatePolicyResponse>> simulate_custom_policy(api::Call& call, m::SimulateCustomPolicyInput input) {
  if (input.resource_policy && !input.caller_arn) {
    co_return fail(invalid_input("CallerArn is required when ResourcePolicy is given"));
  }
  Simulation simulation;
  simulation.default_owner = call.account().str();
  simulation.evidence.principal = {.kind = policy::PrincipalKind::kUser, .account = call.account().str()};
  if (input.caller_arn) simulation.evidence.principal = CO_TRY(imagined(*input.caller_arn));
  CO_TRY(simulation.add_list(LayerKind::kIdentity, Kind::kIdentity, input.policy_input_list, "PolicyInputList"));
  CO_TRY(simulation.add_list(LayerKind::kBoundary, Kind::kBoundary, input.permissions_boundary_policy_input_list,
                             "PermissionsBoundaryPolicyInputList"));
  CO_TRY(add_organizations(simulation, input.ordered_organization_policy_input_list));
  CO_TRY(simulation.add_resource_policy(input.resource_policy));
  CO_TRY(simulation.add_context(input.context_entries));
  CO_TRY(simulation.ask(input.action_names, input.resource_arns, input.resource_owner));
  co_return run(call, simulation, input.max_items, input.marker);
}

/// A policy that a principal holds, named as the simulator names it.
SimulatedSource source_of(const identity::HeldPolicy& policy, std::string_view holder_kind, std::string_view holder) {
  if (!policy.arn.empty()) return {.id = policy.name};
  if (!policy.group.empty()) return {.id = fmt::format("group_{}_{}", policy.group, policy.name)};
  return {.id = fmt::format("{}_{}_{}", holder_kind, holder, policy.name)};
}

using Exclusions = std::optional<std::vector<m::PolicyIdentifier>>;

bool excludes_type(const Exclusions& exclusions, std::string_view type) {
  return exclusions && std::ranges::any_of(*exclusions, [&](const auto& one) { return one.policy_type == type; });
}

bool excluded(const identity::HeldPolicy& policy, std::string_view holder, const Exclusions& exclusions) {
  const bool managed = !policy.arn.empty();
  const std::string_view owner = policy.group.empty() ? holder : std::string_view(policy.group);
  const std::string_view type = !managed                                      ? "inline"
                                : policy.arn.starts_with("arn:aws:iam::aws:") ? "aws-managed"
                                                                              : "user-managed";
  if (excludes_type(exclusions, type)) return true;
  return exclusions && std::ranges::any_of(*exclusions, [&](const m::PolicyIdentifier& one) {
           if (one.policy_arn) return managed && *one.policy_arn == policy.arn;
           return one.inline_policy_identifier && !managed &&
                  one.inline_policy_identifier->policy_name == policy.name &&
                  one.inline_policy_identifier->attachment_name == owner;
         });
}

/// What a group holds, in the form of what a user holds by it.
Result<std::vector<identity::HeldPolicy>> held_by_group(store::Reader& reader, const AccountId& account,
                                                        const identity::Group& group) {
  std::vector<identity::HeldPolicy> held;
  for (const auto& policy : TRY(identity::list_inline_policies(reader, account, group.id, kEverything)).items) {
    held.push_back({.as = identity::HeldAs::kGroupInline,
                    .name = policy.name,
                    .arn = {},
                    .group = group.name,
                    .document = policy.document});
  }
  for (const auto& policy : TRY(identity::attached_policies(reader, account, group.id, kEverything)).items) {
    const auto managed = TRY(identity::managed_document(reader, account, policy.arn));
    if (managed) held.push_back(*managed);
  }
  return held;
}

/// Reads what a PolicySourceArn stands for into a simulation.
class Source {
 public:
  Source(store::Reader& reader, const api::Call& call, Simulation& simulation)
      : reader_(reader), call_(call), simulation_(simulation) {}

  Result<> read(const m::SimulatePrincipalPolicyInput& input) {
    const auto entity = identity::parse_entity_arn(input.policy_source_arn);
    if (!entity || entity->account != call_.account().str()) return no_such(input.policy_source_arn);
    if (entity->kind == identity::EntityKind::kGroup) return read_group(*entity, input);
    const auto principal = TRY(access::principal_of_arn(reader_, input.policy_source_arn, call_.now()));
    if (!principal) return no_such(input.policy_source_arn);
    static const access::CacheScope scope;
    const auto subject = TRY(access::Subject::gather(reader_, scope, *principal));
    if (!subject || subject->held() == nullptr) return no_such(input.policy_source_arn);
    set_caller(*subject);
    TRY(add_held(subject->held()->source.identity, entity->kind, entity->name, input));
    TRY(add_boundary(subject->held()->source, input));
    if (excludes_type(input.policy_exclusion_list, "scp")) return {};
    return add_service_control(*subject);
  }

 private:
  static std::unexpected<Error> no_such(std::string_view arn) {
    return fail(identity::no_such_entity(fmt::format("The entity {} cannot be found.", arn)));
  }

  Result<> read_group(const identity::EntityArn& entity, const m::SimulatePrincipalPolicyInput& input) {
    const auto group = TRY(identity::find_group(reader_, call_.account(), entity.name));
    if (!group || group->arn != input.policy_source_arn) return no_such(input.policy_source_arn);
    simulation_.evidence.principal = {.kind = policy::PrincipalKind::kUser, .account = call_.account().str()};
    const auto held = TRY(held_by_group(reader_, call_.account(), *group));
    TRY(add_held(held, entity.kind, group->name, input));
    return simulation_.add_list(LayerKind::kBoundary, Kind::kBoundary, input.permissions_boundary_policy_input_list,
                                "PermissionsBoundaryPolicyInputList");
  }

  void set_caller(const access::Subject& subject) {
    const policy::PrincipalView& view = subject.view();
    simulation_.evidence.principal = {.kind = view.kind,
                                      .account = std::string(view.account),
                                      .arn = std::string(view.arn),
                                      .issuer_arn = std::string(view.issuer_arn),
                                      .unique_id = std::string(view.unique_id),
                                      .user_id = std::string(view.user_id)};
    policy::Context context;
    access::add_principal_keys(context, subject);
    context.for_each([&](std::string_view name, const policy::ContextValues& values) {
      simulation_.evidence.keys.push_back({.name = std::string(name),
                                           .values = {values.values.begin(), values.values.end()},
                                           .multivalued = values.multivalued});
    });
  }

  Result<> add_held(const std::vector<identity::HeldPolicy>& held, identity::EntityKind kind, std::string_view holder,
                    const m::SimulatePrincipalPolicyInput& input) {
    const std::string_view word = kind == identity::EntityKind::kUser    ? "user"
                                  : kind == identity::EntityKind::kGroup ? "group"
                                                                         : "role";
    for (const identity::HeldPolicy& policy : held) {
      if (excluded(policy, holder, input.policy_exclusion_list)) continue;
      TRY(simulation_.add(LayerKind::kIdentity, Kind::kIdentity, policy.document, source_of(policy, word, holder)));
    }
    return simulation_.add_list(LayerKind::kIdentity, Kind::kIdentity, input.policy_input_list, "PolicyInputList");
  }

  /// One that is given takes the place of the principal's own.
  Result<> add_boundary(const identity::PrincipalPolicies& held, const m::SimulatePrincipalPolicyInput& input) {
    if (input.permissions_boundary_policy_input_list || !held.boundary) {
      return simulation_.add_list(LayerKind::kBoundary, Kind::kBoundary, input.permissions_boundary_policy_input_list,
                                  "PermissionsBoundaryPolicyInputList");
    }
    if (excludes_type(input.policy_exclusion_list, "permission-boundary")) return {};
    return simulation_.add(LayerKind::kBoundary, Kind::kBoundary, held.boundary->document,
                           source_of(*held.boundary, "user", {}));
  }

  Result<> add_service_control(const access::Subject& subject) {
    for (const policy::Layer& layer : subject.layers()) {
      if (layer.kind != LayerKind::kScp) continue;
      simulation_.evidence.layers.push_back({.kind = LayerKind::kScp, .policies = {}});
      simulation_.sources.emplace_back();
      for (const auto& policy : layer.policies) {
        TRY(simulation_.add(LayerKind::kScp, policy->kind(), policy->document(), {.id = "ServiceControlPolicy"}));
      }
    }
    return {};
  }

  store::Reader& reader_;
  const api::Call& call_;
  Simulation& simulation_;
};

/// Another caller takes the principal's place, and its keys with it.
Result<> put_caller(Simulation& simulation, const std::string& arn) {
  if (arn == simulation.evidence.principal.arn || arn == simulation.evidence.principal.issuer_arn) return {};
  simulation.evidence.principal = TRY(imagined(arn));
  simulation.evidence.keys.clear();
  return {};
}

Result<m::SimulatePolicyResponse> simulated(store::Reader& reader, const api::Call& call,
                                            const m::SimulatePrincipalPolicyInput& input) {
  Simulation simulation;
  simulation.default_owner = call.account().str();
  TRY(Source(reader, call, simulation).read(input));
  if (input.caller_arn) TRY(put_caller(simulation, *input.caller_arn));
  if (input.resource_policy && simulation.evidence.principal.arn.empty()) {
    return fail(invalid_input("CallerArn is required when ResourcePolicy is given and PolicySourceArn is a group"));
  }
  TRY(simulation.add_resource_policy(input.resource_policy));
  TRY(simulation.add_context(input.context_entries));
  TRY(simulation.ask(input.action_names, input.resource_arns, input.resource_owner));
  return run(call, simulation, input.max_items, input.marker);
}

Task<Result<m::SimulatePolicyResponse>> simulate_principal_policy(api::Call& call,
                                                                  m::SimulatePrincipalPolicyInput input) {
  co_return call.db().read([&](store::Reader& reader) { return simulated(reader, call, input); });
}

m::GetContextKeysForPolicyResponse keys_of(const Simulation& simulation) {
  m::GetContextKeysForPolicyResponse out;
  out.context_key_names.emplace();
  for (const policy::EvidenceLayer& layer : simulation.evidence.layers) {
    for (const policy::EvidencePolicy& one : layer.policies) {
      const auto parsed = policy::parse(one.document, one.kind);
      if (!parsed || layer.kind == LayerKind::kScp) continue;
      for (std::string& name : policy::context_keys(*parsed)) {
        const auto same = [&](const std::string& known) { return iequals(known, name); };
        if (std::ranges::none_of(*out.context_key_names, same)) out.context_key_names->push_back(std::move(name));
      }
    }
  }
  return out;
}

/// Any kind of policy may be asked about; the first kind that it can be is what it is.
Result<> add_any(Simulation& simulation, const std::vector<std::string>& documents) {
  for (std::size_t i = 0; i < documents.size(); ++i) {
    const SimulatedSource source{.id = fmt::format("PolicyInputList.{}", i + 1)};
    Kind kind = Kind::kIdentity;
    for (const Kind other : {Kind::kResource, Kind::kTrust}) {
      if (!policy::parse(documents[i], kind) && policy::parse(documents[i], other)) kind = other;
    }
    TRY(simulation.add(LayerKind::kIdentity, kind, documents[i], source));
  }
  return {};
}

Task<Result<m::GetContextKeysForPolicyResponse>> get_context_keys_for_custom_policy(
    api::Call&, m::GetContextKeysForCustomPolicyInput input) {
  Simulation simulation;
  CO_TRY(add_any(simulation, input.policy_input_list));
  co_return keys_of(simulation);
}

Task<Result<m::GetContextKeysForPolicyResponse>> get_context_keys_for_principal_policy(
    api::Call& call, m::GetContextKeysForPrincipalPolicyInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetContextKeysForPolicyResponse> {
    Simulation simulation;
    m::SimulatePrincipalPolicyInput whole;
    whole.policy_source_arn = input.policy_source_arn;
    TRY(Source(reader, call, simulation).read(whole));
    TRY(add_any(simulation, input.policy_input_list.value_or(std::vector<std::string>{})));
    return keys_of(simulation);
  });
}

}  // namespace

void bind_simulation(api::Registry& registry) {
  registry.bind(m::ops::kSimulateCustomPolicy, simulate_custom_policy);
  registry.bind(m::ops::kSimulatePrincipalPolicy, simulate_principal_policy);
  registry.bind(m::ops::kGetContextKeysForCustomPolicy, get_context_keys_for_custom_policy);
  registry.bind(m::ops::kGetContextKeysForPrincipalPolicy, get_context_keys_for_principal_policy);
}

}  // namespace warifu::services::iam
