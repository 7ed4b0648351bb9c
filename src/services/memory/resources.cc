#include "services/memory/resources.h"

#include <fmt/format.h>

#include "services/memory/errors.h"
#include "services/memory/memories.h"
#include "services/memory/policy_rules.h"

namespace warifu::services::memory::resources {
namespace {

Error no_such_resource(std::string_view arn) { return not_found(fmt::format("Resource not found: {}", arn)); }

Result<bool> memory_exists(store::Reader& reader, std::string_view arn) {
  const std::optional<memories::Target> target = memories::parse_target(arn);
  if (!target) return false;
  const std::optional<memories::Memory> memory = TRY(memories::find(reader, *target));
  return memory.has_value();
}

const api::ResourceKind* kind_of(std::string_view resource, const api::ResourceKinds& kinds) {
  const api::ResourceKind* best = nullptr;
  for (const api::ResourceKind& kind : kinds) {
    if (!resource.starts_with(kind.prefix)) continue;
    if (best == nullptr || kind.prefix.size() > best->prefix.size()) best = &kind;
  }
  return best;
}

}  // namespace

Result<const api::ResourceKind*> require(store::Reader& reader, const Scope& scope, std::string_view arn,
                                         const api::ResourceKinds& kinds) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  if (!view || view->service != "bedrock-agentcore") {
    return fail(invalid_field("resourceArn", "resourceArn is not the ARN of an AgentCore resource"));
  }
  if (view->region != scope.region || view->account != scope.account.str()) {
    return fail(invalid_field("resourceArn",
                              "resourceArn must name a resource of the calling account in the region "
                              "of the request"));
  }
  const api::ResourceKind* kind = kind_of(view->resource, kinds);
  if (kind == nullptr) return fail(no_such_resource(arn));
  if (!TRY(kind->exists(reader, arn))) return fail(no_such_resource(arn));
  return kind;
}

api::ResourceKind memory_kind() {
  return {.prefix = "memory/", .policy_actions = policy_rules::memory_actions(), .exists = memory_exists};
}

}  // namespace warifu::services::memory::resources
