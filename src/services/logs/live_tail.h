#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "api/call.h"
#include "api/event_source.h"
#include "gen/logs/events.h"

namespace warifu::services::logs {

/// Live tails that run now, by account and region. Thread-safe; held by the server's registry for its life.
class LiveTails : public std::enable_shared_from_this<LiveTails> {
 public:
  /// One of an account's live tails while it lives; null: the account has as many as it may.
  [[nodiscard]] std::shared_ptr<void> enter(const std::string& account_and_region);

 private:
  std::mutex mutex_;
  std::map<std::string, std::size_t> running_;  // under mutex_
};

using LiveTailEvents = api::EventSource<model::logs::StartLiveTailResponseStream>;

/// StartLiveTail: what is written into one log group from now on, once a second, for up to three hours. Several groups
/// are refused: each would need a permission of its own.
[[nodiscard]] Task<Result<std::unique_ptr<LiveTailEvents>>> start_live_tail(api::Call& call, LiveTails& tails,
                                                                            model::logs::StartLiveTailInput input);

}  // namespace warifu::services::logs
