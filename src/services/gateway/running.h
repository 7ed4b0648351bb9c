#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "base/task.h"
#include "mcp/message.h"
#include "net/beside.h"
#include "services/gateway/target.h"

/// Requests that go on, so that others can reach them: notifications/cancelled, and a client's answers to what a target
/// asked it.
namespace warifu::services::gateway {

/// Whose request it is: nobody cancels or answers another caller's.
struct Conversation {
  std::string gateway;  // id
  std::string caller;
  std::string session;  // key; empty: none

  [[nodiscard]] std::string key() const { return gateway + "\n" + caller + "\n" + session; }
};

/// Thread-safe.
class Running {
 public:
  /// While it lives, the request can be cancelled; outside of a session it cannot, since there ids of several clients
  /// of one caller may be the same.
  class Entry {
   public:
    Entry(Running& running, std::string key) : running_(&running), key_(std::move(key)) {}
    Entry(Entry&& other) noexcept : running_(std::exchange(other.running_, nullptr)), key_(std::move(other.key_)) {}
    Entry& operator=(Entry&&) = delete;
    ~Entry();

   private:
    Running* running_;
    std::string key_;
  };
  [[nodiscard]] Entry enter(const Conversation& of, const mcp::Id& id, std::shared_ptr<Cancellation> cancellation,
                            net::LoopHandle loop);
  void cancel(const Conversation& of, const mcp::Id& id);

  /// Waits for the client's answer to the request that it was sent under `id`. -32603 when none comes in time, or the
  /// request that it belongs to was cancelled.
  [[nodiscard]] Task<Answer> answer_to(Conversation of, std::string id, std::shared_ptr<Cancellation> cancellation,
                                       std::chrono::milliseconds timeout);
  /// An answer from a client. False: nobody waits for it.
  [[nodiscard]] bool answered(const Conversation& of, const mcp::Message& answer);

 private:
  struct Waiting;
  struct One {
    std::shared_ptr<Cancellation> cancellation;
    net::LoopHandle loop;
  };
  std::mutex mutex_;
  std::map<std::string, One> running_;
  std::map<std::string, std::shared_ptr<Waiting>> waiting_;
};

}  // namespace warifu::services::gateway
