#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "identity/types.h"
#include "store/store.h"

namespace warifu::identity {

/// Uses of credentials, by access key id or unique id of a role.
struct NotedUse {
  AccountId account;
  LastUsed use;
};
using Uses = std::unordered_map<std::string, NotedUse>;

/// Writes each with `note_used` (access_keys.h).
[[nodiscard]] Result<> write_uses(store::Txn& txn, const Uses& uses);

/// Remembers when access keys and roles were used, until a background task writes it down: no request waits for that.
/// Thread-safe. One credential costs one lock a minute; further uses within the minute are one atomic read.
/// What was noted and not flushed is lost with the process: at most one interval of the flushing task.
class LastUseBook {
 public:
  /// Past it further credentials go unnoted until the next flush.
  static constexpr std::size_t kPendingMax = 65'536;

  /// `id`: an access key's id, or a role's unique id.
  void note(const AccountId& account, std::string_view id, const LastUsed& use);
  /// Hands over everything noted so far, for `write_uses`. If that fails it is lost, and noted again at the next use.
  [[nodiscard]] Uses take();
  [[nodiscard]] std::size_t pending() const;

 private:
  // One slot a hash: the credential that was noted there last, and its minute.
  std::array<std::atomic<std::uint64_t>, 4096> recent_{};
  mutable std::mutex mutex_;
  Uses uses_;
};

}  // namespace warifu::identity
