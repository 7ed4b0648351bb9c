#include "services/lambda/statements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/arn.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "identity/principals.h"
#include "identity/resource_policies.h"
#include "json/value.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"

namespace warifu::services::lambda::statements {
namespace {

using json::Value;

constexpr std::string_view kNoPolicy = "The resource you requested does not exist.";
constexpr std::string_view kBadPrincipal =
    "The provided principal was invalid. Please check the principal and try again.";

bool is_organization(std::string_view text) { return text.starts_with("o-") && text.size() >= 12 && text.size() <= 34; }

Value one(std::string name, Value value) {
  Value object = Value::object();
  object.set(std::move(name), std::move(value));
  return object;
}

/// `*`, an account, a user, role or session, or a service.
Result<Value> principal_value(store::Reader& reader, const std::string& principal) {
  if (principal == "*") return Value::string("*");
  if (AccountId::parse(principal)) return one("AWS", Value::string("arn:aws:iam::" + principal + ":root"));
  if (const auto arn = ArnView::parse(principal)) {
    const bool known_kind = arn->service == "iam" || arn->service == "sts";
    if (!known_kind || !AccountId::parse(arn->account)) return fail(invalid_parameter(std::string(kBadPrincipal)));
    const std::string_view type = arn->resource_type();
    if (arn->service == "iam" && (type == "user" || type == "role")) {
      const auto found = TRY(identity::principal_by_arn(reader, principal));
      if (!found) return fail(invalid_parameter(std::string(kBadPrincipal)));
    }
    return one("AWS", Value::string(principal));
  }
  if (principal.ends_with(".amazonaws.com") || principal.ends_with(".amazon.com")) {
    return one("Service", Value::string(principal));
  }
  return fail(invalid_parameter(std::string(kBadPrincipal)));
}

void set_condition(Value& conditions, const char* test, const char* key, Value value) {
  for (auto& [name, keys] : conditions.members()) {
    if (name == test) {
      keys.set(key, std::move(value));
      return;
    }
  }
  conditions.set(test, one(key, std::move(value)));
}

Value conditions_of(const Permission& permission) {
  Value conditions = Value::object();
  const auto text = [&](const char* test, const char* key, const std::string& value) {
    if (!value.empty()) set_condition(conditions, test, key, Value::string(value));
  };
  text("StringEquals", "AWS:SourceAccount", permission.source_account);
  text("StringEquals", "lambda:EventSourceToken", permission.event_source_token);
  text("StringEquals", "aws:PrincipalOrgID", permission.organization);
  text("StringEquals", "lambda:FunctionUrlAuthType", permission.url_auth_type);
  text("ArnLike", "AWS:SourceArn", permission.source_arn);
  if (permission.invoked_via_url) {
    set_condition(conditions, "Bool", "lambda:InvokedViaFunctionUrl",
                  Value::string(*permission.invoked_via_url ? "true" : "false"));
  }
  return conditions;
}

/// A policy's RevisionId: it differs whenever the policy does.
std::string revision_of(std::string_view arn, std::uint64_t version) {
  const std::string hex = crypto::sha256_hex(fmt::format("{} {}", arn, version));
  return fmt::format("{}-{}-{}-{}-{}", hex.substr(0, 8), hex.substr(8, 4), hex.substr(12, 4), hex.substr(16, 4),
                     hex.substr(20, 12));
}

struct Present {
  Value policy;
  std::string revision;
};

Result<std::optional<Present>> present(store::Reader& reader, const AccountId& owner, std::string_view arn) {
  const auto row = TRY(identity::find_resource_policy(reader, owner, arn));
  const auto text = TRY(identity::shown_resource_policy(reader, owner, arn));
  if (!row || !text) return std::nullopt;
  auto policy = TRY(json::parse(*text));
  return Present{.policy = std::move(policy), .revision = revision_of(arn, row->version)};
}

Result<> check_revision(const std::optional<Present>& found, const std::optional<std::string>& revision) {
  if (!revision || (found && found->revision == *revision)) return {};
  return fail(revision_mismatch());
}

/// The statements of a policy; CHECKs nothing: one that has none is empty.
std::vector<Value>* statements_in(Value& policy) {
  for (auto& [name, value] : policy.members()) {
    if (name == "Statement" && value.is_array()) return &value.items();
  }
  return nullptr;
}

Value new_policy() {
  Value policy = Value::object();
  policy.set("Version", Value::string("2012-10-17"));
  policy.set("Id", Value::string("default"));
  policy.set("Statement", Value::array());
  return policy;
}

Result<> write(store::Txn& txn, const AccountId& owner, std::string_view arn, const Value& policy, Timestamp now) {
  const std::string text = policy.dump();
  if (text.size() > kPolicyBytesMax) {
    return fail(
        {.code = ErrorCode::kValidation,
         .message = fmt::format("Final policy size ({}) is bigger than the limit ({}).", text.size(), kPolicyBytesMax),
         .aws_name = "PolicyLengthExceededException",
         .reason = {},
         .fields = {}});
  }
  return identity::put_bound_resource_policy(txn, owner, arn, text, now);
}

}  // namespace

Result<std::string> statement_of(store::Reader& reader, const Permission& permission, std::string_view resource) {
  if (!permission.organization.empty() && !is_organization(permission.organization)) {
    return fail(invalid_parameter(fmt::format("`{}` is no organization", permission.organization)));
  }
  Value statement = Value::object();
  statement.set("Sid", Value::string(permission.id));
  statement.set("Effect", Value::string("Allow"));
  Value principal = TRY(principal_value(reader, permission.principal));
  statement.set("Principal", std::move(principal));
  statement.set("Action", Value::string(permission.action));
  statement.set("Resource", Value::string(std::string(resource)));
  Value conditions = conditions_of(permission);
  if (!conditions.members().empty()) statement.set("Condition", std::move(conditions));
  return statement.dump();
}

Result<std::string> add(store::Txn& txn, const AccountId& owner, std::string_view arn, const std::string& id,
                        const std::string& statement, const std::optional<std::string>& revision, Timestamp now) {
  auto found = TRY(present(txn, owner, arn));
  TRY(check_revision(found, revision));
  Value policy = found ? std::move(found->policy) : new_policy();
  std::vector<Value>* list = statements_in(policy);
  if (list == nullptr) return fail(bad_row("a resource policy"));
  const auto has_id = [&](const Value& value) { return value.find_string("Sid") == id; };
  if (std::ranges::any_of(*list, has_id)) {
    return fail(resource_conflict(
        fmt::format("The statement id ({}) provided already exists. Please provide a new statement id, or remove the "
                    "existing statement.",
                    id)));
  }
  list->push_back(TRY(json::parse(statement)));
  TRY(write(txn, owner, arn, policy, now));
  const auto row = TRY(identity::find_resource_policy(txn, owner, arn));
  return revision_of(arn, row ? row->version : 0);
}

Result<> remove(store::Txn& txn, const AccountId& owner, std::string_view arn, std::string_view id,
                const std::optional<std::string>& revision, Timestamp now) {
  auto found = TRY(present(txn, owner, arn));
  if (!found) return fail(resource_not_found("No policy is associated with the given resource."));
  TRY(check_revision(found, revision));
  std::vector<Value>* list = statements_in(found->policy);
  const std::size_t erased =
      list == nullptr ? 0 : std::erase_if(*list, [&](const Value& value) { return value.find_string("Sid") == id; });
  if (erased == 0) {
    return fail(resource_not_found(fmt::format("Statement {} is not found in resource policy.", id)));
  }
  if (!list->empty()) return write(txn, owner, arn, found->policy, now);
  TRY(identity::erase_resource_policy(txn, owner, arn));
  return {};
}

Result<Shown> show(store::Reader& reader, const AccountId& owner, std::string_view arn) {
  const auto found = TRY(present(reader, owner, arn));
  if (!found) return fail(resource_not_found(std::string(kNoPolicy)));
  return Shown{.policy = found->policy.dump(), .revision = found->revision};
}

}  // namespace warifu::services::lambda::statements
