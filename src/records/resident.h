#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <span>
#include <string>
#include <vector>

#include "records/change_log.h"
#include "search/shard.h"

/// Inside this module: what of one memory is resident, and how it follows the store.
namespace warifu::records {

/// Readers together, a writer alone, and no writer waits for ever: who comes after it queues behind it.
class FairMutex {
 public:
  void lock() {
    gate_.lock();
    mutex_.lock();
    gate_.unlock();
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    const std::lock_guard turn(gate_);
    mutex_.lock_shared();
  }
  bool try_lock_shared() {
    const std::unique_lock turn(gate_, std::try_to_lock);
    return turn.owns_lock() && mutex_.try_lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::mutex gate_;
  std::shared_mutex mutex_;
};

/// Shards of one memory, all as they were after change `stands_at`. Its owner locks: `mutex` before any transaction.
class Resident {
 public:
  struct Slot {
    std::unique_ptr<search::Shard> shard;  // null: known by name alone
    std::size_t bytes = 0;
    mutable std::atomic<std::uint64_t> used = 0;  // the search that last wanted it
  };

  explicit Resident(store::Partition partition) : partition_(std::move(partition)) {}

  FairMutex mutex;
  std::mutex loading;              // one loads at a time; locked before `mutex`
  std::atomic<int> searchers = 0;  // while there are any, names are not forgotten to make room

  // Under a shared lock.
  [[nodiscard]] const store::Partition& partition() const { return partition_; }
  [[nodiscard]] bool follows(const Head& head) const { return known_ && stands_at_ >= head.changes; }
  /// What a scope needs: the slots that are there, and the names that are to be loaded.
  struct Wanted {
    std::vector<const Slot*> slots;
    std::vector<ShardName> missing;
    std::size_t records = 0;
  };
  /// nullopt: a path was asked, and which shards there are is not known yet (`learn_names`). `search` marks the slots.
  [[nodiscard]] Result<std::optional<Wanted>> wanted(store::Reader& reader, const Scope& scope,
                                                     std::uint64_t search) const;
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  // Under the lock, inside a reading transaction.
  /// Applies what the log has beyond `stands_at`; forgets everything where the log no longer tells.
  [[nodiscard]] Result<> catch_up(store::Reader& reader, const Head& head);
  /// Which shards there are, so that paths can be asked. REQUIRES: follows(head of this reader).
  [[nodiscard]] Result<> learn_names(store::Reader& reader);

  /// A shard read from the store, and the change after which it stands.
  struct Loaded {
    ShardName name;
    search::Shard shard;
  };
  /// Takes in shards that were read after change `base`. REQUIRES: follows(head). Loaded shards that the log cannot
  /// bring up to date are dropped. `search` marks the slots.
  [[nodiscard]] Result<> take_in(store::Reader& reader, const Head& head, std::uint64_t base,
                                 std::vector<Loaded> loaded, std::uint64_t search);

  // Under the lock.
  /// Drops the shard; its name stays while all are known.
  void evict(const ShardName& name);
  void forget();
  [[nodiscard]] const std::map<ShardName, Slot, std::less<>>& slots() const { return slots_; }

 private:
  using Slots = std::map<ShardName, Slot, std::less<>>;

  [[nodiscard]] Result<> apply(store::Reader& reader, const Change& change, search::Shard& shard) const;
  void measure(Slot& slot);

  store::Partition partition_;
  Slots slots_;
  bool known_ = false;     // `stands_at_` means something
  bool complete_ = false;  // `slots_` has the name of every shard
  std::uint64_t stands_at_ = 0;
  std::atomic<std::size_t> bytes_ = 0;
};

/// Reads shards from the store, for `take_in`. Takes no lock.
[[nodiscard]] Result<std::vector<Resident::Loaded>> load_shards(store::Reader& reader,
                                                                const store::Partition& partition,
                                                                std::span<const ShardName> names);

}  // namespace warifu::records
