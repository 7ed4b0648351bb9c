#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warifu::search {

/// Bits into bytes, least significant first. `finish` pads the last byte with zeros.
class BitWriter {
 public:
  explicit BitWriter(std::string& out) : out_(out) {}

  /// REQUIRES: count <= 56, and `bits` has no more than `count`.
  void put(std::uint64_t bits, unsigned count) {
    pending_ |= bits << held_;
    held_ += count;
    while (held_ >= 8) {
      out_.push_back(static_cast<char>(pending_ & 0xFF));
      pending_ >>= 8;
      held_ -= 8;
    }
  }
  /// `count` ones, then a zero.
  void put_unary(std::uint64_t count) {
    for (; count > 0; --count) put(1, 1);
    put(0, 1);
  }
  /// Elias' gamma code. REQUIRES: 0 < value < 2^28.
  void put_gamma(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value)) - 1;
    put_unary(width);
    put(value & ((std::uint64_t{1} << width) - 1), width);
  }
  void finish() {
    if (held_ > 0) put(0, 8 - held_);
  }

 private:
  std::string& out_;
  std::uint64_t pending_ = 0;
  unsigned held_ = 0;
};

/// Reads what BitWriter wrote. Past the end it gives zeros and `ok` turns false, for good.
class BitReader {
 public:
  explicit BitReader(std::string_view bytes) : bytes_(bytes) {}

  /// REQUIRES: count <= 56.
  std::uint64_t get(unsigned count) {
    refill();
    if (held_ < count) {
      ok_ = false;
      return 0;
    }
    const std::uint64_t bits = pending_ & ((std::uint64_t{1} << count) - 1);
    pending_ >>= count;
    held_ -= count;
    return bits;
  }
  std::uint64_t get_unary() {
    std::uint64_t count = 0;
    for (;;) {
      refill();
      const auto ones = static_cast<unsigned>(std::countr_one(pending_));
      if (ones < held_) {
        pending_ >>= ones + 1;
        held_ -= ones + 1;
        return count + ones;
      }
      count += held_;
      pending_ = 0;
      held_ = 0;
      if (at_ == bytes_.size()) {
        ok_ = false;
        return 0;
      }
    }
  }
  std::uint64_t get_gamma() {
    const std::uint64_t width = get_unary();
    if (width > 28) ok_ = false;
    return ok_ ? (std::uint64_t{1} << width) | get(static_cast<unsigned>(width)) : 0;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  /// Where the next whole byte begins.
  [[nodiscard]] std::size_t byte() const { return at_ - held_ / 8; }

 private:
  void refill() {
    while (held_ <= 55 && at_ < bytes_.size()) {
      pending_ |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes_[at_++])) << held_;
      held_ += 8;
    }
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::uint64_t pending_ = 0;
  unsigned held_ = 0;
  bool ok_ = true;
};

}  // namespace warifu::search
