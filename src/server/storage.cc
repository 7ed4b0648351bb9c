#include "server/storage.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "store/rocksdb.h"
#include "vault/master_key.h"
#include "vault/sealed_db.h"
#include "vault/sealer.h"

namespace warifu::server {

struct Storage::Parts {
  std::unique_ptr<store::Db> db;
  std::unique_ptr<Sealer> sealer;
};

Storage::Storage(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Storage::~Storage() = default;
store::Db& Storage::db() { return *parts_->db; }
const Sealer& Storage::sealer() const { return *parts_->sealer; }

Result<std::unique_ptr<Storage>> Storage::open(const std::string& data, const std::string& durability) {
  if (::mkdir(data.c_str(), 0700) != 0 && errno != EEXIST) {
    return fail(unavailable(fmt::format("cannot make the data folder {}: {}", data, std::strerror(errno))));
  }
  const std::filesystem::path folder(data);
  store::RocksdbOptions options;
  options.durability = durability == "os" ? store::Durability::kOs : store::Durability::kSync;
  // The engine first: its lock keeps a second server from making a second master key.
  auto engine = TRY(store::open_rocksdb((folder / "store").string(), options));
  const auto master_key = TRY(vault::open_master_key_file((folder / "master.key").string()));
  auto parts = std::make_unique<Parts>();
  parts->db = TRY(vault::open_sealed(std::move(engine), master_key));
  parts->sealer = vault::make_sealer(master_key);
  return std::unique_ptr<Storage>(new Storage(std::move(parts)));
}

}  // namespace warifu::server
