#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/unique_fd.h"
#include "crypto/aead.h"
#include "services/s3/rows.h"

/// Bodies of objects, as files beside the store: `<folder>/<account>/<two digits>/<id>`. Named by random ids, never by
/// what a client sends.
///
/// A file is a row of pieces of 64 KiB (the last may be shorter), each sealed by AES-256-GCM under a key that is this
/// file's alone and lies in the row that names it. A piece's additional data is the file's id, its place, and whether
/// it is the last: a piece that is moved, repeated, left out, cut off, or taken to another file does not open.
namespace warifu::services::s3 {

inline constexpr std::size_t kPieceBytes = 64 * 1024;

/// One file being written; unlinked with this object unless it was kept. One thread at a time. Blocks.
class BlobWriter {
 public:
  BlobWriter(std::filesystem::path file, Blob blob, UniqueFd fd);
  ~BlobWriter();
  BlobWriter(const BlobWriter&) = delete;
  BlobWriter& operator=(const BlobWriter&) = delete;

  /// kUnavailable: the disk is full or fails.
  [[nodiscard]] Result<> append(std::string_view bytes);
  /// Durable, its folder's entry too. REQUIRES: called once.
  [[nodiscard]] Result<Blob> finish();
  /// A row names it now.
  void keep() { kept_ = true; }

 private:
  Result<> write_piece(bool last);

  std::filesystem::path file_;
  Blob blob_;
  UniqueFd fd_;
  crypto::Aead aead_;
  std::string piece_;
  std::uint64_t place_ = 0;
  bool kept_ = false;
};

/// One file being read. Thread-safe. Blocks.
class BlobReader {
 public:
  BlobReader(Blob blob, UniqueFd fd);
  /// `size` bytes from `offset`. kInternal: the file is not what was written. REQUIRES: within the blob.
  [[nodiscard]] Result<std::string> read(std::uint64_t offset, std::size_t size) const;

 private:
  Blob blob_;
  UniqueFd fd_;
  crypto::Aead aead_;
};

/// The folder of all of them. Thread-safe.
class Blobs {
 public:
  /// Makes the folder when missing (0700). kUnavailable.
  [[nodiscard]] static Result<std::unique_ptr<Blobs>> open(std::filesystem::path folder, Random& random);

  [[nodiscard]] Result<std::unique_ptr<BlobWriter>> create(const AccountId& owner);
  /// nullptr: the file is gone.
  [[nodiscard]] Result<std::shared_ptr<const BlobReader>> reader(const AccountId& owner, const Blob& blob) const;

  /// Keeps these files where they are while the answer lives, whatever `remove` is told meanwhile.
  [[nodiscard]] std::shared_ptr<void> pin(std::vector<std::string> ids);
  /// No row names them any more.
  void remove(const AccountId& owner, const std::vector<std::string>& ids);
  /// Removes every file that `named` does not know: what a crash left between file and row. Before the first request.
  [[nodiscard]] Result<std::size_t> sweep(
      const std::function<Result<bool>(const AccountId& owner, const std::string& id)>& named);

 private:
  Blobs(std::filesystem::path folder, Random& random) : folder_(std::move(folder)), random_(random) {}
  [[nodiscard]] std::filesystem::path path_of(const AccountId& owner, std::string_view id) const;
  void unpin(const std::vector<std::string>& ids);

  std::filesystem::path folder_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, std::size_t> pins_;
  std::map<std::string, std::filesystem::path> doomed_;
};

}  // namespace warifu::services::s3
