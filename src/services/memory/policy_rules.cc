#include "services/memory/policy_rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::policy_rules {
namespace {

constexpr std::array<std::string_view, 18> kMemoryActions{
    "bedrock-agentcore:GetMemory",
    "bedrock-agentcore:UpdateMemory",
    "bedrock-agentcore:DeleteMemory",
    "bedrock-agentcore:CreateEvent",
    "bedrock-agentcore:GetEvent",
    "bedrock-agentcore:DeleteEvent",
    "bedrock-agentcore:ListEvents",
    "bedrock-agentcore:ListActors",
    "bedrock-agentcore:ListSessions",
    "bedrock-agentcore:GetMemoryRecord",
    "bedrock-agentcore:ListMemoryRecords",
    "bedrock-agentcore:RetrieveMemoryRecords",
    "bedrock-agentcore:DeleteMemoryRecord",
    "bedrock-agentcore:BatchCreateMemoryRecords",
    "bedrock-agentcore:BatchUpdateMemoryRecords",
    "bedrock-agentcore:BatchDeleteMemoryRecords",
    "bedrock-agentcore:StartMemoryExtractionJob",
    "bedrock-agentcore:ListMemoryExtractionJobs",
};

Error refused(std::string why) { return invalid_field("policy", std::move(why)); }

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// `Sid` or the number of a statement, for messages.
std::string name_of(const policy::Statement& statement, std::size_t index) {
  return statement.sid.empty() ? fmt::format("Statement {}", index + 1) : fmt::format("Statement `{}`", statement.sid);
}

Result<> check_statement(const policy::Statement& statement, const std::string& name, std::string_view arn,
                         std::span<const std::string_view> actions) {
  if (statement.not_resource) return fail(refused(fmt::format("{}: NotResource is not supported", name)));
  for (const std::string& resource : statement.resources) {
    if (resource != arn) {
      return fail(
          refused(fmt::format("{}: Resource must be the ARN of the resource that the policy is attached to, "
                              "`{}`",
                              name, arn)));
    }
  }
  for (const policy::PrincipalName& principal : statement.principals) {
    if (principal.type == policy::PrincipalType::kFederated ||
        principal.type == policy::PrincipalType::kCanonicalUser) {
      return fail(refused(fmt::format("{}: a principal must be `*`, AWS or Service", name)));
    }
  }
  for (const std::string& action : statement.actions) {
    if (std::ranges::none_of(actions, [&](std::string_view one) { return glob_matches(action, one); })) {
      return fail(refused(fmt::format("{}: action `{}` is not supported for this resource type", name, action)));
    }
  }
  return {};
}

}  // namespace

std::span<const std::string_view> memory_actions() { return kMemoryActions; }

Result<policy::Policy> check(std::string_view document, std::string_view arn,
                             std::span<const std::string_view> actions) {
  if (!is_utf8(document)) return fail(refused("the policy is not UTF-8 text"));
  if (const std::size_t characters = utf8_length(document); characters > kPolicyCharactersMax) {
    return fail(
        refused(fmt::format("the policy has {} characters, at most {} are allowed", characters, kPolicyCharactersMax)));
  }
  Result<policy::Policy> parsed = policy::parse(document, policy::Kind::kResource);
  if (!parsed) return fail(refused(parsed.error().message));
  if (parsed->version().empty()) return fail(refused("Missing required field Version"));
  if (const std::size_t count = parsed->statements().size(); count > kPolicyStatementsMax) {
    return fail(
        refused(fmt::format("the policy has {} statements, at most {} are allowed", count, kPolicyStatementsMax)));
  }
  for (std::size_t i = 0; i < parsed->statements().size(); ++i) {
    const policy::Statement& statement = parsed->statements()[i];
    TRY(check_statement(statement, name_of(statement, i), arn, actions));
  }
  return parsed;
}

bool glob_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;  // where the last `*` stood
  std::size_t resume = 0;                     // what of the text it has taken
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || folded(pattern[p]) == folded(text[t]))) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace warifu::services::memory::policy_rules
