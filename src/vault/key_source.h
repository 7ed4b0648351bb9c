#pragma once

#include <memory>
#include <vector>

#include "store/store.h"
#include "vault/master_key.h"
#include "vault/partition_keys.h"

namespace warifu::vault {

/// Keys of the `system` partition that begin so are the vault's alone.
inline constexpr std::string_view kReservedPrefix = "vault/";

/// Keys that one closure resolved and the cache does not have (yet).
using ResolvedKeys = std::vector<std::shared_ptr<const PartitionKeys>>;

/// Finds and makes the keys of partitions. Internal to the module. Thread-safe.
///
/// Only keys whose data key is durable may enter the cache: a closure may be rolled back with the data key that it
/// made, and what was sealed under that key would never open again.
class KeySource {
 public:
  explicit KeySource(std::shared_ptr<const MasterKey> master_key);

  /// Checks that the data was sealed under this master key, or marks it as such when it is new.
  [[nodiscard]] Result<> check(store::Db& inner) const;

  [[nodiscard]] const PartitionKeys* cached(const store::Partition& partition) const;
  /// Reads the partition's keys through `reader`; nullptr when its account has no data key yet.
  [[nodiscard]] Result<std::shared_ptr<const PartitionKeys>> read(store::Reader& reader,
                                                                  const store::Partition& partition) const;
  /// As `read`, and makes the data key when there is none.
  [[nodiscard]] Result<std::shared_ptr<const PartitionKeys>> read_or_make(store::Txn& txn,
                                                                          const store::Partition& partition) const;
  /// Puts keys whose data key is durable into the cache. False when it is full.
  bool remember(std::shared_ptr<const PartitionKeys> keys) { return cache_.insert(std::move(keys)); }

 private:
  [[nodiscard]] Result<std::shared_ptr<const PartitionKeys>> derive(const store::Partition& partition,
                                                                    std::string_view data_keys) const;

  std::shared_ptr<const MasterKey> master_key_;
  std::shared_ptr<const PartitionKeys> system_keys_;
  KeyCache cache_;
};

}  // namespace warifu::vault
