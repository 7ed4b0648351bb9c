#include "services/memory/resources.h"

#include <fmt/format.h>

#include "services/memory/errors.h"
#include "services/memory/memories.h"

namespace warifu::services::memory::resources {
namespace {

Error no_such_resource(std::string_view arn) { return not_found(fmt::format("Resource not found: {}", arn)); }

}  // namespace

Result<> require(store::Reader& reader, const Scope& scope, std::string_view arn) {
  const std::optional<ArnView> view = ArnView::parse(arn);
  if (!view || view->service != "bedrock-agentcore") {
    return fail(invalid_field("resourceArn", "resourceArn is not the ARN of an AgentCore resource"));
  }
  if (view->region != scope.region || view->account != scope.account.str()) {
    return fail(invalid_field("resourceArn",
                              "resourceArn must name a resource of the calling account in the region "
                              "of the request"));
  }
  const std::optional<memories::Target> target = memories::parse_target(arn);
  if (!target) return fail(no_such_resource(arn));
  const std::optional<memories::Memory> memory = TRY(memories::find(reader, *target));
  if (!memory) return fail(no_such_resource(arn));
  return {};
}

}  // namespace warifu::services::memory::resources
