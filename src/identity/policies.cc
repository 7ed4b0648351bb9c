#include "identity/policies.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "identity/aws_policies.h"
#include "identity/table.h"
#include "identity/tags.h"

namespace warifu::identity {
namespace {

constexpr std::string_view kAwsAccount = "aws";

/// `v12` → 12; 0 for anything else.
std::int64_t version_number(std::string_view shown) {
  std::int64_t number = 0;
  if (!shown.starts_with('v')) return 0;
  const std::string_view digits = shown.substr(1);
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool canonical = failed == std::errc{} && end == digits.data() + digits.size() && !digits.starts_with('0');
  return canonical && number > 0 ? number : 0;
}

ManagedPolicy from_aws(const AwsPolicy& aws) {
  const std::int64_t version = version_number(aws.default_version);
  return {.name = std::string(aws.name),
          .path = std::string(aws.path),
          .id = std::string(aws.id),
          .arn = std::string(aws.arn),
          .description = std::string(aws.description),
          .default_version = version,
          .last_version = version,
          .created = parse_iso8601(aws.created).value_or(Timestamp{}),
          .updated = parse_iso8601(aws.updated).value_or(Timestamp{}),
          .aws_owned = true};
}

Result<ManagedPolicy> require_own_policy(store::Reader& reader, const AccountId& account, std::string_view arn) {
  ManagedPolicy policy = TRY(require_policy(reader, account, arn));
  if (policy.aws_owned) {
    return fail(Error{.code = ErrorCode::kAccessDenied,
                      .message = fmt::format("Policy {} is owned by AWS and cannot be changed.", arn),
                      .aws_name = "AccessDenied"});
  }
  return policy;
}

Result<> check_size(std::string_view document) {
  if (policy_characters(document) <= kManagedPolicyCharactersMax) return {};
  return fail(limit_exceeded(fmt::format("Cannot exceed quota for PolicySize: {}", kManagedPolicyCharactersMax)));
}

Error no_such_version(std::string_view arn, std::string_view version) {
  return no_such_entity(fmt::format("Policy {} version {} does not exist or is not attachable.", arn, version));
}

/// nullopt: the account has no text of its own for this policy of AWS.
Result<std::optional<ManagedPolicy>> imported_aws_policy(store::Reader& reader, const AccountId& account,
                                                         std::string_view arn) {
  auto policy =
      TRY(get_row<ManagedPolicy>(reader, store::Partition::account(account), key_of(kImportedAwsPolicy, arn)));
  if (!policy) return std::nullopt;
  policy->arn = arn;
  policy->aws_owned = true;
  return policy;
}

Result<std::optional<PolicyVersion>> stored_version(store::Reader& reader, const AccountId& account,
                                                    std::string_view policy_id, std::int64_t number) {
  std::optional<PolicyVersionRow> row =
      TRY(get_row<PolicyVersionRow>(reader, store::Partition::account(account), version_key(policy_id, number)));
  if (!row) return std::nullopt;
  return PolicyVersion{number, std::move(row->document), row->created};
}

}  // namespace

std::string version_key(std::string_view policy_id, std::int64_t number) {
  return edge_key(kVersionsOfPolicy, policy_id, fmt::format("{:06}", number));
}

Result<> create_policy(store::Txn& txn, const AccountId& account, const ManagedPolicy& policy,
                       std::string_view document, const Tags& tags) {
  TRY(check_size(document));
  TRY(insert_named(txn, account, kPolicies, policy));
  TRY(put_tags(txn, account, entity_arn(EntityKind::kPolicy, account, policy.path, policy.name), tags));
  return put_row(txn, store::Partition::account(account), version_key(policy.id, 1),
                 PolicyVersionRow{std::string(document), policy.created});
}

Result<std::optional<ManagedPolicy>> find_policy(store::Reader& reader, const AccountId& account,
                                                 std::string_view arn) {
  const std::optional<EntityArn> parsed = parse_entity_arn(arn);
  if (!parsed || parsed->kind != EntityKind::kPolicy) return std::nullopt;
  if (parsed->account == kAwsAccount) {
    if (auto imported = TRY(imported_aws_policy(reader, account, arn))) return imported;
    const AwsPolicy* const aws = find_aws_policy(arn);
    return aws == nullptr ? std::nullopt : std::optional(from_aws(*aws));
  }
  if (parsed->account != account.str()) return std::nullopt;
  std::optional<ManagedPolicy> policy = TRY(find_named<ManagedPolicy>(reader, account, kPolicies, parsed->name));
  if (policy && policy->arn != arn) return std::nullopt;
  return policy;
}

Result<ManagedPolicy> require_policy(store::Reader& reader, const AccountId& account, std::string_view arn) {
  std::optional<ManagedPolicy> policy = TRY(find_policy(reader, account, arn));
  if (!policy) return fail(missing(kPolicies, arn));
  return std::move(*policy);
}

Result<Slice<ManagedPolicy>> list_policies(store::Reader& reader, const AccountId& account, const SliceQuery& query) {
  return list_named<ManagedPolicy>(reader, account, kPolicies, query);
}

Result<> delete_policy(store::Txn& txn, const AccountId& account, std::string_view arn) {
  const ManagedPolicy policy = TRY(require_own_policy(txn, account, arn));
  const bool attached = TRY(has_edges(txn, account, kAttachedTo, arn));
  const bool bounds = TRY(has_edges(txn, account, kBoundaryOf, arn));
  if (attached || bounds) return fail(delete_conflict("Cannot delete a policy attached to entities."));
  const Edges versions = TRY(edges_of(txn, account, kVersionsOfPolicy, policy.id));
  if (versions.size() > 1) {
    return fail(
        delete_conflict("This policy has more than one version. Before you delete a policy, you must delete "
                        "the policy's versions. The default version is deleted with the policy."));
  }
  TRY(erase_prefix(txn, store::Partition::account(account), edge_key(kVersionsOfPolicy, policy.id, "")));
  return erase_named(txn, account, kPolicies, policy);
}

Result<PolicyVersion> create_policy_version(store::Txn& txn, const AccountId& account, std::string_view arn,
                                            std::string_view document, bool as_default, Timestamp now) {
  ManagedPolicy policy = TRY(require_own_policy(txn, account, arn));
  TRY(check_size(document));
  const Edges versions = TRY(edges_of(txn, account, kVersionsOfPolicy, policy.id));
  if (versions.size() >= kPolicyVersionsMax) {
    return fail(
        limit_exceeded("A managed policy can have up to 5 versions. Before you create a new version, you must "
                       "delete an existing version."));
  }
  policy.last_version += 1;
  policy.updated = now;
  if (as_default) policy.default_version = policy.last_version;
  TRY(put_row(txn, store::Partition::account(account), version_key(policy.id, policy.last_version),
              PolicyVersionRow{std::string(document), now}));
  TRY(store_named(txn, account, kPolicies, policy));
  return PolicyVersion{policy.last_version, std::string(document), now};
}

Result<std::optional<PolicyVersion>> find_policy_version(store::Reader& reader, const AccountId& account,
                                                         const ManagedPolicy& policy, std::string_view version) {
  const std::int64_t number = version_number(version);
  if (policy.aws_owned && !TRY(imported_aws_policy(reader, account, policy.arn))) {
    const AwsPolicy* aws = find_aws_policy(policy.arn);
    if (aws == nullptr || number != policy.default_version) return std::nullopt;
    return PolicyVersion{number, std::string(aws->document), policy.updated};
  }
  return stored_version(reader, account, policy.id, number);
}

Result<std::vector<PolicyVersion>> list_policy_versions(store::Reader& reader, const AccountId& account,
                                                        const ManagedPolicy& policy) {
  std::vector<PolicyVersion> versions;
  if (policy.aws_owned) {
    std::optional<PolicyVersion> only =
        TRY(find_policy_version(reader, account, policy, fmt::format("v{}", policy.default_version)));
    if (only) versions.push_back(std::move(*only));
    return versions;
  }
  const Edges rows = TRY(edges_of(reader, account, kVersionsOfPolicy, policy.id));
  for (const auto& [number, value] : rows) {
    PolicyVersionRow row = TRY(decode_row<PolicyVersionRow>(value));
    versions.push_back(
        {version_number("v" + number.substr(number.find_first_not_of('0'))), std::move(row.document), row.created});
  }
  std::ranges::reverse(versions);
  return versions;
}

Result<> set_default_policy_version(store::Txn& txn, const AccountId& account, std::string_view arn,
                                    std::string_view version, Timestamp now) {
  ManagedPolicy policy = TRY(require_own_policy(txn, account, arn));
  const std::optional<PolicyVersion> found = TRY(find_policy_version(txn, account, policy, version));
  if (!found) return fail(no_such_version(arn, version));
  policy.default_version = found->number;
  policy.updated = now;
  return store_named(txn, account, kPolicies, policy);
}

Result<> delete_policy_version(store::Txn& txn, const AccountId& account, std::string_view arn,
                               std::string_view version) {
  const ManagedPolicy policy = TRY(require_own_policy(txn, account, arn));
  const std::optional<PolicyVersion> found = TRY(find_policy_version(txn, account, policy, version));
  if (!found) return fail(no_such_version(arn, version));
  if (found->number == policy.default_version) {
    return fail(delete_conflict("Cannot delete the default version of a policy."));
  }
  TRY(txn.erase(store::Partition::account(account), version_key(policy.id, found->number)));
  return bump_identity_version(txn, account);
}

}  // namespace warifu::identity
