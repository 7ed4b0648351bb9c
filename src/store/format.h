#pragma once

#include <string>

#include "base/result.h"

namespace warifu::store {

/// The version of everything below a store's folder: keys, sealing, tables. A greater one is refused.
inline constexpr int kFormatVersion = 1;

/// Stamps the folder `path` (made when missing) with our version (the file `FORMAT`), or checks the stamp that is
/// there. Errors: kUnsupported: a newer version, no stamp of ours, or data without a stamp. kUnavailable: I/O failed.
[[nodiscard]] Result<> check_format(const std::string& path);

}  // namespace warifu::store
