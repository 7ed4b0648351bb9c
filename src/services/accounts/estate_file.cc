#include "services/accounts/estate_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "services/accounts/element.h"

namespace warifu::services::accounts {
namespace {

using identity::EntityKind;

constexpr std::string_view kLinkedPath = "/aws-service-role/";

std::string_view word_of(EntityKind kind) {
  switch (kind) {
    case EntityKind::kUser:
      return "User";
    case EntityKind::kGroup:
      return "Group";
    case EntityKind::kRole:
      return "Role";
    case EntityKind::kPolicy:
      return "Policy";
    case EntityKind::kInstanceProfile:
      return "InstanceProfile";
  }
  return "";
}

/// Ids are parts of rows' keys.
bool is_unique_id(std::string_view id) {
  return id.size() >= 16 && id.size() <= 128 &&
         std::ranges::all_of(id, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

Result<std::int64_t> version_number(const Element& element) {
  const std::string text = TRY(element.as_text());
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data() + 1, end, number);
  const bool valid =
      text.front() == 'v' && read.ec == std::errc{} && read.ptr == end && number > 0 && number < 1'000'000;
  if (!valid) return fail(element.error(fmt::format("`{}` is no version", text)));
  return number;
}

class EstateReader {
 public:
  explicit EstateReader(const Element& root) : root_(root) {}

  Result<ReadEstate> read() {
    TRY(root_.require_object());
    const auto more = root_.member("IsTruncated");
    if (more && more->value().is_bool() && more->value().as_bool()) {
      return fail(more->error("the file holds the first page only; let the AWS CLI fetch all (no --no-paginate)"));
    }
    for (const Element& one : TRY(root_.list("GroupDetailList"))) TRY(read_group(one));
    for (const Element& one : TRY(root_.list("UserDetailList"))) TRY(read_user(one));
    for (const Element& one : TRY(root_.list("RoleDetailList"))) TRY(read_role(one));
    for (const Element& one : TRY(root_.list("Policies"))) TRY(read_policy(one));
    if (!account_) return fail(root_.error("no user, group, role or policy says which account this is"));
    return ReadEstate{*account_, std::move(estate_)};
  }

 private:
  /// Name, path, id, ARN and date, which every kind has.
  template <class T>
  Result<T> read_named(const Element& from, EntityKind kind) {
    const std::string word(word_of(kind));
    T out;
    out.name = TRY(from.text(word + "Name"));
    out.path = TRY(from.text("Path"));
    out.id = TRY(from.text(word + "Id"));
    out.arn = TRY(from.text("Arn"));
    out.created = TRY(from.time("CreateDate"));
    if (!is_unique_id(out.id)) return fail(from.error(fmt::format("`{}` is no unique id", out.id)));
    TRY(check_arn(from, kind, out.path, out.name, out.arn));
    return out;
  }

  Result<> check_arn(const Element& from, EntityKind kind, std::string_view path, std::string_view name,
                     std::string_view arn) {
    const auto parsed = identity::parse_entity_arn(arn);
    const bool says_so = parsed && parsed->kind == kind && parsed->path == path && parsed->name == name;
    if (!says_so) {
      return fail(from.error(fmt::format("`{}` is not the ARN of {} `{}` at `{}`", arn, word_of(kind), name, path)));
    }
    if (kind == EntityKind::kPolicy && parsed->account == "aws") return {};
    const auto account = AccountId::parse(parsed->account);
    if (!account) return fail(from.error(fmt::format("`{}` names no account", arn)));
    if (!account_) account_ = account;
    if (*account != *account_) {
      return fail(from.error(fmt::format("`{}` is of another account than {}", arn, account_->str())));
    }
    return {};
  }

  Result<identity::EstateHoldings> read_holdings(const Element& from, EntityKind kind) {
    identity::EstateHoldings out;
    for (const Element& one : TRY(from.list(std::string(word_of(kind)) + "PolicyList"))) {
      const std::string name = TRY(one.text("PolicyName"));
      const Element document = TRY(one.require("PolicyDocument"));
      out.inline_policies.push_back({name, TRY(document.as_policy(policy::Kind::kIdentity))});
    }
    for (const Element& one : TRY(from.list("AttachedManagedPolicies"))) {
      out.attached.push_back(TRY(one.text("PolicyArn")));
      held_.insert(out.attached.back());
    }
    out.tags = TRY(read_tags(from));
    return out;
  }

  static Result<identity::Tags> read_tags(const Element& from) {
    identity::Tags tags;
    for (const Element& one : TRY(from.list("Tags"))) {
      const std::string key = TRY(one.text("Key"));
      tags.push_back({key, TRY(one.text_or_empty("Value"))});
    }
    return tags;
  }

  Result<std::string> read_boundary(const Element& from) {
    const auto boundary = from.member("PermissionsBoundary");
    if (!boundary) return std::string{};
    const std::string arn = TRY(boundary->text("PermissionsBoundaryArn"));
    held_.insert(arn);
    return arn;
  }

  Result<> read_group(const Element& from) {
    identity::EstateGroup out{.group = TRY(read_named<identity::Group>(from, EntityKind::kGroup)), .holds = {}};
    out.holds = TRY(read_holdings(from, EntityKind::kGroup));
    estate_.groups.push_back(std::move(out));
    return {};
  }

  Result<> read_user(const Element& from) {
    identity::EstateUser out{
        .user = TRY(read_named<identity::User>(from, EntityKind::kUser)), .holds = {}, .groups = {}};
    out.user.boundary_arn = TRY(read_boundary(from));
    out.holds = TRY(read_holdings(from, EntityKind::kUser));
    for (const Element& group : TRY(from.list("GroupList"))) out.groups.push_back(TRY(group.as_text()));
    estate_.users.push_back(std::move(out));
    return {};
  }

  Result<> read_role(const Element& from) {
    identity::EstateRole out{
        .role = TRY(read_named<identity::Role>(from, EntityKind::kRole)), .holds = {}, .trust = {}, .profiles = {}};
    if (const std::string_view path = out.role.path; path.starts_with(kLinkedPath)) {
      out.role.linked_service = path.substr(kLinkedPath.size(), path.size() - kLinkedPath.size() - 1);
    }
    out.role.boundary_arn = TRY(read_boundary(from));
    const Element trust = TRY(from.require("AssumeRolePolicyDocument"));
    out.trust = TRY(trust.as_policy(policy::Kind::kTrust));
    out.holds = TRY(read_holdings(from, EntityKind::kRole));
    for (const Element& one : TRY(from.list("InstanceProfileList"))) {
      out.profiles.push_back(TRY(read_named<identity::InstanceProfile>(one, EntityKind::kInstanceProfile)));
    }
    estate_.roles.push_back(std::move(out));
    return {};
  }

  /// After everybody who may hold it.
  Result<> read_policy(const Element& from) {
    identity::EstatePolicy out{
        .policy = TRY(read_named<identity::ManagedPolicy>(from, EntityKind::kPolicy)), .versions = {}, .tags = {}};
    identity::ManagedPolicy& policy = out.policy;
    const auto parsed = identity::parse_entity_arn(policy.arn);
    policy.aws_owned = parsed && parsed->account == "aws";
    if (policy.aws_owned && !held_.contains(policy.arn)) return {};
    policy.description = TRY(from.text_or_empty("Description"));
    policy.updated = from.member("UpdateDate") ? TRY(from.time("UpdateDate")) : policy.created;
    const Element version = TRY(from.require("DefaultVersionId"));
    policy.default_version = TRY(version_number(version));
    for (const Element& one : TRY(from.list("PolicyVersionList"))) TRY(read_version(one, out));
    const auto is_default = [&](const auto& one) { return one.number == policy.default_version; };
    if (std::ranges::none_of(out.versions, is_default)) {
      return fail(version.error("is not among the policy's versions"));
    }
    out.tags = TRY(read_tags(from));
    estate_.policies.push_back(std::move(out));
    return {};
  }

  static Result<> read_version(const Element& from, identity::EstatePolicy& out) {
    const Element id = TRY(from.require("VersionId"));
    const std::int64_t number = TRY(version_number(id));
    out.policy.last_version = std::max(out.policy.last_version, number);
    if (out.policy.aws_owned && number != out.policy.default_version) return {};
    const Element document = TRY(from.require("Document"));
    const std::string text = TRY(document.as_policy(policy::Kind::kIdentity));
    out.versions.push_back({number, text, TRY(from.time("CreateDate"))});
    return {};
  }

  Element root_;
  std::optional<AccountId> account_;
  std::set<std::string, std::less<>> held_;  // ARNs of attached policies and boundaries
  identity::Estate estate_;
};

}  // namespace

Result<ReadEstate> read_estate(const json::Value& details) { return EstateReader(Element(details)).read(); }

}  // namespace warifu::services::accounts
