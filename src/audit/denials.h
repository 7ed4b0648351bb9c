#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "base/clock.h"
#include "base/ids.h"
#include "base/time.h"
#include "policy/evidence.h"
#include "store/store.h"

/// Refused requests, kept under their request ids so that they can be explained afterwards.
namespace warifu::audit {

/// One (action, resource) pair that was denied, with everything that the decision was made of.
struct Denial {
  std::string request_id;
  Timestamp when;
  AccountId caller;
  std::string service, operation, message;
  std::shared_ptr<const policy::Evidence> evidence;
};

struct DenialLimits {
  std::size_t count_max = 10'000;                  // of one account; the oldest go first
  std::size_t bytes_max = std::size_t{256} << 20;  // likewise
  std::int64_t age_seconds_max = std::int64_t{7} * 24 * 3600;
  std::chrono::milliseconds wait_max{2'000};  // of a caller, for room in the queue
};

/// A denial's row lies in its caller's partition, and so under its account's data key; the owner of the resource, where
/// that is another account of this server, has a row that leads to it. What each may see of it is decided when it is
/// asked for. Rows of deleted accounts go with the first write that finds them too old.
namespace denials {

/// The denial of that id, if `account` is its caller's or its resource's owner's.
[[nodiscard]] Result<std::optional<Denial>> find(store::Reader& reader, const AccountId& account,
                                                 std::string_view request_id);
/// Writes it, and the row that leads to it. How many bytes it takes, as `kept` counts them.
[[nodiscard]] Result<std::size_t> put(store::Txn& txn, const Denial& denial);

/// How many an account keeps.
struct Kept {
  std::size_t count = 0, bytes = 0;
};
[[nodiscard]] Result<Kept> kept(store::Reader& reader, const AccountId& account);
/// Erases the account's oldest until the limits hold, at most `most` of them; what was erased.
[[nodiscard]] Result<Kept> trim(store::Txn& txn, const AccountId& account, const Kept& now_kept,
                                const DenialLimits& limits, Timestamp now, std::size_t most);

}  // namespace denials

/// Writes denials down on a thread of its own. Thread-safe. A denial can be found as soon as `note` has returned; a
/// crash loses those of the last moments, which nobody was promised. When the queue is full, `note` waits for room, so
/// that whoever floods the server with refused requests is slowed to the speed at which they are kept, and none is
/// lost. Only when the disk has not taken a batch for `wait_max` (it hangs, and with it every write of the server) are
/// denials dropped and counted in the log, at once until it moves again. `db` and `clock` must outlive the book.
class DenialBook {
 public:
  static constexpr std::size_t kQueueMax = 4'096;
  static constexpr std::size_t kQueueBytesMax = std::size_t{64} << 20;

  DenialBook(store::Db& db, const Clock& clock, DenialLimits limits = {});
  /// Writes what is queued.
  ~DenialBook();

  void note(Denial denial);
  /// How many were dropped since the start.
  [[nodiscard]] std::size_t dropped() const;
  /// As denials::find, with what is still queued.
  [[nodiscard]] Result<std::optional<Denial>> find(const AccountId& account, std::string_view request_id);
  /// Returns when everything that was noted before is in the store. For tests.
  void settle();

 private:
  struct Queued {
    Denial denial;
    std::size_t bytes;
  };
  void run(const std::stop_token& stop);
  [[nodiscard]] std::vector<Queued> next_batch(const std::stop_token& stop);
  void write(const std::vector<Queued>& batch);
  void trim(const AccountId& account);

  store::Db& db_;
  const Clock& clock_;
  DenialLimits limits_;
  mutable std::mutex mutex_;
  std::condition_variable_any wake_, idle_, room_;
  std::deque<Queued> queue_;
  std::unordered_map<std::string, Denial> pending_;  // by request id, until it is in the store
  std::size_t queued_bytes_ = 0, dropped_ = 0, unreported_ = 0;
  bool stuck_ = false;                         // waiting for room was in vain, and no batch has gone down since
  std::map<std::string, denials::Kept> kept_;  // of accounts that were written to; the thread's alone
  std::jthread thread_;
};

}  // namespace warifu::audit
