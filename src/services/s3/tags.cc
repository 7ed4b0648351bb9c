#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"

namespace warifu::services::s3 {
namespace {

using api::Call;

/// What is asked for of an object, and of one version of it.
struct Actions {
  std::string_view object, version;
};
constexpr Actions kGet{"s3:GetObjectTagging", "s3:GetObjectVersionTagging"};
constexpr Actions kPut{"s3:PutObjectTagging", "s3:PutObjectVersionTagging"};
constexpr Actions kDelete{"s3:DeleteObjectTagging", "s3:DeleteObjectVersionTagging"};

template <class Input>
Result<FoundVersion> version_of(store::Reader& reader, const Call& call, const Input& input, Actions actions) {
  TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
  FoundVersion found = TRY(require_version(reader, call, call.owner(), input.bucket, input.key, input.version_id));
  const std::string_view action = input.version_id ? actions.version : actions.object;
  TRY(check_tagged(reader, call, action, input.bucket, input.key, found.row));
  return found;
}

std::optional<std::string> shown_id(const ObjectRow& row) {
  return row.version_id == "null" ? std::nullopt : std::optional(row.version_id);
}

/// Replaces the tags of one version. Found before the transaction too, where the caller's rights tell what is missing.
template <class Input>
Task<Result<std::optional<std::string>>> set_tags(Call& call, Input input, identity::Tags tags, Actions actions) {
  const FoundVersion seen =
      CO_TRY(call.db().read([&](store::Reader& reader) { return version_of(reader, call, input, actions); }));
  const AccountId owner = call.owner();
  CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<> {
    auto row = TRY(get_row<ObjectRow>(txn, owner, seen.row_key));
    if (!row) return fail(no_such_key(input.key));
    row->tags = tags;
    return put_row(txn, owner, seen.row_key, *row);
  }));
  co_return shown_id(seen.row);
}

Task<Result<m::PutObjectTaggingOutput>> put_tags(Call& call, m::PutObjectTaggingInput input) {
  identity::Tags tags;
  for (const m::Tag& tag : input.tagging.tag_set) tags.push_back({tag.key, tag.value});
  CO_TRY(check_tags(tags, kObjectTagsMax));
  m::PutObjectTaggingOutput out;
  out.version_id = CO_TRY(co_await set_tags(call, std::move(input), std::move(tags), kPut));
  co_return out;
}

Task<Result<m::DeleteObjectTaggingOutput>> delete_tags(Call& call, m::DeleteObjectTaggingInput input) {
  m::DeleteObjectTaggingOutput out;
  out.version_id = CO_TRY(co_await set_tags(call, std::move(input), {}, kDelete));
  co_return out;
}

Task<Result<m::GetObjectTaggingOutput>> get_tags(Call& call, m::GetObjectTaggingInput input) {
  const FoundVersion found =
      CO_TRY(call.db().read([&](store::Reader& reader) { return version_of(reader, call, input, kGet); }));
  m::GetObjectTaggingOutput out;
  out.version_id = shown_id(found.row);
  for (const identity::Tag& tag : found.row.tags) out.tag_set.push_back({.key = tag.key, .value = tag.value});
  co_return out;
}

}  // namespace

void bind_object_tags(api::Registry& registry) {
  registry.bind(m::ops::kPutObjectTagging, put_tags);
  registry.bind(m::ops::kGetObjectTagging, get_tags);
  registry.bind(m::ops::kDeleteObjectTagging, delete_tags);
}

}  // namespace warifu::services::s3
