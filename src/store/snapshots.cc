#include "store/snapshots.h"

#include <chrono>
#include <thread>

#include "base/check.h"

namespace warifu::store {

Snapshots::~Snapshots() { CHECK(db_ == nullptr, "snapshots outlive their database"); }

bool Snapshots::claim(Slot& slot) {
  std::uint64_t none = 0;
  if (!slot.readers.compare_exchange_strong(none, kRefilling)) return false;
  if (slot.snapshot != nullptr) slot.db->ReleaseSnapshot(slot.snapshot);
  slot.snapshot = nullptr;
  slot.db = nullptr;
  return true;
}

void Snapshots::publish(Moment moment) {
  Slot* fresh = nullptr;
  // Every idle slot is emptied, so that no old state is held longer than its last reader needs.
  for (Slot& slot : slots_) {
    if (&slot == current_.load() || (fresh != nullptr && slot.snapshot == nullptr) || !claim(slot)) continue;
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
  fresh->db = db_;
  fresh->snapshot = db_->GetSnapshot();
  fresh->moment = moment;
  fresh->readers.fetch_sub(kRefilling);
  current_.store(fresh);
}

void Snapshots::suspend() {
  current_.store(nullptr);
  for (Slot& slot : slots_) {
    while (!claim(slot)) std::this_thread::sleep_for(std::chrono::microseconds(50));
    slot.readers.fetch_sub(kRefilling);
  }
  db_ = nullptr;
}

void Snapshots::resume(rocksdb::DB& db, Moment moment) {
  db_ = &db;
  publish(moment);
  current_.notify_all();
}

void Snapshots::refuse() {
  current_.store(&nothing_);
  current_.notify_all();
}

Snapshots::Pin::Pin(Snapshots& owner) {
  for (;;) {
    slot_ = owner.current_.load();
    if (slot_ == nullptr) {
      owner.current_.wait(nullptr);
      continue;
    }
    slot_->readers.fetch_add(1);
    if (slot_ == owner.current_.load()) return;
    slot_->readers.fetch_sub(1);
  }
}

}  // namespace warifu::store
