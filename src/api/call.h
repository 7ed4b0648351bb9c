#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "access/principal.h"
#include "base/clock.h"
#include "base/ids.h"
#include "base/random.h"
#include "base/result.h"
#include "base/sealer.h"
#include "base/task.h"
#include "policy/context.h"
#include "store/store.h"
#include "wire/operation.h"

namespace warifu::api {

class Client;  // client.h
class Upload;  // upload.h

/// How a request proved who sent it, as S3's condition keys tell.
enum class SignedBy : std::uint8_t { kNothing, kHeader, kQuery, kOldQuery };

/// What the server lends to every call. Outlives all of them; its parts are thread-safe.
struct Environment {
  store::Db& db;
  const Sealer& sealer;
  const Clock& clock;
  Random& random;
  std::string public_url;          // `http://127.0.0.1:4566`: the only source of URLs that the server hands out
  const Client* client = nullptr;  // calls of other services; set once the pipeline stands, before the first request
};

class Pipeline;
class Recording;  // recording.h

/// One authenticated and authorized request. It has no public constructor: holding a Call is the proof that its
/// principal may perform its operation on its resources. Lives until the answer is encoded; used by one coroutine.
class Call {
 public:
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// The first transaction of a change that commits here takes the call's record with it. As good as the call: work
  /// that outlives it uses the environment's.
  [[nodiscard]] store::Db& db() const { return *db_; }
  [[nodiscard]] const Environment& environment() const { return environment_; }
  [[nodiscard]] Random& random() const { return environment_.random; }
  /// The time at which the request arrived; the same throughout the call.
  [[nodiscard]] Timestamp now() const { return now_; }
  [[nodiscard]] const std::string& request_id() const { return request_id_; }
  /// The region of the credential scope.
  [[nodiscard]] const std::string& region() const { return region_; }
  [[nodiscard]] const access::Principal& principal() const { return principal_; }
  /// The caller's account: where Create and List operations act.
  [[nodiscard]] const AccountId& account() const { return principal_.account; }
  /// The ARN that the operation's first (action, resource) pair was authorized on; `*` when it has no resource.
  [[nodiscard]] const std::string& resource() const { return resource_; }
  /// The account that owns `resource()`; the caller's account when there is none.
  [[nodiscard]] const AccountId& owner() const { return owner_; }

  /// Forward access: the services that the request came through, first to last; empty: the principal's own call.
  [[nodiscard]] std::span<const std::string> via() const { return via_; }

  /// Whether this call would be allowed if its condition key `key` had `value`, for what only its handler can know:
  /// where a record lies that a batch names by its id. Asked of the policies that `reader` sees. REQUIRES: the
  /// operation supplies `key` element by element (`each` in model/authorization).
  [[nodiscard]] Result<bool> allowed_with(store::Reader& reader, std::string_view key, std::string_view value) const;

  /// Whether this call's principal may also do `action` on `resource`, in the same circumstances: for what one request
  /// names many of (DeleteObjects), and for what it may learn (whether a key exists). `fill` adds to the circumstances.
  /// The resource's account is `owner()`. REQUIRES: the operation's authorization has named a resource.
  [[nodiscard]] Result<bool> may(store::Reader& reader, std::string_view action, std::string_view resource,
                                 const std::function<void(policy::Context&)>& fill = {}) const;
  /// The request's body, where the operation takes one as a stream of bytes; nullptr: it stands in the input (calls
  /// from within the server).
  [[nodiscard]] Upload* upload() const { return upload_; }

  /// A paging token for `position`, readable only by the same operation on the same resource by the same account.
  [[nodiscard]] std::string page_token(std::string_view position) const;
  /// The position that `token` was made from; kValidation (`invalid nextToken`) when it is not one of ours.
  [[nodiscard]] Result<std::string> page_position(std::string_view token) const;

  /// What the operation answers, for the record of the call. The registry says so; handlers need not.
  void answered(const wire::Operation& operation, const void* output);

  [[nodiscard]] SignedBy signed_by() const { return signed_by_; }
  [[nodiscard]] std::int64_t signature_age_ms() const { return signature_age_ms_; }

 private:
  friend class Pipeline;
  Call(const Environment& environment, const access::Principal& principal);
  void record_in(Recording& recording);

  const Environment& environment_;
  store::Db* db_;
  Recording* recording_ = nullptr;  // nullptr: of calls that are not recorded
  const access::Principal& principal_;
  AccountId owner_;
  Timestamp now_;
  std::string request_id_;
  std::string region_;
  std::string resource_;
  std::string operation_;
  std::vector<std::string> via_;
  std::function<Result<bool>(store::Reader&, std::string_view, std::string_view)> ask_again_;
  std::function<Result<bool>(store::Reader&, std::string_view, std::string_view,
                             const std::function<void(policy::Context&)>&)>
      ask_other_;
  Upload* upload_ = nullptr;
  SignedBy signed_by_ = SignedBy::kNothing;
  std::int64_t signature_age_ms_ = 0;
};

}  // namespace warifu::api
