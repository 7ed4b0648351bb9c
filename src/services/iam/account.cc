#include "gen/iam/account.h"

#include <fmt/format.h>

#include <limits>

#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "identity/instance_profiles.h"
#include "identity/oidc_providers.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "services/iam/nouns.h"
#include "services/iam/policy_shapes.h"

namespace warifu::services::iam {
namespace {

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();
const identity::SliceQuery kEverything{.items_max = kAll};

Task<Result<m::CreateAccountAliasOutput>> create_account_alias(api::Call& call, m::CreateAccountAliasInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::CreateAccountAliasOutput> {
        TRY(identity::put_account_alias(txn, account, input.account_alias));
        return m::CreateAccountAliasOutput{};
      });
}

Task<Result<m::DeleteAccountAliasOutput>> delete_account_alias(api::Call& call, m::DeleteAccountAliasInput input) {
  co_return co_await call.db().write(
      [account = call.account(), input](store::Txn& txn) -> Result<m::DeleteAccountAliasOutput> {
        TRY(identity::erase_account_alias(txn, account, input.account_alias));
        return m::DeleteAccountAliasOutput{};
      });
}

Task<Result<m::ListAccountAliasesOutput>> list_account_aliases(api::Call& call, m::ListAccountAliasesInput) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListAccountAliasesOutput> {
    const std::optional<identity::Account> account = TRY(identity::find_account(reader, call.account()));
    m::ListAccountAliasesOutput output{.is_truncated = false};
    if (account && !account->alias.empty()) output.account_aliases.push_back(account->alias);
    return output;
  });
}

std::int32_t count(const auto& items) { return static_cast<std::int32_t>(items.size()); }

/// IAM's quotas as this server holds them.
std::map<std::string, std::int32_t> quotas() {
  return {{"AccessKeysPerUserQuota", 2},
          {"AccountMFAEnabled", 0},
          {"AccountPasswordPresent", 0},
          {"AccountSigningCertificatesPresent", 0},
          {"AssumeRolePolicySizeQuota", static_cast<std::int32_t>(identity::kTrustPolicyCharactersMax)},
          {"AttachedPoliciesPerGroupQuota", static_cast<std::int32_t>(identity::kAttachedPoliciesMax)},
          {"AttachedPoliciesPerRoleQuota", static_cast<std::int32_t>(identity::kAttachedPoliciesMax)},
          {"AttachedPoliciesPerUserQuota", static_cast<std::int32_t>(identity::kAttachedPoliciesMax)},
          {"GroupPolicySizeQuota", 5'120},
          {"GroupsPerUserQuota", 10},
          {"MFADevices", 0},
          {"MFADevicesInUse", 0},
          {"PolicySizeQuota", static_cast<std::int32_t>(identity::kManagedPolicyCharactersMax)},
          {"RolePolicySizeQuota", 10'240},
          {"ServerCertificates", 0},
          {"UserPolicySizeQuota", 2'048},
          {"VersionsPerPolicyQuota", static_cast<std::int32_t>(identity::kPolicyVersionsMax)}};
}

Task<Result<m::GetAccountSummaryOutput>> get_account_summary(api::Call& call, m::GetAccountSummaryInput) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetAccountSummaryOutput> {
    const AccountId& account = call.account();
    std::map<std::string, std::int32_t> summary = quotas();
    summary["Users"] = count(TRY(identity::list_users(reader, account, kEverything)).items);
    summary["Groups"] = count(TRY(identity::list_groups(reader, account, kEverything)).items);
    summary["Roles"] = count(TRY(identity::list_roles(reader, account, kEverything)).items);
    summary["InstanceProfiles"] = count(TRY(identity::list_instance_profiles(reader, account, kEverything)).items);
    summary["Providers"] = count(TRY(identity::list_oidc_providers(reader, account)));
    summary["AccountAccessKeysPresent"] = count(TRY(identity::list_access_keys(reader, account, account.str())));
    const auto policies = TRY(identity::list_policies(reader, account, kEverything));
    std::int32_t versions = 0;
    for (const identity::ManagedPolicy& policy : policies.items) {
      versions += count(TRY(identity::list_policy_versions(reader, account, policy)));
    }
    summary["Policies"] = count(policies.items);
    summary["PolicyVersionsInUse"] = versions;
    return m::GetAccountSummaryOutput{std::move(summary)};
  });
}

}  // namespace

void bind_account(api::Registry& registry) {
  registry.bind(m::ops::kCreateAccountAlias, create_account_alias);
  registry.bind(m::ops::kDeleteAccountAlias, delete_account_alias);
  registry.bind(m::ops::kListAccountAliases, list_account_aliases);
  registry.bind(m::ops::kGetAccountSummary, get_account_summary);
}

}  // namespace warifu::services::iam
