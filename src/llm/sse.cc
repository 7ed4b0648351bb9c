#include "llm/sse.h"

#include <algorithm>
#include <utility>

namespace warifu::llm {
namespace {

constexpr std::string_view kData = "data";

std::unexpected<Error> too_large() { return fail({.code = ErrorCode::kTooLarge, .message = "an event is too large"}); }

}  // namespace

std::optional<std::string_view> SseReader::take_line() {
  const std::size_t end = buffer_.find_first_of("\r\n", std::max(at_, looked_at_));
  looked_at_ = std::min(end, buffer_.size());
  // A carriage return at the very end may be the first half of a line end.
  if (end == std::string::npos || (buffer_[end] == '\r' && end + 1 == buffer_.size())) return std::nullopt;
  const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
  at_ = end + (buffer_[end] == '\r' && buffer_[end + 1] == '\n' ? 2 : 1);
  return line;
}

Result<std::optional<std::string>> SseReader::next() {
  while (const auto line = take_line()) {
    if (line->empty()) {
      if (std::exchange(has_data_, false)) return std::optional(std::exchange(data_, {}));
      continue;
    }
    const std::size_t colon = std::min(line->find(':'), line->size());
    if (line->substr(0, colon) != kData) continue;
    std::string_view value = line->substr(std::min(colon + 1, line->size()));
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (data_.size() + value.size() >= event_bytes_max_) return too_large();
    if (std::exchange(has_data_, true)) data_.push_back('\n');
    data_.append(value);
  }
  buffer_.erase(0, at_);
  looked_at_ -= std::min(looked_at_, at_);
  at_ = 0;
  if (buffer_.size() > event_bytes_max_) return too_large();
  return std::nullopt;
}

}  // namespace warifu::llm
