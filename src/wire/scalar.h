#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "wire/shape.h"

/// Scalars as text: labels, query strings, headers, form fields and XML write them so, and JSON its numbers.
namespace warifu::wire {

/// Years 1 to 9999: what ISO 8601 can write.
inline constexpr std::int64_t kTimeMinMs = -62'135'596'800'000;
inline constexpr std::int64_t kTimeMaxMs = 253'402'300'799'999;

/// Epoch seconds as decimal text (`1783165130.534`, `1.7e9`), floored to milliseconds without passing through a double
/// where it is plain decimal. nullopt: not a number, or outside the years 1 to 9999.
[[nodiscard]] std::optional<Timestamp> parse_epoch(std::string_view number);
/// Any form that AWS takes: epoch seconds, ISO 8601, HTTP date.
[[nodiscard]] std::optional<Timestamp> parse_timestamp(std::string_view text);
/// A whole number; `5.0` and `5e0` are whole too. nullopt: a fraction, not a number, or out of range.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view number);
[[nodiscard]] std::optional<double> parse_double(std::string_view number);

/// Reads `text` into a scalar of that kind. False when it is not of the kind.
/// REQUIRES: the shape is a scalar and `out` points to its C++ type.
[[nodiscard]] bool parse_scalar(const Shape& shape, std::string_view text, void* out);

/// Epoch seconds with up to three decimals, trailing zeros cut.
void append_epoch(std::string& out, Timestamp time);
/// The scalar as text; timestamps by `format` (kDefault: ISO 8601 in seconds), blobs in base 64.
[[nodiscard]] std::string format_scalar(const Shape& shape, const void* value, TimeFormat format);
void append_double(std::string& out, double value);

}  // namespace warifu::wire
