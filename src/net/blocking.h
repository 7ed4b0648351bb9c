#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace warifu::net {

/// Runs `task` to its end on an event loop of its own, for plain code. kInternal: it threw.
/// REQUIRES: not on an event loop.
template <class T>
[[nodiscard]] Result<T> run_blocking(Task<Result<T>> task) {
  boost::asio::io_context loop(1);
  Result<T> out = fail(internal_error("the call did not end"));
  boost::asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& failure, Result<T> result) {
    if (!failure) out = std::move(result);
  });
  loop.run();
  return out;
}

}  // namespace warifu::net
