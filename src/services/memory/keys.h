#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

/// The keys of Memory's rows; `docs/storage.md` gives the same table byte by byte. Pure functions, thread-safe.
///
/// Names inside keys are `store::append_text`: none is a prefix of another, so that actor `al` never sees rows of
/// `alice`, whatever characters names may hold.
namespace warifu::services::memory {

/// One conversation: sessions of different actors are different, even under the same id. Views.
struct SessionRef {
  std::string_view actor;
  std::string_view session;
};

/// `0000001783165130534#3f3e979a`: milliseconds of the event's own timestamp in 19 digits, then 8 hexadecimal digits
/// that grow within a millisecond of a session. Byte order is the order of events.
struct EventId {
  Timestamp time;
  std::uint32_t suffix = 0;

  static constexpr std::size_t kSize = 28;

  /// nullopt unless `text` is exactly what `str` writes.
  [[nodiscard]] static std::optional<EventId> parse(std::string_view text);
  /// REQUIRES: time.ms >= 0.
  [[nodiscard]] std::string str() const;
};

namespace keys {

// In partition `memory/<arn>`.
[[nodiscard]] std::string state();                                           // m
[[nodiscard]] std::string actors();                                          // a
[[nodiscard]] std::string actor(std::string_view actor);                     // a actor
[[nodiscard]] std::string sessions(std::string_view actor);                  // s actor
[[nodiscard]] std::string session(SessionRef ref);                           // s actor session
[[nodiscard]] std::string branches(SessionRef ref);                          // b actor session
[[nodiscard]] std::string branch(SessionRef ref, std::string_view name);     // b actor session name
[[nodiscard]] std::string events(SessionRef ref);                            // e actor session
[[nodiscard]] std::string event(SessionRef ref, std::string_view event_id);  // e actor session eventId
[[nodiscard]] std::string token(std::string_view digest);                    // t digest

// In partition `account/<owner>`.
[[nodiscard]] std::string memories(std::string_view region);                            // memory/ region
[[nodiscard]] std::string memory(std::string_view region, std::string_view memory_id);  // memory/ region id

// In partition `system`.
[[nodiscard]] std::string sweeps();                                 // memory-sweep/
[[nodiscard]] std::string sweep(std::string_view memory_arn);       // memory-sweep/ arn
[[nodiscard]] std::string extractings();                            // memory-extracting/
[[nodiscard]] std::string extracting(std::string_view memory_arn);  // memory-extracting/ arn

/// The one name that follows `prefix` in `key`; nullopt when what follows is not exactly one name.
[[nodiscard]] std::optional<std::string> last_name(std::string_view key, std::string_view prefix);

}  // namespace keys
}  // namespace warifu::services::memory
