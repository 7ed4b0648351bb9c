#include "base/log.h"

#include <atomic>
#include <cstdio>

namespace warifu::log {
namespace {

std::atomic<Level> threshold = Level::kWarn;

void to_standard_error(Level, std::string_view message, std::span<const Field> fields) {
  std::string line(message);
  for (const Field& field : fields) line.append(" ").append(field.key).append("=").append(field.value);
  line.push_back('\n');
  std::fwrite(line.data(), 1, line.size(), stderr);
}

Sink& sink() {
  static Sink instance = to_standard_error;
  return instance;
}

}  // namespace

void set_sink(Sink replacement) { sink() = std::move(replacement); }

void set_threshold(Level level) { threshold.store(level, std::memory_order_relaxed); }
bool enabled(Level level) { return level >= threshold.load(std::memory_order_relaxed); }

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  if (!enabled(level)) return;
  sink()(level, message, std::span<const Field>(fields.begin(), fields.size()));
}

}  // namespace warifu::log
