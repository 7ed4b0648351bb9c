#pragma once

#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "services/lambda/executor.h"

namespace warifu::services::lambda {

/// One environment's log: bytes of its pipes become lines, lines go to the sink in batches, and the last of a call's
/// are kept for its answer. Thread-safe, but the calls for one environment come in order.
class FunctionLog {
 public:
  /// `stream`: the log stream's name. `clock` outlives it.
  FunctionLog(std::string stream, LogSink sink, const Clock& clock);

  /// What was read of stdout or stderr: lines by their ends.
  void text(int pipe, std::string_view bytes);
  /// What was read of the telemetry pipe: frames (type, length, time, message), so that a message with line ends stays
  /// one. What is no frame is taken as text.
  void frames(std::string_view bytes);
  /// One line of ours.
  void line(std::string message);
  /// A call begins: its tail is empty.
  void begin_call();
  /// What is not yet a line becomes one, and all goes to the sink.
  void flush();
  /// The last 4 KB since begin_call.
  [[nodiscard]] std::string tail();
  [[nodiscard]] const std::string& stream() const { return stream_; }

 private:
  void add(Timestamp time, std::string message);
  void send(bool all);
  void take_frames();

  const std::string stream_;
  const LogSink sink_;
  const Clock& clock_;
  std::mutex mutex_;
  std::string partial_[3];  // of stdout, stderr, telemetry
  std::vector<LogLine> batch_;
  std::size_t batch_bytes_ = 0;
  Timestamp sent_{};
  std::string tail_;
};

}  // namespace warifu::services::lambda
