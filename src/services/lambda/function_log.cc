#include "services/lambda/function_log.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace warifu::services::lambda {
namespace {

constexpr std::size_t kTailBytes = 4096;
/// CloudWatch's bound on one event; a longer line is cut in pieces.
constexpr std::size_t kLineBytesMax = 256UL * 1024;
constexpr std::size_t kBatchBytesMax = 256UL * 1024;
constexpr std::int64_t kBatchMs = 100;
constexpr std::size_t kFrameHeadBytes = 16;
constexpr std::size_t kFrameBytesMax = 1024UL * 1024;
constexpr int kTelemetry = 2;

std::uint64_t big_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return value;
}

}  // namespace

FunctionLog::FunctionLog(std::string stream, LogSink sink, const Clock& clock)
    : stream_(std::move(stream)), sink_(std::move(sink)), clock_(clock), sent_(clock.now()) {}

void FunctionLog::add(Timestamp time, std::string message) {
  tail_.append(message).push_back('\n');
  if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  batch_bytes_ += message.size();
  batch_.push_back({.time = time, .message = std::move(message)});
}

void FunctionLog::send(bool all) {
  if (batch_.empty()) return;
  const Timestamp now = clock_.now();
  if (!all && batch_bytes_ < kBatchBytesMax && now.ms < sent_.ms + kBatchMs) return;
  sent_ = now;
  batch_bytes_ = 0;
  std::vector<LogLine> lines = std::exchange(batch_, {});
  if (sink_) sink_(stream_, std::move(lines));
}

void FunctionLog::text(int pipe, std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  std::string& partial = partial_[pipe == 2 ? 1 : 0];
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    partial.append(bytes.substr(0, end));
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (end != std::string_view::npos || partial.size() >= kLineBytesMax) add(clock_.now(), std::exchange(partial, {}));
  }
  send(false);
}

void FunctionLog::take_frames() {
  std::string& held = partial_[kTelemetry];
  std::size_t at = 0;
  while (held.size() - at >= kFrameHeadBytes) {
    const std::string_view rest = std::string_view(held).substr(at);
    const std::uint64_t length = big_endian(rest.substr(4, 4));
    // Every level has a type of its own; all begin alike.
    if (big_endian(rest.substr(0, 2)) != 0xa55a || length > kFrameBytesMax) {
      add(clock_.now(), std::string(rest.substr(0, kLineBytesMax)));
      held.clear();
      return;
    }
    if (rest.size() < kFrameHeadBytes + length) break;
    std::string_view message = rest.substr(kFrameHeadBytes, length);
    if (message.ends_with('\n')) message.remove_suffix(1);
    const auto time_ms = static_cast<std::int64_t>(big_endian(rest.substr(8, 8)) / 1000);
    // The program's word for the time counts only near ours.
    const Timestamp now = clock_.now();
    add({std::clamp(time_ms, now.ms - 60'000, now.ms)}, std::string(message));
    at += kFrameHeadBytes + length;
  }
  held.erase(0, at);
}

void FunctionLog::frames(std::string_view bytes) {
  const std::lock_guard lock(mutex_);
  partial_[kTelemetry].append(bytes);
  take_frames();
  send(false);
}

void FunctionLog::line(std::string message) {
  const std::lock_guard lock(mutex_);
  add(clock_.now(), std::move(message));
}

void FunctionLog::begin_call() {
  const std::lock_guard lock(mutex_);
  tail_.clear();
}

void FunctionLog::flush() {
  const std::lock_guard lock(mutex_);
  for (std::string& partial : partial_) {
    if (&partial != &partial_[kTelemetry] && !partial.empty()) add(clock_.now(), std::exchange(partial, {}));
  }
  send(true);
}

std::string FunctionLog::tail() {
  const std::lock_guard lock(mutex_);
  return tail_.size() <= kTailBytes ? tail_ : tail_.substr(tail_.size() - kTailBytes);
}

}  // namespace warifu::services::lambda
