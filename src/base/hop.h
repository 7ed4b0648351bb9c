#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/check.h"
#include "base/task.h"

namespace warifu {

/// Threads for what may block or work for long, away from the event loops.
using Workers = boost::asio::thread_pool;

/// Runs `fn` on a thread of `pool` and resumes the caller on its own event loop with what it returned:
/// `co_await on(pool, [=] { return slow(); })`. For what may block or work for milliseconds. `fn` is kept until it has
/// run, whether or not the caller still waits: it must hold by value what may not outlive the caller. It must not
/// throw. REQUIRES: the pool runs until all that was handed to it is done (`join` before what `fn` uses goes).
template <class F>
[[nodiscard]] Task<std::invoke_result_t<F&>> on(Workers& pool, F fn) {
  using R = std::invoke_result_t<F&>;
  struct State {
    F fn;
    std::optional<R> out{};
  };
  auto state = std::make_shared<State>(State{.fn = std::move(fn)});
  auto initiate = [&pool, state](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    boost::asio::post(pool, [state, executor, handler = std::move(handler)]() mutable {
      state->out.emplace(state->fn());
      boost::asio::post(executor, [handler = std::move(handler)]() mutable { std::move(handler)(); });
    });
  };
  co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(std::move(initiate),
                                                                                     boost::asio::use_awaitable);
  CHECK(state->out.has_value(), "resumed before the work was done");
  co_return std::move(*state->out);
}

}  // namespace warifu
