#include "mcp/sse.h"

#include <algorithm>
#include <utility>

namespace warifu::mcp {
namespace {

std::unexpected<Error> too_large() { return fail({.code = ErrorCode::kTooLarge, .message = "an event is too large"}); }

}  // namespace

void append_event(std::string& out, std::string_view data, std::string_view id, std::string_view type) {
  out.append("event: ").append(type).append("\n");
  if (!id.empty()) out.append("id: ").append(id).append("\n");
  // A carriage return ends a line too, and the reader would hand on a line feed for it either way.
  for (;;) {
    const std::size_t end = data.find_first_of("\r\n");
    out.append("data: ").append(data.substr(0, end)).append("\n");
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + (data.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  out.append("\n");
}

std::optional<std::string_view> EventReader::take_line() {
  const std::size_t end = buffer_.find_first_of("\r\n", std::max(at_, looked_at_));
  looked_at_ = std::min(end, buffer_.size());
  // A carriage return at the very end may be the first half of a line end.
  if (end == std::string::npos || (buffer_[end] == '\r' && end + 1 == buffer_.size())) return std::nullopt;
  const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
  at_ = end + (buffer_[end] == '\r' && buffer_[end + 1] == '\n' ? 2 : 1);
  return line;
}

Result<> EventReader::take_field(std::string_view line) {
  const std::size_t colon = std::min(line.find(':'), line.size());
  const std::string_view field = line.substr(0, colon);
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (event_.data.size() + value.size() >= event_bytes_max_) return too_large();
    if (std::exchange(has_data_, true)) event_.data.push_back('\n');
    event_.data.append(value);
  } else if (field == "event") {
    event_.type = value;
  } else if (field == "id" && value.find('\0') == std::string_view::npos) {
    last_id_ = value;
  }
  return {};
}

Result<std::optional<Event>> EventReader::next() {
  while (auto line = take_line()) {
    if (!std::exchange(begun_, true) && line->starts_with("\xEF\xBB\xBF")) line->remove_prefix(3);
    if (!line->empty()) {
      if (Result<> taken = take_field(*line); !taken) return fail(std::move(taken).error());
      continue;
    }
    Event event = std::exchange(event_, {});
    if (!std::exchange(has_data_, false)) continue;
    if (event.type.empty()) event.type = "message";
    event.id = last_id_;
    return std::optional(std::move(event));
  }
  buffer_.erase(0, at_);
  looked_at_ -= std::min(looked_at_, at_);
  at_ = 0;
  if (buffer_.size() > event_bytes_max_) return too_large();
  return std::nullopt;
}

}  // namespace warifu::mcp
