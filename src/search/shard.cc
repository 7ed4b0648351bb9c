#include "search/shard.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/check.h"
#include "search/shard_impl.h"

namespace warifu::search {
namespace {

/// Below this many slots, ids are looked for one by one.
constexpr std::size_t kUnindexedSlots = 32;
/// Dead slots that no shard minds.
constexpr std::size_t kDeadMin = 16;
constexpr std::size_t kAttributesMax = 0xFFFF;
constexpr std::size_t kUnit = 4;
constexpr std::uint32_t kRowBits = 26;
constexpr std::size_t kSetsMax = 63;

std::size_t hash_of(const RecordId& id) {
  std::uint64_t halves[2];
  std::memcpy(halves, id.data(), sizeof(halves));
  const std::uint64_t mixed = (halves[0] ^ std::rotl(halves[1], 29)) * 0x9E3779B97F4A7C15U;
  return static_cast<std::size_t>(mixed ^ (mixed >> 32));
}

/// A quarter more at a time, where std::vector would double: a shard's slack counts against memory budgets.
template <class T>
void push(std::vector<T>& to, T value) {
  if (to.size() == to.capacity()) to.reserve(std::max<std::size_t>(4, to.size() + to.size() / 4));
  to.push_back(value);
}

/// Shortens, and gives back room that is much too large now.
template <class T>
void cut(std::vector<T>& cut, std::size_t size) {
  cut.resize(size);
  if (cut.capacity() > size * 2) cut.shrink_to_fit();
}

}  // namespace

Slot Shard::Impl::find(const RecordId& id) const {
  if (ids_.empty()) {
    for (std::size_t slot = keys_.size(); slot > 0; --slot) {
      const auto found = static_cast<Slot>(slot - 1);
      if (keys_[found].id == id && !is_dead(found)) return found;
    }
    return kNoSlot;
  }
  for (std::size_t place = hash_of(id);; ++place) {
    const Slot slot = ids_[place &= ids_.size() - 1];
    if (slot == kNoSlot) return kNoSlot;
    if (keys_[slot].id == id && !is_dead(slot)) return slot;
  }
}

void Shard::Impl::enter(Slot slot) {
  // Dead slots stay in the table until it is built anew, so that chains stay whole.
  if (keys_.size() <= kUnindexedSlots && ids_.empty()) return;
  if (keys_.size() * 4 > ids_.size() * 3) return rebuild_ids();
  std::size_t place = hash_of(keys_[slot].id);
  while (ids_[place &= ids_.size() - 1] != kNoSlot) ++place;
  ids_[place] = slot;
}

void Shard::Impl::rebuild_ids() {
  ids_.clear();
  if (keys_.size() <= kUnindexedSlots) return ids_.shrink_to_fit();
  ids_.assign(std::bit_ceil(keys_.size() * 3 / 2), kNoSlot);
  for (Slot slot = 0; slot < keys_.size(); ++slot) {
    if (is_dead(slot)) continue;
    std::size_t place = hash_of(keys_[slot].id);
    while (ids_[place &= ids_.size() - 1] != kNoSlot) ++place;
    ids_[place] = slot;
  }
}

std::uint32_t Shard::Impl::keep_attributes(std::string_view attributes) {
  CHECK(attributes.size() <= kAttributesMax, "attributes of at most 64 KiB");
  const std::size_t at = arena_.size();
  CHECK(at / kUnit < kNoSlot, "a shard past its bounds");
  const std::size_t needed = at + (2 + attributes.size() + kUnit - 1) / kUnit * kUnit;
  if (needed > arena_.capacity()) arena_.reserve(needed + at / 4);
  const auto length = static_cast<std::uint16_t>(attributes.size());
  arena_.append(reinterpret_cast<const char*>(&length), sizeof(length));
  arena_.append(attributes);
  arena_.resize(needed);
  return static_cast<std::uint32_t>(at / kUnit);
}

std::string_view Shard::Impl::attributes(Slot slot) const {
  const char* at = arena_.data() + std::size_t{attributes_[slot]} * kUnit;
  std::uint16_t length = 0;
  std::memcpy(&length, at, sizeof(length));
  return {at + sizeof(length), length};
}

void Shard::Impl::keep_vector(const Vector& vector, Slot slot) {
  auto set = std::ranges::find_if(vectors_, [&](const VectorSet& known) { return known.fits(vector); });
  if (set == vectors_.end()) {
    // Past so many embedders a record is found by its words alone.
    if (vectors_.size() == kSetsMax) return push(places_, kNoSlot);
    vectors_.emplace_back(vector.embedder, vector.values.size());
    set = std::prev(vectors_.end());
  }
  const std::uint32_t row = set->add(vector, slot);
  push(places_, static_cast<std::uint32_t>(set - vectors_.begin()) << kRowBits | row);
}

std::optional<Shard::Impl::Place> Shard::Impl::place(Slot slot) const {
  if (places_[slot] == kNoSlot) return std::nullopt;
  return Place{.set = places_[slot] >> kRowBits, .row = places_[slot] & ((1U << kRowBits) - 1)};
}

void Shard::Impl::put(const Key& key, std::string_view attributes, const Entry& entry) {
  if (const Slot old = find(key.id); old != kNoSlot) bury(old);
  const auto slot = static_cast<Slot>(keys_.size());
  postings_.add(slot, entry.terms);
  push(keys_, key);
  const Lengths lengths{.text = static_cast<std::uint16_t>(std::min<std::uint32_t>(entry.text_length, 0xFFFF)),
                        .index = static_cast<std::uint16_t>(std::min<std::uint32_t>(entry.index_length, 0xFFFF))};
  push(lengths_, lengths);
  text_total_ += lengths.text;
  index_total_ += lengths.index;
  push(attributes_, keep_attributes(attributes));
  if (entry.vector && !entry.vector->values.empty()) {
    keep_vector(*entry.vector, slot);
  } else {
    push(places_, kNoSlot);
  }
  if (!dead_.empty()) dead_.push_back(false);
  enter(slot);
}

bool Shard::Impl::erase(const RecordId& id) {
  const Slot slot = find(id);
  if (slot == kNoSlot) return false;
  bury(slot);
  return true;
}

void Shard::Impl::bury(Slot slot) {
  if (dead_.empty()) dead_.resize(keys_.size());
  dead_[slot] = true;
  ++dead_count_;
  text_total_ -= lengths_[slot].text;
  index_total_ -= lengths_[slot].index;
  if (dead_count_ > kDeadMin && dead_count_ * 4 > keys_.size()) compact();
}

void Shard::Impl::compact() {
  std::vector<Slot> fresh(keys_.size(), kNoSlot);
  const std::string arena = std::exchange(arena_, {});
  Slot kept = 0;
  for (Slot slot = 0; slot < keys_.size(); ++slot) {
    if (dead_[slot]) continue;
    const char* at = arena.data() + std::size_t{attributes_[slot]} * kUnit;
    std::uint16_t length = 0;
    std::memcpy(&length, at, sizeof(length));
    attributes_[kept] = keep_attributes({at + sizeof(length), length});
    keys_[kept] = keys_[slot];
    lengths_[kept] = lengths_[slot];
    places_[kept] = kNoSlot;
    fresh[slot] = kept++;
  }
  cut(keys_, kept);
  cut(lengths_, kept);
  cut(attributes_, kept);
  cut(places_, kept);
  dead_ = {};
  dead_count_ = 0;
  postings_.renumber(fresh);
  for (VectorSet& set : vectors_) set.renumber(fresh);
  std::erase_if(vectors_, [](const VectorSet& set) { return set.size() == 0; });
  for (std::size_t set = 0; set < vectors_.size(); ++set) {
    const std::span<const Slot> slots = vectors_[set].slots();
    for (std::size_t row = 0; row < slots.size(); ++row)
      places_[slots[row]] = static_cast<std::uint32_t>(set << kRowBits | row);
  }
  rebuild_ids();
}

std::size_t Shard::Impl::heap_bytes() const {
  std::size_t bytes = sizeof(*this) + keys_.capacity() * sizeof(Key) + lengths_.capacity() * sizeof(Lengths) +
                      (places_.capacity() + attributes_.capacity() + ids_.capacity()) * sizeof(std::uint32_t) +
                      arena_.capacity() + dead_.capacity() / 8 + vectors_.capacity() * sizeof(VectorSet) +
                      postings_.heap_bytes();
  for (const VectorSet& set : vectors_) bytes += set.heap_bytes();
  return bytes;
}

Shard::Shard() : impl_(std::make_unique<Impl>()) {}
Shard::~Shard() = default;
Shard::Shard(Shard&&) noexcept = default;
Shard& Shard::operator=(Shard&&) noexcept = default;

void Shard::put(const Key& key, std::string_view attributes, const Entry& entry) { impl_->put(key, attributes, entry); }
bool Shard::erase(const RecordId& id) { return impl_->erase(id); }
bool Shard::contains(const RecordId& id) const { return impl_->find(id) != kNoSlot; }
std::size_t Shard::size() const { return impl_->live(); }
std::size_t Shard::bytes() const { return sizeof(*this) + impl_->heap_bytes(); }

std::vector<std::uint32_t> Shard::embedders() const {
  std::vector<std::uint32_t> out;
  for (const VectorSet& set : impl_->vectors()) {
    if (std::ranges::find(out, set.embedder()) == out.end()) out.push_back(set.embedder());
  }
  return out;
}

}  // namespace warifu::search
