#include "api/resource.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/copy_source.h"
#include "api/function_names.h"
#include "api/models.h"
#include "base/arn.h"
#include "identity/access_keys.h"
#include "identity/buckets.h"
#include "identity/instance_profiles.h"
#include "identity/organization_policies.h"
#include "identity/resource_policies.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "json/value.h"
#include "wire/member.h"

namespace warifu::api {
namespace {

/// What completes a target. What does not exist keeps the ARN without its path: the decision comes before existence.
struct Entity {
  std::string arn;
  std::string boundary_arn{};
};

template <class Found>
Entity entity_of(const Found& found, std::string arn) {
  if (!found) return {.arn = std::move(arn)};
  if constexpr (requires { found->boundary_arn; }) {
    return {.arn = found->arn, .boundary_arn = found->boundary_arn};
  } else {
    return {.arn = found->arn};
  }
}

/// The user that holds the key; a key of another account is as unknown as one that does not exist.
Result<Entity> owner_of_key(store::Reader& reader, const AccountId& account, std::string_view key_id, std::string arn) {
  const auto id = AccessKeyId::parse(key_id);
  if (!id) return Entity{.arn = std::move(arn)};
  const auto found = TRY(identity::find_access_key(reader, *id));
  if (!found || found->account != account) return Entity{.arn = std::move(arn)};
  return entity_of(TRY(identity::user_by_id(reader, account, found->key.user_id)), std::move(arn));
}

/// Where UpdateUser and UpdateGroup would take the entity: what the request leaves out stays as it is.
template <class Found>
Entity renamed(const wire::Operation& operation, const void* input, const AccountId& account, identity::EntityKind kind,
               std::string_view name, const Found& found) {
  const bool user = kind == identity::EntityKind::kUser;
  const auto new_name = wire::text_at(operation, input, user ? "NewUserName" : "NewGroupName");
  const auto new_path = wire::text_at(operation, input, "NewPath");
  const std::string_view path = found ? std::string_view(found->path) : "/";
  return {.arn = identity::entity_arn(kind, account, new_path.value_or(path), new_name.value_or(name))};
}

/// `…:role/aws-service-role/SERVICE/…` with the name that AWS gives that service's role.
std::string linked_role(const AccountId& account, std::string_view name) {
  constexpr std::string_view kPath = "aws-service-role/";
  const std::string_view service = name.substr(std::min(kPath.size(), name.size()), name.rfind('/') - kPath.size());
  return identity::entity_arn(identity::EntityKind::kRole, account, identity::linked_role_path(service),
                              identity::linked_role_name(service, ""));
}

/// As AddPermission was told: an account's number, an ARN, a service, `*`.
std::string principal_in(const json::Value& statement) {
  const json::Value* principal = statement.find("Principal");
  if (principal == nullptr) return {};
  if (principal->is_string()) return principal->as_string();
  std::string text = principal->find_string("AWS").value_or(principal->find_string("Service").value_or(""));
  const auto arn = ArnView::parse(text);
  return arn && arn->resource == "root" ? std::string(arn->account) : text;
}

bool supplies_entity(const wire::Operation& operation) {
  const auto of_entity = [](const wire::ContextKey& key) { return key.source == wire::ContextSource::kEntity; };
  return std::ranges::any_of(operation.context, of_entity);
}

Result<Entity> lambda_statement(store::Reader& reader, const AccountId& account, std::string_view id, std::string arn) {
  const auto policy = TRY(identity::shown_resource_policy(reader, account, arn));
  const auto parsed = policy ? json::parse(*policy) : Result<json::Value>(json::Value());
  const json::Value* statements = parsed ? parsed->find("Statement") : nullptr;
  if (statements == nullptr || !statements->is_array()) return Entity{.arn = std::move(arn)};
  for (const json::Value& statement : statements->items()) {
    if (statement.find_string("Sid") == id) {
      return Entity{.arn = std::move(arn), .boundary_arn = principal_in(statement)};
    }
  }
  return Entity{.arn = std::move(arn)};
}

Result<Entity> complete(store::Reader& reader, const wire::Operation& operation, wire::Lookup lookup, const void* input,
                        std::string arn) {
  using identity::EntityKind;
  const auto view = ArnView::parse(arn);
  const auto account = AccountId::parse(view ? view->account : std::string_view{});
  if (!account) return Entity{.arn = std::move(arn)};
  const std::string name(view->resource_id());
  switch (lookup) {
    case wire::Lookup::kNone:
    case wire::Lookup::kModel:
    case wire::Lookup::kLambdaFunction:
      // Whom a statement of its policy is for, where that statement is to go.
      if (!supplies_entity(operation)) break;
      return lambda_statement(reader, *account, wire::text_at(operation, input, "StatementId").value_or(""),
                              std::move(arn));
    case wire::Lookup::kLambdaUnqualified:
    case wire::Lookup::kLambdaLayerVersion:
    case wire::Lookup::kLogGroup:
    case wire::Lookup::kBucket:
    case wire::Lookup::kNewBucket:
    case wire::Lookup::kCopySource:
    case wire::Lookup::kCopySourceVersion:
      break;
    case wire::Lookup::kUser:
      return entity_of(TRY(identity::find_user(reader, *account, name)), std::move(arn));
    case wire::Lookup::kGroup:
      return entity_of(TRY(identity::find_group(reader, *account, name)), std::move(arn));
    case wire::Lookup::kRole:
      return entity_of(TRY(identity::find_role(reader, *account, name)), std::move(arn));
    case wire::Lookup::kInstanceProfile:
      return entity_of(TRY(identity::find_instance_profile(reader, *account, name)), std::move(arn));
    case wire::Lookup::kAccessKeyOwner:
      return owner_of_key(reader, *account, name, std::move(arn));
    case wire::Lookup::kServiceLinkedRole:
      return Entity{.arn = linked_role(*account, name)};
    case wire::Lookup::kRenamedUser:
      return renamed(operation, input, *account, EntityKind::kUser, name,
                     TRY(identity::find_user(reader, *account, name)));
    case wire::Lookup::kOrganization: {
      auto [found, type] = TRY(identity::organization_entity(reader, *account, name));
      return Entity{.arn = std::move(found), .boundary_arn = std::move(type)};
    }
    case wire::Lookup::kRenamedGroup:
      return renamed(operation, input, *account, EntityKind::kGroup, name,
                     TRY(identity::find_group(reader, *account, name)));
  }
  return Entity{.arn = std::move(arn)};
}

bool is_role(const std::optional<ArnView>& arn) {
  return arn && arn->service == "iam" && arn->resource.starts_with("role/");
}

Error refused(std::string message) {
  return {.code = ErrorCode::kValidation,
          .message = std::move(message),
          .aws_name = {},
          .reason = "FieldValidationFailed",
          .fields = {}};
}

bool is_of_s3(wire::Lookup lookup) {
  return lookup == wire::Lookup::kBucket || lookup == wire::Lookup::kNewBucket || lookup == wire::Lookup::kCopySource ||
         lookup == wire::Lookup::kCopySourceVersion;
}

/// A bucket's ARN names no account: its owner is found by its name. Of a bucket that is not there the caller's own
/// policies decide, so that whoever may ask is told that it is not.
Result<Target> s3_target(store::Reader& reader, const wire::Operation& operation, wire::Lookup lookup,
                         const void* input, std::string arn, const std::string& caller) {
  if (lookup == wire::Lookup::kNewBucket) return Target{.arn = std::move(arn), .account = caller};
  if (lookup != wire::Lookup::kBucket) {
    const auto source = copy_source_of(operation, input);
    if (!source) return fail(refused("Copy Source must mention the source bucket and key: sourcebucket/sourcekey"));
    arn = "arn:aws:s3:::" + source->bucket + "/" + source->key;
  }
  const auto owner = TRY(identity::find_bucket(reader, identity::bucket_in(arn)));
  // A bucket is asked where it lies, whatever region the caller signed for; its copies are asked for at their target.
  const bool at_home = owner && lookup == wire::Lookup::kBucket;
  return Target{.arn = std::move(arn),
                .account = owner ? owner->account.str() : caller,
                .owner_only = owner && owner->owner_only,
                .requested_region = at_home ? owner->region : std::string()};
}

}  // namespace

Result<Target> resolve_target(store::Reader& reader, const wire::Operation& operation,
                              const wire::Permission& permission, const void* input, const access::Principal& principal,
                              std::string_view region) {
  const std::string& caller = principal.account.str();
  if (permission.resource == "*") return Target{.arn = "*", .account = caller};

  auto expanded =
      wire::resource_arn(operation, permission, input, {.partition = "aws", .region = region, .account = caller});
  if (!expanded) {
    if (!permission.caller_when_absent) return fail(refused("the request does not name its resource"));
    return Target{.arn = principal.identity_arn, .account = caller};
  }
  if (*expanded == "*") return Target{.arn = "*", .account = caller};
  // IAM authorizes ListPolicies on the text `policy path /`, which is no ARN: only `*` can allow it.
  if (permission.resource.starts_with("policy path ")) return Target{.arn = std::move(*expanded), .account = caller};
  if (has_named_resource(permission.lookup)) {
    expanded = TRY(named_resource(operation, permission.lookup, input, region, caller));
  }
  if (is_of_s3(permission.lookup)) {
    return s3_target(reader, operation, permission.lookup, input, std::move(*expanded), caller);
  }
  const bool model = permission.lookup == wire::Lookup::kModel;
  if (model) *expanded = model_resource(std::move(*expanded), region, caller);
  Entity entity = TRY(complete(reader, operation, permission.lookup, input, std::move(*expanded)));
  const std::string& arn = entity.arn;
  const auto view = ArnView::parse(arn);
  // Only a role has a trust policy to ask.
  const bool of_right_kind = operation.authorizer != wire::Authorizer::kTrust || is_role(view);
  if (!view || !of_right_kind) return fail(refused(fmt::format("{} is invalid", arn)));
  if (view->partition != "aws") {
    return fail(refused(fmt::format("`{}` is in partition {}; this server is partition aws", arn, view->partition)));
  }
  if (!view->region.empty() && view->region != region) {
    return fail(refused(fmt::format("`{}` is in region {}; this request is for region {}", arn, view->region, region)));
  }
  // What another account's policy says is not the caller's to learn from a decision.
  if (permission.lookup == wire::Lookup::kLambdaFunction && view->account != caller) entity.boundary_arn.clear();
  // Whoever asks about an organization is decided on by its own account alone: the handler knows who manages it.
  if (permission.lookup == wire::Lookup::kOrganization) {
    return Target{.arn = std::move(entity.arn), .account = caller, .boundary_arn = std::move(entity.boundary_arn)};
  }
  // Foundation models are AWS's own: they name no account, and whoever is allowed may use them.
  const std::string account(model && view->account.empty() ? "aws" : view->account);
  return Target{.arn = std::move(entity.arn), .account = account, .boundary_arn = std::move(entity.boundary_arn)};
}

std::vector<Target> further_targets(const wire::Permission& permission, const Target& target, std::string_view region) {
  std::vector<Target> further;
  if (permission.lookup != wire::Lookup::kModel) return further;
  for (RoutedModel& model : routed_models(target.arn, region)) {
    further.push_back({.arn = std::move(model.arn),
                       .account = "aws",
                       .inference_profile_arn = target.arn,
                       .requested_region = std::move(model.requested_region)});
  }
  return further;
}

}  // namespace warifu::api
