#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace warifu::policy {

/// Where a document is going to stand. It decides which elements it must and must not have.
enum class Kind : std::uint8_t { kIdentity, kResource, kTrust, kBoundary, kSession, kScp, kRcp };

enum class Effect : std::uint8_t { kDeny, kAllow };

enum class PrincipalType : std::uint8_t { kAnyone, kAws, kService, kFederated, kCanonicalUser };

/// One principal as written: `{"AWS": "*"}` and `"*"` are both kAnyone.
struct PrincipalName {
  PrincipalType type = PrincipalType::kAnyone;
  std::string value;
};

/// `"ForAnyValue:StringLike": {"aws:TagKeys": ["a*"]}` is one of these. Values as text, in order.
struct ConditionEntry {
  std::string operator_name;
  std::string key;
  std::vector<std::string> values;
};

/// One statement as written, single values made lists of one.
struct Statement {
  std::string sid;
  Effect effect = Effect::kDeny;
  std::vector<PrincipalName> principals;  // of Principal or NotPrincipal; empty where the kind has none
  bool not_principal = false;
  std::vector<std::string> actions;  // of Action or NotAction; never empty
  bool not_action = false;
  std::vector<std::string> resources;  // of Resource or NotResource; empty only in trust policies
  bool not_resource = false;
  std::vector<ConditionEntry> conditions;
};

/// A document that passed every check of `parse`. Value type; made only by `parse`.
class Policy {
 public:
  [[nodiscard]] Kind kind() const { return kind_; }
  /// As written; empty when absent, which means 2008-10-17.
  [[nodiscard]] const std::string& version() const { return version_; }
  /// Version 2012-10-17: `${…}` are variables. In the older language they are plain text.
  [[nodiscard]] bool has_variables() const { return version_ == "2012-10-17"; }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::vector<Statement>& statements() const { return statements_; }

 private:
  friend class DocumentReader;
  Policy() = default;
  Kind kind_ = Kind::kIdentity;
  std::string version_;
  std::string id_;
  std::vector<Statement> statements_;
};

/// The largest document that any AWS API takes; services set lower quotas of their own.
inline constexpr std::size_t kDocumentBytesMax = 131'072;
inline constexpr std::size_t kStatementsMax = 1'000;
inline constexpr std::size_t kPatternBytesMax = 4'096;
inline constexpr std::size_t kVariablesPerPatternMax = 16;

/// Reads and checks a policy document. Pure.
///
/// ErrorCode::kValidation otherwise: `message` is IAM's text where one is known, followed by the element in
/// parentheses (`Has prohibited field Resource (at Statement[1].Resource)`); `fields` holds one entry naming the
/// element's path. The caller maps it to MalformedPolicyDocument, ValidationException or what else its service says.
/// Refused: malformed JSON, a name twice in one object, an unknown element, operator or version, an empty list, a
/// missing or forbidden element for the kind, a principal with a partial wildcard, a resource that is neither `*`
/// nor an ARN, a variable left of an ARN's resource part, a value that its operator cannot read, a bound exceeded.
[[nodiscard]] Result<Policy> parse(std::string_view document, Kind kind);

/// Rewrites every principal of a document through `map` and returns the new text (compact JSON, members in order,
/// everything else unchanged): IAM turns ARNs into unique ids on save, and back on read. `map` gets each value of
/// Principal and NotPrincipal but `*`; its first Error ends the rewriting and is returned.
/// kValidation when the document is not JSON. It need not be valid otherwise.
[[nodiscard]] Result<std::string> map_principals(
    std::string_view document,
    const std::function<Result<std::string>(PrincipalType type, std::string_view value)>& map);

}  // namespace warifu::policy
