#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <thread>

#include "base/task.h"

namespace warifu {

/// An event loop on a thread of its own, for what runs while no request waits for it. Thread-safe.
class Background {
 public:
  Background() : guard_(loop_.get_executor()), thread_([this] { loop_.run(); }) {}
  /// What has not ended is dropped: end it before.
  ~Background() {
    guard_.reset();
    loop_.stop();
    thread_.join();
  }
  Background(const Background&) = delete;
  Background& operator=(const Background&) = delete;

  /// Runs `task` on the loop while this thread waits. REQUIRES: not called on the loop.
  template <class T>
  T wait_for(Task<T> task) {
    return boost::asio::co_spawn(loop_, std::move(task), boost::asio::use_future).get();
  }

 private:
  boost::asio::io_context loop_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
  std::thread thread_;
};

}  // namespace warifu
