#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>

namespace warifu::cli {
namespace {

double megabytes(std::uint64_t bytes) { return static_cast<double>(bytes) / 1e6; }

}  // namespace

std::string Progress::text() const {
  if (!whole_ || *whole_ == 0) return fmt::format("  {:.1f} MB", megabytes(bytes_));
  // A peer may send more than it announced.
  const std::uint64_t percent = std::min<std::uint64_t>(100, bytes_ / ((*whole_ + 99) / 100));
  return fmt::format("  {:3} %  {:.1f} of {:.1f} MB", bytes_ >= *whole_ ? 100 : std::min<std::uint64_t>(percent, 99),
                     megabytes(bytes_), megabytes(*whole_));
}

std::uint64_t Progress::step() const {
  const std::uint64_t size = whole_ && *whole_ > 0 ? (*whole_ + 9) / 10 : kUntoldStep;
  return bytes_ / size;
}

void Progress::show() {
  shown_bytes_ = bytes_;
  shown_step_ = step();
  write_(terminal_ ? "\r" + text() : text() + "\n");
}

void Progress::at(std::uint64_t bytes, Clock::time_point now) {
  bytes_ = bytes;
  if (terminal_) {
    if (shown_bytes_ && now - shown_at_ < kPause) return;
    shown_at_ = now;
    show();
  } else if (step() > shown_step_) {
    show();
  }
}

void Progress::end() {
  if (shown_bytes_ != bytes_) show();
  if (terminal_) write_("\n");
}

}  // namespace warifu::cli
