#include <fmt/format.h>

#include "identity/accounts.h"
#include "identity/tags.h"
#include "identity/workloads.h"
#include "services/credentials/errors.h"
#include "services/credentials/limits.h"
#include "services/credentials/operations.h"
#include "services/credentials/providers.h"

namespace warifu::services::credentials {
namespace {

using identity::WorkloadIdentity;

constexpr std::string_view kDefaultVault = "default";
constexpr std::string_view kServiceKey = "ServiceManagedKey";

std::string arn_of(const Vault& vault, std::string_view name) {
  return identity::workload_identity_arn(vault.account, vault.region, name);
}

/// Absent when there are none, as what nobody said is.
std::optional<std::vector<std::string>> urls_of(const WorkloadIdentity& workload) {
  if (workload.return_urls.empty()) return std::nullopt;
  return workload.return_urls;
}

Result<WorkloadIdentity> require(store::Reader& reader, const Vault& vault, std::string_view name) {
  std::optional<WorkloadIdentity> workload =
      TRY(identity::find_workload_identity(reader, vault.account, vault.region, name));
  if (!workload) return fail(workload_not_found(name));
  return *std::move(workload);
}

/// A workload that a service made goes with its resource, and changes with nobody.
Result<WorkloadIdentity> require_own(store::Reader& reader, const Vault& vault, std::string_view name) {
  WorkloadIdentity workload = TRY(require(reader, vault, name));
  if (workload.managed_by.empty()) return workload;
  return fail(invalid_field("name", fmt::format("WorkloadIdentity {} is managed by {}", name, workload.managed_by)));
}

Result<> check_vault(const std::optional<std::string>& id) {
  if (!id || *id == kDefaultVault) return {};
  return fail(not_found(fmt::format("Token vault not found: {}", *id)));
}

/// There is one vault, as old as its account: it has no row of its own.
Result<Timestamp> vault_modified(store::Reader& reader, const AccountId& account) {
  const std::optional<identity::Account> found = TRY(identity::find_account(reader, account));
  return found ? found->created : Timestamp{};
}

}  // namespace

Task<Result<m::CreateWorkloadIdentityOutput>> create_workload(api::Call& call, m::CreateWorkloadIdentityInput input) {
  const Vault vault = vault_of(call);
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  const WorkloadIdentity workload{
      .name = input.name,
      .return_urls = input.allowed_resource_oauth2_return_urls.value_or(std::vector<std::string>{}),
      .managed_by = {},
      .created = call.now(),
      .updated = call.now()};
  const auto body = [vault, workload, tags](store::Txn& txn) -> Result<> {
    if (TRY(identity::find_workload_identity(txn, vault.account, vault.region, workload.name))) {
      return fail(workload_exists(workload.name));
    }
    if (!tags.empty()) TRY(identity::put_tags(txn, vault.account, arn_of(vault, workload.name), tags));
    return identity::put_workload_identity(txn, vault.account, vault.region, workload);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::CreateWorkloadIdentityOutput{.name = workload.name,
                                            .workload_identity_arn = arn_of(vault, workload.name),
                                            .allowed_resource_oauth2_return_urls = urls_of(workload)};
}

Task<Result<m::GetWorkloadIdentityOutput>> get_workload(api::Call& call, m::GetWorkloadIdentityInput input) {
  const Vault vault = vault_of(call);
  const WorkloadIdentity workload =
      CO_TRY(call.db().read([&](store::Reader& reader) { return require(reader, vault, input.name); }));
  co_return m::GetWorkloadIdentityOutput{.name = workload.name,
                                         .workload_identity_arn = arn_of(vault, workload.name),
                                         .allowed_resource_oauth2_return_urls = urls_of(workload),
                                         .created_time = workload.created,
                                         .last_updated_time = workload.updated};
}

Task<Result<m::ListWorkloadIdentitiesOutput>> list_workloads(api::Call& call, m::ListWorkloadIdentitiesInput input) {
  const Vault vault = vault_of(call);
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const identity::WorkloadPage page = CO_TRY(call.db().read([&](store::Reader& reader) {
    return identity::list_workload_identities(reader, vault.account, vault.region, after, limit);
  }));
  m::ListWorkloadIdentitiesOutput output;
  for (const WorkloadIdentity& workload : page.items) {
    output.workload_identities.push_back(
        {.name = workload.name, .workload_identity_arn = arn_of(vault, workload.name)});
  }
  if (page.more) output.next_token = call.page_token(page.items.back().name);
  co_return output;
}

Task<Result<m::UpdateWorkloadIdentityOutput>> update_workload(api::Call& call, m::UpdateWorkloadIdentityInput input) {
  const Vault vault = vault_of(call);
  const auto body = [vault, input, now = call.now()](store::Txn& txn) -> Result<WorkloadIdentity> {
    // Return URLs of a managed workload are its user's own to set.
    WorkloadIdentity workload = TRY(require(txn, vault, input.name));
    workload.return_urls = input.allowed_resource_oauth2_return_urls.value_or(std::vector<std::string>{});
    workload.updated = now;
    TRY(identity::put_workload_identity(txn, vault.account, vault.region, workload));
    return workload;
  };
  const WorkloadIdentity workload = CO_TRY(co_await call.db().write(body));
  co_return m::UpdateWorkloadIdentityOutput{.name = workload.name,
                                            .workload_identity_arn = arn_of(vault, workload.name),
                                            .allowed_resource_oauth2_return_urls = urls_of(workload),
                                            .created_time = workload.created,
                                            .last_updated_time = workload.updated};
}

Task<Result<m::DeleteWorkloadIdentityOutput>> delete_workload(api::Call& call, m::DeleteWorkloadIdentityInput input) {
  const auto body = [vault = vault_of(call), name = input.name](store::Txn& txn) -> Result<> {
    TRY(require_own(txn, vault, name));
    return identity::erase_workload_identity(txn, vault.account, vault.region, name);
  };
  CO_TRY(co_await call.db().write(body));
  co_return m::DeleteWorkloadIdentityOutput{};
}

Task<Result<m::GetTokenVaultOutput>> get_token_vault(api::Call& call, m::GetTokenVaultInput input) {
  CO_TRY(check_vault(input.token_vault_id));
  const Timestamp modified =
      CO_TRY(call.db().read([&](store::Reader& reader) { return vault_modified(reader, call.account()); }));
  co_return m::GetTokenVaultOutput{.token_vault_id = std::string(kDefaultVault),
                                   .kms_configuration = {.key_type = std::string(kServiceKey)},
                                   .last_modified_date = modified};
}

Task<Result<m::SetTokenVaultCMKOutput>> set_token_vault_cmk(api::Call& call, m::SetTokenVaultCMKInput input) {
  CO_TRY(check_vault(input.token_vault_id));
  if (input.kms_configuration.key_type != kServiceKey || input.kms_configuration.kms_key_arn) {
    co_return fail(unsupported_member("kmsConfiguration.kmsKeyArn"));
  }
  const Timestamp modified =
      CO_TRY(call.db().read([&](store::Reader& reader) { return vault_modified(reader, call.account()); }));
  co_return m::SetTokenVaultCMKOutput{.token_vault_id = std::string(kDefaultVault),
                                      .kms_configuration = input.kms_configuration,
                                      .last_modified_date = modified};
}

}  // namespace warifu::services::credentials
