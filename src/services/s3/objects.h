#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/call.h"
#include "services/s3/rows.h"

/// Versions of objects, in transactions.
namespace warifu::services::s3 {

inline constexpr std::size_t kKeyBytesMax = 1024;
inline constexpr std::size_t kMetadataBytesMax = 2048;
inline constexpr std::size_t kObjectTagsMax = 10;

/// The bucket as this call was authorized on it. NoSuchBucket: it is not there (any more), or is another account's now;
/// AccessDenied: `expected_owner` is given and is not its owner.
[[nodiscard]] Result<BucketRow> require_bucket(store::Reader& reader, const AccountId& owner, std::string_view bucket,
                                               const std::optional<std::string>& expected_owner = {});
/// The owner of a bucket by its name; NoSuchBucket.
[[nodiscard]] Result<AccountId> owner_of(store::Reader& reader, std::string_view bucket);

struct FoundVersion {
  std::string row_key;
  ObjectRow row;
  bool latest = false;
};
/// The newest version, a delete marker too, or the one of that id; nullopt: none.
[[nodiscard]] Result<std::optional<FoundVersion>> find_version(store::Reader& reader, const AccountId& owner,
                                                               std::string_view bucket, std::string_view key,
                                                               const std::optional<std::string>& version_id = {});
/// The same for who wants to read it: NoSuchKey (where the caller may list the bucket, else AccessDenied),
/// NoSuchVersion, MethodNotAllowed of a delete marker that is asked for by its id.
[[nodiscard]] Result<FoundVersion> require_version(store::Reader& reader, const api::Call& call, const AccountId& owner,
                                                   std::string_view bucket, std::string_view key,
                                                   const std::optional<std::string>& version_id);

/// Asks for `action` on the object once more where it has tags: what `s3:ExistingObjectTag/…` is, only its row says.
/// AccessDenied.
[[nodiscard]] Result<> check_tagged(store::Reader& reader, const api::Call& call, std::string_view action,
                                    std::string_view bucket, std::string_view key, const ObjectRow& row);

/// Conditions on a write, as their headers had them.
struct WriteConditions {
  std::optional<std::string> if_match, if_none_match;
};
/// PreconditionFailed, NoSuchKey, NotImplemented. `current`: the newest version.
[[nodiscard]] Result<> check_write(const WriteConditions& conditions, const std::optional<FoundVersion>& current,
                                   std::string_view key);

/// Adds `row` as the newest version of the key. Where the bucket keeps versions its id is `fresh_id`, else `null`, and
/// what had that id goes. Answers the id and the files that no row names any more.
struct Written {
  std::string version_id;
  std::vector<std::string> dropped;
};
[[nodiscard]] Result<Written> add_version(store::Txn& txn, const AccountId& owner, const BucketRow& bucket_row,
                                          std::string_view bucket, std::string_view key, ObjectRow row,
                                          std::string_view fresh_id, Timestamp now);
/// Erases one version; its files go to `dropped`.
[[nodiscard]] Result<> erase_version(store::Txn& txn, const AccountId& owner, const FoundVersion& version,
                                     std::vector<std::string>& dropped);
/// Erases the parts of an upload or object, but those in `but`.
[[nodiscard]] Result<> erase_parts(store::Txn& txn, const AccountId& owner, std::string_view upload,
                                   const std::function<bool(std::int64_t number)>& but,
                                   std::vector<std::string>& dropped);
[[nodiscard]] Result<std::vector<std::pair<std::int64_t, PartRow>>> parts_of(store::Reader& reader,
                                                                             const AccountId& owner,
                                                                             std::string_view upload);

[[nodiscard]] std::string fresh_id(Random& random);
[[nodiscard]] std::string canonical_id(const AccountId& account);
[[nodiscard]] inline std::string etag_text(std::string_view etag) { return "\"" + std::string(etag) + "\""; }
/// True when an If-Match header names this ETag; `*` names all.
[[nodiscard]] bool names_etag(std::string_view header, std::string_view etag);
[[nodiscard]] Result<> check_key(std::string_view key);
/// Tags as a query string (x-amz-tagging). InvalidTag.
[[nodiscard]] Result<identity::Tags> parse_tagging(const std::optional<std::string>& text);
[[nodiscard]] Result<> check_tags(const identity::Tags& tags, std::size_t max);

}  // namespace warifu::services::s3
