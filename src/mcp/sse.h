#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

/// `text/event-stream` (WHATWG HTML §9.2): bytes to events and back. Pure.
namespace warifu::mcp {

struct Event {
  std::string type = "message";
  std::string data;
  std::string id;
};

/// Appends one event. Data may hold line breaks; `id` and `type` must not. Empty `id`: the field is left out.
void append_event(std::string& out, std::string_view data, std::string_view id = {}, std::string_view type = "message");
/// A comment that keeps a quiet stream open.
inline constexpr std::string_view kKeepAlive = ": \n\n";

/// Cuts a stream into events. Not thread-safe.
class EventReader {
 public:
  /// No line and no event is longer than `event_bytes_max`.
  explicit EventReader(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  /// Takes the bytes that came next.
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The next event that has data; nullopt: more bytes are needed. kTooLarge: a line or an event passes the bound; the
  /// stream is then of no use.
  [[nodiscard]] Result<std::optional<Event>> next();

 private:
  std::optional<std::string_view> take_line();
  Result<> take_field(std::string_view line);

  const std::size_t event_bytes_max_;
  std::string buffer_;
  std::size_t at_ = 0;         // start of the line that is not yet understood
  std::size_t looked_at_ = 0;  // no line end before this
  bool begun_ = false;         // a byte order mark may only stand first
  bool has_data_ = false;
  Event event_;
  std::string last_id_;
};

}  // namespace warifu::mcp
