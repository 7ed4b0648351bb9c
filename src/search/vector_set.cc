#include "search/vector_set.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/check.h"
#include "search/dot.h"

namespace warifu::search {
namespace {

constexpr std::size_t kLine = 64;
constexpr std::size_t kFirstRows = 8;
/// A coarse look reads one part in so many of a row: at a quarter its guesses are so rough that looking at everything
/// would be as quick.
constexpr std::size_t kHeadShare = 2;

std::size_t padded_to_line(std::size_t dimensions) { return (dimensions + kLine - 1) / kLine * kLine; }

std::uint8_t* allocate(std::size_t bytes) {
  auto* made = static_cast<std::uint8_t*>(std::aligned_alloc(kLine, bytes));
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

/// Bytes as `dot_rows` wants them: 128 above the signed value.
void store(std::uint8_t* to, std::span<const std::int8_t> values) {
  for (const std::int8_t value : values) *to++ = static_cast<std::uint8_t>(value + 128);
}

}  // namespace

void QueryBytes::Free::operator()(std::int8_t* bytes) const { std::free(bytes); }
void VectorSet::Free::operator()(std::uint8_t* bytes) const { std::free(bytes); }

QueryBytes::QueryBytes(const Vector& query) : scale_(query.scale) {
  const std::size_t padded = std::max(kLine, padded_to_line(query.values.size()));
  bytes_.reset(reinterpret_cast<std::int8_t*>(allocate(padded)));
  std::memset(bytes_.get(), 0, padded);
  std::ranges::copy(query.values, bytes_.get());
  biases_.push_back(0);
  for (std::size_t at = 0; at < padded; at += kLine)
    biases_.push_back(biases_.back() + bias_of(bytes_.get() + at, kLine));
}

VectorSet::VectorSet(std::uint32_t embedder, std::size_t dimensions)
    : embedder_(embedder),
      dimensions_(static_cast<std::uint32_t>(dimensions)),
      padded_(static_cast<std::uint32_t>(padded_to_line(dimensions))),
      head_(static_cast<std::uint32_t>(padded_to_line(padded_ / kHeadShare))) {}

void VectorSet::make_room(Block& block, std::size_t used) {
  if (used < block.rows) return;
  resize(block, used, blocks_.size() > 1 ? kBlockRows : std::clamp(block.rows * 2, kFirstRows, kBlockRows));
}

void VectorSet::resize(Block& block, std::size_t used, std::size_t rows) {
  const auto grow = [&](auto& bytes, std::size_t width) {
    if (width == 0) return;
    std::uint8_t* grown = allocate(rows * width);
    if (used > 0) std::memcpy(grown, bytes.get(), used * width);
    bytes.reset(grown);
  };
  grow(block.heads, head_);
  grow(block.tails, tail());
  block.rows = rows;
}

std::uint32_t VectorSet::add(const Vector& vector, Slot slot) {
  CHECK(fits(vector) && size() < kRowsMax, "a vector of another kind");
  const std::size_t used = size() % kBlockRows;
  if (used == 0 && size() == blocks_.size() * kBlockRows) blocks_.emplace_back();
  Block& block = blocks_.back();
  make_room(block, used);
  const std::span<const std::int8_t> values(vector.values);
  const std::size_t head = std::min<std::size_t>(head_, dimensions_);
  std::uint8_t* first = block.heads.get() + used * head_;
  std::memset(first, 128, head_);
  store(first, values.first(head));
  if (tail() > 0) {
    std::uint8_t* rest = block.tails.get() + used * tail();
    std::memset(rest, 128, tail());
    store(rest, values.subspan(head));
  }
  if (slots_.size() == slots_.capacity()) {
    const std::size_t room = std::max(kFirstRows, slots_.size() + slots_.size() / 4);
    slots_.reserve(room);
    scales_.reserve(room);
  }
  slots_.push_back(slot);
  scales_.push_back(vector.scale);
  return static_cast<std::uint32_t>(slots_.size() - 1);
}

void VectorSet::renumber(std::span<const Slot> fresh) {
  std::size_t kept = 0;
  for (std::size_t row = 0; row < slots_.size(); ++row) {
    const Slot slot = fresh[slots_[row]];
    if (slot == kNoSlot) continue;
    slots_[kept] = slot;
    if (kept != row) {
      scales_[kept] = scales_[row];
      const Block& from = blocks_[row / kBlockRows];
      const Block& to = blocks_[kept / kBlockRows];
      std::memcpy(to.heads.get() + kept % kBlockRows * head_, from.heads.get() + row % kBlockRows * head_, head_);
      if (tail() > 0) {
        std::memcpy(to.tails.get() + kept % kBlockRows * tail(), from.tails.get() + row % kBlockRows * tail(), tail());
      }
    }
    ++kept;
  }
  slots_.resize(kept);
  scales_.resize(kept);
  blocks_.resize((kept + kBlockRows - 1) / kBlockRows);
  if (slots_.capacity() <= 2 * kept) return;
  slots_.shrink_to_fit();
  scales_.shrink_to_fit();
  if (blocks_.size() == 1) resize(blocks_.front(), kept, std::max(kFirstRows, std::bit_ceil(kept)));
}

std::span<const float> VectorSet::cosines(const QueryBytes& query, std::size_t block, bool coarse) const {
  thread_local std::array<std::int32_t, kBlockRows> heads;
  thread_local std::array<std::int32_t, kBlockRows> tails;
  thread_local std::array<float, kBlockRows> out;
  const std::size_t first = block * kBlockRows;
  const std::size_t count = std::min(kBlockRows, size() - first);
  dot_rows(blocks_[block].heads.get(), count, query.data(), head_, heads.data());
  const std::int32_t head_bias = query.bias(head_);
  const float* scales = scales_.data() + first;
  if (coarse || tail() == 0) {
    for (std::size_t i = 0; i < count; ++i) {
      out[i] = static_cast<float>(heads[i] - head_bias) * (query.scale() * scales[i]);
    }
    return std::span{out}.first(count);
  }
  dot_rows(blocks_[block].tails.get(), count, query.data() + head_, tail(), tails.data());
  const std::int32_t both = query.bias(padded_);
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = static_cast<float>(heads[i] + tails[i] - both) * (query.scale() * scales[i]);
  }
  return std::span{out}.first(count);
}

void VectorSet::prefetch() const {
  constexpr std::size_t kSmall = 32;
  if (size() == 0 || size() > kSmall) return;
  for (std::size_t at = 0; at < size() * head_; at += kLine) __builtin_prefetch(blocks_[0].heads.get() + at);
  for (std::size_t at = 0; at < size() * tail(); at += kLine) __builtin_prefetch(blocks_[0].tails.get() + at);
}

float VectorSet::cosine(const QueryBytes& query, std::uint32_t row) const {
  const Block& block = blocks_[row / kBlockRows];
  std::int32_t head = 0;
  std::int32_t rest = 0;
  dot_rows(block.heads.get() + row % kBlockRows * head_, 1, query.data(), head_, &head);
  if (tail() > 0) dot_rows(block.tails.get() + row % kBlockRows * tail(), 1, query.data() + head_, tail(), &rest);
  const std::int32_t both = query.bias(padded_);
  return static_cast<float>(head + rest - both) * (query.scale() * scales_[row]);
}

std::size_t VectorSet::heap_bytes() const {
  std::size_t bytes =
      blocks_.capacity() * sizeof(Block) + scales_.capacity() * sizeof(float) + slots_.capacity() * sizeof(Slot);
  for (const Block& block : blocks_) bytes += block.rows * padded_;
  return bytes;
}

}  // namespace warifu::search
