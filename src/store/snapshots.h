#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <cstdint>
#include <deque>

#include "store/store.h"

namespace warifu::store {

/// The newest durable state, handed to readers without a lock. One thread publishes, any thread pins.
///
/// A slot's count is its readers; the publisher refills only a slot that is not current and has none. A reader counts
/// itself in, then looks whether the slot is still current: if so, no refill can have begun, since the publisher
/// changes `current_` before it reads the count (all operations are sequentially consistent). If not, it counts
/// itself out untouched and tries again.
class Snapshots {
 private:
  struct Slot {
    std::atomic<std::uint64_t> readers{0};
    rocksdb::DB* db = nullptr;
    const rocksdb::Snapshot* snapshot = nullptr;
    Moment moment = 0;
  };

 public:
  /// Begins suspended: pins wait for `resume` or `refuse`.
  Snapshots() = default;
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;
  /// REQUIRES: suspended or refusing.
  ~Snapshots();

  /// Makes the database's present state what readers see, and says when it was committed. REQUIRES: resumed.
  void publish(Moment moment);
  /// Lets go of the database: waits until no reader pins a state; further pins wait.
  void suspend();
  /// Publishes the state of `db`, and lets pins go on.
  void resume(rocksdb::DB& db, Moment moment);
  /// Lets pins go on with nothing to read, until `resume`. REQUIRES: suspended.
  void refuse();

  /// Holds one state. Must not outlive the Snapshots.
  class Pin {
   public:
    explicit Pin(Snapshots& owner);
    ~Pin() { slot_->readers.fetch_sub(1); }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    /// False when there is nothing to read.
    [[nodiscard]] bool ok() const { return slot_->db != nullptr; }
    [[nodiscard]] rocksdb::DB* db() const { return slot_->db; }
    [[nodiscard]] const rocksdb::Snapshot* snapshot() const { return slot_->snapshot; }
    [[nodiscard]] Moment moment() const { return slot_->moment; }

   private:
    Slot* slot_;
  };

 private:
  // Added to a count while the slot is refilled, so that it can be told from readers who merely look.
  static constexpr std::uint64_t kRefilling = std::uint64_t{1} << 40U;

  [[nodiscard]] static bool claim(Slot& slot);

  rocksdb::DB* db_ = nullptr;
  std::atomic<Slot*> current_{nullptr};
  Slot nothing_;            // current while refusing
  std::deque<Slot> slots_;  // never shrinks: as many as readers once held at the same time
};

}  // namespace warifu::store
