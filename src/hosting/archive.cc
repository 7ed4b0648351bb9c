#include "hosting/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/encoding.h"

namespace warifu::hosting::archive {
namespace {

constexpr std::string_view kNotAZip =
    "Could not unzip uploaded file. Please check your file, then try to upload again.";
constexpr mode_t kExecutable = 0111;

struct Closer {
  void operator()(struct ::archive* reader) const { archive_read_free(reader); }
};
using Reader = std::unique_ptr<struct ::archive, Closer>;

Error refused(std::string_view why) { return validation_error(fmt::format("{} ({})", kNotAZip, why)); }
Error disk(std::string_view what, const std::filesystem::path& path) {
  return unavailable(fmt::format("cannot {} {}: {}", what, path.string(), std::strerror(errno)));
}

/// The parts of a relative path; an error when it is absolute, leads out, or is not one that every system can hold.
Result<std::vector<std::string>> parts_of(std::string_view path) {
  if (path.size() > kArchivePathBytesMax) return fail(refused("a path is too long"));
  if (path.starts_with('/')) return fail(refused("a path is absolute"));
  if (path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos || !is_utf8(path)) {
    return fail(refused("a path is no name of a file"));
  }
  std::vector<std::string> parts;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    path.remove_prefix(std::min(part.size() + 1, path.size()));
    if (part == "..") return fail(refused("a path leads out of the archive"));
    if (!part.empty() && part != ".") parts.emplace_back(part);
  }
  if (parts.size() > kArchiveDepthMax) return fail(refused("a path is too deep"));
  return parts;
}

std::string joined(const std::vector<std::string>& parts, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out.append(i == 0 ? "" : "/").append(parts[i]);
  return out;
}

/// A link may point anywhere within the archive, and nowhere else. `..` stands first or not at all: after the name of
/// another link it would lead up from where that one points.
Result<> check_link(const std::vector<std::string>& parts, std::string_view target) {
  if (target.empty() || target.size() > kLinkTargetBytesMax || target.starts_with('/') || !is_utf8(target) ||
      target.find('\0') != std::string_view::npos) {
    return fail(refused("a link leads out of the archive"));
  }
  std::size_t depth = parts.size() - 1;
  bool down = false;
  while (!target.empty()) {
    const std::string_view part = target.substr(0, target.find('/'));
    target.remove_prefix(std::min(part.size() + 1, target.size()));
    if (part.empty() || part == ".") continue;
    if (part == ".." && (down || depth-- == 0)) return fail(refused("a link leads out of the archive"));
    if (part != "..") down = true;
  }
  return {};
}

/// What becomes of the entries: nothing (check), or files below a folder.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual Result<> folder(const std::string& path) = 0;
  virtual Result<> link(const std::string& path, const std::string& target) = 0;
  virtual Result<> begin_file(const std::string& path, bool executable) = 0;
  virtual Result<> write(std::string_view bytes) = 0;
  virtual Result<> end_file() = 0;
};

class Nothing final : public Sink {
 public:
  Result<> folder(const std::string&) override { return {}; }
  Result<> link(const std::string&, const std::string&) override { return {}; }
  Result<> begin_file(const std::string&, bool) override { return {}; }
  Result<> write(std::string_view) override { return {}; }
  Result<> end_file() override { return {}; }
};

/// Every path was checked to pass through no link, so that a name cannot lead out through one made before it.
class Files final : public Sink {
 public:
  explicit Files(std::filesystem::path root) : root_(std::move(root)) {}
  ~Files() override {
    if (file_ >= 0) ::close(file_);
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  Result<> folder(const std::string& path) override {
    const std::filesystem::path full = root_ / path;
    if (::mkdir(full.c_str(), 0755) != 0 && errno != EEXIST) return fail(disk("make", full));
    return {};
  }
  Result<> link(const std::string& path, const std::string& target) override {
    const std::filesystem::path full = root_ / path;
    if (::symlink(target.c_str(), full.c_str()) != 0) return fail(disk("make", full));
    return {};
  }
  Result<> begin_file(const std::string& path, bool executable) override {
    path_ = root_ / path;
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, executable ? 0755 : 0644);
    if (file_ < 0) return fail(disk("make", path_));
    return {};
  }
  Result<> write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t n = ::write(file_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return fail(disk("write", path_));
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }
  Result<> end_file() override {
    const int file = std::exchange(file_, -1);
    if (::close(file) != 0) return fail(disk("write", path_));
    return {};
  }

 private:
  std::filesystem::path root_;
  std::filesystem::path path_;
  int file_ = -1;
};

/// One archive on its way into a sink.
class Walk {
 public:
  Walk(struct ::archive* reader, Sink& sink, const Bounds& bounds) : reader_(reader), sink_(sink), bounds_(bounds) {}

  Result<Contents> run() {
    for (;;) {
      struct archive_entry* entry = nullptr;
      const int outcome = archive_read_next_header(reader_, &entry);
      if (outcome == ARCHIVE_EOF) break;
      if (outcome != ARCHIVE_OK) return fail(refused("it is damaged"));
      if (++contents_.entries > kArchiveEntriesMax) return fail(refused("it has too many entries"));
      if (archive_entry_is_encrypted(entry) != 0) return fail(refused("it is encrypted"));
      TRY(take(entry));
    }
    // libarchive answers the end of anything that begins like an archive and holds none.
    if (contents_.entries == 0) return fail(refused("it is empty"));
    return contents_;
  }

 private:
  Result<> take(struct archive_entry* entry) {
    const char* name = archive_entry_pathname(entry);
    if (name == nullptr) return fail(refused("an entry has no name"));
    const std::vector<std::string> parts = TRY(parts_of(name));
    const auto type = archive_entry_filetype(entry);
    if (parts.empty()) return type == AE_IFDIR ? Result<>{} : fail(refused("an entry has no name"));
    TRY(make_parents(parts));
    const std::string path = joined(parts, parts.size());
    if (archive_entry_hardlink(entry) != nullptr) return fail(refused("it has hard links"));
    if (type == AE_IFDIR) return make_folder(path);
    if (folders_.contains(path) || !leaves_.insert(path).second) return fail(refused("a path stands twice"));
    if (type == AE_IFREG) return file(entry, path);
    const char* target = type == AE_IFLNK ? archive_entry_symlink(entry) : nullptr;
    if (target == nullptr) return fail(refused("it has what is neither file, folder nor link"));
    TRY(check_link(parts, target));
    return sink_.link(path, target);
  }

  Result<> make_folder(const std::string& path) {
    if (leaves_.contains(path)) return fail(refused("a path stands twice"));
    return folders_.insert(path).second ? sink_.folder(path) : Result<>{};
  }

  Result<> make_parents(const std::vector<std::string>& parts) {
    for (std::size_t i = 1; i < parts.size(); ++i) TRY(make_folder(joined(parts, i)));
    return {};
  }

  Result<> file(struct archive_entry* entry, const std::string& path) {
    // A size that is stated is not believed, but one past the bound is refused before it is read.
    if (archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) > 0) {
      TRY(bounded(static_cast<std::uint64_t>(archive_entry_size(entry))));
    }
    TRY(sink_.begin_file(path, (archive_entry_perm(entry) & kExecutable) != 0));
    std::array<char, 65536> buffer;
    for (;;) {
      const la_ssize_t n = archive_read_data(reader_, buffer.data(), buffer.size());
      if (n == 0) break;
      if (n < 0) return fail(refused("it is damaged"));
      TRY(bounded(static_cast<std::uint64_t>(n)));
      contents_.unzipped_bytes += static_cast<std::uint64_t>(n);
      TRY(sink_.write({buffer.data(), static_cast<std::size_t>(n)}));
    }
    return sink_.end_file();
  }

  [[nodiscard]] Result<> bounded(std::uint64_t more) const {
    if (more <= bounds_.unzipped_bytes_max - contents_.unzipped_bytes) return {};
    return fail(
        validation_error(fmt::format("Unzipped size must be smaller than {} bytes", bounds_.unzipped_bytes_max)));
  }

  struct ::archive* reader_;
  Sink& sink_;
  const Bounds& bounds_;
  Contents contents_;
  std::set<std::string> folders_;
  std::set<std::string> leaves_;
};

Result<Contents> walk(std::string_view zip, Sink& sink, const Bounds& bounds) {
  if (zip.size() > bounds.zip_bytes_max) {
    return fail(validation_error(fmt::format("Zipped size must be smaller than {} bytes", bounds.zip_bytes_max)));
  }
  const Reader reader(archive_read_new());
  if (reader == nullptr) return fail(unavailable("out of memory"));
  // The reader that starts at the central directory: what only a stream would find is not part of the archive.
  if (archive_read_support_format_zip_seekable(reader.get()) != ARCHIVE_OK ||
      archive_read_open_memory(reader.get(), zip.data(), zip.size()) != ARCHIVE_OK) {
    return fail(validation_error(std::string(kNotAZip)));
  }
  return Walk(reader.get(), sink, bounds).run();
}

Result<Contents> named(Result<Contents> contents, const Bounds& bounds) {
  if (!contents && contents.error().code == ErrorCode::kValidation) contents.error().aws_name = bounds.refused_as;
  return contents;
}

}  // namespace

Result<Contents> check(std::string_view zip, const Bounds& bounds) {
  Nothing nothing;
  return named(walk(zip, nothing, bounds), bounds);
}

Result<Contents> unpack(std::string_view zip, const std::filesystem::path& folder, const Bounds& bounds) {
  if (::mkdir(folder.c_str(), 0755) != 0) return fail(disk("make", folder));
  Files files(folder);
  Result<Contents> contents = named(walk(zip, files, bounds), bounds);
  if (contents) return contents;
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  return contents;
}

}  // namespace warifu::hosting::archive
