#pragma once

#include <expected>
#include <utility>

#include "base/error.h"

namespace warifu {

/// A value, or the Error that kept us from it. The only failure channel of our own code: nothing of ours throws.
template <class T = void>
using Result = std::expected<T, Error>;

/// The failure half of a Result: `return fail(validation_error("…"));`
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected(std::move(error)); }

}  // namespace warifu

// TRY(expr): the value of `expr`, or return its Error to our caller. CO_TRY does so in a coroutine.
// Never nest TRY in TRY: name the inner value.
#define WARIFU_TRY_IMPL(expr, ret)                                \
  ({                                                              \
    auto&& warifu_result = (expr);                                \
    if (!warifu_result) [[unlikely]]                              \
      ret std::unexpected(std::move(warifu_result).error());      \
    std::move(warifu_result).value();                             \
  })
#define TRY(expr) WARIFU_TRY_IMPL(expr, return)
#define CO_TRY(expr) WARIFU_TRY_IMPL(expr, co_return)
