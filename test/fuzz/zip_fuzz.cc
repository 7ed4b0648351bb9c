// Any bytes as the archive of a function: it is refused, or unpacked below its folder and nowhere else, within every
// bound, and what was counted while checking is what lies there.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>

#include "hosting/archive.h"

namespace {

namespace fs = std::filesystem;
namespace archive = warifu::hosting::archive;

constexpr archive::Bounds kBounds{.zip_bytes_max = 52'428'800, .unzipped_bytes_max = 262'144'000};

void require(bool holds) {
  if (!holds) std::abort();
}

const fs::path& root() {
  static const fs::path folder = [] {
    std::string name = "/tmp/warifu-zip-fuzz-XXXXXX";
    require(::mkdtemp(name.data()) != nullptr);
    std::atexit([] {
      std::error_code ignored;
      fs::remove_all(root(), ignored);
    });
    return fs::path(name);
  }();
  return folder;
}

/// Files below `folder`, their bytes together; every link leads to what is below it, or to nothing.
std::uint64_t bytes_below(const fs::path& folder) {
  std::uint64_t bytes = 0;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_symlink()) {
      std::error_code circle;
      const fs::path leads = fs::canonical(entry.path(), circle);
      require(circle || leads.string().starts_with(folder.string()));
    } else if (entry.is_regular_file()) {
      bytes += entry.file_size();
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view zip(reinterpret_cast<const char*>(data), size);
  const auto contents = archive::check(zip, kBounds);
  if (!contents) require(!contents.error().message.empty());
  if (contents) {
    require(contents->entries <= archive::kArchiveEntriesMax);
    require(contents->unzipped_bytes <= kBounds.unzipped_bytes_max);
  }
  const fs::path folder = fs::canonical(root()) / "code";
  const auto unpacked = archive::unpack(zip, folder, kBounds);
  require(unpacked.has_value() == contents.has_value());
  require(fs::exists(folder) == unpacked.has_value());
  if (unpacked) require(bytes_below(folder) == contents->unzipped_bytes);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
  // Nothing beside it.
  require(fs::is_empty(root()));
  return 0;
}
