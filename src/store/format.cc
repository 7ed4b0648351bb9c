#include "store/format.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>

namespace warifu::store {
namespace {

constexpr std::string_view kMagic = "warifu-store ";

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

Error io_error(std::string_view what, const std::string& path) {
  return unavailable(fmt::format("cannot {} `{}`: {}", what, path, std::strerror(errno)));
}

Result<> sync_folder(const std::string& path) {
  const File folder(path, O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || ::fsync(folder.fd()) != 0) return fail(io_error("sync", path));
  return {};
}

Result<std::optional<std::string>> read_stamp(const std::string& path) {
  const File file(path, O_RDONLY);
  if (!file.ok() && errno == ENOENT) return std::nullopt;
  char text[64];
  const ssize_t size = file.ok() ? ::read(file.fd(), text, sizeof text) : -1;
  if (size < 0) return fail(io_error("read", path));
  return std::string(text, static_cast<std::size_t>(size));
}

Result<> write_stamp(const std::string& folder, const std::string& path) {
  const std::string text = fmt::format("{}{}\n", kMagic, kFormatVersion);
  const std::string draft = path + ".new";
  {
    const File file(draft, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.ok() || ::write(file.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.fd()) != 0) {
      return fail(io_error("write", draft));
    }
  }
  if (::rename(draft.c_str(), path.c_str()) != 0) return fail(io_error("write", path));
  return sync_folder(folder);
}

Result<> check_stamp(const std::string& folder, std::string_view text) {
  int version = 0;
  const bool ours = text.starts_with(kMagic);
  const char* begin = text.data() + (ours ? kMagic.size() : 0);
  const char* end = text.data() + text.size();
  if (!ours || std::from_chars(begin, end, version).ec != std::errc{} || version < 1) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = fmt::format("data folder `{}` has a format stamp that is not ours", folder)});
  }
  if (version > kFormatVersion) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = fmt::format("data folder `{}` has format version {}, and this program reads up to {}: "
                                        "run a newer version of it",
                                        folder, version, kFormatVersion)});
  }
  return {};
}

}  // namespace

Result<> check_format(const std::string& path) {
  std::error_code failed;
  std::filesystem::create_directories(path, failed);
  if (failed) return fail(unavailable(fmt::format("cannot make folder `{}`: {}", path, failed.message())));
  const std::string stamp = path + "/FORMAT";
  const auto text = TRY(read_stamp(stamp));
  if (text) return check_stamp(path, *text);
  if (std::filesystem::exists(path + "/rocks", failed)) {
    return fail({.code = ErrorCode::kUnsupported,
                 .message = fmt::format("data folder `{}` holds data but no format stamp", path)});
  }
  TRY(write_stamp(path, stamp));
  const std::filesystem::path parent = std::filesystem::absolute(path, failed).parent_path();
  return sync_folder(parent.string());
}

}  // namespace warifu::store
