#pragma once

#include <rocksdb/options.h>

#include "store/rocksdb.h"

namespace warifu::store {

/// The engine's settings, each with its reason. Internal to the module.
[[nodiscard]] rocksdb::Options tuned(const RocksdbOptions& options);

}  // namespace warifu::store
