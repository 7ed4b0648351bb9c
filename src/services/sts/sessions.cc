#include "services/sts/sessions.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "identity/gather.h"
#include "policy/document.h"

namespace warifu::services::sts {
namespace {

Error named(std::string_view name, std::string message) {
  return {.code = ErrorCode::kValidation, .message = std::move(message), .aws_name = name, .reason = {}, .fields = {}};
}

Error invalid_parameter(std::string message) { return named("InvalidParameterValue", std::move(message)); }

bool holds(const std::vector<std::string>& keys, std::string_view key) {
  return std::ranges::any_of(keys, [&](const std::string& k) { return iequals(k, key); });
}

bool holds(const std::map<std::string, std::string>& tags, std::string_view key) {
  return std::ranges::any_of(tags, [&](const auto& tag) { return iequals(tag.first, key); });
}

/// What the caller's own session hands down: tags that it may not set anew.
SessionTags inherited(const access::Principal& caller) {
  SessionTags out;
  if (!caller.session) return out;
  for (const std::string& key : caller.session->transitive_tags) {
    for (const auto& [name, value] : caller.session->tags) {
      if (iequals(name, key)) out.tags.emplace(name, value);
    }
  }
  out.transitive = caller.session->transitive_tags;
  return out;
}

}  // namespace

Result<std::int64_t> role_seconds(std::optional<std::int32_t> asked, std::int64_t role_max, bool chained) {
  if (chained) {
    if (asked.value_or(0) > kChainedSecondsMax) {
      return fail(validation_error(
          "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining."));
    }
    return asked.value_or(kDefaultRoleSeconds);
  }
  if (asked.value_or(0) > role_max) {
    return fail(validation_error("The requested DurationSeconds exceeds the MaxSessionDuration set for this role."));
  }
  return asked.value_or(kDefaultRoleSeconds);
}

Result<SessionPolicies> session_policies(store::Reader& reader, const AccountId& account,
                                         const std::optional<std::string>& document,
                                         const std::optional<std::vector<model::sts::PolicyDescriptorType>>& arns) {
  SessionPolicies out;
  std::size_t characters = 0;
  if (document) {
    characters += document->size();
    const auto parsed = policy::parse(*document, policy::Kind::kSession);
    if (!parsed) return fail(named("MalformedPolicyDocument", parsed.error().message));
    out.inline_documents.push_back(*document);
  }
  if (arns) {
    if (arns->size() > kSessionPolicyArnsMax) return fail(validation_error("at most 10 managed session policies"));
    for (const auto& descriptor : *arns) {
      const std::string arn = descriptor.arn.value_or("");
      characters += arn.size();
      if (!TRY(identity::managed_document(reader, account, arn))) {
        return fail(named("MalformedPolicyDocument", fmt::format("session policy `{}` does not exist", arn)));
      }
      out.arns.push_back(arn);
    }
  }
  if (characters > kSessionPolicyCharsMax) {
    return fail(named("PackedPolicyTooLarge", fmt::format("session policies hold {} characters, the limit is {}",
                                                          characters, kSessionPolicyCharsMax)));
  }
  return out;
}

Result<SessionTags> session_tags(const access::Principal& caller,
                                 const std::optional<std::vector<model::sts::Tag>>& tags,
                                 const std::optional<std::vector<std::string>>& transitive) {
  SessionTags out = inherited(caller);
  std::map<std::string, std::string> asked;
  for (const model::sts::Tag& tag : tags.value_or(std::vector<model::sts::Tag>{})) {
    if (holds(asked, tag.key)) {
      return fail(invalid_parameter("Duplicate tag keys found. Please note that Tag keys are case insensitive."));
    }
    if (holds(out.transitive, tag.key)) {
      return fail(invalid_parameter(
          fmt::format("The tag key {} is transitive in the calling session and can't be overridden.", tag.key)));
    }
    asked.emplace(tag.key, tag.value);
  }
  for (const std::string& key : transitive.value_or(std::vector<std::string>{})) {
    if (holds(out.transitive, key)) {
      return fail(
          invalid_parameter("One of the specified transitive tag keys can't be set because it conflicts with a "
                            "transitive tag key from the calling session."));
    }
    if (!holds(asked, key)) {
      return fail(invalid_parameter("The specified transitive tag key must be included in the requested tags."));
    }
    out.transitive.push_back(key);
  }
  out.tags.merge(asked);
  if (out.tags.size() > kSessionTagsMax) return fail(validation_error("a session holds at most 50 tags"));
  return out;
}

std::optional<std::int32_t> packed_policy_size(const access::Session& session) {
  std::size_t characters = 0;
  for (const std::string& document : session.inline_policies) characters += document.size();
  for (const std::string& arn : session.policy_arns) characters += arn.size();
  for (const auto& [key, value] : session.tags) characters += key.size() + value.size();
  if (characters == 0) return std::nullopt;
  constexpr std::size_t kRoom = kSessionPolicyCharsMax + kSessionTagsMax * (128 + 256);
  return static_cast<std::int32_t>((characters * 100 + kRoom - 1) / kRoom);
}

}  // namespace warifu::services::sts
