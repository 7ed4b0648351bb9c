#include <fmt/format.h>

#include <algorithm>

#include "identity/roles.h"
#include "identity/table.h"

namespace warifu::identity {
namespace {

struct LinkedName {
  std::string_view service, name;
};
/// Services whose role is not named after their first label alone (AWS's documentation of each).
constexpr LinkedName kLinkedNames[] = {
    {"autoscaling.amazonaws.com", "AutoScaling"},
    {"ecs.amazonaws.com", "ECS"},
    {"eks.amazonaws.com", "AmazonEKS"},
    {"elasticloadbalancing.amazonaws.com", "ElasticLoadBalancing"},
    {"network.bedrock-agentcore.amazonaws.com", "BedrockAgentCoreNetwork"},
    {"ops.apigateway.amazonaws.com", "APIGateway"},
    {"organizations.amazonaws.com", "Organizations"},
    {"rds.amazonaws.com", "RDS"},
    {"replicator.lambda.amazonaws.com", "LambdaReplicator"},
    {"runtime-identity.bedrock-agentcore.amazonaws.com", "BedrockAgentCoreRuntimeIdentity"},
};

constexpr std::string_view kDomain = ".amazonaws.com";

/// `runtime-identity.bedrock` → `RuntimeIdentityBedrock`.
std::string in_camel_case(std::string_view labels) {
  std::string out;
  bool start = true;
  for (const char c : labels) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (letter) out.push_back(start && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c);
    start = !letter;
  }
  return out;
}

}  // namespace

std::string linked_role_name(std::string_view service, std::string_view custom_suffix) {
  constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz0123456789-.";
  const bool named = service.size() > kDomain.size() && service.ends_with(kDomain) && !service.starts_with('.') &&
                     service.find_first_not_of(kLetters) == std::string_view::npos;
  if (!named) return {};
  const auto known = std::ranges::find(kLinkedNames, service, &LinkedName::service);
  const std::string word = known != std::end(kLinkedNames)
                               ? std::string(known->name)
                               : in_camel_case(service.substr(0, service.size() - kDomain.size()));
  return fmt::format("AWSServiceRoleFor{}{}{}", word, custom_suffix.empty() ? "" : "_", custom_suffix);
}

std::string linked_role_path(std::string_view service) { return fmt::format("/aws-service-role/{}/", service); }

Result<> put_deletion_task(store::Txn& txn, const AccountId& account, std::string_view task_id) {
  return txn.put(store::Partition::account(account), key_of(kDeletionTask, task_id), "");
}

Result<bool> has_deletion_task(store::Reader& reader, const AccountId& account, std::string_view task_id) {
  return TRY(reader.get(store::Partition::account(account), key_of(kDeletionTask, task_id))).has_value();
}

}  // namespace warifu::identity
