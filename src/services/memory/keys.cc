#include "services/memory/keys.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "store/keys.h"

namespace warifu::services::memory {
namespace {

constexpr std::size_t kTimeDigits = 19;

std::string key_of(std::string_view kind, std::initializer_list<std::string_view> names) {
  std::string key;
  std::size_t size = kind.size() + EventId::kSize;
  for (const std::string_view name : names) size += name.size() + 1;
  key.reserve(size);
  key += kind;
  for (const std::string_view name : names) store::append_text(key, name);
  return key;
}

template <class Integer>
std::optional<Integer> parse_digits(std::string_view text, int base) {
  Integer value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<EventId> EventId::parse(std::string_view text) {
  if (text.size() != kSize || text[kTimeDigits] != '#') return std::nullopt;
  const auto ms = parse_digits<std::uint64_t>(text.substr(0, kTimeDigits), 10);
  const auto suffix = parse_digits<std::uint32_t>(text.substr(kTimeDigits + 1), 16);
  if (!ms || !suffix || *ms > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;

  // One id has one text.
  if (std::ranges::any_of(text, [](char c) { return c >= 'A' && c <= 'F'; })) return std::nullopt;
  return EventId{.time = {static_cast<std::int64_t>(*ms)}, .suffix = *suffix};
}

std::string EventId::str() const {
  CHECK(time.ms >= 0, "an event id has no sign");
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string text(kSize, '#');
  auto ms = static_cast<std::uint64_t>(time.ms);
  for (std::size_t i = kTimeDigits; i-- > 0; ms /= 10) text[i] = static_cast<char>('0' + ms % 10);
  std::uint32_t rest = suffix;
  for (std::size_t i = kSize; i-- > kTimeDigits + 1; rest >>= 4) text[i] = kHex[rest & 15];
  return text;
}

namespace keys {

std::string state() { return "m"; }
std::string actors() { return "a"; }
std::string actor(std::string_view actor) { return key_of("a", {actor}); }
std::string sessions(std::string_view actor) { return key_of("s", {actor}); }
std::string session(SessionRef ref) { return key_of("s", {ref.actor, ref.session}); }
std::string branches(SessionRef ref) { return key_of("b", {ref.actor, ref.session}); }
std::string branch(SessionRef ref, std::string_view name) { return key_of("b", {ref.actor, ref.session, name}); }
std::string events(SessionRef ref) { return key_of("e", {ref.actor, ref.session}); }

std::string event(SessionRef ref, std::string_view event_id) {
  std::string key = events(ref);
  key += event_id;
  return key;
}

std::string token(std::string_view digest) {
  std::string key = "t";
  key += digest;
  return key;
}

std::string memories(std::string_view region) { return key_of("memory/", {region}); }

std::string memory(std::string_view region, std::string_view memory_id) {
  std::string key = memories(region);
  key += memory_id;
  return key;
}

std::string sweeps() { return "memory-sweep/"; }
std::string sweep(std::string_view memory_arn) { return sweeps().append(memory_arn); }
std::string extractings() { return "memory-extracting/"; }
std::string extracting(std::string_view memory_arn) { return extractings().append(memory_arn); }

std::optional<std::string> last_name(std::string_view key, std::string_view prefix) {
  if (!key.starts_with(prefix)) return std::nullopt;
  key.remove_prefix(prefix.size());
  std::optional<std::string> name = store::take_text(key);
  if (!key.empty()) return std::nullopt;
  return name;
}

}  // namespace keys
}  // namespace warifu::services::memory
