#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <future>

#include "base/check.h"

namespace warifu::store {

template <class F>
Task<std::invoke_result_t<F, Txn&>> Db::write(F body) {
  using R = std::invoke_result_t<F, Txn&>;
  // Shared, because the committer may still run the closure while the awaiting coroutine is being torn down.
  struct State {
    F body;
    std::optional<R> out;
  };
  auto state = std::make_shared<State>(std::move(body), std::nullopt);
  auto initiate = [this, state](auto handler) {
    auto executor = boost::asio::get_associated_executor(handler);
    write_with(
        [state](Txn& txn) -> Result<> {
          state->out = state->body(txn);
          if (!*state->out) return std::unexpected(state->out->error());
          return {};
        },
        [handler = std::move(handler), executor](Result<> outcome) mutable {
          boost::asio::post(executor, [handler = std::move(handler), outcome = std::move(outcome)]() mutable {
            std::move(handler)(std::move(outcome));
          });
        });
  };
  const Result<> outcome = co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(Result<>)>(
      std::move(initiate), boost::asio::use_awaitable);
  if (!outcome) co_return std::unexpected(outcome.error());
  CHECK(state->out.has_value(), "the engine reported success without running the closure");
  co_return std::move(*state->out);
}

template <class F>
std::invoke_result_t<F, Txn&> Db::write_blocking(F body) {
  using R = std::invoke_result_t<F, Txn&>;
  std::optional<R> out;
  std::promise<Result<>> promise;
  write_with(
      [&](Txn& txn) -> Result<> {
        out = body(txn);
        if (!*out) return std::unexpected(out->error());
        return {};
      },
      [&](Result<> outcome) { promise.set_value(std::move(outcome)); });
  const Result<> outcome = promise.get_future().get();
  if (!outcome) return std::unexpected(outcome.error());
  return std::move(*out);
}

}  // namespace warifu::store
