#include "services/s3/objects.h"

#include <algorithm>
#include <set>

#include "access/authorize.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/buckets.h"
#include "services/s3/errors.h"
#include "wire/form.h"

namespace warifu::services::s3 {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
constexpr std::size_t kIdChars = 32;
constexpr unsigned kTicksPerMsBits = 12;  // versions of one millisecond keep their order

std::string arn_of(std::string_view bucket) { return "arn:aws:s3:::" + std::string(bucket); }

/// Whether a key exists is told to those who may list: others are denied either way.
Error missing_key(store::Reader& reader, const api::Call& call, std::string_view bucket, std::string_view key) {
  const auto may = call.may(reader, "s3:ListBucket", arn_of(bucket));
  if (!may) return may.error();
  if (*may) return no_such_key(key);
  return access::access_denied("User: " + call.principal().arn +
                               " is not authorized to perform: s3:ListBucket on resource: " + arn_of(bucket) +
                               " because no policy allows the s3:ListBucket action");
}

}  // namespace

Result<AccountId> owner_of(store::Reader& reader, std::string_view bucket) {
  auto owner = TRY(identity::find_bucket(reader, bucket));
  if (!owner) return fail(no_such_bucket(bucket));
  return owner->account;
}

Result<BucketRow> require_bucket(store::Reader& reader, const AccountId& owner, std::string_view bucket,
                                 const std::optional<std::string>& expected_owner) {
  const AccountId now = TRY(owner_of(reader, bucket));
  if (now != owner) return fail(no_such_bucket(bucket));
  if (expected_owner && *expected_owner != owner.str()) return fail(access::access_denied("Access Denied"));
  auto row = TRY(get_row<BucketRow>(reader, owner, bucket_key(bucket)));
  if (!row) return fail(no_such_bucket(bucket));
  return std::move(*row);
}

Result<std::optional<FoundVersion>> find_version(store::Reader& reader, const AccountId& owner, std::string_view bucket,
                                                 std::string_view key, const std::optional<std::string>& version_id) {
  std::optional<FoundVersion> found;
  Result<> outcome;
  bool first = true;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    auto row = identity::decode_row<ObjectRow>(value);
    if (!row) {
      outcome = fail(row.error());
      return false;
    }
    const bool latest = std::exchange(first, false);
    if (version_id && row->version_id != *version_id) return true;
    found = FoundVersion{.row_key = std::string(row_key), .row = std::move(*row), .latest = latest};
    return false;
  };
  TRY(reader.scan(partition_of(owner), store::prefix_range(object_prefix(bucket, key)), visit));
  if (!outcome) return fail(outcome.error());
  return found;
}

Result<FoundVersion> require_version(store::Reader& reader, const api::Call& call, const AccountId& owner,
                                     std::string_view bucket, std::string_view key,
                                     const std::optional<std::string>& version_id) {
  if (version_id && version_id->empty()) return fail(invalid_argument("Version id cannot be the empty string"));
  auto found = TRY(find_version(reader, owner, bucket, key, version_id));
  if (found && !found->row.marker) return std::move(*found);
  if (!version_id) return fail(missing_key(reader, call, bucket, key));
  if (!found) return fail(no_such_version(key, *version_id));
  return fail(s3_error("MethodNotAllowed", "The specified method is not allowed against this resource."));
}

Result<> check_tagged(store::Reader& reader, const api::Call& call, std::string_view action, std::string_view bucket,
                      std::string_view key, const ObjectRow& row) {
  if (row.tags.empty()) return {};
  const std::string arn = arn_of(bucket) + "/" + std::string(key);
  const bool may = TRY(call.may(reader, action, arn, [&](policy::Context& context) {
    for (const identity::Tag& tag : row.tags) context.set_tag("s3:ExistingObjectTag/", tag.key, tag.value);
  }));
  if (may) return {};
  return fail(access::access_denied("User: " + call.principal().arn +
                                    " is not authorized to perform: " + std::string(action) + " on resource: " + arn));
}

bool names_etag(std::string_view header, std::string_view etag) {
  while (!header.empty()) {
    std::string_view one = header.substr(0, header.find(','));
    header.remove_prefix(std::min(one.size() + 1, header.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == "*" || one == etag || one == etag_text(etag)) return true;
  }
  return false;
}

Result<> check_write(const WriteConditions& conditions, const std::optional<FoundVersion>& current,
                     std::string_view key) {
  const bool there = current && !current->row.marker;
  if (conditions.if_none_match) {
    if (*conditions.if_none_match != "*") return fail(not_done("If-None-Match with an ETag on a write"));
    if (there) return fail(precondition_failed("If-None-Match"));
  }
  if (conditions.if_match) {
    if (!there) return fail(no_such_key(key));
    if (!names_etag(*conditions.if_match, current->row.etag)) return fail(precondition_failed("If-Match"));
  }
  return {};
}

Result<std::vector<std::pair<std::int64_t, PartRow>>> parts_of(store::Reader& reader, const AccountId& owner,
                                                               std::string_view upload) {
  std::vector<std::pair<std::int64_t, PartRow>> parts;
  Result<> outcome;
  TRY(reader.scan(partition_of(owner), store::prefix_range(parts_prefix(upload)),
                  [&](std::string_view key, std::string_view value) {
                    auto row = identity::decode_row<PartRow>(value);
                    if (!row) {
                      outcome = fail(row.error());
                      return false;
                    }
                    parts.emplace_back(part_number(key), std::move(*row));
                    return true;
                  }));
  if (!outcome) return fail(outcome.error());
  return parts;
}

Result<> erase_parts(store::Txn& txn, const AccountId& owner, std::string_view upload,
                     const std::function<bool(std::int64_t number)>& but, std::vector<std::string>& dropped) {
  const auto parts = TRY(parts_of(txn, owner, upload));
  for (const auto& [number, part] : parts) {
    if (but && but(number)) continue;
    TRY(txn.erase(partition_of(owner), part_key(upload, number)));
    TRY(txn.erase(partition_of(owner), file_key(part.blob.id)));
    dropped.push_back(part.blob.id);
  }
  return {};
}

Result<> erase_version(store::Txn& txn, const AccountId& owner, const FoundVersion& version,
                       std::vector<std::string>& dropped) {
  TRY(txn.erase(partition_of(owner), version.row_key));
  if (!version.row.parts_of.empty()) return erase_parts(txn, owner, version.row.parts_of, {}, dropped);
  if (version.row.blob.id.empty()) return {};
  dropped.push_back(version.row.blob.id);
  return txn.erase(partition_of(owner), file_key(version.row.blob.id));
}

Result<Written> add_version(store::Txn& txn, const AccountId& owner, const BucketRow& bucket_row,
                            std::string_view bucket, std::string_view key, ObjectRow row, std::string_view fresh_id,
                            Timestamp now) {
  Written out;
  const auto newest = TRY(find_version(txn, owner, bucket, key));
  std::uint64_t sequence = static_cast<std::uint64_t>(now.ms) << kTicksPerMsBits;
  if (newest) {
    const auto name = parse_name(newest->row_key);
    if (name) sequence = std::max(sequence, name->sequence() + 1);
  }
  row.version_id = bucket_row.versioning == "Enabled" ? std::string(fresh_id) : "null";
  out.version_id = row.version_id;
  if (row.version_id == "null") {
    const auto old = TRY(find_version(txn, owner, bucket, key, "null"));
    if (old) TRY(erase_version(txn, owner, *old, out.dropped));
  }
  if (!row.blob.id.empty()) TRY(txn.put(partition_of(owner), file_key(row.blob.id), ""));
  TRY(put_row(txn, owner, object_key(bucket, key, sequence), row));
  return out;
}

std::string fresh_id(Random& random) { return random.text(kIdChars, kAlphabet); }

std::string canonical_id(const AccountId& account) { return crypto::sha256_hex("canonical user " + account.str()); }

Result<> check_key(std::string_view key) {
  if (key.size() > kKeyBytesMax) return fail(s3_error("KeyTooLongError", "Your key is too long"));
  return {};
}

Result<> check_tags(const identity::Tags& tags, std::size_t max) {
  if (tags.size() > max) {
    return fail(s3_error("BadRequest", "Object tags cannot be greater than " + std::to_string(max)));
  }
  std::set<std::string_view> seen;
  for (const identity::Tag& tag : tags) {
    const bool sized = !tag.key.empty() && utf8_length(tag.key) <= 128 && utf8_length(tag.value) <= 256;
    if (!sized) return fail(s3_error("InvalidTag", "The TagKey or TagValue you have provided is invalid"));
    if (tag.key.starts_with("aws:")) {
      return fail(s3_error("InvalidTag", "System tags cannot be added/updated by requester"));
    }
    if (!seen.insert(tag.key).second) {
      return fail(s3_error("InvalidTag", "Cannot provide multiple Tags with the same key"));
    }
  }
  return {};
}

Result<identity::Tags> parse_tagging(const std::optional<std::string>& text) {
  identity::Tags tags;
  if (!text || text->empty()) return tags;
  const auto fields = wire::parse_form(*text, true);
  if (!fields) return fail(invalid_argument("The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded"));
  for (const auto& [name, value] : *fields) tags.push_back({.key = name, .value = value});
  TRY(check_tags(tags, kObjectTagsMax));
  return tags;
}

}  // namespace warifu::services::s3
