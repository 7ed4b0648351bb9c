#include "net/pause.h"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace warifu::net {

namespace asio = boost::asio;

Task<> Pause::wait(std::chrono::milliseconds timeout) {
  if (cancelled_) co_return;
  timer_.emplace(co_await asio::this_coro::executor, timeout);
  boost::system::error_code ignored;
  co_await timer_->async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

void Pause::cancel() {
  cancelled_ = true;
  if (timer_) timer_->cancel();
}

}  // namespace warifu::net
