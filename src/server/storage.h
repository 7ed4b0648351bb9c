#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "base/sealer.h"
#include "store/store.h"

namespace warifu::server {

/// The data folder, opened: the engine under the vault. Values are sealed before the engine sees them.
class Storage {
 public:
  /// Makes the folder (0700), the master key (0600) and the store when they are missing. The folder may hold foreign
  /// files. `durability`: `sync` or `os`.
  [[nodiscard]] static Result<std::unique_ptr<Storage>> open(const std::string& data, const std::string& durability);
  ~Storage();

  [[nodiscard]] store::Db& db();
  [[nodiscard]] const Sealer& sealer() const;

 private:
  struct Parts;
  explicit Storage(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace warifu::server
