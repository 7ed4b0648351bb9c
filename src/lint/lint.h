#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/document.h"
#include "policy/positions.h"

/// Warns of policies that are valid and still do not do what their authors mean. Pure; knows the actions of some
/// services (actions.h), and nothing of any server.
namespace warifu::lint {

/// As IAM Access Analyzer sorts them.
enum class Severity : std::uint8_t { kError, kSecurityWarning, kWarning, kSuggestion };
/// `ERROR`, `SECURITY_WARNING`, `WARNING`, `SUGGESTION`.
[[nodiscard]] std::string_view name_of(Severity severity);

struct Finding {
  Severity severity = Severity::kWarning;
  std::string code;     // `SOURCE_KEY_WITH_IAM_PRINCIPAL`
  std::string details;  // a sentence or two for people: what happens, and what to write instead
  policy::DocumentPath path;
  std::optional<policy::Span> span;  // absent when the text cannot be read
};

struct Options {
  /// nullopt: a trust policy, a resource policy or an identity policy, whichever the document can be.
  std::optional<policy::Kind> kind;
  /// The resource that the policy is for; empty: unknown.
  std::string attached_to;
  /// Whether a user, role or account exists; not asked when empty.
  std::function<bool(std::string_view arn)> principal_exists;
};

/// The findings, errors first, else in the document's order. A document that is no policy has one finding, the error.
/// Documented in docs/guides/denials.md.
[[nodiscard]] std::vector<Finding> lint(std::string_view document, const Options& options);

/// `Statement[1].Condition.StringEquals`.
[[nodiscard]] std::string path_text(const policy::DocumentPath& path);

}  // namespace warifu::lint
