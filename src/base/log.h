#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

/// The log facade: modules say what happened; the server decides where it goes (spdlog) and in which form.
/// Thread-safe. A secret or a payload never goes here.
namespace warifu::log {

enum class Level : std::uint8_t { kDebug, kInfo, kWarn, kError };

/// One structured field of a line: `{"request_id", id}`.
struct Field {
  std::string_view key;
  std::string_view value;
};

using Sink = std::function<void(Level, std::string_view message, std::span<const Field>)>;

/// Replaces the sink (default: standard error). Call before threads start.
void set_sink(Sink sink);

/// Lines below this level are dropped before anything is built for them (default: kWarn).
void set_threshold(Level level);
[[nodiscard]] bool enabled(Level level);

void write(Level level, std::string_view message, std::initializer_list<Field> fields = {});

inline void debug(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::kDebug, m, f); }
inline void info(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::kInfo, m, f); }
inline void warn(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::kWarn, m, f); }
inline void error(std::string_view m, std::initializer_list<Field> f = {}) { write(Level::kError, m, f); }

}  // namespace warifu::log
