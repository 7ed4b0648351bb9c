#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <stop_token>
#include <utility>

#include "base/result.h"
#include "base/task.h"

namespace warifu::net {

/// Runs `task` to its end on an event loop of its own, for plain code; or until `stop` is requested, and then what it
/// was doing is dropped where it waits. kInternal: it threw. kUnavailable: stopped.
/// REQUIRES: not on an event loop.
template <class T>
[[nodiscard]] Result<T> run_blocking(Task<Result<T>> task, const std::stop_token& stop = {}) {
  boost::asio::io_context loop(1);
  Result<T> out = fail(unavailable("the call was stopped"));
  boost::asio::co_spawn(loop, std::move(task), [&](const std::exception_ptr& failure, Result<T> result) {
    out = failure ? fail(internal_error("the call threw")) : std::move(result);
  });
  const std::stop_callback stopped(stop, [&loop] { loop.stop(); });
  loop.run();
  return out;
}

}  // namespace warifu::net
