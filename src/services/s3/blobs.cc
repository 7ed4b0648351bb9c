#include "services/s3/blobs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/encoding.h"
#include "base/log.h"
#include "crypto/secret.h"

namespace warifu::services::s3 {
namespace {

constexpr std::size_t kSealedBytes = kPieceBytes + crypto::kAeadTagBytes;
constexpr std::size_t kIdBytes = 16;

Error disk_error(std::string_view what) {
  return unavailable(std::string(what).append(": ").append(std::strerror(errno)));
}

crypto::Nonce nonce_of(std::uint64_t place) {
  crypto::Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[nonce.size() - 1 - i] = static_cast<std::byte>(place >> (8 * i));
  return nonce;
}

std::string aad_of(std::string_view id, std::uint64_t place, bool last) {
  return std::string("warifu s3 piece\n").append(id).append("\n").append(std::to_string(place)).append(last ? "$" : "");
}

std::uint64_t last_place(std::int64_t size) {
  return size == 0 ? 0 : static_cast<std::uint64_t>(size - 1) / kPieceBytes;
}

Result<> sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || ::fsync(fd.get()) != 0) return fail(disk_error("a folder of objects cannot be synced"));
  return {};
}

Result<> make_folder(const std::filesystem::path& folder) {
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder.parent_path());
  if (errno == EEXIST) return {};
  return fail(disk_error("a folder of objects cannot be made"));
}

bool is_id(std::string_view name) {
  return name.size() == 2 * kIdBytes &&
         std::ranges::all_of(name, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

BlobWriter::BlobWriter(std::filesystem::path file, Blob blob, UniqueFd fd)
    : file_(std::move(file)),
      blob_(std::move(blob)),
      fd_(std::move(fd)),
      aead_(crypto::SecretBytes::copy_of(blob_.key)) {}

BlobWriter::~BlobWriter() {
  if (!kept_) ::unlink(file_.c_str());
}

Result<> BlobWriter::write_piece(bool last) {
  const std::string sealed = aead_.seal_with(nonce_of(place_), piece_, aad_of(blob_.id, place_, last));
  for (std::string_view rest = sealed; !rest.empty();) {
    const ssize_t n = ::write(fd_.get(), rest.data(), rest.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return fail(disk_error("an object cannot be written"));
    rest.remove_prefix(static_cast<std::size_t>(n));
  }
  blob_.size += static_cast<std::int64_t>(piece_.size());
  ++place_;
  piece_.clear();
  return {};
}

Result<> BlobWriter::append(std::string_view bytes) {
  while (!bytes.empty()) {
    // A full piece waits for what follows: only then it is known not to be the last.
    if (piece_.size() == kPieceBytes) TRY(write_piece(false));
    const std::size_t n = std::min(bytes.size(), kPieceBytes - piece_.size());
    piece_.append(bytes.substr(0, n));
    bytes.remove_prefix(n);
  }
  return {};
}

Result<Blob> BlobWriter::finish() {
  TRY(write_piece(true));
  if (::fsync(fd_.get()) != 0) return fail(disk_error("an object cannot be synced"));
  TRY(sync_folder(file_.parent_path()));
  return blob_;
}

BlobReader::BlobReader(Blob blob, UniqueFd fd)
    : blob_(std::move(blob)), fd_(std::move(fd)), aead_(crypto::SecretBytes::copy_of(blob_.key)) {}

Result<std::string> BlobReader::read(std::uint64_t offset, std::size_t size) const {
  std::string out;
  const std::uint64_t last = last_place(blob_.size);
  std::string sealed(kSealedBytes, '\0');
  std::uint64_t place = offset / kPieceBytes;
  std::size_t skip = offset % kPieceBytes;
  while (out.size() < size) {
    const ssize_t n = ::pread(fd_.get(), sealed.data(), kSealedBytes, static_cast<off_t>(place * kSealedBytes));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(disk_error("an object cannot be read"));
    const auto piece = aead_.open_with(nonce_of(place), std::string_view(sealed).substr(0, static_cast<std::size_t>(n)),
                                       aad_of(blob_.id, place, place == last));
    if (!piece || skip >= piece->size()) return fail(internal_error("an object's file is not what was written"));
    out.append(std::string_view(*piece).substr(skip, size - out.size()));
    skip = 0;
    ++place;
  }
  return out;
}

Result<std::unique_ptr<Blobs>> Blobs::open(std::filesystem::path folder, Random& random) {
  std::error_code error;
  std::filesystem::create_directories(folder.parent_path(), error);
  TRY(make_folder(folder));
  return std::unique_ptr<Blobs>(new Blobs(std::move(folder), random));
}

std::filesystem::path Blobs::path_of(const AccountId& owner, std::string_view id) const {
  return folder_ / owner.str() / id.substr(0, 2) / id;
}

Result<std::unique_ptr<BlobWriter>> Blobs::create(const AccountId& owner) {
  Blob blob;
  std::string id(kIdBytes, '\0');
  blob.key.resize(crypto::kAeadKeyBytes);
  {
    const std::scoped_lock lock(mutex_);  // a seeded generator of a test is no thread's but its own
    random_.fill(std::as_writable_bytes(std::span(id)));
    random_.fill(std::as_writable_bytes(std::span(blob.key)));
  }
  blob.id = hex_encode(as_bytes(id));
  const std::filesystem::path file = path_of(owner, blob.id);
  TRY(make_folder(file.parent_path().parent_path()));
  TRY(make_folder(file.parent_path()));
  UniqueFd fd(::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd) return fail(disk_error("an object's file cannot be made"));
  return std::make_unique<BlobWriter>(file, std::move(blob), std::move(fd));
}

Result<std::shared_ptr<const BlobReader>> Blobs::reader(const AccountId& owner, const Blob& blob) const {
  UniqueFd fd(::open(path_of(owner, blob.id).c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd && errno == ENOENT) return std::shared_ptr<const BlobReader>{};
  if (!fd) return fail(disk_error("an object cannot be opened"));
  return std::make_shared<const BlobReader>(blob, std::move(fd));
}

std::shared_ptr<void> Blobs::pin(std::vector<std::string> ids) {
  const std::scoped_lock lock(mutex_);
  for (const std::string& id : ids) ++pins_[id];
  return {this, [this, held = std::move(ids)](void*) { unpin(held); }};
}

void Blobs::unpin(const std::vector<std::string>& ids) {
  const std::scoped_lock lock(mutex_);
  for (const std::string& id : ids) {
    const auto pinned = pins_.find(id);
    if (--pinned->second > 0) continue;
    pins_.erase(pinned);
    const auto doomed = doomed_.find(id);
    if (doomed == doomed_.end()) continue;
    ::unlink(doomed->second.c_str());
    doomed_.erase(doomed);
  }
}

void Blobs::remove(const AccountId& owner, const std::vector<std::string>& ids) {
  const std::scoped_lock lock(mutex_);
  for (const std::string& id : ids) {
    const std::filesystem::path file = path_of(owner, id);
    if (pins_.contains(id)) {
      doomed_.emplace(id, file);
    } else if (::unlink(file.c_str()) != 0 && errno != ENOENT) {
      log::warn("an object's file cannot be removed", {{"why", std::strerror(errno)}});
    }
  }
}

Result<std::size_t> Blobs::sweep(
    const std::function<Result<bool>(const AccountId& owner, const std::string& id)>& named) {
  std::size_t removed = 0;
  std::error_code error;
  for (std::filesystem::recursive_directory_iterator at(folder_, error), end; !error && at != end;
       at.increment(error)) {
    if (!at->is_regular_file(error)) continue;
    const std::string id = at->path().filename().string();
    const auto owner = AccountId::parse(at->path().parent_path().parent_path().filename().string());
    if (!owner || !is_id(id)) continue;
    if (TRY(named(*owner, id))) continue;
    std::filesystem::remove(at->path(), error);
    ++removed;
  }
  if (error) return fail(unavailable("the objects' folder cannot be read: " + error.message()));
  return removed;
}

}  // namespace warifu::services::s3
