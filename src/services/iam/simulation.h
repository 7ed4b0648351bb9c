#pragma once

#include <optional>
#include <string>
#include <vector>

#include "api/call.h"
#include "gen/iam/simulation.h"
#include "policy/evidence.h"
#include "services/iam/shared.h"

/// The policy simulator: questions put to the engine that guards the server, with policies that need not exist.
namespace warifu::services::iam {

/// The kinds of sources that AWS's answers name. Its reference lists others (`user`, `aws-managed` …); real answers of
/// both operations hold these two, for policies of every holder alike.
inline constexpr std::string_view kIamPolicy = "IAM Policy";
inline constexpr std::string_view kResourcePolicy = "Resource Policy";

/// How a policy of the simulation is called in the answer.
struct SimulatedSource {
  std::string id;  // `PolicyInputList.1`, `role_NAME_POLICY`, the name of a managed policy
  std::string_view type = kIamPolicy;
};

struct Simulation {
  policy::Evidence evidence;                          // who asks, in what context, before which policies
  std::vector<std::vector<SimulatedSource>> sources;  // beside evidence.layers
  std::vector<std::string> actions, resources;        // every pair is a question
  bool names_resources = false;                       // not `*` for want of ResourceArns
  std::string default_owner;                          // account of resources whose ARN names none

  /// InvalidInput unless `document` is a policy of that kind.
  [[nodiscard]] Result<> add(policy::LayerKind layer, policy::Kind kind, std::string_view document,
                             SimulatedSource source);
  /// An input list as one layer: `PolicyInputList.1` … An empty one that is there is a layer too.
  [[nodiscard]] Result<> add_list(policy::LayerKind layer, policy::Kind kind,
                                  const std::optional<std::vector<std::string>>& documents, std::string_view list);
  /// A resource-based policy, or, where it has no Resource element, a role's trust policy.
  [[nodiscard]] Result<> add_resource_policy(const std::optional<std::string>& document);
  /// InvalidInput for a value that its type cannot read, or several values of a single-valued type.
  [[nodiscard]] Result<> add_context(const std::optional<std::vector<m::ContextEntry>>& entries);
  /// InvalidInput for a wildcard, or what is no `service:Name`.
  [[nodiscard]] Result<> ask(const std::vector<std::string>& action_names,
                             const std::optional<std::vector<std::string>>& resource_arns,
                             const std::optional<std::string>& resource_owner);
  /// Whether the caller's key is there already.
  [[nodiscard]] bool has_key(std::string_view name) const;
};

/// One page of answers, actions before resources.
[[nodiscard]] Result<m::SimulatePolicyResponse> run(const api::Call& call, const Simulation& simulation,
                                                    std::optional<std::int32_t> items_max,
                                                    const std::optional<std::string>& marker);

}  // namespace warifu::services::iam
