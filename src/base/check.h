#pragma once

#include <string_view>

namespace warifu {

/// Reports a broken invariant through the log facade and ends the process. Never returns.
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view what);

}  // namespace warifu

// CHECK(cond, "what"): for what cannot happen unless we are wrong. On in release builds too.
#define CHECK(cond, ...)                                                          \
  do {                                                                            \
    if (!(cond)) [[unlikely]]                                                     \
      ::warifu::check_failed(__FILE__, __LINE__, #cond, ::std::string_view{__VA_ARGS__}); \
  } while (false)
