#pragma once

#include <memory>

#include "store/store.h"
#include "vault/master_key.h"

namespace warifu::vault {

/// A store whose values are sealed (AES-256-GCM), each bound to its partition and key: a value moved to another key
/// does not open. Keys are stored as they are. Same contract as every `store::Db`; thread-safe.
///
/// Each account's values are sealed under keys that derive from the account's data key, one for each partition; the
/// data key is made, in the same transaction, when something of the account is first written, and lies wrapped under
/// the master key in the `system` partition, below `vault/`. Nobody else sees or writes keys of that prefix there.
/// `docs/storage.md` gives the bytes.
///
/// Takes `inner` over. Errors: kInternal: the data is sealed under another master key; what `inner` answers.
[[nodiscard]] Result<std::unique_ptr<store::Db>> open_sealed(std::unique_ptr<store::Db> inner,
                                                             std::shared_ptr<const MasterKey> master_key);

}  // namespace warifu::vault
