#include "services/accounts/organization_file.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/ids.h"
#include "identity/organization_policies.h"
#include "services/accounts/element.h"

namespace warifu::services::accounts {
namespace {

/// Ids are parts of rows' keys and tell a node's kind.
Result<std::string> id_of(const Element& from, std::string_view name, std::string_view prefix) {
  const Element element = TRY(from.require(name));
  std::string id = TRY(element.as_text(64));
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  if (id.starts_with(prefix) && std::ranges::all_of(id, fits)) return id;
  return fail(element.error(fmt::format("`{}` is no id of the form {}…", id, prefix)));
}

Result<std::string> account_of(const Element& element) {
  std::string id = TRY(element.as_text());
  if (AccountId::parse(id)) return id;
  return fail(element.error(fmt::format("`{}` is no account", id)));
}

class OrganizationReader {
 public:
  explicit OrganizationReader(const Element& root) : root_(root) {}

  Result<ReadOrganization> read() {
    TRY(read_organization());
    TRY(read_root());
    TRY(read_units());
    for (const Element& one : TRY(root_.list("Accounts"))) TRY(read_account(one));
    const auto is_management = [&](const auto& one) { return one.account == out_.organization.management; };
    if (std::ranges::none_of(out_.members, is_management)) {
      return fail(root_.error(fmt::format("Accounts lacks the management account {}", out_.organization.management)));
    }
    for (const Element& one : TRY(root_.list("Policies"))) TRY(read_policy(one));
    return std::move(out_);
  }

 private:
  Result<> read_organization() {
    const Element from = TRY(root_.require("Organization"));
    out_.organization.id = TRY(id_of(from, "Id", "o-"));
    const auto management = from.member({"ManagementAccountId", "MasterAccountId"});
    if (!management) return fail(from.error("has no MasterAccountId"));
    out_.organization.management = TRY(account_of(*management));
    return {};
  }

  Result<> read_root() {
    const std::vector<Element> roots = TRY(root_.list("Roots"));
    if (roots.size() != 1) return fail(root_.error("Roots must hold one root"));
    out_.organization.root = TRY(id_of(roots.front(), "Id", "r-"));
    nodes_.push_back(out_.organization.root);
    for (const Element& type : TRY(roots.front().list("PolicyTypes"))) {
      const std::string name = TRY(type.text("Type"));
      if (const auto guard = identity::guard_type(name)) enable(*guard);
    }
    return {};
  }

  void enable(identity::GuardType type) { out_.organization.enabled[static_cast<std::size_t>(type)] = true; }

  Result<std::string> parent_of(const Element& from) {
    const Element element = TRY(from.require("ParentId"));
    std::string parent = TRY(element.as_text());
    if (std::ranges::find(nodes_, parent) != nodes_.end()) return parent;
    return fail(element.error(fmt::format("`{}` is neither the root nor a unit of the file", parent)));
  }

  /// A unit may stand before its parent: those whose parents are known come first, level by level.
  Result<> read_units() {
    std::vector<Element> rest = TRY(root_.list("OrganizationalUnits"));
    while (!rest.empty()) {
      std::vector<Element> later;
      for (const Element& one : rest) {
        if (!parent_of(one)) {
          later.push_back(one);
          continue;
        }
        identity::OrganizationNode unit{
            .id = TRY(id_of(one, "Id", "ou-")), .name = TRY(one.text("Name")), .parent = {}};
        unit.parent = TRY(parent_of(one));
        if (std::ranges::find(nodes_, unit.id) != nodes_.end()) return fail(one.error("stands twice"));
        nodes_.push_back(unit.id);
        out_.units.push_back(std::move(unit));
      }
      if (later.size() == rest.size()) {
        const auto parent = parent_of(later.front());
        return fail(parent.error());
      }
      rest = std::move(later);
    }
    return {};
  }

  Result<> read_account(const Element& from) {
    const Element id = TRY(from.require("Id"));
    ReadOrganization::Member member{.account = TRY(account_of(id)), .name = {}, .email = {}, .parent = {}};
    const auto same = [&](const auto& one) { return one.account == member.account; };
    if (std::ranges::any_of(out_.members, same)) return fail(from.error("stands twice"));
    member.name = TRY(from.text_or_empty("Name"));
    member.email = TRY(from.text_or_empty("Email"));
    member.parent = TRY(parent_of(from));
    member.invited = TRY(from.text_or_empty("JoinedMethod")) == "INVITED";
    out_.members.push_back(std::move(member));
    return {};
  }

  Result<> read_policy(const Element& from) {
    const auto summary = from.member("PolicySummary");
    const Element& about = summary ? *summary : from;
    const std::string type_name = TRY(about.text("Type"));
    const auto type = identity::guard_type(type_name);
    // AWS has more kinds (tag policies …), which no decision reads.
    if (!type) return {};
    enable(*type);
    ReadOrganization::Attachment attachment{
        .policy = TRY(id_of(about, "Id", "p-")), .targets = {}, .path = from.path()};
    for (const Element& one : TRY(from.list("Targets"))) {
      const auto id = one.member("TargetId");
      attachment.targets.push_back(TRY((id ? *id : one).as_text(64)));
    }
    const bool aws = attachment.policy == identity::kFullAccess || attachment.policy == identity::kFullResourceAccess;
    if (!aws) TRY(read_document(from, about, attachment.policy, *type));
    out_.attachments.push_back(std::move(attachment));
    return {};
  }

  Result<> read_document(const Element& from, const Element& about, const std::string& id, identity::GuardType type) {
    identity::GuardPolicy policy{
        .id = id, .name = TRY(about.text("Name")), .description = {}, .type = type, .document = {}};
    policy.description = TRY(about.text_or_empty("Description"));
    const bool service = type == identity::GuardType::kServiceControl;
    const Element content = TRY(from.require("Content"));
    policy.document = TRY(content.as_policy(service ? policy::Kind::kScp : policy::Kind::kRcp));
    out_.policies.push_back(std::move(policy));
    return {};
  }

  Element root_;
  std::vector<std::string> nodes_;
  ReadOrganization out_;
};

}  // namespace

Result<ReadOrganization> read_organization(const json::Value& file) { return OrganizationReader(Element(file)).read(); }

}  // namespace warifu::services::accounts
