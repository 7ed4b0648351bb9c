#include "audit/event_id.h"

#include <algorithm>
#include <atomic>
#include <charconv>

#include <fmt/format.h>

#include "store/keys.h"

namespace warifu::audit {
namespace {

constexpr std::size_t kChars = 36;
constexpr std::size_t kVersionAt = 14;  // `tttttttt-tttt-7sss-vrrr-rrrrrrrrrrrr`
constexpr std::size_t kVariantAt = 19;
constexpr unsigned kVariantBits = 2;  // of the sequence, beside the UUID's variant
constexpr std::int64_t kTimeMsMax = (std::int64_t{1} << 48U) - 1;

std::uint64_t ms_of(Timestamp time) {
  return static_cast<std::uint64_t>(std::clamp(time.ms, std::int64_t{1}, kTimeMsMax));
}

std::optional<std::uint64_t> hex(std::string_view digits) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

bool dashes_stand_right(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool digit = (text[i] >= '0' && text[i] <= '9') || (text[i] >= 'a' && text[i] <= 'f');
    if (dash ? text[i] != '-' : !digit) return false;
  }
  return true;
}

/// An id's text up to and with its variant.
std::string head_of(std::uint64_t order) {
  const std::uint64_t ms = order >> 14U;
  const std::uint64_t sequence = order & 0x3FFFU;
  return fmt::format("{:08x}-{:04x}-7{:03x}-{:x}", ms >> 16U, ms & 0xFFFFU, sequence >> kVariantBits,
                     8U | (sequence & 3U));
}

std::string key_of(std::uint64_t order) {
  std::string key;
  store::append_u64(key, ~order);
  return key;
}

}  // namespace

EventId EventId::make(Timestamp when, Random& random) {
  static std::atomic<std::uint64_t> made = 0;
  const std::uint64_t sequence = made.fetch_add(1, std::memory_order_relaxed) & ((1U << kSequenceBits) - 1);
  const std::uint64_t ms = ms_of(when);
  const std::string text = random.uuid();
  const std::uint64_t order = ms << kSequenceBits | sequence;
  return {head_of(order) + text.substr(kVariantAt + 1), order};
}

std::optional<EventId> EventId::of_key(std::uint64_t order, std::string_view rest) {
  return parse(head_of(order).append(rest));
}

std::optional<EventId> EventId::parse(std::string_view text) {
  if (text.size() != kChars || !dashes_stand_right(text) || text[kVersionAt] != '7') return std::nullopt;
  const auto high = hex(text.substr(0, 8)), low = hex(text.substr(9, 4)), sequence = hex(text.substr(15, 3));
  const auto variant = hex(text.substr(kVariantAt, 1));
  if (!high || !low || !sequence || !variant || (*variant & 12U) != 8U) return std::nullopt;
  const std::uint64_t ms = *high << 16U | *low;
  if (ms == 0) return std::nullopt;
  return EventId(std::string(text), ms << kSequenceBits | *sequence << kVariantBits | (*variant & 3U));
}

std::string EventId::key() const { return key_of(order_) + text_.substr(kVariantAt + 1); }

std::string EventId::first_key(Timestamp time) {
  return key_of(ms_of(time) << kSequenceBits | ((1U << kSequenceBits) - 1));
}

std::string EventId::end_key(Timestamp time) { return key_of((ms_of(time) << kSequenceBits) - 1); }

}  // namespace warifu::audit
