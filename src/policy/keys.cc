#include "policy/keys.h"

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu::policy {
namespace {

constexpr char fold(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

struct Entry {
  std::string name;
  KeyId id;
};

/// Open addressing over atomic pointers: entries are only ever added, so a reader needs no lock, and what a probe
/// finds stays where it is for good.
class Table {
 public:
  Table() {
    for (const std::string_view name : kWellKnownKeys) add(name);
  }

  KeyId find(std::string_view name, std::uint64_t hash) const {
    const Entry* entry = slots_[probe(name, hash)].load(std::memory_order_acquire);
    return entry == nullptr ? KeyId{} : entry->id;
  }

  KeyId add(std::string_view name) {
    if (name.size() > kKeyBytesMax) return {};
    const std::lock_guard lock(mutex_);
    const std::size_t slot = probe(name, hash_of(name));
    if (const Entry* entry = slots_[slot].load(std::memory_order_acquire)) return entry->id;
    const std::size_t count = count_.load(std::memory_order_relaxed);
    if (count == kInternedKeysMax) return {};
    entries_[count] = std::make_unique<Entry>(Entry{std::string(name), {static_cast<std::uint16_t>(count)}});
    // The count first: whoever misses the name in the table has then read a count at most the id's.
    slots_[slot].store(entries_[count].get(), std::memory_order_release);
    count_.store(count + 1, std::memory_order_release);
    return entries_[count]->id;
  }

  std::string_view name(KeyId id) const {
    CHECK(id.index < count_.load(std::memory_order_acquire), "a key id that was never given");
    return entries_[id.index]->name;
  }

  std::size_t count() const { return count_.load(std::memory_order_acquire); }

 private:
  static constexpr std::size_t kSlots = 4 * kInternedKeysMax;

  /// The slot that holds `name`, or the empty one where it would go.
  std::size_t probe(std::string_view name, std::uint64_t hash) const {
    std::size_t slot = hash % kSlots;
    while (const Entry* entry = slots_[slot].load(std::memory_order_acquire)) {
      if (iequals(entry->name, name)) break;
      slot = (slot + 1) % kSlots;
    }
    return slot;
  }

  std::mutex mutex_;
  std::atomic<std::size_t> count_ = 0;
  std::unique_ptr<std::atomic<const Entry*>[]> slots_ = std::make_unique<std::atomic<const Entry*>[]>(kSlots);
  std::unique_ptr<std::unique_ptr<Entry>[]> entries_ = std::make_unique<std::unique_ptr<Entry>[]>(kInternedKeysMax);
};

Table& table() {
  // Never destroyed: compiled policies in static storage may outlive any destructor's order.
  static Table& instance = *new Table;
  return instance;
}

}  // namespace

std::uint64_t hash_of(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(fold(c))) * 0x100000001b3ULL;
  return hash ^ hash >> 29U;
}

KeyId intern(std::string_view name) {
  const KeyId known = lookup(name);
  return known.known() ? known : table().add(name);
}

KeyId lookup(std::string_view name) { return table().find(name, hash_of(name)); }

KeyId lookup(std::string_view name, std::uint64_t hash) { return table().find(name, hash); }

std::string_view name_of(KeyId id) { return table().name(id); }

std::size_t interned_count() { return table().count(); }

}  // namespace warifu::policy
