#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/random.h"
#include "base/time.h"

namespace warifu::audit {

/// The id of one record: a UUID of version 7 (RFC 9562 §5.7) that holds the event's time, so that a record is found by
/// its id alone. Value type.
class EventId {
 public:
  /// Ids of one process order as they were made, within a millisecond too (up to 16,384 of them).
  [[nodiscard]] static EventId make(Timestamp when, Random& random);
  /// nullopt: not an id that `make` could have made.
  [[nodiscard]] static std::optional<EventId> parse(std::string_view text);

  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] Timestamp time() const { return {static_cast<std::int64_t>(order_ >> kSequenceBits)}; }
  /// The id whose `key` is the complement of `order` and then `rest`.
  [[nodiscard]] static std::optional<EventId> of_key(std::uint64_t order, std::string_view rest);

  /// Where its record lies among those of its account and region: the newest has the least key.
  [[nodiscard]] std::string key() const;

  /// The least key of records of `time`, and the least of those before it.
  [[nodiscard]] static std::string first_key(Timestamp time);
  [[nodiscard]] static std::string end_key(Timestamp time);

 private:
  static constexpr unsigned kSequenceBits = 14;

  EventId(std::string text, std::uint64_t order) : text_(std::move(text)), order_(order) {}
  std::string text_;
  std::uint64_t order_ = 0;  // time in milliseconds, then the sequence
};

}  // namespace warifu::audit
