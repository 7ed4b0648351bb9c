#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "agents/agent.h"
#include "base/clock.h"

namespace warifu::agents {

/// What one session writes: bytes of its pipes become lines, lines go to the sink in batches, and the last of them are
/// kept. Thread-safe, but calls for one session come in order.
class SessionLog {
 public:
  /// `stream`: the log stream's name. `clock` outlives it.
  SessionLog(std::string stream, LogSink sink, const Clock& clock);

  /// What was read of stdout (1) or stderr (2).
  void text(int pipe, std::string_view bytes);
  /// One line of ours.
  void line(std::string message);
  /// What is not yet a line becomes one, and all goes to the sink.
  void flush();
  /// Hands on what has waited long enough for company.
  void tick();
  /// The last of all that was written.
  [[nodiscard]] std::string tail() const;
  /// The last lines of stderr, of stdout where stderr is empty: for an error's message.
  [[nodiscard]] std::string last_words() const;
  [[nodiscard]] const std::string& stream() const { return stream_; }

 private:
  void add(int pipe, std::string message);
  void send(bool all);

  const std::string stream_;
  const LogSink sink_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::string partial_[2];     // of stdout, stderr
  std::string last_lines_[2];  // likewise
  std::string tail_;
  std::vector<LogLine> batch_;
  std::size_t batch_bytes_ = 0;
  Timestamp sent_{};
};

}  // namespace warifu::agents
