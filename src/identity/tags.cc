#include "identity/tags.h"

#include <fmt/format.h>

#include <algorithm>

#include "identity/table.h"

namespace warifu::identity {
namespace {

using SameKey = bool (*)(std::string_view, std::string_view);

bool exactly(std::string_view a, std::string_view b) { return a == b; }

Error refused(std::string_view field, std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = message,
          .reason = "FieldValidationFailed",
          .fields = {{.name = std::string(field), .message = message}}};
}

Result<Tags> merged(store::Reader& reader, const AccountId& owner, std::string_view arn, const Tags& added,
                    SameKey same) {
  Tags tags = TRY(tags_of(reader, owner, arn));
  for (const Tag& tag : added) {
    const auto present = std::ranges::find_if(tags, [&](const Tag& t) { return same(t.key, tag.key); });
    if (present == tags.end()) {
      tags.push_back(tag);
    } else {
      *present = tag;
    }
  }
  return tags;
}

Result<> write_tags(store::Txn& txn, const AccountId& owner, std::string_view arn, Tags tags) {
  const store::Partition partition = store::Partition::account(owner);
  if (tags.empty()) return txn.erase(partition, key_of(kTag, arn));
  return put_row(txn, partition, key_of(kTag, arn), TagsRow{std::move(tags)});
}

Result<> remove_tags(store::Txn& txn, const AccountId& owner, std::string_view arn, std::span<const std::string> keys,
                     SameKey same) {
  Tags tags = TRY(tags_of(txn, owner, arn));
  std::erase_if(tags, [&](const Tag& tag) {
    return std::ranges::any_of(keys, [&](const std::string& key) { return same(key, tag.key); });
  });
  return write_tags(txn, owner, arn, std::move(tags));
}

}  // namespace

Result<Tags> tags_of(store::Reader& reader, const AccountId& owner, std::string_view arn) {
  std::optional<TagsRow> row = TRY(get_kept_row<TagsRow>(reader, store::Partition::account(owner), key_of(kTag, arn)));
  return row ? std::move(row->tags) : Tags{};
}

Result<> check_tag_spelling(const Tags& present, std::string_view key, std::string_view field) {
  for (const Tag& tag : present) {
    if (tag.key == key || !iequals(tag.key, key)) continue;
    return fail(refused(field, fmt::format("tag keys `{}` and `{}` differ by case alone", tag.key, key)));
  }
  return {};
}

Result<Tags> requested_tags(const std::map<std::string, std::string>& tags, std::string_view field) {
  Tags found;
  for (const auto& [key, value] : tags) {
    if (iequals(std::string_view(key).substr(0, 4), "aws:")) {
      return fail(refused(field, fmt::format("tag key `{}` begins with aws:, which is reserved", key)));
    }
    TRY(check_tag_spelling(found, key, field));
    found.push_back({.key = key, .value = value});
  }
  return found;
}

Result<> put_tags(store::Txn& txn, const AccountId& owner, std::string_view arn, const Tags& tags) {
  Tags all = TRY(merged(txn, owner, arn, tags, exactly));
  if (all.size() > kTagsMax) return fail(validation_error(fmt::format("a resource has at most {} tags", kTagsMax)));
  return write_tags(txn, owner, arn, std::move(all));
}

Result<> erase_tags(store::Txn& txn, const AccountId& owner, std::string_view arn, std::span<const std::string> keys) {
  return remove_tags(txn, owner, arn, keys, exactly);
}

Result<> erase_all_tags(store::Txn& txn, const AccountId& owner, std::string_view arn) {
  return txn.erase(store::Partition::account(owner), key_of(kTag, arn));
}

Result<> put_principal_tags(store::Txn& txn, const AccountId& account, std::string_view arn, const Tags& tags) {
  Tags all = TRY(merged(txn, account, arn, tags, iequals));
  if (all.size() > kTagsMax) {
    return fail(limit_exceeded("The number of tags has reached the maximum limit."));
  }
  TRY(write_tags(txn, account, arn, std::move(all)));
  return bump_identity_version(txn, account);
}

Result<> erase_principal_tags(store::Txn& txn, const AccountId& account, std::string_view arn,
                              std::span<const std::string> keys) {
  TRY(remove_tags(txn, account, arn, keys, iequals));
  return bump_identity_version(txn, account);
}

}  // namespace warifu::identity
