#include "base/log.h"

#include <cstdio>

namespace warifu::log {
namespace {

void to_standard_error(Level level, std::string_view message, std::span<const Field> fields) {
  if (level < Level::kWarn) return;
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

void write(Level level, std::string_view message, std::initializer_list<Field> fields) {
  sink()(level, message, std::span<const Field>(fields.begin(), fields.size()));
}

}  // namespace warifu::log
