#include <algorithm>

#include "identity/buckets.h"
#include "identity/resource_policies.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"

namespace warifu::services::s3 {
namespace {

constexpr std::size_t kBucketsMax = 10'000;
constexpr std::size_t kBucketTagsMax = 50;
constexpr std::string_view kHome = "us-east-1";

using api::Call;

std::string arn_of(std::string_view bucket) { return "arn:aws:s3:::" + std::string(bucket); }

Result<std::string> wanted_region(const m::CreateBucketInput& input, const std::string& region) {
  std::string wanted(kHome);
  if (input.create_bucket_configuration && input.create_bucket_configuration->location_constraint) {
    wanted = *input.create_bucket_configuration->location_constraint;
    if (wanted == "EU") wanted = "eu-west-1";
    if (wanted == kHome) {
      return fail(s3_error("InvalidLocationConstraint", "The specified location-constraint is not valid"));
    }
  }
  if (wanted != region && region != kHome) {
    return fail(s3_error("IllegalLocationConstraintException",
                         "The unspecified location constraint is incompatible for the region specific endpoint this "
                         "request was sent to."));
  }
  return wanted;
}

Result<std::size_t> buckets_of(store::Reader& reader, const AccountId& owner) {
  std::size_t count = 0;
  TRY(reader.scan(partition_of(owner), store::prefix_range("b/"), [&](std::string_view, std::string_view) {
    ++count;
    return true;
  }));
  return count;
}

Result<BucketRow> new_bucket(const Call& call, const m::CreateBucketInput& input) {
  if (!identity::is_bucket_name(input.bucket)) {
    Error error = s3_error("InvalidBucketName", "The specified bucket is not valid.");
    error.fields.push_back({.name = "BucketName", .message = input.bucket});
    return fail(std::move(error));
  }
  if (input.object_lock_enabled_for_bucket.value_or(false)) return fail(not_done("object lock"));
  if (input.acl && *input.acl != "private") {
    return fail(s3_error("InvalidBucketAclWithObjectOwnership",
                         "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting"));
  }
  if (input.object_ownership && *input.object_ownership != "BucketOwnerEnforced") {
    return fail(not_done("object ownership " + *input.object_ownership));
  }
  BucketRow row;
  row.region = TRY(wanted_region(input, call.region()));
  row.created = call.now();
  row.ownership = "BucketOwnerEnforced";
  if (input.create_bucket_configuration && input.create_bucket_configuration->tags) {
    for (const m::Tag& tag : *input.create_bucket_configuration->tags) row.tags.push_back({tag.key, tag.value});
    TRY(check_tags(row.tags, kBucketTagsMax));
  }
  return row;
}

Task<Result<m::CreateBucketOutput>> create_bucket(Call& call, m::CreateBucketInput input) {
  const BucketRow row = CO_TRY(new_bucket(call, input));
  const AccountId account = call.account();
  CO_TRY(co_await call.db().write([=, name = input.bucket](store::Txn& txn) -> Result<> {
    const auto owner = TRY(identity::find_bucket(txn, name));
    if (owner && owner->account == account) {
      return fail(s3_error("BucketAlreadyOwnedByYou",
                           "Your previous request to create the named bucket succeeded and you already own it.",
                           ErrorCode::kConflict));
    }
    if (owner) {
      return fail(s3_error("BucketAlreadyExists",
                           "The requested bucket name is not available. The bucket namespace is shared by all users of "
                           "the system. Please select a different name and try again.",
                           ErrorCode::kConflict));
    }
    if (TRY(buckets_of(txn, account)) >= kBucketsMax) {
      return fail(s3_error("TooManyBuckets", "You have attempted to create more buckets than allowed"));
    }
    TRY(identity::put_bucket(txn, name, {.account = account, .region = row.region, .owner_only = false}));
    return put_row(txn, account, bucket_key(name), row);
  }));
  m::CreateBucketOutput out;
  out.location = "/" + input.bucket;
  out.bucket_arn = arn_of(input.bucket);
  co_return out;
}

Result<bool> any_row(store::Reader& reader, const AccountId& owner, std::string_view prefix) {
  bool any = false;
  TRY(reader.scan(partition_of(owner), store::prefix_range(prefix), [&](std::string_view, std::string_view) {
    any = true;
    return false;
  }));
  return any;
}

/// Uploads that nobody completed do not keep a bucket; their parts go with it.
Result<> erase_uploads(store::Txn& txn, const AccountId& owner, std::string_view bucket,
                       std::vector<std::string>& dropped) {
  std::vector<std::string> keys;
  TRY(txn.scan(partition_of(owner), store::prefix_range(uploads_prefix(bucket, "")),
               [&](std::string_view key, std::string_view) {
                 keys.emplace_back(key);
                 return true;
               }));
  for (const std::string& key : keys) {
    const auto name = parse_name(key);
    if (name) TRY(erase_parts(txn, owner, name->rest, {}, dropped));
    TRY(txn.erase(partition_of(owner), key));
  }
  return {};
}

Task<Result<m::DeleteBucketOutput>> delete_bucket(Call& call, Service& service, m::DeleteBucketInput input) {
  const AccountId owner = call.owner();
  const auto dropped = CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<std::vector<std::string>> {
    TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
    if (TRY(any_row(txn, owner, objects_prefix(input.bucket, "")))) {
      return fail(s3_error("BucketNotEmpty", "The bucket you tried to delete is not empty", ErrorCode::kConflict));
    }
    std::vector<std::string> gone;
    TRY(erase_uploads(txn, owner, input.bucket, gone));
    TRY(identity::erase_resource_policy(txn, owner, arn_of(input.bucket)));
    TRY(identity::erase_bucket(txn, input.bucket));
    TRY(txn.erase(partition_of(owner), bucket_key(input.bucket)));
    return gone;
  }));
  service.blobs().remove(owner, dropped);
  co_return m::DeleteBucketOutput{};
}

Task<Result<m::ListBucketsOutput>> list_buckets(Call& call, m::ListBucketsInput input) {
  const std::string after = input.continuation_token ? CO_TRY(call.page_position(*input.continuation_token)) : "";
  const auto max = static_cast<std::size_t>(std::clamp(input.max_buckets.value_or(10'000), 1, 10'000));
  m::ListBucketsOutput out;
  out.buckets.emplace();
  bool more = false;
  Result<> outcome;
  CO_TRY(call.db().read([&](store::Reader& reader) {
    store::Range range = store::prefix_range("b/" + input.prefix.value_or(""));
    if (!after.empty()) range.begin = std::max(range.begin, "b/" + after + '\0');
    return reader.scan(partition_of(call.account()), range, [&](std::string_view key, std::string_view value) {
      const auto row = identity::decode_row<BucketRow>(value);
      if (!row) {
        outcome = fail(row.error());
        return false;
      }
      if (input.bucket_region && *input.bucket_region != row->region) return true;
      more = out.buckets->size() == max;
      if (more) return false;
      m::Bucket bucket;
      bucket.name = key.substr(2);
      bucket.creation_date = row->created;
      bucket.bucket_region = row->region;
      bucket.bucket_arn = arn_of(*bucket.name);
      out.buckets->push_back(std::move(bucket));
      return true;
    });
  }));
  CO_TRY(std::move(outcome));
  if (more) out.continuation_token = call.page_token(*out.buckets->back().name);
  out.owner.emplace();
  out.owner->id = canonical_id(call.account());
  out.prefix = input.prefix;
  co_return out;
}

Task<Result<m::HeadBucketOutput>> head_bucket(Call& call, m::HeadBucketInput input) {
  const BucketRow row = CO_TRY(call.db().read([&](store::Reader& reader) {
    return require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner);
  }));
  m::HeadBucketOutput out;
  out.bucket_region = row.region;
  out.bucket_arn = arn_of(input.bucket);
  out.access_point_alias = false;
  co_return out;
}

Task<Result<m::GetBucketLocationOutput>> get_location(Call& call, m::GetBucketLocationInput input) {
  const BucketRow row = CO_TRY(call.db().read([&](store::Reader& reader) {
    return require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner);
  }));
  m::GetBucketLocationOutput out;
  if (row.region != kHome) out.location_constraint = row.region;
  co_return out;
}

}  // namespace

void bind_buckets(api::Registry& registry, Service& service) {
  registry.bind(m::ops::kCreateBucket, create_bucket);
  registry.bind(m::ops::kDeleteBucket, [&service](Call& call, m::DeleteBucketInput in) {
    return delete_bucket(call, service, std::move(in));
  });
  registry.bind(m::ops::kListBuckets, list_buckets);
  registry.bind(m::ops::kHeadBucket, head_bucket);
  registry.bind(m::ops::kGetBucketLocation, get_location);
}

}  // namespace warifu::services::s3
