#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "search/postings.h"
#include "search/vector.h"

namespace warifu::search {

/// A query's bytes, aligned and padded as a VectorSet's rows are.
class QueryBytes {
 public:
  explicit QueryBytes(const Vector& query);

  [[nodiscard]] const std::int8_t* data() const { return bytes_.get(); }
  [[nodiscard]] float scale() const { return scale_; }
  /// What to take off a product of the first `dimensions` components (a multiple of 64).
  [[nodiscard]] std::int32_t bias(std::size_t dimensions) const { return biases_[dimensions / 64]; }

 private:
  struct Free {
    void operator()(std::int8_t* bytes) const;
  };
  std::unique_ptr<std::int8_t[], Free> bytes_;
  float scale_;
  std::vector<std::int32_t> biases_;
};

/// The vectors of one embedder in one shard. Rows lie in blocks; a row's first components lie apart from its others, so
/// that a coarse look reads half of the memory. Embedders whose first components say most profit most.
class VectorSet {
 public:
  static constexpr std::size_t kBlockRows = 1024;
  static constexpr std::uint32_t kRowsMax = 1U << 26;

  VectorSet(std::uint32_t embedder, std::size_t dimensions);

  [[nodiscard]] bool fits(const Vector& vector) const {
    return vector.embedder == embedder_ && vector.values.size() == dimensions_;
  }
  /// The new row. REQUIRES: fits(vector).
  std::uint32_t add(const Vector& vector, Slot slot);
  void renumber(std::span<const Slot> fresh);

  [[nodiscard]] std::uint32_t embedder() const { return embedder_; }
  [[nodiscard]] std::size_t dimensions() const { return dimensions_; }
  [[nodiscard]] std::size_t size() const { return scales_.size(); }
  [[nodiscard]] std::span<const Slot> slots() const { return slots_; }

  /// The cosines with the rows of block `block`, in order; with `coarse` of their first components alone. At most
  /// kBlockRows; the span lasts until the next call of this thread.
  [[nodiscard]] std::span<const float> cosines(const QueryBytes& query, std::size_t block, bool coarse) const;
  [[nodiscard]] float cosine(const QueryBytes& query, std::uint32_t row) const;
  /// Fetches a small set's rows into the cache, for those who walk many small shards.
  void prefetch() const;
  [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }

  [[nodiscard]] std::size_t heap_bytes() const;

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const;
  };
  struct Block {
    std::unique_ptr<std::uint8_t[], Free> heads;
    std::unique_ptr<std::uint8_t[], Free> tails;  // null when the head is all
    std::size_t rows = 0;                         // that there is room for
  };

  void make_room(Block& block, std::size_t used);
  void resize(Block& block, std::size_t used, std::size_t rows);
  [[nodiscard]] std::size_t tail() const { return padded_ - head_; }

  std::uint32_t embedder_;
  std::uint32_t dimensions_;
  std::uint32_t padded_;  // to a multiple of 64
  std::uint32_t head_;    // components that lie apart
  std::vector<Block> blocks_;
  std::vector<float> scales_;
  std::vector<Slot> slots_;  // of each row
};

}  // namespace warifu::search
