#pragma once

#include <filesystem>
#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "store/store.h"

namespace warifu::server {

/// The file in the data folder that holds the management credentials, mode 0600.
inline constexpr std::string_view kManagementFile = "management.json";

/// Makes the management account, its administrator and that file, whatever of the three is missing. A lost or foreign
/// file gets a new key, and the old ones are deleted: who holds the data folder holds the server. Called at start,
/// before the server listens.
[[nodiscard]] Result<> ensure_management(store::Db& db, const std::filesystem::path& data, const Clock& clock,
                                         Random& random);

}  // namespace warifu::server
