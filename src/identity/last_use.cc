#include "identity/last_use.h"

#include <functional>

#include "identity/access_keys.h"

namespace warifu::identity {
namespace {

constexpr std::int64_t kMinuteMs = 60'000;

/// The upper bits of the hash and the minute: equal only for the same credential in the same minute, but for a chance
/// of one in 2^40 per pair, which would cost one note.
std::uint64_t mark_of(std::size_t hash, Timestamp when) {
  const auto minute = static_cast<std::uint64_t>(when.ms / kMinuteMs) & 0xffffffULL;
  return (static_cast<std::uint64_t>(hash) & ~0xffffffULL) | minute;
}

}  // namespace

void LastUseBook::note(const AccountId& account, std::string_view id, const LastUsed& use) {
  const std::size_t hash = std::hash<std::string_view>{}(id);
  std::atomic<std::uint64_t>& slot = recent_[hash % recent_.size()];
  const std::uint64_t mark = mark_of(hash, use.when);
  if (slot.load(std::memory_order_relaxed) == mark) return;
  slot.store(mark, std::memory_order_relaxed);

  const std::lock_guard lock(mutex_);
  const auto present = uses_.find(std::string(id));
  if (present != uses_.end()) {
    if (present->second.use.when < use.when) present->second = NotedUse{account, use};
  } else if (uses_.size() < kPendingMax) {
    uses_.emplace(id, NotedUse{account, use});
  }
}

Uses LastUseBook::take() {
  Uses taken;
  const std::lock_guard lock(mutex_);
  taken.swap(uses_);
  return taken;
}

std::size_t LastUseBook::pending() const {
  const std::lock_guard lock(mutex_);
  return uses_.size();
}

Result<> write_uses(store::Txn& txn, const Uses& uses) {
  for (const auto& [id, noted] : uses) TRY(note_used(txn, noted.account, id, noted.use));
  return {};
}

}  // namespace warifu::identity
