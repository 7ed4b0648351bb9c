#pragma once

#include <string>
#include <vector>

#include "identity/policies.h"
#include "identity/types.h"
#include "store/store.h"

/// An account's identities as they are somewhere else, written as they are there: with their ids, dates and versions,
/// past quotas that are lower here, and with trust in principals that are not here. For `warifu import`.
namespace warifu::identity {

/// What a user, group or role holds.
struct EstateHoldings {
  std::vector<InlinePolicy> inline_policies;
  std::vector<std::string> attached;  // ARNs
  Tags tags;                          // not of groups
};
struct EstateUser {
  User user;
  EstateHoldings holds;
  std::vector<std::string> groups;  // names
};
struct EstateGroup {
  Group group;
  EstateHoldings holds;
};
struct EstateRole {
  Role role;
  EstateHoldings holds;
  std::string trust;
  std::vector<InstanceProfile> profiles;  // their `role_ids` are not read
};
/// Of the account or, where `policy.aws_owned`, of AWS: then with its default version alone.
struct EstatePolicy {
  ManagedPolicy policy;
  std::vector<PolicyVersion> versions;
  Tags tags;
};
struct Estate {
  std::vector<EstatePolicy> policies;
  std::vector<EstateGroup> groups;
  std::vector<EstateUser> users;
  std::vector<EstateRole> roles;
};

/// Writes the estate. What is there under the same id is replaced with all that it holds (access keys stay); what the
/// estate does not name stays. Writing it again changes nothing. An AWS-owned policy counts in this account only, and
/// only where the program's own text differs. Errors name the entity:
/// kConflict: its name is another entity's here, or its id another account's;
/// kNotFound: it holds a policy, is bounded by one or is in a group that neither the estate nor the account has.
/// REQUIRES: documents are policies of their kind; ids and names are not empty; paths begin and end with a slash.
[[nodiscard]] Result<> put_estate(store::Txn& txn, const AccountId& account, const Estate& estate, Timestamp now);

/// AWS's policies that this account knows by an estate alone, by ARN.
[[nodiscard]] Result<std::vector<ManagedPolicy>> imported_aws_policies(store::Reader& reader, const AccountId& account);

}  // namespace warifu::identity
