#include "net/beside.h"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <exception>
#include <thread>
#include <utility>

#include "base/log.h"

namespace warifu::net {
namespace {

namespace asio = boost::asio;

void look_at(const std::exception_ptr& failure) {
  if (!failure) return;
  try {
    std::rethrow_exception(failure);
  } catch (const std::exception& thrown) {
    log::error("work beside a request threw", {{"what", thrown.what()}});
  } catch (...) {
    log::error("work beside a request threw");
  }
}

/// Keeps `make` alive as long as what it made.
Task<> run(std::function<Task<>()> make) { co_await make(); }

}  // namespace

Task<> spawn(Task<> task) { asio::co_spawn(co_await asio::this_coro::executor, std::move(task), look_at); }

struct LoopHandle::Impl {
  asio::any_io_executor executor;
};

Task<LoopHandle> LoopHandle::current() {
  LoopHandle handle;
  handle.impl_ = std::make_shared<const Impl>(co_await asio::this_coro::executor);
  co_return handle;
}

void LoopHandle::post(std::function<void()> work) const { asio::post(impl_->executor, std::move(work)); }

struct BackgroundLoop::Impl {
  asio::io_context io{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{io.get_executor()};
  std::thread thread;
};

BackgroundLoop::BackgroundLoop() : impl_(std::make_unique<Impl>()) {
  impl_->thread = std::thread([io = &impl_->io] { io->run(); });
}

BackgroundLoop::~BackgroundLoop() { stop(); }

void BackgroundLoop::spawn(std::function<Task<>()> make) { asio::co_spawn(impl_->io, run(std::move(make)), look_at); }

void BackgroundLoop::stop() {
  impl_->io.stop();
  if (impl_->thread.joinable()) impl_->thread.join();
}

}  // namespace warifu::net
