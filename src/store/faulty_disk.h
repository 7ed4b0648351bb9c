#pragma once

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/random.h"

namespace warifu::store {

/// A disk for tests that can fill up, fail, or lose power. It remembers how much of each file was synced, and which
/// names were made since their folder was, so that `lose_unsynced` can take the rest away. Thread-safe.
class FaultyDisk : public rocksdb::FileSystemWrapper {
 public:
  enum class Mode : std::uint8_t {
    kHealthy,
    kFull,        // appending and making files fail for want of space
    kScarce,      // there is room for the file that asks whether there is, and for no other new file
    kFailAppend,  // appending fails
    kFailSync,    // syncing a file fails
    kOff,         // nothing reaches the disk any more
  };

  FaultyDisk() : FileSystemWrapper(rocksdb::FileSystem::Default()), env_(rocksdb::NewCompositeEnv(share())) {}

  [[nodiscard]] rocksdb::Env* env() { return env_.get(); }
  void set(Mode mode) { mode_ = mode; }

  /// Leaves of every file what was synced, and of the rest a prefix of random length, perhaps spoilt; removes files
  /// whose names were never synced. REQUIRES: no file is open.
  void lose_unsynced(Random& random);

  const char* Name() const override { return "FaultyDisk"; }
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* file,
                                    rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* folder, rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* dbg) override;

 private:
  class File;
  class Folder;

  // The environment wants a shared owner; the disk owns the environment.
  std::shared_ptr<FileSystem> share() { return {std::shared_ptr<void>{}, this}; }
  [[nodiscard]] rocksdb::IOStatus may_append() const;
  [[nodiscard]] rocksdb::IOStatus may_make(const std::string& name) const;
  [[nodiscard]] rocksdb::IOStatus may_sync() const;
  void synced(const std::string& name, std::uint64_t bytes);
  void folder_synced(const std::string& folder);

  std::atomic<Mode> mode_ = Mode::kHealthy;
  std::mutex mutex_;  // guards what follows
  std::map<std::string, std::uint64_t> synced_bytes_;
  std::set<std::string> unsynced_names_;
  std::unique_ptr<rocksdb::Env> env_;
};

}  // namespace warifu::store
