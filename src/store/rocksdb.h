#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "store/store.h"

namespace rocksdb {
class Env;
}

namespace warifu::store {

/// What "acknowledged" means.
enum class Durability : std::uint8_t {
  kSync,  // on the disk: survives power loss (fdatasync, one for a group)
  kOs,    // with the operating system: survives the end of this process, not of the machine
};

struct RocksdbOptions {
  Durability durability = Durability::kSync;
  /// Bounds together what the engine keeps in memory: blocks read, and rows not yet in a table.
  std::size_t memory_bytes_max = std::size_t{96} << 20U;
  /// The size at which rows in memory go to a table. REQUIRES: at most a quarter of it.
  std::size_t write_buffer_bytes = std::size_t{16} << 20U;
  /// For fault tests; not owned, must outlive the engine. nullptr: the machine's.
  rocksdb::Env* env = nullptr;
};

/// The embedded engine: everything under the folder `path`, which is made when missing and may be open once.
/// Errors: kConflict: open already, here or elsewhere. kUnsupported: written by a newer version, or not by this
/// program. kUnavailable: the disk does not answer, or is full. kInternal: the data is damaged.
///
/// A full disk fails writes with kUnavailable; reads go on, and writes do once there is
/// room (reads wait for the moment in which the files are opened again). Any other failed write
/// stops the engine: every call answers kUnavailable until it is opened again, since only that tells what is durable.
[[nodiscard]] Result<std::unique_ptr<Db>> open_rocksdb(const std::string& path, const RocksdbOptions& options = {});

}  // namespace warifu::store
