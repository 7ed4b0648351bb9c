#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

/// Zip archives of functions and layers, read by libarchive; the only file that includes it. Every bound is a constant
/// of limits.h. Blocks and works for long: call it on a worker. Any thread.
namespace warifu::services::lambda::archive {

struct Contents {
  std::uint64_t unzipped_bytes = 0;
  std::size_t entries = 0;
};

/// Reads the whole archive without keeping it: names, sizes, checksums. kValidation (InvalidParameterValueException):
/// no zip archive, damaged, encrypted, a name that is absolute or leads out (`..`), a link that leads out, anything but
/// files, folders and symbolic links, a path inside a path that is a file or link, or past a bound.
[[nodiscard]] Result<Contents> check(std::string_view zip);

/// Unpacks what `check` let pass below `folder`, which must not exist: files 0644 or 0755, folders 0755, so that who
/// runs the function may read them. On an error the folder is gone again.
[[nodiscard]] Result<Contents> unpack(std::string_view zip, const std::filesystem::path& folder);

}  // namespace warifu::services::lambda::archive
