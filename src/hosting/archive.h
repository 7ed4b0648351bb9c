#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/result.h"

/// Zip archives of customers' code, read by libarchive; the only file that includes it. Blocks and works for long: call
/// it on a worker. Any thread.
namespace warifu::hosting::archive {

/// What one service lets in.
struct Bounds {
  std::size_t zip_bytes_max = 0;
  std::uint64_t unzipped_bytes_max = 0;  // of all files
  std::string_view refused_as{};         // the exception's name, where it is not ValidationException; static storage
};

/// Ours, of every archive: one of a million empty files costs its sender nothing.
inline constexpr std::size_t kArchiveEntriesMax = 100'000;
inline constexpr std::size_t kArchivePathBytesMax = 1'024;
inline constexpr std::size_t kArchiveDepthMax = 64;
inline constexpr std::size_t kLinkTargetBytesMax = 1'024;

struct Contents {
  std::uint64_t unzipped_bytes = 0;
  std::size_t entries = 0;
};

/// Reads the whole archive without keeping it: names, sizes, checksums. kValidation:
/// no zip archive, damaged, encrypted, a name that is absolute or leads out (`..`), a link that leads out, anything but
/// files, folders and symbolic links, a path inside a path that is a file or link, or past a bound.
[[nodiscard]] Result<Contents> check(std::string_view zip, const Bounds& bounds);

/// Unpacks what `check` let pass below `folder`, which must not exist: files 0644 or 0755, folders 0755, so that who
/// runs the function may read them. On an error the folder is gone again.
[[nodiscard]] Result<Contents> unpack(std::string_view zip, const std::filesystem::path& folder, const Bounds& bounds);

}  // namespace warifu::hosting::archive
