#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace warifu::policy {

/// A condition key (`aws:PrincipalTag/team`) as a small number, the same for every spelling of its letters' case
/// and for the whole life of the process. Compiled policies and request contexts meet on these numbers.
struct KeyId {
  std::uint16_t index = kNone;
  static constexpr std::uint16_t kNone = 0xFFFF;

  [[nodiscard]] constexpr bool known() const { return index != kNone; }
  auto operator<=>(const KeyId&) const = default;
};

/// Bounds of the process-wide table. A key past either has no id and is found by name: slower, never wrong.
inline constexpr std::size_t kInternedKeysMax = 16'384;
inline constexpr std::size_t kKeyBytesMax = 512;

/// The id of `name`, made if need be. For names that policies hold, never for names out of a request.
/// Unknown when the table is full or the name too long. Thread-safe; takes a lock only to add.
[[nodiscard]] KeyId intern(std::string_view name);
/// The id of `name` if a policy has interned it. Thread-safe, lock-free, no allocation: for request tag keys.
[[nodiscard]] KeyId lookup(std::string_view name);
/// The same for all spellings of a name's letters' case.
[[nodiscard]] std::uint64_t hash_of(std::string_view name);
/// REQUIRES: `hash` is hash_of(name).
[[nodiscard]] KeyId lookup(std::string_view name, std::uint64_t hash);
/// The spelling that was interned first. REQUIRES: `id` came from intern, lookup or key.
[[nodiscard]] std::string_view name_of(KeyId id);
/// How many ids exist; every id given later is at least this.
[[nodiscard]] std::size_t interned_count();

/// Keys that the server itself supplies: their ids are known at compile time.
inline constexpr std::array kWellKnownKeys = std::to_array<std::string_view>({
    "aws:CalledVia",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:PrincipalServiceNamesList",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:ResourceOrgPaths",
    "aws:RoleSessionName",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceOrgPaths",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "aws:TagKeys",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:userid",
    "aws:username",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "sts:ExternalId",
    "sts:RoleSessionName",
    "sts:SourceIdentity",
    "sts:TransitiveTagKeys",
    "sts:DurationSeconds",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "iam:PolicyARN",
    "iam:AWSServiceName",
    "iam:AssociatedResourceArn",
    "kms:ViaService",
    "kms:CallerAccount",
    "kms:GrantIsForAWSResource",
    "bedrock-agentcore:actorId",
    "bedrock-agentcore:sessionId",
    "bedrock-agentcore:namespace",
    "bedrock-agentcore:namespacePath",
    "bedrock-agentcore:strategyId",
    "bedrock-agentcore:KmsKeyArn",
    "bedrock-agentcore:RuntimeAuthorizerType",
    "bedrock-agentcore:GatewayAuthorizerType",
});

/// Compile-time id of a well-known key, spelled as above; any other name does not compile.
[[nodiscard]] consteval KeyId key(std::string_view name) {
  for (std::size_t i = 0; i < kWellKnownKeys.size(); ++i) {
    if (kWellKnownKeys[i] == name) return {static_cast<std::uint16_t>(i)};
  }
  throw "not a well-known key";  // NOLINT: reached only while compiling
}

}  // namespace warifu::policy
