#include "cli/model_bundle.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>

#include <fmt/format.h>

#include "search/onnx_embedder.h"

namespace warifu::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> kNeeded = {"model.txt", "vocabulary.txt", "model.onnx", "libonnxruntime.so"};
constexpr std::array<std::string_view, 2> kBeside = {"LICENSE.onnxruntime", "PROVENANCE"};
constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameBytes = 100;
constexpr std::size_t kSizeAt = 124;
constexpr std::size_t kSizeBytes = 12;
constexpr std::size_t kTypeAt = 156;
constexpr std::size_t kMagicAt = 257;

bool is_known(std::string_view name) {
  return std::ranges::find(kNeeded, name) != kNeeded.end() || std::ranges::find(kBeside, name) != kBeside.end();
}

std::string_view up_to_nul(std::string_view field) { return field.substr(0, field.find('\0')); }

Error broken() { return validation_error("not a whole tar archive"); }

Error disk(const fs::path& path) { return unavailable(fmt::format("cannot write `{}`", path.string())); }

Result<std::size_t> size_of(std::string_view header) {
  std::string_view digits = up_to_nul(header.substr(kSizeAt, kSizeBytes));
  while (!digits.empty() && digits.back() == ' ') digits.remove_suffix(1);
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size, 8);
  if (error != std::errc{} || end != digits.data() + digits.size()) return fail(broken());
  return size;
}

Result<> write(const fs::path& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return fail(disk(path));
  return {};
}

}  // namespace

Result<> unpack_model(std::string_view bytes, const fs::path& folder) {
  std::vector<std::string> found;
  while (bytes.size() >= kBlock && bytes.front() != '\0') {
    const std::string_view header = bytes.substr(0, kBlock);
    if (header.substr(kMagicAt, 5) != "ustar") return fail(broken());
    const std::size_t size = TRY(size_of(header));
    bytes.remove_prefix(kBlock);
    if (size > bytes.size()) return fail(broken());
    const std::string_view path = up_to_nul(header.substr(0, kNameBytes));
    const std::string name(path.substr(path.rfind('/') + 1));
    const bool is_file = header[kTypeAt] == '0' || header[kTypeAt] == '\0';
    if (is_file && is_known(name)) {
      if (std::ranges::find(found, name) != found.end())
        return fail(validation_error(fmt::format("`{}` is there twice", name)));
      TRY(write(folder / name, bytes.substr(0, size)));
      found.push_back(name);
    }
    bytes.remove_prefix(std::min(bytes.size(), (size + kBlock - 1) / kBlock * kBlock));
  }
  for (const std::string_view name : kNeeded) {
    if (std::ranges::find(found, name) == found.end())
      return fail(validation_error(fmt::format("`{}` is missing", name)));
  }
  return {};
}

Result<std::string> install_model(const fs::path& source, const fs::path& data) {
  const fs::path current = data / "models" / "current";
  const fs::path fresh = data / "models" / "current.new";
  const fs::path old = data / "models" / "current.old";
  std::error_code error;
  fs::remove_all(fresh, error);
  fs::remove_all(old, error);
  if (!fs::create_directories(fresh, error)) return fail(disk(fresh));
  for (const std::string_view name : kNeeded) {
    if (!fs::copy_file(source / name, fresh / name, error)) {
      return fail(not_found(fmt::format("cannot copy `{}`", (source / name).string())));
    }
  }
  for (const std::string_view name : kBeside) fs::copy_file(source / name, fresh / name, error);

  const auto embedder = TRY(search::open_embedder(fresh));
  fs::rename(current, old, error);  // fails where there is none yet
  fs::rename(fresh, current, error);
  if (error) return fail(disk(current));
  fs::remove_all(old, error);
  return embedder->info().name;
}

}  // namespace warifu::cli
