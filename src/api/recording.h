#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "audit/trail.h"
#include "base/http.h"
#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "store/store.h"
#include "wire/operation.h"

namespace warifu::api {

struct Target;

/// What is known of a call before its operation decides anything.
struct RecordedCall {
  const access::Principal& principal;
  std::span<const std::string> via;  // services that forwarded it
  std::string_view region;           // of the credential scope
  const http::Request& request;
  std::string_view request_id;
  Timestamp now;
};

/// What one call leaves in the trail. Empty, and free, for data events and where there is no trail. A change's record
/// is written by the first transaction that the handler commits through the call's `db()`, and in it; what it answered
/// follows through the queue, under the same id. Records of all else go through the queue. Used by one coroutine.
class Recording {
 public:
  Recording() = default;

  /// `trail` may be nullptr. `input`: the decoded input; nullptr when it could not be decoded. `trail`, `plain` and
  /// `random` must outlive the call.
  void begin(audit::Trail* trail, store::Db& plain, Random& random, const RecordedCall& call,
             const wire::Operation& operation, const void* input);
  [[nodiscard]] bool begun() const { return state_ != nullptr; }

  /// Told before the decision: the resource that the call is about, and so its owner.
  void about(const Target& target);
  /// The database that the handler is given.
  [[nodiscard]] store::Db& db(store::Db& plain) const;
  /// Told by the registry, before it encodes: what the operation answers.
  void answered(const wire::Operation& operation, const void* output);
  /// How it ended; `error_code` is empty of a success. kUnavailable: the call could not be recorded, and must not be
  /// answered. REQUIRES: begun().
  [[nodiscard]] Task<Result<>> finish(std::string error_code, std::string message);

 private:
  class RecordedDb;
  struct State;
  std::shared_ptr<State> state_;  // shared with transactions, which may outlive the coroutine
};

}  // namespace warifu::api
