#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warifu {

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, the resolution of AgentCore's event ids.
struct Timestamp {
  std::int64_t ms = 0;
  auto operator<=>(const Timestamp&) const = default;

  [[nodiscard]] std::int64_t seconds() const { return ms >= 0 ? ms / 1000 : (ms - 999) / 1000; }
  [[nodiscard]] Timestamp plus_seconds(std::int64_t s) const { return {ms + s * 1000}; }
};

/// `2026-07-04T11:38:50Z` (seconds; XML protocols) and `2026-07-04T11:38:50.534Z`.
[[nodiscard]] std::string iso8601(Timestamp time);
[[nodiscard]] std::string iso8601_ms(Timestamp time);
/// `20260704T113850Z`: ISO 8601 basic format, as SigV4 writes it.
[[nodiscard]] std::string iso8601_basic(Timestamp time);
/// `Sat, 04 Jul 2026 11:38:50 GMT` (RFC 9110 §5.6.7).
[[nodiscard]] std::string http_date(Timestamp time);

/// Reads ISO 8601 / RFC 3339 (`2026-07-04`, `2026-07-04T11:38Z`, with fraction or offset). nullopt: not a date.
[[nodiscard]] std::optional<Timestamp> parse_iso8601(std::string_view text);
/// Reads `YYYYMMDDTHHMMSSZ` and nothing else. nullopt: not of this form, or no such date.
[[nodiscard]] std::optional<Timestamp> parse_iso8601_basic(std::string_view text);
/// Reads RFC 9110's IMF-fixdate.
[[nodiscard]] std::optional<Timestamp> parse_http_date(std::string_view text);

}  // namespace warifu
