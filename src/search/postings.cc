#include "search/postings.h"

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"

namespace warifu::search {
namespace {

constexpr std::size_t kPostingBytesMax = 5 + 3 + 3;
constexpr unsigned kListBits = 64 - kTermBits;
constexpr Slot kFlatSlotsMax = 256;
constexpr std::size_t kFlatPostingsMax = 16'384;
constexpr std::uint32_t kFlatTextMax = 0x3F;
constexpr std::uint32_t kFlatIndexMax = 0xFF;
constexpr unsigned kFlatSlotShift = 14;
constexpr Slot kFlatSlotMask = 0x3FF;

std::uint8_t* write_varint(std::uint8_t* at, std::uint32_t value) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<std::uint8_t>(value | 0x80);
  *at++ = static_cast<std::uint8_t>(value);
  return at;
}

std::uint8_t* write_posting(std::uint8_t* at, Slot distance, std::uint32_t text, std::uint32_t index) {
  if (text == 0 && index == 1) return write_varint(at, distance << 2);
  if (text == 1 && index == 1) return write_varint(at, distance << 2 | 1);
  if (text == 1 && index == 2) return write_varint(at, distance << 2 | 2);
  at = write_varint(at, distance << 2 | 3);
  return write_varint(write_varint(at, text), index);
}

std::uint64_t pack(Term term, Slot slot, std::uint32_t text, std::uint32_t index) {
  return term << kListBits | std::uint64_t{slot} << kFlatSlotShift | std::uint64_t{text} << 8 | index;
}

/// Where `value` should stand: terms are hashes, spread evenly.
std::size_t guess(const std::vector<std::uint64_t>& packed, std::uint64_t value) {
  return static_cast<std::size_t>((static_cast<unsigned __int128>(value) * packed.size()) >> 64);
}

/// The first of `packed` that is not below `value`.
const std::uint64_t* lower_bound(const std::vector<std::uint64_t>& packed, std::uint64_t value) {
  const std::uint64_t* first = packed.data();
  const std::uint64_t* low = first + guess(packed, value);
  const std::uint64_t* high = low;
  const std::uint64_t* last = first + packed.size();
  for (std::ptrdiff_t step = 8; low > first && *(low - 1) >= value; step *= 2) low -= std::min(step, low - first);
  for (std::ptrdiff_t step = 8; high < last && *high < value; step *= 2) high += std::min(step, last - high);
  return std::lower_bound(low, high, value);
}

}  // namespace

PostingList::~PostingList() {
  if (capacity_ != 0) std::free(heap_);
}

void PostingList::swap(PostingList& other) noexcept {
  std::swap(in_text_, other.in_text_);
  std::swap(in_index_, other.in_index_);
  std::swap(last_, other.last_);
  std::swap(used_, other.used_);
  std::swap(capacity_, other.capacity_);
  std::uint8_t bytes[8];
  std::memcpy(bytes, inside_, 8);
  std::memcpy(inside_, other.inside_, 8);
  std::memcpy(other.inside_, bytes, 8);
}

std::uint8_t* PostingList::room(std::size_t bytes) {
  const std::size_t needed = used_ + bytes;
  if (capacity_ == 0 && needed <= sizeof(inside_)) return inside_ + used_;
  if (needed > capacity_) {
    const std::size_t wanted = (std::max<std::size_t>(needed, capacity_ + capacity_ / 4) + 15) / 16 * 16;
    CHECK(wanted < (std::size_t{1} << 32), "a posting list past its bounds");
    auto* grown = static_cast<std::uint8_t*>(capacity_ == 0 ? std::malloc(wanted) : std::realloc(heap_, wanted));
    if (grown == nullptr) throw std::bad_alloc();
    if (capacity_ == 0) std::memcpy(grown, inside_, used_);
    heap_ = grown;
    capacity_ = static_cast<std::uint32_t>(wanted);
  }
  return heap_ + used_;
}

void PostingList::add(Slot slot, std::uint32_t text, std::uint32_t index) {
  std::uint8_t bytes[kPostingBytesMax];
  const auto size = static_cast<std::size_t>(write_posting(bytes, slot - last_, text, index) - bytes);
  std::memcpy(room(size), bytes, size);
  used_ += static_cast<std::uint32_t>(size);
  last_ = slot;
  count(text, index);
}

void PostingList::count(std::uint32_t text, std::uint32_t index) {
  in_text_ += text > 0 ? 1 : 0;
  in_index_ += index > 0 ? 1 : 0;
}

void PostingList::renumber(std::span<const Slot> fresh) {
  // Distances only shrink, and one that swallows its neighbour is no longer than both: writing never overtakes reading.
  std::uint8_t* const start = capacity_ == 0 ? inside_ : heap_;
  std::uint8_t* to = start;
  const std::uint32_t used = used_;
  in_text_ = in_index_ = 0;
  last_ = 0;
  Postings::each_in_list(start, start + used, [&](Slot slot, std::uint32_t text, std::uint32_t index) {
    if (fresh[slot] == kNoSlot) return;
    to = write_posting(to, fresh[slot] - last_, text, index);
    last_ = fresh[slot];
    count(text, index);
  });
  used_ = static_cast<std::uint32_t>(to - start);
  fit();
}

void PostingList::fit() {
  if (capacity_ <= 2 * used_ || capacity_ == 0) return;
  std::uint8_t* const bytes = heap_;
  const std::uint32_t used = used_;
  capacity_ = 0;
  used_ = 0;
  std::uint8_t* const to = room(used);
  std::memcpy(to, bytes, used);
  used_ = used;
  std::free(bytes);
}

bool Postings::fits_flat(Slot slot, std::span<const TermCounts> terms) const {
  return slot < kFlatSlotsMax && packed_.size() + terms.size() <= kFlatPostingsMax &&
         std::ranges::all_of(
             terms, [](const TermCounts& term) { return term.text <= kFlatTextMax && term.index <= kFlatIndexMax; });
}

void Postings::add(Slot slot, std::span<const TermCounts> terms) {
  CHECK(slot < kSlotsMax, "a shard past its bounds");
  if (flat_ && fits_flat(slot, terms)) return add_flat(slot, terms);
  if (flat_) leave_flat();
  for (const TermCounts& term : terms) list(term.term).add(slot, term.text, term.index);
}

void Postings::add_flat(Slot slot, std::span<const TermCounts> terms) {
  const std::size_t before = packed_.size();
  if (packed_.capacity() < before + terms.size()) packed_.reserve(before + terms.size() + before / 4);
  packed_.resize(before + terms.size());
  // Both are sorted: merged from the back, in place.
  std::size_t from = before;
  std::size_t to = packed_.size();
  for (std::size_t i = terms.size(); i > 0; --i) {
    const std::uint64_t value = pack(terms[i - 1].term, slot, terms[i - 1].text, terms[i - 1].index);
    while (from > 0 && packed_[from - 1] > value) packed_[--to] = packed_[--from];
    packed_[--to] = value;
  }
}

void Postings::leave_flat() {
  flat_ = false;
  const std::vector<std::uint64_t> packed = std::exchange(packed_, {});
  for (const std::uint64_t posting : packed) {
    list(posting >> kListBits)
        .add(static_cast<Slot>(posting >> kFlatSlotShift & kFlatSlotMask),
             static_cast<std::uint32_t>(posting >> 8 & kFlatTextMax),
             static_cast<std::uint32_t>(posting & kFlatIndexMax));
  }
}

PostingList& Postings::list(Term term) {
  if ((lists_.size() + 1) * 4 > table_.size() * 3) rebuild_table(std::max<std::size_t>(256, table_.size() * 2));
  std::size_t place = term;
  for (;; ++place) {
    std::uint64_t& entry = table_[place &= table_.size() - 1];
    if (entry == 0) {
      CHECK(lists_.size() < (std::size_t{1} << kListBits), "a vocabulary past its bounds");
      entry = term << kListBits | lists_.size();
      return lists_.emplace_back();
    }
    if (entry >> kListBits == term) return lists_[entry & ((std::uint64_t{1} << kListBits) - 1)];
  }
}

void Postings::rebuild_table(std::size_t places) {
  const std::vector<std::uint64_t> old = std::exchange(table_, std::vector<std::uint64_t>(places));
  for (const std::uint64_t entry : old) {
    if (entry == 0) continue;
    std::size_t place = entry >> kListBits;
    while (table_[place &= places - 1] != 0) ++place;
    table_[place] = entry;
  }
}

Postings::Range Postings::find(Term term) const {
  if (flat_) {
    const std::uint64_t* first = lower_bound(packed_, term << kListBits);
    const std::uint64_t* end = packed_.data() + packed_.size();
    Range range{.begin = first, .flat = true};
    for (; first < end && *first >> kListBits == term; ++first) {
      range.in_text += (*first >> 8 & kFlatTextMax) > 0 ? 1 : 0;
      range.in_index += (*first & kFlatIndexMax) > 0 ? 1 : 0;
    }
    range.end = first;
    return range;
  }
  if (table_.empty()) return {};
  for (std::size_t place = term;; ++place) {
    const std::uint64_t entry = table_[place &= table_.size() - 1];
    if (entry == 0) return {};
    if (entry >> kListBits != term) continue;
    const PostingList& list = lists_[entry & ((std::uint64_t{1} << kListBits) - 1)];
    return {.begin = list.begin(),
            .end = list.end(),
            .in_text = list.in_text(),
            .in_index = list.in_index(),
            .flat = false};
  }
}

void Postings::prefetch(Term term) const {
  if (flat_) {
    __builtin_prefetch(packed_.data() + guess(packed_, term << kListBits));
  } else if (!table_.empty()) {
    __builtin_prefetch(&table_[term & (table_.size() - 1)]);
  }
}

void Postings::renumber(std::span<const Slot> fresh) {
  if (flat_) {
    std::size_t kept = 0;
    for (const std::uint64_t posting : packed_) {
      const Slot slot = fresh[posting >> kFlatSlotShift & kFlatSlotMask];
      if (slot == kNoSlot) continue;
      packed_[kept++] = (posting & ~(std::uint64_t{kFlatSlotMask} << kFlatSlotShift)) | std::uint64_t{slot}
                                                                                            << kFlatSlotShift;
    }
    packed_.resize(kept);
    if (packed_.capacity() > 2 * kept) packed_.shrink_to_fit();
    return;
  }
  // Terms that nobody holds any more leave the vocabulary.
  std::vector<PostingList> lists;
  for (std::uint64_t& entry : table_) {
    if (entry == 0) continue;
    PostingList& list = lists_[entry & ((std::uint64_t{1} << kListBits) - 1)];
    list.renumber(fresh);
    if (list.empty()) {
      entry = 0;
      continue;
    }
    entry = entry >> kListBits << kListBits | lists.size();
    lists.push_back(std::move(list));
  }
  lists.shrink_to_fit();
  lists_ = std::move(lists);
  rebuild_table(std::max<std::size_t>(256, std::bit_ceil(lists_.size() * 4 / 3 + 1)));
}

std::size_t Postings::heap_bytes() const {
  constexpr std::size_t kAllocationOverhead = 8;
  std::size_t bytes = packed_.capacity() * sizeof(std::uint64_t) + lists_.capacity() * sizeof(PostingList) +
                      table_.capacity() * sizeof(std::uint64_t);
  for (const PostingList& list : lists_) bytes += list.heap_bytes() == 0 ? 0 : list.heap_bytes() + kAllocationOverhead;
  return bytes;
}

}  // namespace warifu::search
