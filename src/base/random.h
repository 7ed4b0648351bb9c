#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace warifu {

/// A source of random bytes, injected so that tests can repeat. Implementations are thread-safe.
/// For ids and tokens; keys and nonces come from `crypto`.
class Random {
 public:
  virtual ~Random() = default;
  virtual void fill(std::span<std::byte> out) = 0;

  /// A uniformly distributed number below `bound`. REQUIRES: bound > 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  /// `length` characters drawn uniformly from `alphabet`. REQUIRES: !alphabet.empty().
  [[nodiscard]] std::string text(std::size_t length, std::string_view alphabet);
  /// A version-4 UUID (RFC 9562 §5.4), lower case.
  [[nodiscard]] std::string uuid();
};

/// The kernel's generator (getrandom), buffered per thread.
class SystemRandom final : public Random {
 public:
  void fill(std::span<std::byte> out) override;
};

/// A seeded generator (SplitMix64) for tests and simulations. Not thread-safe.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
  void fill(std::span<std::byte> out) override;

 private:
  std::uint64_t state_;
};

inline constexpr std::string_view kAlphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
/// The characters of access key ids and unique ids after their prefix (RFC 4648 base 32).
inline constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

}  // namespace warifu
