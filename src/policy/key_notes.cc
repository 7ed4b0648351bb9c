#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "policy/explain.h"

namespace warifu::policy {
namespace {

constexpr std::string_view kOnBehalf = "it is set only when a service calls on someone's behalf";
constexpr std::string_view kEndpoint = "it is set only for calls through a VPC endpoint";
constexpr std::string_view kTemporary = "it is set only with temporary credentials";
constexpr std::string_view kForwarded = "it is set only when a service passes the caller's own request on";
constexpr std::string_view kOrganization = "it is set only when the caller's account belongs to an organization";
constexpr std::string_view kOwnersOrganization =
    "it is set only when the resource's account belongs to an organization";
constexpr std::string_view kService = "it is set only when the caller is a service";

/// When each global key is there (facts: IAM, presence of global condition keys). Lower case; those that end in `/`
/// stand for all keys below them.
constexpr std::array kNotes = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"aws:sourceaccount", kOnBehalf},
    {"aws:sourcearn", kOnBehalf},
    {"aws:sourceorgid", kOnBehalf},
    {"aws:sourceorgpaths", kOnBehalf},
    {"aws:sourcevpc", kEndpoint},
    {"aws:sourcevpce", kEndpoint},
    {"aws:vpcsourceip", kEndpoint},
    {"aws:sourceip", "it is set for calls over the public endpoint, not through a VPC endpoint or from a service"},
    {"aws:calledvia", kForwarded},
    {"aws:calledviafirst", kForwarded},
    {"aws:calledvialast", kForwarded},
    {"kms:viaservice", kForwarded},
    {"aws:tokenissuetime", kTemporary},
    {"aws:multifactorauthpresent", kTemporary},
    {"aws:multifactorauthage", "it is set only for sessions that were made with MFA"},
    {"aws:principalorgid", kOrganization},
    {"aws:principalorgpaths", kOrganization},
    {"aws:resourceorgid", kOwnersOrganization},
    {"aws:resourceorgpaths", kOwnersOrganization},
    {"aws:principalservicename", kService},
    {"aws:principalservicenameslist", kService},
    {"aws:username", "it is set only for IAM users, not for roles or root"},
    {"aws:sourceidentity", "it is set only for sessions that were made with a source identity"},
    {"aws:federatedprovider", "it is set only for federated sessions"},
    {"aws:rolesessionname", "it is set only for role sessions"},
    {"sts:externalid", "it is set only when AssumeRole is given an ExternalId"},
    {"sts:rolesessionname", "it is set only while a role is assumed"},
    {"sts:sourceidentity", "it is set only when AssumeRole is given a SourceIdentity"},
    {"sts:transitivetagkeys", "it is set only when AssumeRole is given transitive tags"},
    {"aws:tagkeys", "it is set only when the request carries tags"},
    {"aws:referer", "it is set only when the client sends a Referer"},
    {"aws:useragent", "it is set only when the client sends a User-Agent"},
    {"aws:principaltag/", "it is set only when the user, role or session carries that tag"},
    {"aws:requesttag/", "it is set only when the request carries that tag"},
    {"aws:resourcetag/", "it is set only when the resource carries that tag"},
    {"iam:passedtoservice", "it is set only when a role is passed to a service"},
    {"iam:permissionsboundary", "it is set only when the user or role has a permissions boundary"},
    {"bedrock-agentcore:namespace", "it is set only when the request uses the `namespace` parameter"},
    {"bedrock-agentcore:namespacepath", "it is set only when the request uses the `namespacePath` parameter"},
    {"bedrock-agentcore:actorid", "it is set only by operations on one actor's events and sessions"},
    {"bedrock-agentcore:sessionid", "it is set only by operations on one session's events"},
    {"bedrock-agentcore:strategyid", "it is set only when the request names a strategy"},
    {"bedrock-agentcore:kmskeyarn", "it is set only when the request names a KMS key"},
});

/// Lower case.
constexpr std::array kMultivalued = std::to_array<std::string_view>({
    "aws:calledvia",
    "aws:principalorgpaths",
    "aws:principalservicenameslist",
    "aws:resourceorgpaths",
    "aws:sourceorgpaths",
    "aws:tagkeys",
    "bedrock-agentcore:allowedqueryparameters",
    "bedrock-agentcore:allowedrequestheaders",
    "bedrock-agentcore:allowedresponseheaders",
    "bedrock-agentcore:credentialproviderscope",
    "bedrock-agentcore:inboundjwtclaim/aud",
    "bedrock-agentcore:inboundjwtclaim/scope",
    "bedrock-agentcore:securitygroups",
    "bedrock-agentcore:subnets",
    "sts:transitivetagkeys",
});

}  // namespace

bool is_multivalued_key(std::string_view key) {
  return std::ranges::find(kMultivalued, to_lower(key)) != kMultivalued.end();
}

std::string when_key_is_set(std::string_view key) {
  const std::string name = to_lower(key);
  for (const auto& [known, note] : kNotes) {
    if (known == name || (known.ends_with('/') && name.starts_with(known))) return std::string(note);
  }
  return {};
}

}  // namespace warifu::policy
