#include <fmt/format.h>

#include "identity/tags.h"
#include "services/memory/errors.h"
#include "services/memory/operations.h"
#include "services/memory/resources.h"

namespace warifu::services::memory {

Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input, Kinds kinds) {
  identity::Tags added = CO_TRY(identity::requested_tags(input.tags, "tags"));
  const auto body = [scope = resources::scope_of(call), kinds, arn = std::move(input.resource_arn),
                     added = std::move(added)](store::Txn& txn) -> Result<m::TagResourceOutput> {
    TRY(resources::require(txn, scope, arn, *kinds));
    const identity::Tags present = TRY(identity::tags_of(txn, scope.account, arn));
    for (const identity::Tag& tag : added) TRY(identity::check_tag_spelling(present, tag.key, "tags"));
    TRY(identity::put_tags(txn, scope.account, arn, added));
    return m::TagResourceOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input, Kinds kinds) {
  const auto body = [scope = resources::scope_of(call), kinds,
                     input = std::move(input)](store::Txn& txn) -> Result<m::UntagResourceOutput> {
    TRY(resources::require(txn, scope, input.resource_arn, *kinds));
    TRY(identity::erase_tags(txn, scope.account, input.resource_arn, input.tag_keys));
    return m::UntagResourceOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::ListTagsForResourceOutput>> list_tags_for_resource(api::Call& call, m::ListTagsForResourceInput input,
                                                                  Kinds kinds) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListTagsForResourceOutput> {
    TRY(resources::require(reader, resources::scope_of(call), input.resource_arn, *kinds));
    const identity::Tags found = TRY(identity::tags_of(reader, call.account(), input.resource_arn));
    m::ListTagsForResourceOutput output;
    output.tags.emplace();
    for (const identity::Tag& tag : found) output.tags->emplace(tag.key, tag.value);
    return output;
  });
}

}  // namespace warifu::services::memory
