#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Readings of condition values for the reference evaluator.
namespace warifu::reference {

/// A number with up to six places after the point, in millionths.
[[nodiscard]] std::optional<__int128> number_of(std::string_view text);
/// Milliseconds since 1970.
[[nodiscard]] std::optional<std::int64_t> date_of(std::string_view text);
/// The bits of an address, most significant first: 32 or 128.
[[nodiscard]] std::optional<std::vector<bool>> address_of(std::string_view text);
/// The leading bits that a range fixes, and how long its addresses are.
struct Range {
  std::vector<bool> prefix;
  std::size_t address_bits = 0;
};
[[nodiscard]] std::optional<Range> range_of(std::string_view text);
[[nodiscard]] std::optional<std::string> bytes_of_base64(std::string_view text);
[[nodiscard]] std::string lower(std::string_view text);
[[nodiscard]] std::vector<std::string> split(std::string_view text, char separator, std::size_t parts_max);

}  // namespace warifu::reference
