#include "test/differential/reference_values.h"

#include <algorithm>
#include <cctype>

namespace warifu::reference {
namespace {

bool all_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::int64_t to_int(std::string_view digits) {
  std::int64_t value = 0;
  for (const char c : digits) value = value * 10 + (c - '0');
  return value;
}

/// Howard Hinnant's civil calendar is what the engine's library uses; counting years and months is slow and plain.
std::optional<std::int64_t> days_since_1970(std::int64_t year, std::int64_t month, std::int64_t day) {
  const auto leap = [](std::int64_t y) { return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0; };
  constexpr std::int64_t kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return std::nullopt;
  const std::int64_t in_month = kDays[month - 1] + (month == 2 && leap(year) ? 1 : 0);
  if (day < 1 || day > in_month) return std::nullopt;
  std::int64_t days = day - 1;
  for (std::int64_t m = 1; m < month; ++m) days += kDays[m - 1] + (m == 2 && leap(year) ? 1 : 0);
  for (std::int64_t y = 1970; y < year; ++y) days += leap(y) ? 366 : 365;
  for (std::int64_t y = year; y < 1970; ++y) days -= leap(y) ? 366 : 365;
  return days;
}

/// `hh:mm`, in minutes.
std::optional<std::int64_t> minutes_of(std::string_view text) {
  if (text.size() != 5 || text[2] != ':' || !all_digits(text.substr(0, 2)) || !all_digits(text.substr(3))) return {};
  const std::int64_t hours = to_int(text.substr(0, 2));
  const std::int64_t minutes = to_int(text.substr(3));
  if (hours > 23 || minutes > 59) return std::nullopt;
  return hours * 60 + minutes;
}

void push_bits(std::vector<bool>& bits, std::int64_t value, int count) {
  for (int i = count - 1; i >= 0; --i) bits.push_back((value >> i & 1) != 0);
}

std::optional<std::vector<bool>> four(std::string_view text) {
  const std::vector<std::string> parts = split(text, '.', 10);
  if (parts.size() != 4) return std::nullopt;
  std::vector<bool> bits;
  for (const std::string& part : parts) {
    if (!all_digits(part) || part.size() > 3 || to_int(part) > 255 || (part.size() > 1 && part[0] == '0')) return {};
    push_bits(bits, to_int(part), 8);
  }
  return bits;
}

/// One side of a `::`.
std::optional<std::vector<bool>> groups(std::string_view text) {
  std::vector<bool> bits;
  if (text.empty()) return bits;
  const std::vector<std::string> parts = split(text, ':', 20);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 == parts.size() && parts[i].find('.') != std::string::npos) {
      const auto tail = four(parts[i]);
      if (!tail) return std::nullopt;
      bits.insert(bits.end(), tail->begin(), tail->end());
      continue;
    }
    if (parts[i].empty() || parts[i].size() > 4) return std::nullopt;
    for (const char c : lower(parts[i])) {
      if (!std::isxdigit(static_cast<unsigned char>(c))) return std::nullopt;
      push_bits(bits, c <= '9' ? c - '0' : c - 'a' + 10, 4);
    }
    bits.insert(bits.end() - static_cast<std::ptrdiff_t>(4 * parts[i].size()), 16 - 4 * parts[i].size(), false);
  }
  return bits;
}

std::optional<std::vector<bool>> six(std::string_view text) {
  const std::size_t gap = text.find("::");
  const auto front = groups(text.substr(0, gap));
  if (!front) return std::nullopt;
  if (gap == std::string_view::npos) return front->size() == 128 ? front : std::nullopt;
  const auto back = groups(text.substr(gap + 2));
  if (!back || front->size() + back->size() > 112) return std::nullopt;
  std::vector<bool> bits = *front;
  bits.resize(128 - back->size(), false);
  bits.insert(bits.end(), back->begin(), back->end());
  return bits;
}

bool is_mapped(const std::vector<bool>& bits) {
  if (bits.size() != 128) return false;
  for (std::size_t i = 0; i < 96; ++i) {
    if (bits[i] != (i >= 80)) return false;
  }
  return true;
}

}  // namespace

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::vector<std::string> split(std::string_view text, char separator, std::size_t parts_max) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator && parts.size() < parts_max) {
      parts.emplace_back();
    } else {
      parts.back().push_back(c);
    }
  }
  return parts;
}

std::optional<__int128> number_of(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  const std::vector<std::string> parts = split(text, '.', 3);
  if (parts.size() > 2 || !all_digits(parts[0]) || (parts.size() == 2 && !all_digits(parts[1]))) return std::nullopt;
  __int128 value = 0;
  for (const char c : parts[0]) value = value * 10 + (c - '0');
  std::string places = parts.size() == 2 ? parts[1] : "";
  places.resize(6, '0');
  for (const char c : places) value = value * 10 + (c - '0');
  return negative ? -value : value;
}

std::optional<std::int64_t> date_of(std::string_view text) {
  if (all_digits(text) && text.size() != 4) {
    return text.size() > 12 ? std::optional<std::int64_t>{} : to_int(text) * 1000;
  }
  const std::vector<std::string> halves = split(text, 'T', 2);
  const std::vector<std::string> date = split(halves[0], '-', 4);
  if (date.size() > 3 || (halves.size() == 2 && date.size() != 3)) return std::nullopt;
  for (std::size_t i = 0; i < date.size(); ++i) {
    if (!all_digits(date[i]) || date[i].size() != (i == 0 ? 4U : 2U)) return std::nullopt;
  }
  const auto days =
      days_since_1970(to_int(date[0]), date.size() > 1 ? to_int(date[1]) : 1, date.size() > 2 ? to_int(date[2]) : 1);
  if (!days) return std::nullopt;
  std::int64_t ms = *days * 86'400'000;
  if (halves.size() == 1) return ms;

  std::string clock = halves[1];
  const std::size_t zone_at = clock.find_first_of("Z+-");
  const std::string zone = zone_at == std::string::npos ? "Z" : clock.substr(zone_at);
  clock = clock.substr(0, zone_at);
  const auto minutes = minutes_of(std::string_view(clock).substr(0, 5));
  if (!minutes) return std::nullopt;
  ms += *minutes * 60'000;
  if (clock.size() > 5) {
    const std::string_view seconds = std::string_view(clock).substr(6, 2);
    if (clock[5] != ':' || !all_digits(seconds) || to_int(seconds) > 60) return std::nullopt;
    ms += to_int(seconds) * 1000;
    if (clock.size() > 8) {
      std::string places = clock.substr(9, 3);
      if (clock[8] != '.' || !all_digits(places)) return std::nullopt;
      places.resize(3, '0');
      ms += to_int(places);
    }
  }
  if (zone == "Z") return ms;
  const auto offset = minutes_of(std::string_view(zone).substr(1));
  if (!offset) return std::nullopt;
  return zone[0] == '-' ? ms + *offset * 60'000 : ms - *offset * 60'000;
}

std::optional<std::vector<bool>> address_of(std::string_view text) {
  if (text.find(':') == std::string_view::npos) return four(text);
  const auto bits = six(text);
  if (bits && is_mapped(*bits)) return std::vector<bool>(bits->begin() + 96, bits->end());
  return bits;
}

std::optional<Range> range_of(std::string_view text) {
  const std::vector<std::string> parts = split(text, '/', 2);
  auto bits = parts[0].find(':') == std::string::npos ? four(parts[0]) : six(parts[0]);
  if (!bits) return std::nullopt;
  Range range{.prefix = *bits, .address_bits = bits->size()};
  if (parts.size() == 2) {
    if (!all_digits(parts[1]) || to_int(parts[1]) > static_cast<std::int64_t>(bits->size())) return std::nullopt;
    range.prefix.resize(static_cast<std::size_t>(to_int(parts[1])));
  }
  if (is_mapped(*bits)) {
    range.prefix.erase(range.prefix.begin(), range.prefix.begin() + 96);
    range.address_bits = 32;
  }
  return range;
}

std::optional<std::string> bytes_of_base64(std::string_view text) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (text.size() % 4 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 4) {
    std::string quad(text.substr(i, 4));
    const auto padding = static_cast<std::size_t>(std::ranges::count(quad, '='));
    if (padding > 2 || quad.find('=') + padding < 4 || (padding > 0 && i + 4 != text.size())) return std::nullopt;
    std::int64_t value = 0;
    for (const char c : quad) {
      const std::size_t digit = c == '=' ? 0 : kAlphabet.find(c);
      if (digit == std::string_view::npos) return std::nullopt;
      value = value * 64 + static_cast<std::int64_t>(digit);
    }
    // RFC 4648 §3.5: bits past the last byte are zero, or the text is not the encoding of those bytes.
    if ((value & ((std::int64_t{1} << (8 * padding)) - 1)) != 0) return std::nullopt;
    for (std::size_t k = 0; k < 3 - padding; ++k) bytes.push_back(static_cast<char>(value >> (16 - 8 * k) & 0xff));
  }
  return bytes;
}

}  // namespace warifu::reference
