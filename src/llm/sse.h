#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace warifu::llm {

/// Cuts a `text/event-stream` (WHATWG HTML §9.2) into the data of its events, without I/O. Comments, ids, names and
/// retry fields are skipped. Not thread-safe.
class SseReader {
 public:
  /// No line and no event is longer than `event_bytes_max`.
  explicit SseReader(std::size_t event_bytes_max) : event_bytes_max_(event_bytes_max) {}

  /// Takes the bytes that came next.
  void feed(std::string_view bytes) { buffer_.append(bytes); }
  /// The data of the next event; nullopt: more bytes are needed. kTooLarge: a line or event passes the bound; the
  /// stream is then of no use.
  [[nodiscard]] Result<std::optional<std::string>> next();

 private:
  std::optional<std::string_view> take_line();

  const std::size_t event_bytes_max_;
  std::string buffer_;
  std::size_t at_ = 0;         // start of the line that is not yet understood
  std::size_t looked_at_ = 0;  // no line end before this
  std::string data_;
  bool has_data_ = false;
};

}  // namespace warifu::llm
