#include "gen/organizations/tags.h"

#include "identity/tags.h"
#include "services/organizations/nouns.h"
#include "services/organizations/shared.h"

namespace warifu::services::organizations {
namespace {

using identity::Organization;

/// The ARN of what is tagged: a root, unit, member or policy of the organization.
Result<std::string> tagged(store::Reader& reader, const Organization& organization, const std::string& id) {
  if (!id.starts_with("p-")) {
    TRY(identity::require_target(reader, organization, id));
    return identity::organization_entity_arn(organization, id);
  }
  const auto policy = TRY(identity::find_guard(reader, organization, id));
  if (policy && !policy->aws_managed) return identity::organization_entity_arn(organization, id, policy->type);
  return fail({.code = ErrorCode::kNotFound,
               .message = "You specified a target that doesn't exist.",
               .aws_name = "TargetNotFoundException"});
}

Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input) {
  return manage<m::TagResourceOutput>(
      call,
      [input = std::move(input), account = call.account()](
          store::Txn& txn, const Organization& organization) -> Result<m::TagResourceOutput> {
        const std::string arn = TRY(tagged(txn, organization, input.resource_id));
        TRY(identity::put_tags(txn, account, arn, tags_from(input.tags)));
        return m::TagResourceOutput{};
      });
}

Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input) {
  return manage<m::UntagResourceOutput>(
      call,
      [input = std::move(input), account = call.account()](
          store::Txn& txn, const Organization& organization) -> Result<m::UntagResourceOutput> {
        const std::string arn = TRY(tagged(txn, organization, input.resource_id));
        TRY(identity::erase_tags(txn, account, arn, input.tag_keys));
        return m::UntagResourceOutput{};
      });
}

Task<Result<m::ListTagsForResourceOutput>> list_tags(api::Call& call, m::ListTagsForResourceInput input) {
  return inspect<m::ListTagsForResourceOutput>(
      call,
      [&call, input = std::move(input)](store::Reader& reader,
                                        const Organization& organization) -> Result<m::ListTagsForResourceOutput> {
        const std::string arn = TRY(tagged(reader, organization, input.resource_id));
        m::ListTagsForResourceOutput output{.tags = std::vector<m::Tag>{}};
        for (const identity::Tag& tag : TRY(identity::tags_of(reader, call.account(), arn))) {
          output.tags->push_back({.key = tag.key, .value = tag.value});
        }
        return output;
      });
}

}  // namespace

void bind_tags(api::Registry& registry) {
  registry.bind(m::ops::kTagResource, tag_resource);
  registry.bind(m::ops::kUntagResource, untag_resource);
  registry.bind(m::ops::kListTagsForResource, list_tags);
}

}  // namespace warifu::services::organizations
