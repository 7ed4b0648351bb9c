#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <condition_variable>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

#include "net/connection.h"

namespace boost::asio::ssl {
class context;
}

namespace warifu::net {

/// How the connections of one attached socket are served, where not as the server's own.
struct AttachedService {
  ServerOptions options;
  Handler handler;
  std::shared_ptr<boost::asio::ssl::context> tls{};  // null: plain text
};

/// What all event loops of one server share. Outlives them.
struct ServerShared {
  ServerOptions options;
  Handler handler;
  ForwardedTrust trust;
  boost::asio::ssl::context* tls = nullptr;  // null: plain text
  std::chrono::milliseconds tick{};          // how often deadlines are looked at

  std::atomic<bool> draining = false;
  std::atomic<std::uint64_t> connections_open = 0;
  std::atomic<std::uint64_t> connections_total = 0;
  std::atomic<std::uint64_t> connections_refused = 0;

  std::mutex mutex;  // with all_closed: guards nothing but the waiting
  std::condition_variable all_closed;
};

/// One thread with its io_context and the connections that live there. `open`, `close_idle`, `close_all` and `stop` may
/// be called from any thread; all else happens on the loop's own.
class EventLoop {
 public:
  explicit EventLoop(ServerShared& shared);
  ~EventLoop();  // REQUIRES: stopped, or never run
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  [[nodiscard]] boost::asio::io_context& context() { return io_; }
  [[nodiscard]] const LoopCounters& counters() const { return counters_; }

  void run();
  /// Serves a socket that belongs to `context()`, already counted in connections_open. `other`: null for the server's
  /// own handler.
  void open(boost::asio::ip::tcp::socket socket, std::shared_ptr<const AttachedService> other = nullptr);
  void close_idle();
  void close_all();
  /// Ends the thread and waits for it.
  void stop();

 private:
  struct Session;
  using Sessions = std::list<Session>;

  Task<> serve(boost::asio::ip::tcp::socket socket, std::shared_ptr<const AttachedService> other);
  [[nodiscard]] ConnectionContext context_of(const AttachedService& other);
  Task<> serve_session(Session& session);
  Task<> tick();

  ServerShared& shared_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{io_.get_executor()};
  LoopCounters counters_;
  DateCache date_;
  ConnectionContext context_;
  Sessions sessions_;
  boost::asio::steady_timer ticker_{io_};
  bool ticking_ = false;
  std::thread thread_;
};

}  // namespace warifu::net
