#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "search/entry.h"

namespace warifu::search {

/// A record's place in its shard. Slots are given out in ascending order and shift only when a shard compacts.
using Slot = std::uint32_t;
inline constexpr Slot kNoSlot = 0xFFFF'FFFF;
/// Slots stay below this: a posting keeps a distance in 30 bits.
inline constexpr Slot kSlotsMax = Slot{1} << 26;

/// The slots of one term with their counts, ascending, in bytes: varints of `distance * 4 + code`, the code one of the
/// three common pairs of counts or 3, and then two varints follow. Up to eight bytes lie in the list itself, since most
/// terms of a vocabulary are rare.
class PostingList {
 public:
  PostingList() = default;
  PostingList(PostingList&& other) noexcept { swap(other); }
  PostingList& operator=(PostingList&& other) noexcept {
    swap(other);
    return *this;
  }
  ~PostingList();

  /// REQUIRES: slot above every slot added before.
  void add(Slot slot, std::uint32_t text, std::uint32_t index);
  /// Gives every slot its new number; those without one (kNoSlot) go. Order must stay.
  void renumber(std::span<const Slot> fresh);

  /// In how many records' texts, and index texts, the term stands.
  [[nodiscard]] std::uint32_t in_text() const { return in_text_; }
  [[nodiscard]] std::uint32_t in_index() const { return in_index_; }
  [[nodiscard]] bool empty() const { return used_ == 0; }
  [[nodiscard]] const std::uint8_t* begin() const { return capacity_ == 0 ? inside_ : heap_; }
  [[nodiscard]] const std::uint8_t* end() const { return begin() + used_; }
  [[nodiscard]] std::size_t heap_bytes() const { return capacity_; }

 private:
  void swap(PostingList& other) noexcept;
  void count(std::uint32_t text, std::uint32_t index);
  void fit();
  std::uint8_t* room(std::size_t bytes);

  std::uint32_t in_text_ = 0;
  std::uint32_t in_index_ = 0;
  Slot last_ = 0;
  std::uint32_t used_ = 0;
  std::uint32_t capacity_ = 0;  // 0: the bytes lie inside
  union {
    std::uint8_t inside_[8] = {};
    std::uint8_t* heap_;
  };
};

/// Which records of a shard hold a term, in its text and in its index text. A small shard's postings are one sorted
/// array of 8 bytes each; a larger one's are lists behind a hash table.
class Postings {
 public:
  /// REQUIRES: slot above every slot added before; terms as an Entry has them.
  void add(Slot slot, std::span<const TermCounts> terms);
  void renumber(std::span<const Slot> fresh);

  /// Where a term's postings lie, until the next change.
  struct Range {
    const void* begin = nullptr;
    const void* end = nullptr;
    std::uint32_t in_text = 0;  // slots that were taken out since the last renumber included
    std::uint32_t in_index = 0;
    bool flat = false;
  };
  [[nodiscard]] Range find(Term term) const;
  /// Fetches what `find` will look at first into the cache, for those who walk many small shards.
  void prefetch(Term term) const;

  /// Calls `visit(slot, count in text, count in index text)` for each posting, ascending.
  template <class Visit>
  static void each(const Range& range, Visit&& visit);

  [[nodiscard]] std::size_t heap_bytes() const;

 private:
  friend class PostingList;
  [[nodiscard]] bool fits_flat(Slot slot, std::span<const TermCounts> terms) const;
  void add_flat(Slot slot, std::span<const TermCounts> terms);
  void leave_flat();
  PostingList& list(Term term);
  void rebuild_table(std::size_t places);
  template <class Visit>
  static void each_in_list(const std::uint8_t* at, const std::uint8_t* end, Visit&& visit);

  bool flat_ = true;
  std::vector<std::uint64_t> packed_;  // term, slot, text, index: 40, 10, 6 and 8 bits
  std::vector<PostingList> lists_;
  std::vector<std::uint64_t> table_;  // term in the upper 40 bits, list in the lower 24; 0: free
};

inline std::uint32_t read_varint(const std::uint8_t*& at) {
  std::uint32_t value = *at++;
  if (value < 0x80) [[likely]]
    return value;
  value &= 0x7F;
  for (unsigned shift = 7;; shift += 7) {
    const std::uint32_t byte = *at++;
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

template <class Visit>
void Postings::each_in_list(const std::uint8_t* at, const std::uint8_t* end, Visit&& visit) {
  Slot slot = 0;
  while (at < end) {
    const std::uint32_t head = read_varint(at);
    slot += head >> 2;
    switch (head & 3) {
      case 0:
        visit(slot, 0U, 1U);
        break;
      case 1:
        visit(slot, 1U, 1U);
        break;
      case 2:
        visit(slot, 1U, 2U);
        break;
      default: {
        const std::uint32_t text = read_varint(at);
        const std::uint32_t index = read_varint(at);
        visit(slot, text, index);
      }
    }
  }
}

template <class Visit>
void Postings::each(const Range& range, Visit&& visit) {
  if (!range.flat) {
    each_in_list(static_cast<const std::uint8_t*>(range.begin), static_cast<const std::uint8_t*>(range.end),
                 std::forward<Visit>(visit));
    return;
  }
  const auto* end = static_cast<const std::uint64_t*>(range.end);
  for (const auto* at = static_cast<const std::uint64_t*>(range.begin); at < end; ++at) {
    visit(static_cast<Slot>(*at >> 14 & 0x3FF), static_cast<std::uint32_t>(*at >> 8 & 0x3F),
          static_cast<std::uint32_t>(*at & 0xFF));
  }
}

}  // namespace warifu::search
