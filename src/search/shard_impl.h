#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/postings.h"
#include "search/shard.h"
#include "search/vector_set.h"

namespace warifu::search {

/// The lengths of a record's two texts in terms; the longest that is told apart has 65,535.
struct Lengths {
  std::uint16_t text = 0;
  std::uint16_t index = 0;
};

/// What a Shard holds. Records lie in slots, in the order in which they came; a slot whose record was taken out is dead
/// until the shard compacts.
class Shard::Impl {
 public:
  void put(const Key& key, std::string_view attributes, const Entry& entry);
  bool erase(const RecordId& id);
  [[nodiscard]] Slot find(const RecordId& id) const;
  [[nodiscard]] std::size_t heap_bytes() const;

  [[nodiscard]] std::size_t live() const { return keys_.size() - dead_count_; }
  [[nodiscard]] std::size_t slots() const { return keys_.size(); }
  [[nodiscard]] bool is_dead(Slot slot) const { return dead_count_ > 0 && dead_[slot]; }
  [[nodiscard]] std::size_t dead_count() const { return dead_count_; }
  [[nodiscard]] const Key& key(Slot slot) const { return keys_[slot]; }
  [[nodiscard]] std::string_view attributes(Slot slot) const;
  [[nodiscard]] std::span<const Lengths> lengths() const { return lengths_; }
  [[nodiscard]] std::uint64_t text_total() const { return text_total_; }  // of the living
  [[nodiscard]] std::uint64_t index_total() const { return index_total_; }
  [[nodiscard]] const Postings& postings() const { return postings_; }
  [[nodiscard]] std::span<const VectorSet> vectors() const { return vectors_; }

  /// Where a slot's vector is: which set and which row of it; nullopt without one.
  struct Place {
    std::size_t set;
    std::uint32_t row;
  };
  [[nodiscard]] std::optional<Place> place(Slot slot) const;

 private:
  void bury(Slot slot);
  void compact();
  void keep_vector(const Vector& vector, Slot slot);
  std::uint32_t keep_attributes(std::string_view attributes);
  void enter(Slot slot);
  void rebuild_ids();

  std::vector<Key> keys_;
  std::vector<Lengths> lengths_;
  std::vector<std::uint32_t> places_;      // set in the upper 6 bits, row in the lower 26; kNoSlot: no vector
  std::vector<std::uint32_t> attributes_;  // where in the arena, in units of 4 bytes
  std::string arena_;                      // two bytes of length, then the attributes, padded to a multiple of 4
  std::vector<bool> dead_;
  std::size_t dead_count_ = 0;
  std::uint64_t text_total_ = 0;
  std::uint64_t index_total_ = 0;
  std::vector<Slot> ids_;  // open addressing by id; empty while the shard is small
  Postings postings_;
  std::vector<VectorSet> vectors_;
};

}  // namespace warifu::search
