#include "gen/s3/settings.h"
#include "access/authorize.h"
#include "access/principal.h"
#include "identity/buckets.h"
#include "identity/resource_policies.h"
#include "json/value.h"
#include "policy/compile.h"
#include "policy/document.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"
#include "services/s3/public_policy.h"

namespace warifu::services::s3 {
namespace {

using api::Call;

constexpr std::size_t kBucketTagsMax = 50;
constexpr std::size_t kPolicyBytesMax = 20 * 1024;

std::string arn_of(std::string_view bucket) { return "arn:aws:s3:::" + std::string(bucket); }

template <class Input>
Result<BucketRow> bucket_of(const Call& call, const Input& input) {
  return call.db().read([&](store::Reader& reader) {
    return require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner);
  });
}

/// Whom a public bucket lets in follows from its policy and from what its owner blocks: one row says it to every
/// decision.
Result<> note_public(store::Txn& txn, const AccountId& owner, const std::string& bucket, const BucketRow& row) {
  const auto policy = TRY(identity::find_resource_policy(txn, owner, arn_of(bucket)));
  const bool is_public = policy && is_public_policy(policy->document);
  return identity::put_bucket(txn, bucket,
                              {.account = owner,
                               .region = row.region,
                               .owner_only = is_public && row.has_public_block && row.restrict_buckets});
}

/// Changes the bucket's row by `change`, a plain function of it.
template <class Input, class F>
Task<Result<>> change_bucket(Call& call, Input input, F change) {
  const AccountId owner = call.owner();
  co_return co_await call.db().write([=](store::Txn& txn) -> Result<> {
    BucketRow row = TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
    TRY(change(row));
    TRY(put_row(txn, owner, bucket_key(input.bucket), row));
    return note_public(txn, owner, input.bucket, row);
  });
}

Task<Result<m::PutBucketVersioningOutput>> put_versioning(Call& call, m::PutBucketVersioningInput input) {
  const auto status = input.versioning_configuration.status;
  if (input.versioning_configuration.mfa_delete == "Enabled") co_return fail(not_done("MFA delete"));
  if (status != "Enabled" && status != "Suspended") {
    co_return fail(s3_error("IllegalVersioningConfigurationException", "The Versioning element must be specified"));
  }
  CO_TRY(co_await change_bucket(call, input, [status](BucketRow& row) -> Result<> {
    row.versioning = *status;
    return {};
  }));
  co_return m::PutBucketVersioningOutput{};
}

Task<Result<m::GetBucketVersioningOutput>> get_versioning(Call& call, m::GetBucketVersioningInput input) {
  const BucketRow row = CO_TRY(bucket_of(call, input));
  m::GetBucketVersioningOutput out;
  if (!row.versioning.empty()) out.status = row.versioning;
  co_return out;
}

Task<Result<m::PutBucketTaggingOutput>> put_tagging(Call& call, m::PutBucketTaggingInput input) {
  identity::Tags tags;
  for (const m::Tag& tag : input.tagging.tag_set) tags.push_back({tag.key, tag.value});
  CO_TRY(check_tags(tags, kBucketTagsMax));
  CO_TRY(co_await change_bucket(call, input, [tags](BucketRow& row) -> Result<> {
    row.tags = tags;
    return {};
  }));
  co_return m::PutBucketTaggingOutput{};
}

Task<Result<m::GetBucketTaggingOutput>> get_tagging(Call& call, m::GetBucketTaggingInput input) {
  const BucketRow row = CO_TRY(bucket_of(call, input));
  if (row.tags.empty()) {
    co_return fail(s3_error("NoSuchTagSet", "The TagSet does not exist", ErrorCode::kNotFound));
  }
  m::GetBucketTaggingOutput out;
  for (const identity::Tag& tag : row.tags) out.tag_set.push_back({.key = tag.key, .value = tag.value});
  co_return out;
}

Task<Result<m::DeleteBucketTaggingOutput>> delete_tagging(Call& call, m::DeleteBucketTaggingInput input) {
  CO_TRY(co_await change_bucket(call, input, [](BucketRow& row) -> Result<> {
    row.tags.clear();
    return {};
  }));
  co_return m::DeleteBucketTaggingOutput{};
}

Task<Result<m::PutBucketEncryptionOutput>> put_encryption(Call& call, m::PutBucketEncryptionInput input) {
  CO_TRY(bucket_of(call, input));
  for (const auto& rule : input.server_side_encryption_configuration.rules) {
    const auto& chosen = rule.apply_server_side_encryption_by_default;
    if (chosen && chosen->sse_algorithm != "AES256") {
      co_return fail(not_done("server-side encryption with KMS keys (SSE-KMS)"));
    }
  }
  co_return m::PutBucketEncryptionOutput{};
}

Task<Result<m::GetBucketEncryptionOutput>> get_encryption(Call& call, m::GetBucketEncryptionInput input) {
  CO_TRY(bucket_of(call, input));
  m::ServerSideEncryptionRule rule;
  rule.apply_server_side_encryption_by_default.emplace();
  rule.apply_server_side_encryption_by_default->sse_algorithm = "AES256";
  rule.bucket_key_enabled = false;
  m::GetBucketEncryptionOutput out;
  out.server_side_encryption_configuration.emplace();
  out.server_side_encryption_configuration->rules.push_back(std::move(rule));
  co_return out;
}

Task<Result<m::DeleteBucketEncryptionOutput>> delete_encryption(Call& call, m::DeleteBucketEncryptionInput input) {
  CO_TRY(bucket_of(call, input));
  co_return m::DeleteBucketEncryptionOutput{};
}

Result<> check_policy(const m::PutBucketPolicyInput& input) {
  if (input.policy.size() > kPolicyBytesMax) {
    return fail(s3_error("MalformedPolicy", "Policies must be no larger than 20 KB"));
  }
  const auto compiled = policy::parse(input.policy, policy::Kind::kResource);
  if (!compiled) return fail(s3_error("MalformedPolicy", compiled.error().message));
  if (const auto stray = stray_resource(input.policy, arn_of(input.bucket))) {
    return fail(s3_error("MalformedPolicy", "Policy has invalid resource: " + *stray));
  }
  return {};
}

/// Whatever a policy allows them: other accounts neither see nor change it, or its owner could be locked out by guests.
Result<> require_owners_own(const Call& call) {
  const access::Principal& who = call.principal();
  if (who.kind != access::PrincipalKind::kAnonymous && who.account == call.owner()) return {};
  return fail(s3_error("MethodNotAllowed", "The specified method is not allowed against this resource."));
}

Task<Result<m::PutBucketPolicyOutput>> put_policy(Call& call, m::PutBucketPolicyInput input) {
  CO_TRY(require_owners_own(call));
  CO_TRY(check_policy(input));
  const AccountId owner = call.owner();
  const Timestamp now = call.now();
  const std::string who = call.principal().arn;
  CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<> {
    const BucketRow row = TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
    if (row.has_public_block && row.block_policy && is_public_policy(input.policy)) {
      return fail(access::access_denied(
          "User: " + who + " is not authorized to perform: s3:PutBucketPolicy on resource: " + arn_of(input.bucket) +
          " because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access"));
    }
    TRY(identity::put_bound_resource_policy(txn, owner, arn_of(input.bucket), input.policy, now));
    return note_public(txn, owner, input.bucket, row);
  }));
  co_return m::PutBucketPolicyOutput{};
}

Error no_policy() { return s3_error("NoSuchBucketPolicy", "The bucket policy does not exist", ErrorCode::kNotFound); }

Task<Result<m::GetBucketPolicyOutput>> get_policy(Call& call, m::GetBucketPolicyInput input) {
  CO_TRY(require_owners_own(call));
  CO_TRY(bucket_of(call, input));
  auto text = CO_TRY(call.db().read([&](store::Reader& reader) {
    return identity::shown_resource_policy(reader, call.owner(), arn_of(input.bucket));
  }));
  if (!text) co_return fail(no_policy());
  m::GetBucketPolicyOutput out;
  out.policy = std::move(*text);
  co_return out;
}

Task<Result<m::DeleteBucketPolicyOutput>> delete_policy(Call& call, m::DeleteBucketPolicyInput input) {
  CO_TRY(require_owners_own(call));
  const AccountId owner = call.owner();
  CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<> {
    const BucketRow row = TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
    TRY(identity::erase_resource_policy(txn, owner, arn_of(input.bucket)));
    return note_public(txn, owner, input.bucket, row);
  }));
  co_return m::DeleteBucketPolicyOutput{};
}

Task<Result<m::GetBucketPolicyStatusOutput>> get_status(Call& call, m::GetBucketPolicyStatusInput input) {
  CO_TRY(bucket_of(call, input));
  const auto policy = CO_TRY(call.db().read([&](store::Reader& reader) {
    return identity::find_resource_policy(reader, call.owner(), arn_of(input.bucket));
  }));
  if (!policy) co_return fail(no_policy());
  m::GetBucketPolicyStatusOutput out;
  out.policy_status.emplace();
  out.policy_status->is_public = is_public_policy(policy->document);
  co_return out;
}

Task<Result<m::PutPublicAccessBlockOutput>> put_block(Call& call, m::PutPublicAccessBlockInput input) {
  const auto wanted = input.public_access_block_configuration;
  CO_TRY(co_await change_bucket(call, input, [wanted](BucketRow& row) -> Result<> {
    row.has_public_block = true;
    row.block_acls = wanted.block_public_acls.value_or(false);
    row.ignore_acls = wanted.ignore_public_acls.value_or(false);
    row.block_policy = wanted.block_public_policy.value_or(false);
    row.restrict_buckets = wanted.restrict_public_buckets.value_or(false);
    return {};
  }));
  co_return m::PutPublicAccessBlockOutput{};
}

Task<Result<m::GetPublicAccessBlockOutput>> get_block(Call& call, m::GetPublicAccessBlockInput input) {
  const BucketRow row = CO_TRY(bucket_of(call, input));
  if (!row.has_public_block) {
    co_return fail(s3_error("NoSuchPublicAccessBlockConfiguration",
                            "The public access block configuration was not found", ErrorCode::kNotFound));
  }
  m::GetPublicAccessBlockOutput out;
  out.public_access_block_configuration.emplace();
  out.public_access_block_configuration->block_public_acls = row.block_acls;
  out.public_access_block_configuration->ignore_public_acls = row.ignore_acls;
  out.public_access_block_configuration->block_public_policy = row.block_policy;
  out.public_access_block_configuration->restrict_public_buckets = row.restrict_buckets;
  co_return out;
}

Task<Result<m::DeletePublicAccessBlockOutput>> delete_block(Call& call, m::DeletePublicAccessBlockInput input) {
  CO_TRY(co_await change_bucket(call, input, [](BucketRow& row) -> Result<> {
    row.has_public_block = false;
    return {};
  }));
  co_return m::DeletePublicAccessBlockOutput{};
}

Task<Result<m::PutBucketOwnershipControlsOutput>> put_ownership(Call& call, m::PutBucketOwnershipControlsInput input) {
  for (const auto& rule : input.ownership_controls.rules) {
    if (rule.object_ownership != "BucketOwnerEnforced") {
      co_return fail(not_done("object ownership " + rule.object_ownership));
    }
  }
  CO_TRY(co_await change_bucket(call, input, [](BucketRow& row) -> Result<> {
    row.ownership = "BucketOwnerEnforced";
    return {};
  }));
  co_return m::PutBucketOwnershipControlsOutput{};
}

Task<Result<m::GetBucketOwnershipControlsOutput>> get_ownership(Call& call, m::GetBucketOwnershipControlsInput input) {
  const BucketRow row = CO_TRY(bucket_of(call, input));
  if (row.ownership.empty()) {
    co_return fail(s3_error("OwnershipControlsNotFoundError", "The bucket ownership controls were not found",
                            ErrorCode::kNotFound));
  }
  m::GetBucketOwnershipControlsOutput out;
  out.ownership_controls.emplace();
  out.ownership_controls->rules.push_back({.object_ownership = row.ownership});
  co_return out;
}

Task<Result<m::DeleteBucketOwnershipControlsOutput>> delete_ownership(Call& call,
                                                                      m::DeleteBucketOwnershipControlsInput input) {
  CO_TRY(co_await change_bucket(call, input, [](BucketRow& row) -> Result<> {
    row.ownership.clear();
    return {};
  }));
  co_return m::DeleteBucketOwnershipControlsOutput{};
}

/// There are no access control lists here: the owner has all, and nobody else anything by a list.
template <class Output>
Output owners_list(const AccountId& owner) {
  Output out;
  out.owner.emplace();
  out.owner->id = canonical_id(owner);
  m::Grant grant;
  grant.grantee.emplace();
  grant.grantee->type = "CanonicalUser";
  grant.grantee->id = canonical_id(owner);
  grant.permission = "FULL_CONTROL";
  out.grants.emplace();
  out.grants->push_back(std::move(grant));
  return out;
}

Task<Result<m::GetBucketAclOutput>> get_bucket_acl(Call& call, m::GetBucketAclInput input) {
  CO_TRY(bucket_of(call, input));
  co_return owners_list<m::GetBucketAclOutput>(call.owner());
}

Task<Result<m::GetObjectAclOutput>> get_object_acl(Call& call, m::GetObjectAclInput input) {
  CO_TRY(bucket_of(call, input));
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    const FoundVersion found =
        TRY(require_version(reader, call, call.owner(), input.bucket, input.key, input.version_id));
    const std::string_view action = input.version_id ? "s3:GetObjectVersionAcl" : "s3:GetObjectAcl";
    return check_tagged(reader, call, action, input.bucket, input.key, found.row);
  }));
  co_return owners_list<m::GetObjectAclOutput>(call.owner());
}

/// What a bucket may have on AWS and never has here.
template <class Output, class Input>
Task<Result<Output>> never(Call& call, Input input, std::string_view name, std::string_view message) {
  CO_TRY(bucket_of(call, input));
  co_return fail(s3_error(name, std::string(message), ErrorCode::kNotFound));
}
template <class Output, class Input>
Task<Result<Output>> nothing(Call& call, Input input) {
  CO_TRY(bucket_of(call, input));
  co_return Output{};
}

Task<Result<m::GetBucketCorsOutput>> get_cors(Call& call, m::GetBucketCorsInput in) {
  return never<m::GetBucketCorsOutput>(call, std::move(in), "NoSuchCORSConfiguration",
                                       "The CORS configuration does not exist");
}
Task<Result<m::GetBucketWebsiteOutput>> get_website(Call& call, m::GetBucketWebsiteInput in) {
  return never<m::GetBucketWebsiteOutput>(call, std::move(in), "NoSuchWebsiteConfiguration",
                                          "The specified bucket does not have a website configuration");
}
Task<Result<m::GetBucketLifecycleConfigurationOutput>> get_lifecycle(Call& call,
                                                                     m::GetBucketLifecycleConfigurationInput in) {
  return never<m::GetBucketLifecycleConfigurationOutput>(call, std::move(in), "NoSuchLifecycleConfiguration",
                                                         "The lifecycle configuration does not exist");
}
Task<Result<m::GetBucketReplicationOutput>> get_replication(Call& call, m::GetBucketReplicationInput in) {
  return never<m::GetBucketReplicationOutput>(call, std::move(in), "ReplicationConfigurationNotFoundError",
                                              "The replication configuration was not found");
}
Task<Result<m::GetObjectLockConfigurationOutput>> get_lock(Call& call, m::GetObjectLockConfigurationInput in) {
  return never<m::GetObjectLockConfigurationOutput>(call, std::move(in), "ObjectLockConfigurationNotFoundError",
                                                    "Object Lock configuration does not exist for this bucket");
}
Task<Result<m::GetBucketRequestPaymentOutput>> get_payment(Call& call, m::GetBucketRequestPaymentInput in) {
  CO_TRY(bucket_of(call, in));
  m::GetBucketRequestPaymentOutput out;
  out.payer = "BucketOwner";
  co_return out;
}

}  // namespace

void bind_settings(api::Registry& registry) {
  registry.bind(m::ops::kPutBucketVersioning, put_versioning);
  registry.bind(m::ops::kGetBucketVersioning, get_versioning);
  registry.bind(m::ops::kPutBucketTagging, put_tagging);
  registry.bind(m::ops::kGetBucketTagging, get_tagging);
  registry.bind(m::ops::kDeleteBucketTagging, delete_tagging);
  registry.bind(m::ops::kPutBucketEncryption, put_encryption);
  registry.bind(m::ops::kGetBucketEncryption, get_encryption);
  registry.bind(m::ops::kDeleteBucketEncryption, delete_encryption);
  registry.bind(m::ops::kPutBucketPolicy, put_policy);
  registry.bind(m::ops::kGetBucketPolicy, get_policy);
  registry.bind(m::ops::kDeleteBucketPolicy, delete_policy);
  registry.bind(m::ops::kGetBucketPolicyStatus, get_status);
  registry.bind(m::ops::kPutPublicAccessBlock, put_block);
  registry.bind(m::ops::kGetPublicAccessBlock, get_block);
  registry.bind(m::ops::kDeletePublicAccessBlock, delete_block);
  registry.bind(m::ops::kPutBucketOwnershipControls, put_ownership);
  registry.bind(m::ops::kGetBucketOwnershipControls, get_ownership);
  registry.bind(m::ops::kDeleteBucketOwnershipControls, delete_ownership);
  registry.bind(m::ops::kGetBucketAcl, get_bucket_acl);
  registry.bind(m::ops::kGetObjectAcl, get_object_acl);
  registry.bind(m::ops::kGetBucketCors, get_cors);
  registry.bind(m::ops::kGetBucketWebsite, get_website);
  registry.bind(m::ops::kGetBucketLifecycleConfiguration, get_lifecycle);
  registry.bind(m::ops::kGetBucketReplication, get_replication);
  registry.bind(m::ops::kGetObjectLockConfiguration, get_lock);
  registry.bind(m::ops::kGetBucketRequestPayment, get_payment);
  registry.bind(m::ops::kGetBucketAccelerateConfiguration,
                nothing<m::GetBucketAccelerateConfigurationOutput, m::GetBucketAccelerateConfigurationInput>);
  registry.bind(m::ops::kGetBucketLogging, nothing<m::GetBucketLoggingOutput, m::GetBucketLoggingInput>);
  registry.bind(m::ops::kGetBucketNotificationConfiguration,
                nothing<m::GetBucketNotificationConfigurationOutput, m::GetBucketNotificationConfigurationInput>);
}

}  // namespace warifu::services::s3
