#include "identity/workloads.h"

#include <fmt/format.h>

#include "base/arn.h"
#include "identity/table.h"
#include "identity/tags.h"
#include "store/keys.h"

namespace warifu::identity {

template <class A>
void fields(A& a, WorkloadIdentity& row) {
  a(row.name), a(row.return_urls), a(row.managed_by), a(row.created), a(row.updated);
}

namespace {

std::string directory(std::string_view region) {
  std::string key = "workload/";
  store::append_text(key, region);
  return key;
}

}  // namespace

std::string workload_identity_arn(const AccountId& account, std::string_view region, std::string_view name) {
  return make_arn("bedrock-agentcore", region, account.str(),
                  fmt::format("workload-identity-directory/default/workload-identity/{}", name));
}

Result<std::optional<WorkloadIdentity>> find_workload_identity(store::Reader& reader, const AccountId& account,
                                                               std::string_view region, std::string_view name) {
  return get_row<WorkloadIdentity>(reader, store::Partition::account(account), directory(region).append(name));
}

Result<> put_workload_identity(store::Txn& txn, const AccountId& account, std::string_view region,
                               const WorkloadIdentity& workload) {
  return put_row(txn, store::Partition::account(account), directory(region).append(workload.name), workload);
}

Result<> erase_workload_identity(store::Txn& txn, const AccountId& account, std::string_view region,
                                 std::string_view name) {
  TRY(erase_all_tags(txn, account, workload_identity_arn(account, region, name)));
  return txn.erase(store::Partition::account(account), directory(region).append(name));
}

Result<WorkloadPage> list_workload_identities(store::Reader& reader, const AccountId& account, std::string_view region,
                                              std::string_view after, std::size_t limit) {
  store::Range range = store::prefix_range(directory(region));
  if (!after.empty()) range.begin = directory(region).append(after) + '\0';
  WorkloadPage page;
  Result<> failure;
  TRY(reader.scan(store::Partition::account(account), range, [&](std::string_view, std::string_view bytes) {
    page.more = page.items.size() == limit;
    if (page.more) return false;
    Result<WorkloadIdentity> row = decode_row<WorkloadIdentity>(bytes);
    if (!row) {
      failure = std::unexpected(row.error());
      return false;
    }
    page.items.push_back(std::move(*row));
    return true;
  }));
  if (!failure) return std::unexpected(failure.error());
  return page;
}

}  // namespace warifu::identity
