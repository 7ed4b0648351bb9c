#pragma once

#include <optional>
#include <string>
#include <vector>

#include "audit/event_id.h"
#include "base/ids.h"
#include "base/time.h"

/// What is written down about one call, as CloudTrail words it. Source of names, bounds and forms: CloudTrail user
/// guide, "CloudTrail record contents" and "userIdentity element". Value types.
namespace warifu::audit {

/// On whose permissions a session rests: a role, or the user whose keys asked for it.
struct SessionIssuer {
  std::string type;  // `Role`, `IAMUser`, `Root`
  std::string principal_id, arn, account, user_name;
};

/// Who called. Empty members are absent.
struct UserIdentity {
  std::string type;  // `Root`, `IAMUser`, `AssumedRole`, `FederatedUser`, `AWSService`, `AWSAccount`
  std::string principal_id, arn, account, access_key_id, user_name;
  std::optional<SessionIssuer> issuer{};
  std::optional<Timestamp> session_created{};  // set: temporary credentials
  bool mfa = false;
  std::string source_identity{};
  std::string invoked_by{};  // the service that calls, by itself or for this identity
  std::string known_as{};    // `Username` of LookupEvents: user, session name, `root`
};

/// What the call was about.
struct Resource {
  std::string type;  // `AWS::IAM::Role`
  std::string name;  // as LookupEvents shows it
  std::string arn, account;
  bool operator==(const Resource&) const = default;
};

/// One call. Texts of parameters and elements are JSON objects, or empty: null.
struct Record {
  Timestamp when;
  UserIdentity identity;
  std::string event_source;  // `iam.amazonaws.com`
  std::string event_name;
  std::string region;
  std::string source_ip;  // or the name of the service that called
  std::string user_agent;
  std::string request_parameters, response_elements, additional_event_data;
  std::string error_code, error_message;  // empty: success
  std::string request_id;
  std::vector<Resource> resources;
  bool read_only = false;
  bool data_event = false;
  bool denied = false;  // error_message speaks of the caller's permissions
};

/// By what LookupEvents finds a record, and what it tells of it beside the record itself.
struct Attributes {
  std::string event_name, event_source, username, access_key_id;
  bool read_only = false;
  std::vector<Resource> resources;
  bool operator==(const Attributes&) const = default;
};

/// One account's copy of a record, ready to be stored.
struct Row {
  AccountId account;
  std::string region;
  EventId id;
  Attributes attributes;
  std::string json;
};

/// Under which ids a call is recorded: one copy each for the caller's account and, where that is another, the owner's.
struct Copies {
  AccountId caller;
  EventId callers_id;
  std::optional<AccountId> owner{};
  std::optional<EventId> owners_id{};
  std::string shared_id{};  // of both; empty when there is one copy
};

/// The copies. The owner's names the caller by its account and unique id alone, and leaves out the sentence of a
/// denial, which names the caller: each account is told its own half.
[[nodiscard]] std::vector<Row> rows_of(const Record& record, const Copies& copies);

/// Longest parameters and elements, in bytes; longer ones are replaced by a note of their size.
inline constexpr std::size_t kElementsBytesMax = std::size_t{100} * 1024;
inline constexpr std::size_t kErrorBytesMax = 1024;
inline constexpr std::size_t kUserAgentBytesMax = 1024;

}  // namespace warifu::audit
