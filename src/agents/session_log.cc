#include "agents/session_log.h"

#include <utility>

namespace warifu::agents {
namespace {

constexpr std::size_t kTailBytes = 16UL * 1024;
constexpr std::size_t kLastWordsBytes = 2048;
/// CloudWatch's bound on one event; a longer line is cut in pieces.
constexpr std::size_t kLineBytesMax = 256UL * 1024;
constexpr std::size_t kBatchBytesMax = 256UL * 1024;
constexpr std::int64_t kBatchMs = 100;

void keep_last(std::string& kept, std::string_view more, std::size_t bytes_max) {
  kept.append(more).push_back('\n');
  if (kept.size() <= 2 * bytes_max) return;
  kept.erase(0, kept.size() - bytes_max);
  kept.erase(0, kept.find('\n') + 1);
}

std::string last(const std::string& kept, std::size_t bytes_max) {
  if (kept.size() <= bytes_max) return kept;
  const std::size_t line = kept.find('\n', kept.size() - bytes_max);
  return line + 1 < kept.size() ? kept.substr(line + 1) : kept.substr(kept.size() - bytes_max);
}

}  // namespace

SessionLog::SessionLog(std::string stream, LogSink sink, const Clock& clock)
    : stream_(std::move(stream)), sink_(std::move(sink)), clock_(clock), sent_(clock.now()) {}

void SessionLog::add(int pipe, std::string message) {
  keep_last(tail_, message, kTailBytes);
  if (pipe > 0) keep_last(last_lines_[pipe - 1], message, kLastWordsBytes);
  batch_bytes_ += message.size();
  batch_.push_back({.time = clock_.now(), .message = std::move(message)});
}

void SessionLog::send(bool all) {
  if (batch_.empty()) return;
  const Timestamp now = clock_.now();
  if (!all && batch_bytes_ < kBatchBytesMax && now.ms < sent_.ms + kBatchMs) return;
  sent_ = now;
  batch_bytes_ = 0;
  std::vector<LogLine> lines = std::exchange(batch_, {});
  if (sink_) sink_(stream_, std::move(lines));
}

void SessionLog::text(int pipe, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  std::string& partial = partial_[pipe == 2 ? 1 : 0];
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    partial.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos || partial.size() >= kLineBytesMax) {
      add(pipe == 2 ? 2 : 1, std::exchange(partial, {}));
    }
  }
  send(false);
}

void SessionLog::line(std::string message) {
  const std::lock_guard lock(mutex_);
  add(0, std::move(message));
}

void SessionLog::flush() {
  const std::lock_guard lock(mutex_);
  for (int pipe = 1; pipe <= 2; ++pipe) {
    std::string& partial = partial_[pipe - 1];
    if (!partial.empty()) add(pipe, std::exchange(partial, {}));
  }
  send(true);
}

void SessionLog::tick() {
  const std::lock_guard lock(mutex_);
  send(false);
}

std::string SessionLog::tail() const {
  const std::lock_guard lock(mutex_);
  return last(tail_, kTailBytes);
}

std::string SessionLog::last_words() const {
  const std::lock_guard lock(mutex_);
  std::string out = last(last_lines_[1].empty() ? last_lines_[0] : last_lines_[1], kLastWordsBytes);
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace warifu::agents
