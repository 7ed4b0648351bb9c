#include "wire/scalar.h"

#include <array>
#include <charconv>
#include <cmath>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu::wire {
namespace {

template <class T>
std::optional<T> parse_all(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

bool digits(std::string_view text) { return text.find_first_not_of("0123456789") == std::string_view::npos; }

std::optional<Timestamp> in_range(double ms) {
  if (!(ms >= static_cast<double>(kTimeMinMs) && ms <= static_cast<double>(kTimeMaxMs))) return std::nullopt;
  return Timestamp{static_cast<std::int64_t>(ms)};
}

template <class T>
bool store(std::optional<T> value, void* out) {
  if (value) *static_cast<T*>(out) = std::move(*value);
  return value.has_value();
}

bool store_integer(std::string_view text, void* out) {
  const std::optional<std::int64_t> value = parse_integer(text);
  if (!value || *value < INT32_MIN || *value > INT32_MAX) return false;
  *static_cast<std::int32_t*>(out) = static_cast<std::int32_t>(*value);
  return true;
}

template <class T>
void append_number(std::string& out, T value) {
  std::array<char, 32> buffer{};
  const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  CHECK(error == std::errc{}, "32 characters hold every number");
  out.append(buffer.data(), end);
}

}  // namespace

std::optional<Timestamp> parse_epoch(std::string_view number) {
  if (number.find_first_of("eE") != std::string_view::npos) {
    const std::optional<double> value = parse_double(number);
    return value ? in_range(std::floor(*value * 1000.0)) : std::nullopt;
  }
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? std::string_view{} : number.substr(point + 1);
  // Twelve digits hold every second up to the year 9999.
  if (whole.empty() || whole.size() > 12 || !digits(whole) || !digits(fraction)) return std::nullopt;
  if (point != std::string_view::npos && fraction.empty()) return std::nullopt;
  std::int64_t ms = *parse_all<std::int64_t>(whole);
  for (std::size_t i = 0; i < 3; ++i) ms = ms * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  const bool rest = fraction.size() > 3 && fraction.find_first_not_of('0', 3) != std::string_view::npos;
  if (negative) ms = -ms - (rest ? 1 : 0);
  if (ms < kTimeMinMs || ms > kTimeMaxMs) return std::nullopt;
  return Timestamp{ms};
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  std::optional<Timestamp> time = parse_epoch(text);
  if (!time) time = parse_iso8601(text);
  if (!time) time = parse_http_date(text);
  if (time && (time->ms < kTimeMinMs || time->ms > kTimeMaxMs)) return std::nullopt;
  return time;
}

std::optional<std::int64_t> parse_integer(std::string_view number) {
  if (const auto value = parse_all<std::int64_t>(number)) return value;
  if (number.find_first_of(".eE") == std::string_view::npos) return std::nullopt;
  const std::optional<double> value = parse_double(number);
  // 2^53: beyond it a double no longer tells neighbouring integers apart.
  if (!value || *value != std::floor(*value) || std::abs(*value) > 9007199254740992.0) return std::nullopt;
  return static_cast<std::int64_t>(*value);
}

std::optional<double> parse_double(std::string_view number) {
  const std::optional<double> value = parse_all<double>(number);
  return value && std::isfinite(*value) ? value : std::nullopt;
}

bool parse_scalar(const Shape& shape, std::string_view text, void* out) {
  switch (shape.kind) {
    case Kind::kString:
      *static_cast<std::string*>(out) = text;
      return true;
    case Kind::kBlob:
      return store(base64_decode(text), out);
    case Kind::kBoolean:
      *static_cast<bool*>(out) = text == "true";
      return text == "true" || text == "false";
    case Kind::kInteger:
      return store_integer(text, out);
    case Kind::kLong:
      return store(parse_integer(text), out);
    case Kind::kDouble:
      return store(parse_double(text), out);
    case Kind::kTimestamp:
      return store(parse_timestamp(text), out);
    case Kind::kDocument:
    case Kind::kStructure:
    case Kind::kUnion:
    case Kind::kList:
    case Kind::kMap:
      break;
  }
  CHECK(false, "not a scalar");
  return false;
}

void append_epoch(std::string& out, Timestamp time) {
  const std::int64_t seconds = time.ms / 1000;
  const std::int64_t rest = std::abs(time.ms % 1000);
  if (seconds == 0 && time.ms < 0) out.push_back('-');
  append_number(out, seconds);
  if (rest == 0) return;
  const std::array<char, 4> text = {'.', static_cast<char>('0' + rest / 100), static_cast<char>('0' + rest / 10 % 10),
                                    static_cast<char>('0' + rest % 10)};
  std::string_view decimals(text.data(), text.size());
  while (decimals.ends_with('0')) decimals.remove_suffix(1);
  out.append(decimals);
}

void append_double(std::string& out, double value) { append_number(out, value); }

std::string format_scalar(const Shape& shape, const void* value, TimeFormat format) {
  std::string out;
  switch (shape.kind) {
    case Kind::kString:
      return *static_cast<const std::string*>(value);
    case Kind::kBlob:
      return base64_encode(*static_cast<const std::string*>(value));
    case Kind::kBoolean:
      return *static_cast<const bool*>(value) ? "true" : "false";
    case Kind::kInteger:
      append_number(out, *static_cast<const std::int32_t*>(value));
      return out;
    case Kind::kLong:
      append_number(out, *static_cast<const std::int64_t*>(value));
      return out;
    case Kind::kDouble:
      append_double(out, *static_cast<const double*>(value));
      return out;
    case Kind::kTimestamp: {
      const Timestamp time = *static_cast<const Timestamp*>(value);
      if (format == TimeFormat::kHttpDate) return http_date(time);
      if (format != TimeFormat::kEpoch) return iso8601(time);
      append_epoch(out, time);
      return out;
    }
    case Kind::kDocument:
    case Kind::kStructure:
    case Kind::kUnion:
    case Kind::kList:
    case Kind::kMap:
      break;
  }
  CHECK(false, "not a scalar");
  return out;
}

}  // namespace warifu::wire
