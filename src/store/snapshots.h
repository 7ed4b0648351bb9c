#pragma once

#include <rocksdb/db.h>

#include <atomic>
#include <deque>
#include <memory>

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
    const rocksdb::Snapshot* snapshot = nullptr;
  };

 public:
  explicit Snapshots(rocksdb::DB& db) : db_(db) { publish(); }
  /// REQUIRES: no pin is left.
  ~Snapshots();
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  /// Makes the engine's present state what readers see. From one thread at a time.
  void publish();

  /// Holds one state. Not copyable; must not outlive the Snapshots.
  class Pin {
   public:
    explicit Pin(Snapshots& owner);
    ~Pin() { slot_->readers.fetch_sub(1); }
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    [[nodiscard]] const rocksdb::Snapshot* get() const { return slot_->snapshot; }

   private:
    Slot* slot_;
  };

 private:
  // Added to a count while the slot is refilled, so that it can be told from readers who merely look.
  static constexpr std::uint64_t kRefilling = std::uint64_t{1} << 40U;

  [[nodiscard]] bool claim(Slot& slot);

  rocksdb::DB& db_;
  std::atomic<Slot*> current_{nullptr};
  std::deque<Slot> slots_;  // never shrinks: as many as readers once held at the same time
};

}  // namespace warifu::store
