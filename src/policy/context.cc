#include "policy/context.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <chrono>
#include <string>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu::policy {
namespace {

constexpr std::size_t kChunkBytes = 2'048;
// Keys without an id up to which comparing hashes one after another beats a table.
constexpr std::size_t kWalkedNames = 8;

/// Text that lives until `clear`: chunks never move, and the ordinary ones are kept for the next request.
class Arena {
 public:
  std::string_view keep(std::string_view text) {
    if (text.empty()) return {};
    char* to = room(text.size());
    std::ranges::copy(text, to);
    return {to, text.size()};
  }

  /// Aligned for views as well as for text.
  char* room(std::size_t bytes) {
    used_ = (used_ + alignof(std::string_view) - 1) / alignof(std::string_view) * alignof(std::string_view);
    if (bytes > kChunkBytes) return large_.emplace_back(std::make_unique<char[]>(bytes)).get();
    if (chunk_ == chunks_.size() || used_ + bytes > kChunkBytes) next_chunk();
    char* at = chunks_[chunk_].get() + used_;
    used_ += bytes;
    return at;
  }

  void clear() {
    large_.clear();
    chunk_ = 0;
    used_ = 0;
  }

 private:
  void next_chunk() {
    if (chunk_ < chunks_.size()) ++chunk_;
    if (chunk_ == chunks_.size()) chunks_.push_back(std::make_unique<char[]>(kChunkBytes));
    used_ = 0;
  }

  std::vector<std::unique_ptr<char[]>> chunks_, large_;
  std::size_t chunk_ = 0, used_ = 0;
};

}  // namespace

struct Context::State {
  /// A present key. `single` holds the value of a key with one, so that no other storage is needed.
  struct Slot {
    KeyId id;
    std::string_view name;   // set only where `id` is not
    std::uint64_t hash = 0;  // of `name`
    std::string_view single;
    ContextValues values;
    bool present = false;
  };

  // Slots never move while a context is built: ContextValues point into them.
  std::vector<std::unique_ptr<Slot>> slots;
  std::size_t used = 0;
  std::vector<Slot*> slot_of_id;                // by KeyId::index; nullptr: absent
  std::vector<Slot*> by_name;                   // slots without an id
  std::vector<Slot*> name_table;                // the same by hash, once they are many; its size is a power of two
  std::size_t unnamed_from = kInternedKeysMax;  // ids below were known before the first entry of by_name was made
  Arena arena;

  Slot* existing(KeyId id) { return id.index < slot_of_id.size() ? slot_of_id[id.index] : nullptr; }

  Slot* existing(std::string_view name, std::uint64_t hash) {
    const auto is = [&](const Slot* slot) { return slot->hash == hash && iequals(slot->name, name); };
    if (by_name.size() <= kWalkedNames) {
      const auto found = std::ranges::find_if(by_name, is);
      return found == by_name.end() ? nullptr : *found;
    }
    for (std::size_t at = hash;; ++at) {
      Slot* slot = name_table[at & (name_table.size() - 1)];
      if (slot == nullptr || is(slot)) return slot;
    }
  }

  void add_named(Slot* slot) {
    by_name.push_back(slot);
    if (by_name.size() <= kWalkedNames) return;
    const bool first = by_name.size() == kWalkedNames + 1;
    if (!first && by_name.size() * 2 <= name_table.size()) return place(slot);
    name_table.assign(std::bit_ceil(by_name.size() * 4), nullptr);
    for (Slot* each : by_name) place(each);
  }

  void place(Slot* slot) {
    std::size_t at = slot->hash;
    while (name_table[at & (name_table.size() - 1)] != nullptr) ++at;
    name_table[at & (name_table.size() - 1)] = slot;
  }

  Slot* make() {
    if (used == kInternedKeysMax) return nullptr;
    if (used == slots.size()) slots.push_back(std::make_unique<Slot>());
    Slot* slot = slots[used++].get();
    *slot = {};
    return slot;
  }

  Slot* slot_for(KeyId id) {
    CHECK(id.known(), "a context key without an id");
    if (Slot* slot = existing(id)) return slot;
    // Set by name before a policy made this key known: the same key still.
    if (id.index >= unnamed_from && !by_name.empty()) {
      const std::string_view name = name_of(id);
      if (Slot* slot = existing(name, hash_of(name))) return slot;
    }
    if (id.index >= slot_of_id.size()) slot_of_id.resize(std::max<std::size_t>(interned_count(), id.index + 1U));
    Slot* slot = make();
    if (slot == nullptr) return nullptr;
    slot->id = id;
    slot_of_id[id.index] = slot;
    return slot;
  }

  Slot* slot_for(std::string_view name) {
    const std::size_t known_before = interned_count();
    const std::uint64_t hash = hash_of(name);
    if (const KeyId id = lookup(name, hash); id.known()) return slot_for(id);
    if (Slot* slot = existing(name, hash)) return slot;
    Slot* slot = make();
    if (slot == nullptr) return nullptr;
    slot->name = arena.keep(name);
    slot->hash = hash;
    if (by_name.empty()) unnamed_from = known_before;
    add_named(slot);
    return slot;
  }
};

namespace {

template <class Slot>
void put(Slot* slot, std::string_view value) {
  if (slot == nullptr) return;
  slot->single = value;
  slot->values = {.values = {&slot->single, 1}, .multivalued = false};
  slot->present = true;
}

template <class State, class Slot>
void put_many(State& state, Slot* slot, std::span<const std::string_view> values) {
  if (slot == nullptr) return;
  slot->present = !values.empty();
  if (values.size() <= 1) {
    slot->single = values.empty() ? std::string_view{} : values[0];
    slot->values = {.values = {&slot->single, values.size()}, .multivalued = true};
    return;
  }
  char* const room = state.arena.room(values.size() * sizeof(std::string_view));
  auto* const list = reinterpret_cast<std::string_view*>(room);
  std::uninitialized_copy(values.begin(), values.end(), list);
  slot->values = {.values = {list, values.size()}, .multivalued = true};
}

}  // namespace

Context::Context() : state_(std::make_unique<State>()) { state_->slot_of_id.resize(interned_count()); }
Context::Context(Context&&) noexcept = default;
Context& Context::operator=(Context&&) noexcept = default;
Context::~Context() = default;

void Context::clear() {
  State& state = *state_;
  for (std::size_t i = 0; i < state.used; ++i) {
    if (const KeyId id = state.slots[i]->id; id.known()) state.slot_of_id[id.index] = nullptr;
  }
  state.used = 0;
  state.by_name.clear();
  state.unnamed_from = kInternedKeysMax;
  state.arena.clear();
}

void Context::set(KeyId id, std::string_view value) { put(state_->slot_for(id), value); }
void Context::set(std::string_view name, std::string_view value) { put(state_->slot_for(name), value); }

void Context::set_many(KeyId id, std::span<const std::string_view> values) {
  put_many(*state_, state_->slot_for(id), values);
}
void Context::set_many(std::string_view name, std::span<const std::string_view> values) {
  put_many(*state_, state_->slot_for(name), values);
}

void Context::set_bool(KeyId id, bool value) { set(id, value ? "true" : "false"); }

void Context::set_number(KeyId id, std::int64_t value) {
  std::array<char, 24> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  copy(id, {text.data(), static_cast<std::size_t>(end - text.data())});
}

void Context::set_time(KeyId id, Timestamp value) {
  const std::chrono::sys_seconds time{std::chrono::seconds{value.seconds()}};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  const int year = static_cast<int>(date.year());
  if (year < 0 || year > 9999) {
    return copy(id, fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", year, static_cast<unsigned>(date.month()),
                                static_cast<unsigned>(date.day()), clock.hours().count(), clock.minutes().count(),
                                clock.seconds().count()));
  }
  // By hand: every decision has the time in it.
  std::array<char, 20> text{"0000-00-00T00:00:00"};
  text.back() = 'Z';
  const auto put = [&](std::size_t at, std::size_t digits, std::int64_t number) {
    for (std::size_t i = at + digits; i-- > at; number /= 10) text[i] = static_cast<char>('0' + number % 10);
  };
  put(0, 4, year);
  put(5, 2, static_cast<unsigned>(date.month()));
  put(8, 2, static_cast<unsigned>(date.day()));
  put(11, 2, clock.hours().count());
  put(14, 2, clock.minutes().count());
  put(17, 2, clock.seconds().count());
  copy(id, {text.data(), text.size()});
}

void Context::copy(KeyId id, std::string_view value) { set(id, keep(value)); }
void Context::copy(std::string_view name, std::string_view value) { set(name, keep(value)); }

void Context::set_tag(std::string_view prefix, std::string_view tag_key, std::string_view value) {
  std::array<char, kKeyBytesMax + 1> name{};
  const std::size_t size = prefix.size() + tag_key.size();
  // No policy can name a key this long, so none can ask for it.
  if (size > kKeyBytesMax) return;
  std::ranges::copy(tag_key, std::ranges::copy(prefix, name.data()).out);
  set(std::string_view{name.data(), size}, value);
}

const ContextValues* Context::find(const KeyRef& key) const {
  State& state = *state_;
  State::Slot* slot = nullptr;
  if (key.id.known()) {
    slot = state.existing(key.id);
    if (slot == nullptr && key.id.index >= state.unnamed_from) {
      const std::string_view name = name_of(key.id);
      slot = state.existing(name, hash_of(name));
    }
  } else if (!key.name.empty()) {
    slot = state.existing(key.name, hash_of(key.name));
  }
  return slot != nullptr && slot->present ? &slot->values : nullptr;
}

const ContextValues* Context::find(std::string_view name) const { return find(KeyRef{lookup(name), name}); }

void Context::for_each(const std::function<void(std::string_view, const ContextValues&)>& visit) const {
  for (std::size_t i = 0; i < state_->used; ++i) {
    const State::Slot& slot = *state_->slots[i];
    if (slot.present) visit(slot.id.known() ? name_of(slot.id) : slot.name, slot.values);
  }
}

std::string_view Context::keep(std::string_view text) { return state_->arena.keep(text); }

}  // namespace warifu::policy
