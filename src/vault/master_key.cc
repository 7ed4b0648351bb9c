#include "vault/master_key.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>

#include "base/check.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "crypto/key_wrap.h"

namespace warifu::vault {
namespace {

using crypto::SecretBytes;

class LocalMasterKey final : public MasterKey {
 public:
  explicit LocalMasterKey(SecretBytes key) : key_(std::move(key)), wrapping_key_(derive("wrap data keys")) {}

  Result<std::string> wrap(const SecretBytes& key) const override {
    return std::string(crypto::wrap_key(wrapping_key_.bytes(), key.bytes()).reveal());
  }

  Result<SecretBytes> unwrap(std::string_view wrapped) const override {
    auto key = crypto::unwrap_key(wrapping_key_.bytes(), as_bytes(wrapped));
    if (!key) return fail(internal_error("a data key does not open under this master key"));
    return std::move(*key);
  }

  SecretBytes derive(std::string_view purpose) const override {
    return crypto::hkdf_sha256(key_.bytes(), {}, fmt::format("warifu/v1/{}", purpose), kMasterKeyBytes);
  }

 private:
  const SecretBytes key_;
  const SecretBytes wrapping_key_;
};

class File {
 public:
  File(const std::string& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
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
  return unavailable(fmt::format("cannot {} master key file `{}`: {}", what, path, std::strerror(errno)));
}

Error refused(const std::string& path, std::string_view why) {
  return {.code = ErrorCode::kUnsupported, .message = fmt::format("master key file `{}` {}", path, why)};
}

Result<> check_owner_and_mode(const std::string& path, const struct stat& status) {
  if (!S_ISREG(status.st_mode)) return fail(refused(path, "is no regular file"));
  if (status.st_uid != ::geteuid()) return fail(refused(path, "belongs to another user"));
  if ((status.st_mode & 077) != 0) {
    return fail(refused(path, fmt::format("has mode {:04o} and may be used by others: chmod 600 it",
                                          static_cast<unsigned>(status.st_mode & 07777))));
  }
  return {};
}

/// nullopt: there is no such file.
Result<std::optional<SecretBytes>> read_key(const std::string& path) {
  const File file(path, O_RDONLY | O_NONBLOCK);
  if (!file.ok() && errno == ENOENT) return std::nullopt;
  if (!file.ok() && errno == ELOOP) return fail(refused(path, "is no regular file"));
  struct stat status{};
  if (!file.ok() || ::fstat(file.fd(), &status) != 0) return fail(io_error("read", path));
  TRY(check_owner_and_mode(path, status));
  SecretBytes key(kMasterKeyBytes + 1);  // one more, to see that the file ends
  const ssize_t size = ::read(file.fd(), key.mutable_bytes().data(), key.size());
  if (size < 0) return fail(io_error("read", path));
  if (size != kMasterKeyBytes) return fail(refused(path, fmt::format("is not of {} bytes", kMasterKeyBytes)));
  return SecretBytes::copy_of(key.bytes().first(kMasterKeyBytes));
}

/// Leaves an existing file as it is: of two processes that start at once, one makes the key and both use it.
Result<> create_key(const std::string& path) {
  std::array<std::byte, 8> random;
  crypto::random_bytes(random);
  const std::string draft = path + "." + hex_encode(random);
  const SecretBytes key = crypto::random_secret(kMasterKeyBytes);
  {
    const File file(draft, O_WRONLY | O_CREAT | O_EXCL);
    if (!file.ok() || ::write(file.fd(), key.bytes().data(), key.size()) != static_cast<ssize_t>(key.size()) ||
        ::fsync(file.fd()) != 0) {
      Error error = io_error("make", path);
      ::unlink(draft.c_str());
      return fail(std::move(error));
    }
  }
  const bool linked = ::link(draft.c_str(), path.c_str()) == 0 || errno == EEXIST;
  Error error = io_error("make", path);
  ::unlink(draft.c_str());
  if (!linked) return fail(std::move(error));
  const std::size_t slash = path.rfind('/');
  const File folder(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
  if (!folder.ok() || ::fsync(folder.fd()) != 0) return fail(io_error("make", path));
  return {};
}

}  // namespace

std::shared_ptr<const MasterKey> master_key_from(SecretBytes key) {
  CHECK(key.size() == kMasterKeyBytes, "a master key has another size");
  return std::make_shared<const LocalMasterKey>(std::move(key));
}

Result<std::shared_ptr<const MasterKey>> open_master_key_file(const std::string& path) {
  auto key = TRY(read_key(path));
  if (!key) {
    TRY(create_key(path));
    key = TRY(read_key(path));
  }
  if (!key) return fail(unavailable(fmt::format("master key file `{}` has vanished", path)));
  return master_key_from(std::move(*key));
}

}  // namespace warifu::vault
