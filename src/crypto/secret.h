#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace warifu::crypto {

/// Overwrites memory in a way that the compiler may not remove.
void wipe(std::span<std::byte> bytes);

/// Secret bytes: wiped when they are destroyed, moved from or assigned over; without a stream operator, formatter or
/// comparison, so that they reach neither a log nor a timing oracle by accident. Copies are explicit (`clone`).
/// Value type; thread-compatible.
class SecretBytes {
 public:
  SecretBytes() = default;
  /// `size` zero bytes, to be filled through `mutable_bytes`.
  explicit SecretBytes(std::size_t size) : bytes_(size) {}
  [[nodiscard]] static SecretBytes copy_of(std::span<const std::byte> bytes);
  [[nodiscard]] static SecretBytes copy_of(std::string_view text);

  SecretBytes(SecretBytes&& other) noexcept : bytes_(std::move(other.bytes_)) { other.bytes_.clear(); }
  SecretBytes& operator=(SecretBytes&& other) noexcept;
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;
  ~SecretBytes();

  [[nodiscard]] SecretBytes clone() const { return copy_of(bytes()); }
  [[nodiscard]] std::span<const std::byte> bytes() const { return bytes_; }
  [[nodiscard]] std::span<std::byte> mutable_bytes() { return bytes_; }
  /// The same bytes as text, without a copy. The view lives as long as this object is unchanged.
  [[nodiscard]] std::string_view reveal() const;
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }

 private:
  std::vector<std::byte> bytes_;
};

/// True when both are equal; the time depends on the lengths alone.
[[nodiscard]] bool constant_time_equal(std::span<const std::byte> a, std::span<const std::byte> b);
[[nodiscard]] bool constant_time_equal(std::string_view a, std::string_view b);

/// Fills `out` from OpenSSL's generator: for keys and nonces. Ends the process if the generator fails.
void random_bytes(std::span<std::byte> out);
/// `size` random bytes.
[[nodiscard]] SecretBytes random_secret(std::size_t size);

}  // namespace warifu::crypto
