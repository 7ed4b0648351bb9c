#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "identity/types.h"
#include "store/store.h"

/// Inline policies, managed policies with versions, and what is attached to whom. Owners of policies are named by
/// unique id. Errors are AWS's, with AWS's texts (NoSuchEntity, EntityAlreadyExists, DeleteConflict, LimitExceeded).
/// Documents are kept as written; whether they are policies at all is the caller's to check first.
namespace warifu::identity {

inline constexpr std::size_t kPolicyVersionsMax = 5;
inline constexpr std::size_t kAttachedPoliciesMax = 10;
inline constexpr std::size_t kManagedPolicyCharactersMax = 6'144;
inline constexpr std::size_t kTrustPolicyCharactersMax = 2'048;

/// `kind` and `name` are for the error text only.
struct Holder {
  EntityKind kind;  // kUser, kGroup or kRole
  std::string id, name;
};

struct InlinePolicy {
  std::string name, document;
};
/// LimitExceeded when all of a holder's inline policies together, white space not counted, pass AWS's limit for its
/// kind: users 2,048, groups 5,120, roles 10,240 characters.
[[nodiscard]] Result<> put_inline_policy(store::Txn& txn, const AccountId& account, const Holder& holder,
                                         const InlinePolicy& policy);
[[nodiscard]] Result<std::optional<InlinePolicy>> find_inline_policy(store::Reader& reader, const AccountId& account,
                                                                     std::string_view holder_id, std::string_view name);
[[nodiscard]] Result<> delete_inline_policy(store::Txn& txn, const AccountId& account, const Holder& holder,
                                            std::string_view name);
[[nodiscard]] Result<Slice<InlinePolicy>> list_inline_policies(store::Reader& reader, const AccountId& account,
                                                               std::string_view holder_id, const SliceQuery& query);

/// NoSuchEntity `The role policy with name X cannot be found.`
[[nodiscard]] Error no_such_inline_policy(const Holder& holder, std::string_view name);
/// Characters as quotas count them: code points other than white space.
[[nodiscard]] std::size_t policy_characters(std::string_view document);

/// `policy.default_version` is 1 and `document` its text.
[[nodiscard]] Result<> create_policy(store::Txn& txn, const AccountId& account, const ManagedPolicy& policy,
                                     std::string_view document, const Tags& tags);
/// A policy of `account` or of AWS. nullopt: none, or of another account.
[[nodiscard]] Result<std::optional<ManagedPolicy>> find_policy(store::Reader& reader, const AccountId& account,
                                                               std::string_view arn);
/// As find_policy, but absence is NoSuchEntity `Policy ARN was not found.`
[[nodiscard]] Result<ManagedPolicy> require_policy(store::Reader& reader, const AccountId& account,
                                                   std::string_view arn);
/// Customer policies only, by name.
[[nodiscard]] Result<Slice<ManagedPolicy>> list_policies(store::Reader& reader, const AccountId& account,
                                                         const SliceQuery& query);
/// DeleteConflict while attached, used as boundary, or with versions beside the default.
[[nodiscard]] Result<> delete_policy(store::Txn& txn, const AccountId& account, std::string_view arn);

/// Returns the new version. LimitExceeded past kPolicyVersionsMax.
[[nodiscard]] Result<PolicyVersion> create_policy_version(store::Txn& txn, const AccountId& account,
                                                          std::string_view arn, std::string_view document,
                                                          bool as_default, Timestamp now);
/// `version` as shown: `v2`. AWS's policies have one.
[[nodiscard]] Result<std::optional<PolicyVersion>> find_policy_version(store::Reader& reader, const AccountId& account,
                                                                       const ManagedPolicy& policy,
                                                                       std::string_view version);
/// Newest first.
[[nodiscard]] Result<std::vector<PolicyVersion>> list_policy_versions(store::Reader& reader, const AccountId& account,
                                                                      const ManagedPolicy& policy);
[[nodiscard]] Result<> set_default_policy_version(store::Txn& txn, const AccountId& account, std::string_view arn,
                                                  std::string_view version, Timestamp now);
[[nodiscard]] Result<> delete_policy_version(store::Txn& txn, const AccountId& account, std::string_view arn,
                                             std::string_view version);

/// Attaching twice succeeds. NoSuchEntity for an unknown policy, or when detaching what is not attached.
[[nodiscard]] Result<> attach_policy(store::Txn& txn, const AccountId& account, const Holder& holder,
                                     std::string_view arn);
[[nodiscard]] Result<> detach_policy(store::Txn& txn, const AccountId& account, const Holder& holder,
                                     std::string_view arn);
struct AttachedPolicy {
  std::string name, arn;
};
[[nodiscard]] Result<Slice<AttachedPolicy>> attached_policies(store::Reader& reader, const AccountId& account,
                                                              std::string_view holder_id, const SliceQuery& query);

/// How a managed policy is used within the account.
enum class PolicyUsage : std::uint8_t { kAttached, kBoundary };
struct PolicyUser {
  EntityKind kind;  // kUser, kGroup or kRole
  std::string id;
};
[[nodiscard]] Result<std::vector<PolicyUser>> policy_users(store::Reader& reader, const AccountId& account,
                                                           std::string_view arn, PolicyUsage usage);

}  // namespace warifu::identity
