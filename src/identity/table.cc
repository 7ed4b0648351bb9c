#include "identity/table.h"

namespace warifu::identity {

Result<Edges> edges_of(store::Reader& reader, const AccountId& account, std::string_view family, std::string_view left,
                       std::string_view after) {
  const std::string prefix = edge_key(family, left, "");
  store::Range range = store::prefix_range(prefix);
  if (!after.empty()) range.begin = edge_key(family, left, after) + '\0';
  Edges edges;
  TRY(reader.scan(store::Partition::account(account), range, [&](std::string_view key, std::string_view value) {
    edges.emplace_back(key.substr(prefix.size()), value);
    return true;
  }));
  return edges;
}

Result<bool> has_edges(store::Reader& reader, const AccountId& account, std::string_view family,
                       std::string_view left) {
  bool any = false;
  TRY(reader.scan(store::Partition::account(account), store::prefix_range(edge_key(family, left, "")),
                  [&](std::string_view, std::string_view) {
                    any = true;
                    return false;
                  }));
  return any;
}

Result<> erase_prefix(store::Txn& txn, const store::Partition& partition, std::string_view prefix) {
  std::vector<std::string> keys;
  TRY(txn.scan(partition, store::prefix_range(prefix), [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  }));
  for (const std::string& key : keys) TRY(txn.erase(partition, key));
  return {};
}

}  // namespace warifu::identity
