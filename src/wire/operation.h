#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "wire/shape.h"

/// Operations as constant tables, generated from `model/*.json` and `model/authorization/*.json`. Immutable; process
/// lifetime; any thread.
namespace warifu::wire {

enum class Protocol : std::uint8_t { kRestJson, kQuery, kJson10, kJson11, kRestXml };

/// An exception that an operation declares.
struct ErrorShape {
  std::string_view name;  // the code on the wire
  int status;
  std::string_view message = "message";  // how it spells the member that says why
};

/// How a condition key gets its value(s) from the decoded input.
enum class ContextSource : std::uint8_t {
  kMember,       // the text(s) at `member`; absent when the member is absent
  kRequestTags,  // aws:RequestTag/<key> for each tag at `member`
  kTagKeys,      // aws:TagKeys: the keys of the tags (map, list of tags, or list of keys) at `member`
  kLiteral,      // always `literal`
  kPresent,      // `literal` when there is a text at `member`, `parts` when there is none
  kEntity,       // not from the request: the permissions boundary of the entity that `lookup` finds
  kNumber,       // the whole number at `member`, as text
  kQueryTags,    // as kRequestTags, of tags that `member` holds as a query string (`team=red&stage=prod`)
  kQueryTagKeys,
  kEach,  // of each element of the list at `member` the texts at its members `parts`: every one is asked alone
};

struct ContextKey {
  std::string_view key;  // `bedrock-agentcore:actorId`; for kRequestTags the prefix `aws:RequestTag/`
  ContextSource source = ContextSource::kMember;
  std::string_view member{};  // path in the input; lists on the way are flattened
  std::string_view literal{};
  std::string_view parts{};  // of kEach: paths in an element, joined by commas
  bool multivalued = false;
  bool path = false;  // a namespace: supplied as it is stored (base/paths.h), however the request spells it
};

/// What names the rest of a resource's ARN, beyond the request: the identity entity whose path completes it.
enum class Lookup : std::uint8_t {
  kNone,
  kUser,
  kGroup,
  kRole,
  kInstanceProfile,
  kAccessKeyOwner,     // the user who owns the access key whose id stands in the name's place
  kServiceLinkedRole,  // the role's name follows from the service that stands in its path
  kRenamedUser,        // the user as the request's NewPath and NewUserName would have it; what is absent stays
  kRenamedGroup,
  kOrganization,        // a part of the caller's organization, or a handshake, by its id
  kLambdaFunction,      // FunctionName in any of its forms, with the qualifier that it or Qualifier names
  kLambdaUnqualified,   // the same without its qualifier
  kLambdaLayerVersion,  // LayerName, bare or an ARN, and VersionNumber
  kLogGroup,            // logGroupName or logGroupIdentifier, bare or an ARN
  kBucket,              // an S3 bucket or an object in it: its owner is found by the bucket's name
  kNewBucket,           // a bucket that is yet to be: the caller's
  kCopySource,          // the object that x-amz-copy-source names; applies to one without a version
  kCopySourceVersion,   // the same with a version
  kModel,  // the model or inference profile that a Bedrock id names, and the models that the profile routes to
};

/// One (action, resource) pair that must be allowed.
struct Permission {
  std::string_view action;  // `bedrock-agentcore:CreateEvent`
  /// ARN with `{partition}`, `{region}`, `{account}` (the caller's) and `{memberPath}` (`{Path|/}` with a default,
  /// `{Url:without_scheme}`); `{caller}`: the calling user; `*`: the action has no resource type. `resource_arn` in
  /// member.h expands it.
  std::string_view resource;
  bool accepts_arn = false;         // the member may hold the whole ARN instead of its last part
  bool caller_when_absent = false;  // IAM: without UserName the resource is the calling user itself
  Lookup lookup = Lookup::kNone;
  std::string_view when{};                // applies only when this member is present; empty: always
  std::string_view unless{};              // applies only when this member is absent; empty: always
  std::span<const ContextKey> context{};  // keys of this pair alone, beside the operation's
};

/// Who decides on a call.
enum class Authorizer : std::uint8_t {
  kPolicies,  // every permission, by identity and resource policies
  kTrust,     // the role's trust policy, by the rules of sts:AssumeRole*
  kNone,      // any authenticated caller (GetCallerIdentity)
  kHandler,   // the handler asks, for each of the things that one request names (Call::may); the first permission says
              // which resource holds them
};

struct Service;

struct Operation {
  const Service* service = nullptr;
  std::string_view name;
  std::string_view method;  // rest-json, rest-xml; `POST` for others
  std::string_view uri;     // `/memories/{memoryId}/events`, `/{Bucket}/{Key+}?tagging`; `/` for others
  int status = 200;         // of success
  const Shape* input = nullptr;
  const Shape* output = nullptr;
  std::span<const ErrorShape> errors{};
  Authorizer authorizer = Authorizer::kPolicies;
  std::span<const Permission> permissions{};  // all must pass; the first names the resource that the call is about
  std::span<const ContextKey> context{};      // supplied to every permission
  std::string_view idempotency_member{};      // empty: none
  std::size_t body_bytes_max = 0;
  bool unsigned_allowed = false;  // AssumeRoleWithWebIdentity, AssumeRoleWithSAML
  bool read_only = false;         // audit: a read
  bool data_event = false;        // audit: of what resources hold, not of the resources themselves
  std::string_view recorded{};    // audit: the only members of the input that are recorded; empty: all
  /// query: `AssumeRoleResult`; rest-xml: the body's first element; empty when there is no output
  std::string_view result_wrapper{};
};

struct Service {
  std::string_view name;          // `agentcore`: the namespace under warifu::model
  std::string_view signing_name;  // `bedrock-agentcore`: the service of the credential scope
  std::string_view event_source;  // `bedrock-agentcore.amazonaws.com`
  Protocol protocol;
  bool global = false;               // answers in any region of the scope
  std::string_view version{};        // query: 2011-06-15
  std::string_view xml_namespace{};  // query, rest-xml
  std::string_view target_prefix{};  // json 1.x: `TrentService`
  bool typed_errors = false;         // exceptions carry `Type`: `User` or `Service`
  std::span<const Operation* const> operations{};
};

/// An operation with its C++ types: `model::agentcore::ops::kCreateEvent`.
template <class In, class Out>
struct TypedOperation {
  using Input = In;
  using Output = Out;
  const Operation* operation;
};

/// An input or output behind its type, owned.
using Erased = std::unique_ptr<void, void (*)(void*) noexcept>;
[[nodiscard]] inline Erased make_erased(const Shape& shape) {
  return {shape.structure->create(), shape.structure->destroy};
}
/// A fresh input of `operation`, to decode into.
[[nodiscard]] inline Erased make_input(const Operation& operation) { return make_erased(*operation.input); }

}  // namespace warifu::wire
