#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/random.h"
#include "base/time.h"

/// What the identity tables hold. Plain values, thread-compatible. `arn` members are computed when a row is read,
/// since a user or group may be renamed; `id` members are AWS's unique ids and never change or come back.
namespace warifu::identity {

struct Tag {
  std::string key, value;
  bool operator==(const Tag&) const = default;
};
/// In the order they were first set; keys differ without case (IAM) — see tags.h for other resources.
using Tags = std::vector<Tag>;

inline constexpr std::size_t kTagsMax = 50;

/// What a unique id or an attachment belongs to.
enum class EntityKind : std::uint8_t { kUser, kGroup, kRole, kPolicy, kInstanceProfile };

struct Account {
  std::string id;  // twelve digits
  std::string name, email;
  std::string alias;  // empty: none
  Timestamp created;
};

struct User {
  std::string name, path, id, arn;  // id: AIDA…
  Timestamp created;
  std::string boundary_arn;  // empty: none
};

struct Group {
  std::string name, path, id, arn;  // id: AGPA…
  Timestamp created;
};

/// The trust policy is not here but in the resource policy table, under the role's ARN (resource_policies.h).
struct Role {
  std::string name, path, id, arn;  // id: AROA…
  std::string description;
  std::int64_t max_session_seconds = 3600;
  Timestamp created;
  std::string boundary_arn;    // empty: none
  std::string linked_service;  // `x.amazonaws.com` of a service-linked role; empty for all others
};

struct AccessKey {
  std::string id;       // AKIA…
  std::string user_id;  // AIDA…, or the account's number for a key of its root user
  std::string secret;   // sealed by the store's wrapper; never in a log or a response but CreateAccessKey's
  bool active = true;
  Timestamp created;
};

/// When something was last used. `when.ms == 0`: never. Written lazily, so it may lag by minutes.
struct LastUsed {
  Timestamp when;
  std::string service, region;
};

/// A managed policy without its versions. AWS's own have `aws_owned` and live in the program, not in the store.
struct ManagedPolicy {
  std::string name, path, id, arn;  // id: ANPA…
  std::string description;
  std::int64_t default_version = 1;
  std::int64_t last_version = 1;  // numbers are never used again
  Timestamp created, updated;
  bool aws_owned = false;
};

struct PolicyVersion {
  std::int64_t number = 0;  // shown as `v1`
  std::string document;     // as written
  Timestamp created;
};

struct InstanceProfile {
  std::string name, path, id, arn;  // id: AIPA…
  Timestamp created;
  std::vector<std::string> role_ids;  // at most one
};

struct OidcProvider {
  std::string url, arn;  // url without its scheme
  std::vector<std::string> client_ids, thumbprints;
  Timestamp created;
};

/// A slice of a listing. `next`: what to pass as `after` for the following slice; empty at the end.
template <class T>
struct Slice {
  std::vector<T> items;
  std::string next;
};

/// Which slice is wanted. `path_prefix` filters; `after` is a previous slice's `next`.
struct SliceQuery {
  std::string path_prefix = "/";
  std::string after;
  std::size_t items_max = 100;
};

/// A new unique id: the kind's prefix and 17 characters of base 32. Draw it before the transaction.
[[nodiscard]] std::string new_unique_id(EntityKind kind, Random& random);
/// `AKIA` and 16 characters of base 32 / 40 characters of base 64.
[[nodiscard]] std::string new_access_key_id(Random& random);
[[nodiscard]] std::string new_secret_key(Random& random);

/// `arn:aws:iam::ACCOUNT:root`, `…:user/path/name`, `…:role/path/name`, … `path` begins and ends with a slash.
[[nodiscard]] std::string root_arn(const AccountId& account);
[[nodiscard]] std::string entity_arn(EntityKind kind, const AccountId& account, std::string_view path,
                                     std::string_view name);
/// What an IAM ARN of a user, group, role, policy or instance profile says; views into `text`.
struct EntityArn {
  EntityKind kind;
  std::string_view account, path, name;  // path with both its slashes; account `aws` for AWS's own policies
};
/// nullopt for any other ARN, `…:root` included.
[[nodiscard]] std::optional<EntityArn> parse_entity_arn(std::string_view text);

/// `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION` (no path) and `…:federated-user/NAME`.
[[nodiscard]] std::string session_arn(const AccountId& account, std::string_view role_name, std::string_view session);
[[nodiscard]] std::string federated_user_arn(const AccountId& account, std::string_view name);

}  // namespace warifu::identity
