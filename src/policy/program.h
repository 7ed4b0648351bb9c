#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "policy/context.h"
#include "policy/decide.h"
#include "policy/document.h"
#include "policy/operators.h"
#include "policy/pattern.h"
#include "policy/principal.h"
#include "policy/values.h"

/// Compiled statements. Private to this module: others see CompiledPolicy. Every matcher holds its own negation, so
/// that no caller can forget it, and a matcher's `matches…` is the only way to ask it.
namespace warifu::policy {

/// A request made ready once for all statements.
struct Question {
  const PrincipalView& principal;
  std::string_view action;   // in lower case
  std::string_view service;  // of the action, in lower case
  std::uint64_t service_hash;
  Subject resource;
  const Context& context;
  bool has_boundary = false;
  /// The layer speaks for a resource: a statement that names nobody allows nobody, and denies all.
  bool needs_principal = false;
};

/// An action in lower case. Not usable when it is no `service:Name`, or longer than any operation's: nothing may be
/// decided about a name that we would have to cut.
struct FoldedAction {
  explicit FoldedAction(std::string_view action);
  [[nodiscard]] bool usable() const { return colon != 0; }
  [[nodiscard]] std::string_view text() const { return {bytes.data(), size}; }
  [[nodiscard]] std::string_view service() const { return {bytes.data(), colon}; }

  std::array<char, 256> bytes;
  std::size_t size = 0, colon = 0;
};

/// Adds to `verdict` what the policies say. By reference: packed into registers, its small fields are stored and read
/// back in other widths, which the processor waits for.
void evaluate(std::span<const std::shared_ptr<const CompiledPolicy>> policies, const Question& question,
              DecideOptions options, Verdict& verdict);
[[nodiscard]] bool speaks_for_resource(LayerKind kind);
/// What a layer of that kind is asked. Views `request` and `action`. REQUIRES: action.usable().
[[nodiscard]] Question question_of(const Request& request, const FoldedAction& action, LayerKind kind,
                                   bool has_boundary);

class ActionMatcher {
 public:
  ActionMatcher(const std::vector<std::string>& patterns, bool negated);
  [[nodiscard]] bool matches(const Question& question) const;

 private:
  std::vector<Pattern> patterns_;  // folded to lower case
  bool negated_;
};

class ResourceMatcher {
 public:
  /// `pad_short`: an ARN with too few fields has `*` for the missing ones.
  ResourceMatcher(const Statement& statement, bool variables, bool pad_short);
  /// A variable without a value makes its pattern match nothing. Under NotResource that would let an Allow cover
  /// everything, so there an Allow does not apply; a Deny does.
  [[nodiscard]] bool matches(const Question& question) const;

 private:
  [[nodiscard]] Match listed(const Question& question) const;

  std::vector<Pattern> patterns_;
  bool everything_ = false;  // `*`, or a trust policy without Resource
  bool negated_;
  Effect effect_;
};

class PrincipalMatcher {
 public:
  explicit PrincipalMatcher(const Statement& statement);
  /// kNone: the statement does not apply to this caller. A statement without a principal (an identity policy's)
  /// applies to whoever holds it; should it stand where one is needed, it can only deny.
  [[nodiscard]] NamedBy matches(const Question& question) const;

 private:
  struct Name {
    enum class Kind : std::uint8_t { kAnyone, kAccount, kArn, kUniqueId, kService, kProvider, kNobody };
    Kind kind = Kind::kNobody;
    std::string text;
  };
  /// Which of a caller's names are listed.
  struct Listed {
    bool anyone = false, account = false, issuer = false, self = false;
    [[nodiscard]] NamedBy strongest() const;
  };
  [[nodiscard]] static Name read(const PrincipalName& name);
  static void look(const Name& name, const PrincipalView& principal, Listed& listed);
  [[nodiscard]] static bool escapes_deny(const Listed& listed, const PrincipalView& principal);

  std::vector<Name> names_;
  bool absent_;
  bool negated_;
  Effect effect_;
};

class Condition {
 public:
  Condition(const ConditionEntry& entry, bool variables);
  [[nodiscard]] bool holds(const Context& context) const;

 private:
  void add_value(const std::string& text, bool variables);
  [[nodiscard]] bool any_matches(std::string_view value, const Context& context) const;
  [[nodiscard]] bool any_pattern_matches(std::string_view value, const Context& context) const;
  [[nodiscard]] bool any_date_matches(std::string_view value) const;
  [[nodiscard]] bool any_number_matches(std::string_view value) const;

  Operator operator_;
  KeyId id_;
  std::string key_;
  std::vector<Pattern> patterns_;              // String*, Arn*
  std::vector<std::string> texts_;             // Numeric as written; Binary decoded
  std::vector<Timestamp> dates_;               // Date
  std::vector<IpRange> ranges_;                // IpAddress
  bool has_true_ = false, has_false_ = false;  // Bool, Null
};

struct CompiledStatement {
  CompiledStatement(const Statement& statement, Kind kind, bool variables);
  /// kNone when it does not apply.
  [[nodiscard]] NamedBy applies(const Question& question) const;

  std::string sid;
  Effect effect;
  ActionMatcher actions;
  ResourceMatcher resources;
  PrincipalMatcher principals;
  std::vector<Condition> conditions;
};

/// Statements by the service of their actions. It may only skip what cannot match: NotAction, `*` and a wildcard left
/// of the colon are in `always`.
class ServiceIndex {
 public:
  explicit ServiceIndex(const std::vector<Statement>& statements);

  [[nodiscard]] const std::vector<std::uint16_t>& always() const { return always_; }
  /// The statements that name the service, ascending; empty when none does.
  [[nodiscard]] std::span<const std::uint16_t> of(std::string_view service, std::uint64_t hash) const;
  [[nodiscard]] static std::uint64_t hash(std::string_view service);

 private:
  struct Row {
    std::uint64_t hash = 0;
    std::string service;
    std::vector<std::uint16_t> statements;
  };
  std::vector<std::uint16_t> always_;
  std::vector<Row> rows_;  // by hash
};

struct Program {
  explicit Program(const Policy& policy);

  std::vector<CompiledStatement> statements;
  ServiceIndex index;
};

}  // namespace warifu::policy
