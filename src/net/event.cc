#include "net/event.h"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <mutex>

namespace warifu::net {

namespace asio = boost::asio;

struct Event::State {
  std::mutex mutex;
  bool set = false;
  std::shared_ptr<asio::steady_timer> waiter;  // null: nobody waits
};

Event::Event() : state_(std::make_shared<State>()) {}

void Event::set() {
  std::shared_ptr<asio::steady_timer> waiter;
  {
    const std::lock_guard lock(state_->mutex);
    state_->set = true;
    waiter = state_->waiter;
  }
  if (!waiter) return;
  // On the waiter's own loop, so that the wait has begun when it is cancelled.
  asio::post(waiter->get_executor(), [waiter] { waiter->cancel(); });
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
  state->waiter = nullptr;
  co_return state->set;
}

}  // namespace warifu::net
