#include "store/faulty_disk.h"

#include <filesystem>
#include <fstream>

namespace warifu::store {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class FaultyDisk::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(FaultyDisk& disk, std::string name, std::unique_ptr<rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), disk_(disk), name_(std::move(name)) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* dbg) override {
    if (IOStatus refused = disk_.may_append(); !refused.ok()) return refused;
    bytes_ += data.size();
    return FSWritableFileOwnerWrapper::Append(data, options, dbg);
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* dbg) override {
    return Append(data, options, dbg);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& options, IODebugContext* dbg) override {
    if (IOStatus refused = disk_.may_append(); !refused.ok()) return refused;
    bytes_ = size;
    return FSWritableFileOwnerWrapper::Truncate(size, options, dbg);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return sync(); }

 private:
  // Remembered rather than done: the machine does not really lose power.
  IOStatus sync() {
    const std::uint64_t bytes = bytes_;
    if (IOStatus refused = disk_.may_sync(); !refused.ok()) return refused;
    disk_.synced(name_, bytes);
    return IOStatus::OK();
  }

  FaultyDisk& disk_;
  const std::string name_;
  std::atomic<std::uint64_t> bytes_ = 0;
};

class FaultyDisk::Folder final : public rocksdb::FSDirectoryWrapper {
 public:
  Folder(FaultyDisk& disk, std::string name, std::unique_ptr<rocksdb::FSDirectory> folder)
      : FSDirectoryWrapper(std::move(folder)), disk_(disk), name_(std::move(name)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return sync(); }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const rocksdb::DirFsyncOptions&) override {
    return sync();
  }

 private:
  IOStatus sync() {
    if (IOStatus refused = disk_.may_sync(); !refused.ok()) return refused;
    disk_.folder_synced(name_);
    return IOStatus::OK();
  }

  FaultyDisk& disk_;
  const std::string name_;
};

namespace {

// As RocksDB's own file system reports ENOSPC.
IOStatus no_space() {
  IOStatus full = IOStatus::NoSpace("no space left on the faulty disk");
  full.SetRetryable(true);
  return full;
}

}  // namespace

IOStatus FaultyDisk::may_make(const std::string& name) const {
  if (mode_ == Mode::kScarce && !name.ends_with("/room")) return no_space();
  return may_append();
}

IOStatus FaultyDisk::may_append() const {
  switch (mode_.load()) {
    case Mode::kHealthy:
    case Mode::kScarce:
    case Mode::kFailSync:
      return IOStatus::OK();
    case Mode::kFull:
      return no_space();
    case Mode::kFailAppend:
    case Mode::kOff:
      return IOStatus::IOError("the faulty disk does not answer");
  }
  return IOStatus::OK();
}

IOStatus FaultyDisk::may_sync() const {
  const Mode mode = mode_;
  if (mode != Mode::kFailSync && mode != Mode::kOff) return IOStatus::OK();
  return IOStatus::IOError("the faulty disk does not sync");
}

void FaultyDisk::synced(const std::string& name, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  synced_bytes_[name] = bytes;
}

void FaultyDisk::folder_synced(const std::string& folder) {
  const std::lock_guard lock(mutex_);
  std::erase_if(unsynced_names_, [&](const std::string& name) {
    return std::filesystem::path(name).parent_path() == std::filesystem::path(folder + "/").parent_path();
  });
}

IOStatus FaultyDisk::NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                     std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* dbg) {
  if (IOStatus refused = may_make(name); !refused.ok()) return refused;
  std::unique_ptr<rocksdb::FSWritableFile> real;
  IOStatus made = FileSystemWrapper::NewWritableFile(name, options, &real, dbg);
  if (!made.ok()) return made;
  *file = std::make_unique<File>(*this, name, std::move(real));
  const std::lock_guard lock(mutex_);
  synced_bytes_[name] = 0;
  unsynced_names_.insert(name);
  return made;
}

IOStatus FaultyDisk::NewDirectory(const std::string& name, const IOOptions& options,
                                  std::unique_ptr<rocksdb::FSDirectory>* folder, IODebugContext* dbg) {
  std::unique_ptr<rocksdb::FSDirectory> real;
  IOStatus opened = FileSystemWrapper::NewDirectory(name, options, &real, dbg);
  if (opened.ok()) *folder = std::make_unique<Folder>(*this, name, std::move(real));
  return opened;
}

IOStatus FaultyDisk::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* dbg) {
  if (mode_ == Mode::kOff) return IOStatus::IOError("the faulty disk does not answer");
  const std::lock_guard lock(mutex_);
  synced_bytes_.erase(name);
  unsynced_names_.erase(name);
  return FileSystemWrapper::DeleteFile(name, options, dbg);
}

IOStatus FaultyDisk::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                IODebugContext* dbg) {
  if (mode_ == Mode::kOff) return IOStatus::IOError("the faulty disk does not answer");
  const std::lock_guard lock(mutex_);
  if (const auto it = synced_bytes_.find(from); it != synced_bytes_.end()) {
    synced_bytes_[to] = it->second;
    synced_bytes_.erase(it);
  }
  // A rename is taken as durable at once: losing one is the file system's own to undo.
  unsynced_names_.erase(from);
  return FileSystemWrapper::RenameFile(from, to, options, dbg);
}

void FaultyDisk::lose_unsynced(Random& random) {
  namespace fs = std::filesystem;
  const std::lock_guard lock(mutex_);
  for (const std::string& name : unsynced_names_) {
    fs::remove(name);
    synced_bytes_.erase(name);
  }
  for (const auto& [name, synced] : synced_bytes_) {
    std::error_code gone;
    const std::uint64_t size = fs::file_size(name, gone);
    if (gone || size <= synced) continue;
    const std::uint64_t kept = random.below(size - synced + 1);
    fs::resize_file(name, synced + kept);
    if (kept == 0 || random.below(2) == 0) continue;
    std::fstream file(name, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(synced + random.below(kept)));
    file.put('\x5a');
  }
  synced_bytes_.clear();
  unsynced_names_.clear();
}

}  // namespace warifu::store
