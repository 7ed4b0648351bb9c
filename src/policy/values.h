#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace warifu::policy {

/// Typed readings of condition values. None allocates; nullopt: the text is not of the type.

/// -1, 0, 1 by exact decimal value, whatever the length (`1.50` equals `01.5`): no rounding through floating point.
[[nodiscard]] std::optional<int> compare_decimal(std::string_view a, std::string_view b);
/// An optional sign, digits, optionally a point and digits.
[[nodiscard]] bool is_decimal(std::string_view text);

/// ISO 8601 (W3C profile: also `2026` as a year, `2026-07`), or seconds since 1970 as plain digits (five or more, since
/// four are a year).
[[nodiscard]] std::optional<Timestamp> read_date(std::string_view text);

[[nodiscard]] std::optional<bool> read_bool(std::string_view text);

/// An address in network byte order; an IPv4 one, also when written `::ffff:a.b.c.d`, fills the first four bytes.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};
  bool v4 = false;
};
[[nodiscard]] std::optional<IpAddress> read_ip(std::string_view text);

/// `10.0.0.0/8`, `2001:db8::/32`; without a prefix length a single address. Host bits are ignored.
struct IpRange {
  IpAddress address;
  unsigned prefix_bits = 0;

  [[nodiscard]] bool contains(const IpAddress& ip) const;
};
[[nodiscard]] std::optional<IpRange> read_ip_range(std::string_view text);

/// True when `base64` is strict base 64 of exactly `bytes`.
[[nodiscard]] bool base64_equals(std::string_view base64, std::string_view bytes);

}  // namespace warifu::policy
