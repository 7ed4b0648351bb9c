#include "store/snapshots.h"

namespace warifu::store {

Snapshots::~Snapshots() {
  for (Slot& slot : slots_) {
    if (slot.snapshot != nullptr) db_.ReleaseSnapshot(slot.snapshot);
  }
}

bool Snapshots::claim(Slot& slot) {
  std::uint64_t none = 0;
  if (&slot == current_.load() || !slot.readers.compare_exchange_strong(none, kRefilling)) return false;
  if (slot.snapshot != nullptr) db_.ReleaseSnapshot(slot.snapshot);
  slot.snapshot = nullptr;
  return true;
}

void Snapshots::publish() {
  Slot* fresh = nullptr;
  // Every idle slot is claimed, so that no old state is held longer than its last reader needs.
  for (Slot& slot : slots_) {
    if (slot.snapshot == nullptr && fresh != nullptr) continue;
    if (!claim(slot)) continue;
    if (fresh == nullptr) {
      fresh = &slot;
    } else {
      slot.readers.fetch_sub(kRefilling);
    }
  }
  if (fresh == nullptr) {
    fresh = &slots_.emplace_back();
    fresh->readers = kRefilling;
  }
  fresh->snapshot = db_.GetSnapshot();
  fresh->readers.fetch_sub(kRefilling);
  current_.store(fresh);
}

Snapshots::Pin::Pin(Snapshots& owner) {
  for (;;) {
    slot_ = owner.current_.load();
    slot_->readers.fetch_add(1);
    if (slot_ == owner.current_.load()) return;
    slot_->readers.fetch_sub(1);
  }
}

}  // namespace warifu::store
