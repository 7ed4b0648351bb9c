#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace warifu::cli {

/// How far something long has come, for the person who waits: on a terminal one line that is written over, elsewhere
/// (a log) a line for every tenth, or for every kUntoldStep where the whole is not known. Not thread-safe.
class Progress {
 public:
  using Clock = std::chrono::steady_clock;
  using Write = std::function<void(std::string_view)>;

  static constexpr std::uint64_t kUntoldStep = 10'000'000;
  /// A terminal's line is written over no more often.
  static constexpr std::chrono::milliseconds kPause{100};

  /// `whole`: bytes; nullopt: not known. `write` takes what the terminal or the log is to get.
  Progress(std::optional<std::uint64_t> whole, bool terminal, Write write)
      : whole_(whole), terminal_(terminal), write_(std::move(write)) {}

  /// `bytes` of it are done. REQUIRES: never fewer than before.
  void at(std::uint64_t bytes, Clock::time_point now);
  /// All that came has come: the last figure, and the end of a terminal's line.
  void end();

 private:
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::uint64_t step() const;
  void show();

  const std::optional<std::uint64_t> whole_;
  const bool terminal_;
  const Write write_;
  std::uint64_t bytes_ = 0;
  std::uint64_t shown_step_ = 0;
  std::optional<std::uint64_t> shown_bytes_;
  Clock::time_point shown_at_{};
};

}  // namespace warifu::cli
