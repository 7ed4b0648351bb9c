#include "services/memory/tags.h"

#include <fmt/format.h>

#include "identity/tags.h"
#include "services/memory/errors.h"
#include "services/memory/operations.h"
#include "services/memory/resources.h"

namespace warifu::services::memory {
namespace tags {
namespace {

/// Whoever may tag could otherwise shadow a tag that policies rest on by one of another spelling.
Result<> check_spelling(const identity::Tags& tags, std::string_view key, std::string_view field) {
  for (const identity::Tag& tag : tags) {
    if (tag.key == key || !iequals(tag.key, key)) continue;
    return fail(invalid_field(field, fmt::format("tag keys `{}` and `{}` differ by case alone", tag.key, key)));
  }
  return {};
}

}  // namespace

Result<identity::Tags> from_request(const std::map<std::string, std::string>& tags, std::string_view field) {
  identity::Tags found;
  for (const auto& [key, value] : tags) {
    if (iequals(std::string_view(key).substr(0, 4), "aws:")) {
      return fail(invalid_field(field, fmt::format("tag key `{}` begins with aws:, which is reserved", key)));
    }
    TRY(check_spelling(found, key, field));
    found.push_back({.key = key, .value = value});
  }
  return found;
}

}  // namespace tags

Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input) {
  identity::Tags added = CO_TRY(tags::from_request(input.tags, "tags"));
  const auto body = [scope = resources::scope_of(call), arn = std::move(input.resource_arn),
                     added = std::move(added)](store::Txn& txn) -> Result<m::TagResourceOutput> {
    TRY(resources::require(txn, scope, arn));
    const identity::Tags present = TRY(identity::tags_of(txn, scope.account, arn));
    for (const identity::Tag& tag : added) TRY(tags::check_spelling(present, tag.key, "tags"));
    TRY(identity::put_tags(txn, scope.account, arn, added));
    return m::TagResourceOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input) {
  const auto body = [scope = resources::scope_of(call),
                     input = std::move(input)](store::Txn& txn) -> Result<m::UntagResourceOutput> {
    TRY(resources::require(txn, scope, input.resource_arn));
    TRY(identity::erase_tags(txn, scope.account, input.resource_arn, input.tag_keys));
    return m::UntagResourceOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::ListTagsForResourceOutput>> list_tags_for_resource(api::Call& call, m::ListTagsForResourceInput input) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListTagsForResourceOutput> {
    TRY(resources::require(reader, resources::scope_of(call), input.resource_arn));
    const identity::Tags found = TRY(identity::tags_of(reader, call.account(), input.resource_arn));
    m::ListTagsForResourceOutput output;
    output.tags.emplace();
    for (const identity::Tag& tag : found) output.tags->emplace(tag.key, tag.value);
    return output;
  });
}

}  // namespace warifu::services::memory
