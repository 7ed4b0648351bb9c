#include "net/event.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>
#include <optional>

namespace warifu::net {

namespace asio = boost::asio;

struct Event::State {
  std::mutex mutex;
  bool set = false;
  std::weak_ptr<asio::steady_timer> waiter;  // the waiting coroutine's own
};

Event::Event() : state_(std::make_shared<State>()) {}

void Event::set() {
  // Under the lock to the end: who waits passes it before it goes on, so its event loop is there until we are done.
  const std::lock_guard lock(state_->mutex);
  state_->set = true;
  std::optional<asio::any_io_executor> loop;
  if (const auto waiter = state_->waiter.lock()) loop.emplace(waiter->get_executor());
  if (!loop) return;
  // On the waiter's own loop, so that the wait has begun when it is cancelled.
  asio::post(*loop, [weak = state_->waiter] {
    if (const auto waiter = weak.lock()) waiter->cancel();
  });
}

bool Event::is_set() const {
  const std::lock_guard lock(state_->mutex);
  return state_->set;
}

Task<bool> Event::wait(std::optional<std::chrono::milliseconds> timeout) const {
  const std::shared_ptr<State> state = state_;
  auto timer = std::make_shared<asio::steady_timer>(co_await asio::this_coro::executor);
  if (timeout) {
    timer->expires_after(*timeout);
  } else {
    timer->expires_at(asio::steady_timer::time_point::max());
  }
  {
    const std::lock_guard lock(state->mutex);
    if (state->set) co_return true;
    state->waiter = timer;
  }
  boost::system::error_code ignored;
  co_await timer->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  const std::lock_guard lock(state->mutex);
  state->waiter.reset();
  co_return state->set;
}

}  // namespace warifu::net
