#include "policy/values.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "base/encoding.h"

namespace warifu::policy {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Without leading zeros before the point and trailing ones after it; zero is never negative.
struct Decimal {
  bool negative = false;
  std::string_view whole, fraction;
};

std::optional<Decimal> read_decimal(std::string_view text) {
  Decimal decimal;
  if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
    decimal.negative = text.front() == '-';
    text.remove_prefix(1);
  }
  const std::size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (decimal.whole.empty() || !std::ranges::all_of(decimal.whole, is_digit)) return std::nullopt;
  if (point != std::string_view::npos) {
    decimal.fraction = text.substr(point + 1);
    if (decimal.fraction.empty() || !std::ranges::all_of(decimal.fraction, is_digit)) return std::nullopt;
  }
  decimal.whole.remove_prefix(std::min(decimal.whole.find_first_not_of('0'), decimal.whole.size()));
  decimal.fraction = decimal.fraction.substr(0, decimal.fraction.find_last_not_of('0') + 1);
  if (decimal.whole.empty() && decimal.fraction.empty()) decimal.negative = false;
  return decimal;
}

int sign_of(int value) { return value < 0 ? -1 : value > 0 ? 1 : 0; }

int compare_magnitude(const Decimal& a, const Decimal& b) {
  if (a.whole.size() != b.whole.size()) return a.whole.size() < b.whole.size() ? -1 : 1;
  if (const int whole = a.whole.compare(b.whole); whole != 0) return sign_of(whole);
  return sign_of(a.fraction.compare(b.fraction));
}

constexpr std::array<std::uint8_t, 12> kMappedPrefix = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// Four decimal numbers without leading zeros.
bool read_v4(std::string_view text, std::array<std::uint8_t, 16>& bytes) {
  std::size_t at = 0;
  for (std::size_t part = 0; part < 4; ++part) {
    if (part > 0 && (at == text.size() || text[at++] != '.')) return false;
    const std::size_t from = at;
    unsigned value = 0;
    while (at < text.size() && is_digit(text[at]) && at - from < 3)
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    if (at == from || value > 255 || (at - from > 1 && text[from] == '0')) return false;
    bytes[part] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

int base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (is_digit(c)) return c - '0' + 52;
  if (c == '+') return 62;
  return c == '/' ? 63 : -1;
}

}  // namespace

std::optional<int> compare_decimal(std::string_view a, std::string_view b) {
  const auto left = read_decimal(a);
  const auto right = read_decimal(b);
  if (!left || !right) return std::nullopt;
  if (left->negative != right->negative) return left->negative ? -1 : 1;
  const int magnitude = compare_magnitude(*left, *right);
  return left->negative ? -magnitude : magnitude;
}

bool is_decimal(std::string_view text) { return read_decimal(text).has_value(); }

std::optional<Timestamp> read_date(std::string_view text) {
  constexpr std::size_t kEpochDigitsMax = 12;
  if (!text.empty() && std::ranges::all_of(text, is_digit) && text.size() != 4) {
    if (text.size() > kEpochDigitsMax) return std::nullopt;
    std::int64_t seconds = 0;
    std::from_chars(text.data(), text.data() + text.size(), seconds);
    return Timestamp{seconds * 1000};
  }
  // A year or a month alone: its first day.
  std::array<char, 10> padded = {'0', '0', '0', '0', '-', '0', '1', '-', '0', '1'};
  if (text.size() != 4 && text.size() != 7) return parse_iso8601(text);
  std::ranges::copy(text, padded.begin());
  return parse_iso8601({padded.data(), padded.size()});
}

std::optional<bool> read_bool(std::string_view text) {
  if (iequals(text, "true")) return true;
  if (iequals(text, "false")) return false;
  return std::nullopt;
}

std::optional<IpAddress> read_ip(std::string_view text) {
  IpAddress ip;
  if (text.find(':') == std::string_view::npos) {
    ip.v4 = true;
    return read_v4(text, ip.bytes) ? std::optional(ip) : std::nullopt;
  }
  std::array<char, 64> terminated{};
  if (text.size() >= terminated.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  if (inet_pton(AF_INET6, terminated.data(), ip.bytes.data()) != 1) return std::nullopt;
  if (std::ranges::equal(std::span(ip.bytes).first<12>(), kMappedPrefix)) {
    IpAddress v4{.v4 = true};
    std::copy_n(ip.bytes.begin() + 12, 4, v4.bytes.begin());
    return v4;
  }
  return ip;
}

bool IpRange::contains(const IpAddress& ip) const {
  if (ip.v4 != address.v4) return false;
  const unsigned whole = prefix_bits / 8;
  if (!std::equal(ip.bytes.begin(), ip.bytes.begin() + whole, address.bytes.begin())) return false;
  const unsigned rest = prefix_bits % 8;
  return rest == 0 || ((ip.bytes[whole] ^ address.bytes[whole]) >> (8 - rest)) == 0;
}

std::optional<IpRange> read_ip_range(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const auto ip = read_ip(host);
  if (!ip) return std::nullopt;
  const unsigned written_bits = host.find(':') == std::string_view::npos ? 32 : 128;
  unsigned bits = written_bits;
  if (slash != std::string_view::npos) {
    const std::string_view digits = text.substr(slash + 1);
    if (digits.empty() || digits.size() > 3 || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
    std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (bits > written_bits) return std::nullopt;
  }
  if (ip->v4 && written_bits == 128) {
    // `::ffff:0:0/96` and longer are IPv4 ranges; a shorter prefix under a mapped address means nothing we can keep.
    if (bits < 96) return std::nullopt;
    bits -= 96;
  }
  return IpRange{.address = *ip, .prefix_bits = bits};
}

bool base64_equals(std::string_view base64, std::string_view bytes) {
  if (base64.size() != (bytes.size() + 2) / 3 * 4) return false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < base64.size(); i += 4) {
    const std::size_t left = std::min<std::size_t>(3, bytes.size() - at);
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int digit = k > left ? (base64[i + k] == '=' ? 0 : -1) : base64_digit(base64[i + k]);
      if (digit < 0) return false;
      group = group << 6U | static_cast<std::uint32_t>(digit);
    }
    std::uint32_t expected = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      expected = expected << 8U | (k < left ? static_cast<std::uint8_t>(bytes[at + k]) : 0U);
    }
    if (group != expected) return false;
    at += left;
  }
  return true;
}

}  // namespace warifu::policy
