#include "base/check.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/log.h"

namespace warifu {

void check_failed(const char* file, int line, const char* condition, std::string_view what) {
  log::write(log::Level::kError, fmt::format("invariant broken: {} ({}) at {}:{}", condition, what, file, line));
  std::abort();
}

}  // namespace warifu
