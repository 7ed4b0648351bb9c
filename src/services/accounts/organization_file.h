#pragma once

#include <string>
#include <vector>

#include "identity/organizations.h"
#include "json/value.h"

namespace warifu::services::accounts {

/// An organization as a file tells it. Nodes come after their parents.
struct ReadOrganization {
  struct Member {
    std::string account, name, email, parent;
    bool invited = false;
  };
  struct Attachment {
    std::string policy;
    std::vector<std::string> targets;
    std::string path;  // of the policy in the file
  };
  identity::Organization organization;  // `enabled` where the file says so, or has a policy of the type
  std::vector<identity::OrganizationNode> units;
  std::vector<Member> members;
  std::vector<identity::GuardPolicy> policies;  // AWS's own are not among them
  std::vector<Attachment> attachments;          // of AWS's own too
};

/// Reads what AWS's CLI prints of an organization, put together (docs/guides/import.md says how): `Organization` of
/// describe-organization, `Roots`, `OrganizationalUnits` and `Accounts` with a `ParentId` each, `Policies` as
/// describe-policy shows them with `Targets`. Pure. kValidation names the element.
[[nodiscard]] Result<ReadOrganization> read_organization(const json::Value& file);

}  // namespace warifu::services::accounts
