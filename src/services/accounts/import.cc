#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "access/authenticate.h"
#include "base/arn.h"
#include "gen/accounts/import.h"
#include "identity/accounts.h"
#include "identity/organization_policies.h"
#include "identity/resource_policies.h"
#include "services/accounts/element.h"
#include "services/accounts/estate_file.h"
#include "services/accounts/operations.h"
#include "services/accounts/organization_file.h"

namespace warifu::services::accounts {
namespace {

namespace shapes = model::accounts;

AccountId known_account(std::string_view text) {
  const auto id = AccountId::parse(text);
  CHECK(id.has_value(), "the reader lets only twelve digits through");
  return *id;
}

/// Makes the account where there is none; true when it did. Nobody is in it but those of the file.
Result<bool> make_account(store::Txn& txn, const AccountId& id, std::string_view name, std::string_view email,
                          Timestamp now) {
  if (id.str() == access::kManagementAccount) {
    return fail(conflict(fmt::format("account {} is this server's management account", id.str())));
  }
  if (TRY(identity::find_account(txn, id))) return false;
  const std::string shown = name.empty() ? "account-" + id.str() : std::string(name);
  TRY(identity::create_account(
      txn, {.id = id.str(), .name = shown, .email = std::string(email), .alias = {}, .created = now}));
  return true;
}

Result<json::Value> parsed(const wire::Document& document) { return json::parse(document.json); }

Task<Result<shapes::ImportAccountOutput>> import_account(api::Call& call, shapes::ImportAccountInput input) {
  const json::Value details = CO_TRY(parsed(input.details));
  const auto read = std::make_shared<const ReadEstate>(CO_TRY(read_estate(details)));
  co_return co_await call.db().write(
      [read, name = input.name.value_or(""), now = call.now()](store::Txn& txn) -> Result<shapes::ImportAccountOutput> {
        const identity::Estate& estate = read->estate;
        const bool created = TRY(make_account(txn, read->account, name, "", now));
        TRY(identity::put_estate(txn, read->account, estate, now));
        return shapes::ImportAccountOutput{.account_id = read->account.str(),
                                           .created = created,
                                           .users = static_cast<std::int32_t>(estate.users.size()),
                                           .groups = static_cast<std::int32_t>(estate.groups.size()),
                                           .roles = static_cast<std::int32_t>(estate.roles.size()),
                                           .policies = static_cast<std::int32_t>(estate.policies.size())};
      });
}

struct ReadResourcePolicy {
  AccountId owner;
  std::string arn, document, path;
};

Result<ReadResourcePolicy> resource_policy(const Element& from, const std::string& arn, const Element& policy) {
  const auto view = ArnView::parse(arn);
  if (!view) return fail(from.error(fmt::format("`{}` is no ARN", arn)));
  if (view->service == "iam") return fail(from.error("trust policies come with their account's details"));
  const auto named = from.member({"Owner", "OwnerAccountId"});
  const auto owner = AccountId::parse(named && named->value().is_string() ? named->value().as_string() : view->account);
  if (!owner) return fail(from.error(fmt::format("`{}` names no account: say whose it is (Owner)", arn)));
  return ReadResourcePolicy{*owner, arn, TRY(policy.as_policy(policy::Kind::kResource)), from.path()};
}

/// `{"ARN": policy, …}`, or a list of `{"ResourceArn": …, "Policy": …, "Owner": …}`.
Result<std::vector<ReadResourcePolicy>> read_resource_policies(const json::Value& file) {
  const Element root(file);
  std::vector<ReadResourcePolicy> out;
  if (file.is_object()) {
    TRY(root.require_object());
    for (const auto& [arn, policy] : file.members()) {
      const Element at = root.at(arn, policy);
      out.push_back(TRY(resource_policy(at, arn, at)));
    }
    return out;
  }
  for (const Element& one : TRY(root.items())) {
    const auto arn = one.member({"ResourceArn", "resourceArn"});
    const auto policy = one.member({"Policy", "policy"});
    if (!arn || !policy) return fail(one.error("has no ResourceArn or no Policy"));
    const std::string name = TRY(arn->as_text());
    out.push_back(TRY(resource_policy(one, name, *policy)));
  }
  return out;
}

Task<Result<shapes::ImportResourcePoliciesOutput>> import_resource_policies(api::Call& call,
                                                                            shapes::ImportResourcePoliciesInput input) {
  const json::Value file = CO_TRY(parsed(input.policies));
  const auto read = std::make_shared<const std::vector<ReadResourcePolicy>>(CO_TRY(read_resource_policies(file)));
  co_return co_await call.db().write(
      [read, now = call.now()](store::Txn& txn) -> Result<shapes::ImportResourcePoliciesOutput> {
        for (const ReadResourcePolicy& one : *read) {
          if (!TRY(identity::find_account(txn, one.owner))) {
            return fail(not_found(
                fmt::format("{}: account {} is not here: import its details first", one.path, one.owner.str())));
          }
          TRY(identity::put_bound_resource_policy(txn, one.owner, one.arn, one.document, now));
        }
        return shapes::ImportResourcePoliciesOutput{.policies = static_cast<std::int32_t>(read->size())};
      });
}

/// An organization that was imported before makes room; one that was made here does not.
Result<> clear_place(store::Txn& txn, const identity::Organization& wanted) {
  const auto present = TRY(identity::organization_of(txn, known_account(wanted.management)));
  if (!present) return {};
  if (present->id != wanted.id || present->management != wanted.management) {
    return fail(
        conflict(fmt::format("account {} is in organization {}, not {}", wanted.management, present->id, wanted.id)));
  }
  for (const identity::OrganizationMember& member : TRY(identity::list_members(txn, *present))) {
    if (member.account != present->management) TRY(identity::remove_member(txn, *present, member.account));
  }
  return identity::delete_organization(txn, *present);
}

Error at_element(const Error& error, std::string_view path) {
  Error out = error;
  out.message = fmt::format("{}: {}", path, error.message);
  out.aws_name = {};
  return out;
}

/// Attaches what the file attaches. Of AWS's own policies, which stand everywhere once their type is enabled, those
/// targets keep them that the file names; all, where it does not speak of them.
Result<> attach(store::Txn& txn, const ReadOrganization& read, const identity::Organization& organization) {
  for (const ReadOrganization::Attachment& one : read.attachments) {
    const std::vector<std::string> present = TRY(identity::targets_of_guard(txn, organization, one.policy));
    for (const std::string& target : one.targets) {
      if (std::ranges::find(present, target) != present.end()) continue;
      const Result<> done = identity::attach_guard(txn, organization, one.policy, target);
      if (!done) return fail(at_element(done.error(), fmt::format("{}.Targets: `{}`", one.path, target)));
    }
  }
  for (const ReadOrganization::Attachment& one : read.attachments) {
    if (one.policy != identity::kFullAccess) continue;
    for (const std::string& target : TRY(identity::targets_of_guard(txn, organization, one.policy))) {
      if (std::ranges::find(one.targets, target) != one.targets.end()) continue;
      const Result<> done = identity::detach_guard(txn, organization, one.policy, target);
      if (!done) return fail(at_element(done.error(), fmt::format("{}.Targets: without `{}`", one.path, target)));
    }
  }
  return {};
}

Result<> put_members(store::Txn& txn, const ReadOrganization& read, const identity::Organization& organization,
                     Timestamp now) {
  for (const ReadOrganization::Member& one : read.members) {
    TRY(make_account(txn, known_account(one.account), one.name, one.email, now));
  }
  TRY(identity::create_organization(txn, organization, now));
  for (const identity::OrganizationNode& unit : read.units) {
    const Result<> made = identity::create_unit(txn, organization, unit);
    if (!made) return fail(at_element(made.error(), fmt::format("unit `{}`", unit.id)));
  }
  for (const ReadOrganization::Member& one : read.members) {
    if (one.account == organization.management) continue;
    const Result<> added = identity::add_member(
        txn, organization, {.account = one.account, .parent = one.parent, .invited = one.invited, .joined = now});
    if (!added) return fail(at_element(added.error(), fmt::format("account {}", one.account)));
  }
  return {};
}

Result<> put_organization(store::Txn& txn, const ReadOrganization& read, Timestamp now) {
  TRY(clear_place(txn, read.organization));
  identity::Organization organization = read.organization;
  organization.enabled = {};
  organization.created = now;
  TRY(put_members(txn, read, organization, now));
  for (const identity::GuardType type : {identity::GuardType::kServiceControl, identity::GuardType::kResourceControl}) {
    if (!read.organization.enabled[static_cast<std::size_t>(type)]) continue;
    organization = TRY(identity::require_organization(txn, known_account(organization.management)));
    TRY(identity::enable_guards(txn, organization, type));
  }
  organization = TRY(identity::require_organization(txn, known_account(organization.management)));
  for (const identity::GuardPolicy& policy : read.policies) {
    const Result<> made = identity::create_guard(txn, organization, policy);
    if (!made) return fail(at_element(made.error(), fmt::format("policy `{}`", policy.id)));
  }
  return attach(txn, read, organization);
}

Task<Result<shapes::ImportOrganizationOutput>> import_organization(api::Call& call,
                                                                   shapes::ImportOrganizationInput input) {
  const json::Value file = CO_TRY(parsed(input.organization));
  const auto read = std::make_shared<const ReadOrganization>(CO_TRY(read_organization(file)));
  co_return co_await call.db().write(
      [read, now = call.now()](store::Txn& txn) -> Result<shapes::ImportOrganizationOutput> {
        TRY(put_organization(txn, *read, now));
        return shapes::ImportOrganizationOutput{.organization_id = read->organization.id,
                                                .accounts = static_cast<std::int32_t>(read->members.size()),
                                                .units = static_cast<std::int32_t>(read->units.size()),
                                                .policies = static_cast<std::int32_t>(read->policies.size())};
      });
}

}  // namespace

void bind_import(api::Registry& registry) {
  registry.bind(shapes::ops::kImportAccount, import_account);
  registry.bind(shapes::ops::kImportResourcePolicies, import_resource_policies);
  registry.bind(shapes::ops::kImportOrganization, import_organization);
}

}  // namespace warifu::services::accounts
