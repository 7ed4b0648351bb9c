#pragma once

#include <memory>

#include "base/sealer.h"
#include "vault/master_key.h"

namespace warifu::vault {

/// The server's Sealer: AES-256-GCM in base 64 for URLs without padding, HMAC-SHA-256 for `derive`, each purpose under
/// keys of its own derived from the master key. The same text is never sealed twice alike. Thread-safe; purposes are
/// few and fixed (the keys of the first 64 are kept, others derive at each use).
[[nodiscard]] std::unique_ptr<Sealer> make_sealer(std::shared_ptr<const MasterKey> master_key);

}  // namespace warifu::vault
