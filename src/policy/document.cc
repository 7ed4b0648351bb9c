#include "policy/document.h"

#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "json/value.h"
#include "policy/grammar.h"
#include "policy/operators.h"

namespace warifu::policy {
namespace {

using json::Value;

constexpr json::Limits kJsonLimits = {.bytes_max = kDocumentBytesMax, .depth_max = 10};

/// The error of an element: IAM's text, then where.
std::unexpected<Error> refuse(const std::string& path, const std::string& text) {
  Error error = validation_error(path.empty() ? text : text + " (at " + path + ")");
  error.fields.push_back({.name = path, .message = text});
  return fail(std::move(error));
}

Result<> located(const std::string& path, Result<> checked) {
  if (checked) return {};
  return refuse(path, checked.error().message);
}

std::string item_path(const std::string& path, std::size_t index) { return path + "[" + std::to_string(index) + "]"; }

std::optional<PrincipalType> principal_type(std::string_view name) {
  if (name == "AWS") return PrincipalType::kAws;
  if (name == "Service") return PrincipalType::kService;
  if (name == "Federated") return PrincipalType::kFederated;
  if (name == "CanonicalUser") return PrincipalType::kCanonicalUser;
  return std::nullopt;
}

/// An object without repeated or unknown members.
Result<> check_members(const Value& value, const std::string& path, std::span<const std::string_view> known) {
  if (!value.is_object()) return refuse(path, "Syntax errors in policy: an object is needed");
  if (const auto name = value.duplicate_member()) return refuse(path, "Duplicate element `" + *name + "`");
  for (const auto& [name, member] : value.members()) {
    if (!known.empty() && std::ranges::find(known, name) == known.end()) {
      return refuse(path, "Syntax errors in policy: unknown element `" + name + "`");
    }
  }
  return {};
}

Result<std::string> read_text(const Value& value, const std::string& path) {
  if (!value.is_string()) return refuse(path, "Syntax errors in policy: a string is needed");
  return value.as_string();
}

/// A string, or a list of at least one string.
Result<std::vector<std::string>> read_texts(const Value& value, const std::string& path) {
  if (!value.is_array()) return std::vector<std::string>{TRY(read_text(value, path))};
  if (value.items().empty()) return refuse(path, "Syntax errors in policy: the list is empty");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    texts.push_back(TRY(read_text(value.items()[i], item_path(path, i))));
  }
  return texts;
}

/// A condition's value: IAM takes numbers and booleans for their text.
Result<std::string> read_scalar(const Value& value, const std::string& path) {
  if (value.is_bool()) return std::string(value.as_bool() ? "true" : "false");
  if (value.is_number()) return value.number_text();
  return read_text(value, path);
}

Result<std::vector<std::string>> read_scalars(const Value& value, const std::string& path) {
  if (!value.is_array()) return std::vector<std::string>{TRY(read_scalar(value, path))};
  if (value.items().empty()) return refuse(path, "Syntax errors in policy: the list is empty");
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < value.items().size(); ++i) {
    texts.push_back(TRY(read_scalar(value.items()[i], item_path(path, i))));
  }
  return texts;
}

Result<> read_principal_list(PrincipalType type, const Value& value, const std::string& path, Statement& statement) {
  for (std::string& text : TRY(read_texts(value, path))) {
    if (type == PrincipalType::kAws && text == "*") {
      statement.principals.push_back({.type = PrincipalType::kAnyone, .value = "*"});
      continue;
    }
    TRY(located(path, check_principal(type, text)));
    statement.principals.push_back({.type = type, .value = std::move(text)});
  }
  return {};
}

Result<> read_principals(const Value& value, const std::string& path, Statement& statement) {
  if (value.is_string()) {
    if (value.as_string() != "*") return refuse(path, "Invalid principal in policy: \"" + value.as_string() + "\"");
    statement.principals.push_back({.type = PrincipalType::kAnyone, .value = "*"});
    return {};
  }
  TRY(check_members(value, path, {}));
  if (value.members().empty()) return refuse(path, "Missing required field Principal cannot be empty!");
  for (const auto& [name, list] : value.members()) {
    const auto type = principal_type(name);
    if (!type) return refuse(path, "Syntax errors in policy: unknown principal type `" + name + "`");
    TRY(read_principal_list(*type, list, path + "." + name, statement));
  }
  return {};
}

Result<> read_condition_keys(const std::string& operator_name, const Value& value, const std::string& path,
                             bool variables, Statement& statement) {
  const auto known = read_operator(operator_name);
  if (!known) return refuse(path, "Invalid Condition type : " + operator_name + ".");
  TRY(check_members(value, path, {}));
  if (value.members().empty()) return refuse(path, "Syntax errors in policy: the operator has no condition key");
  for (const auto& [key, list] : value.members()) {
    const std::string key_path = path + "." + key;
    TRY(located(key_path, check_condition_key(key)));
    ConditionEntry entry{.operator_name = operator_name, .key = key, .values = TRY(read_scalars(list, key_path))};
    for (const std::string& text : entry.values) TRY(located(key_path, check_value(known->family, text, variables)));
    statement.conditions.push_back(std::move(entry));
  }
  return {};
}

bool valid_sid(std::string_view sid, Kind kind) {
  const auto plain = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  // Services' own policies may have spaces and more in a Sid ("Enable IAM User Permissions").
  if (kind == Kind::kResource || kind == Kind::kRcp) return sid.size() <= 1'024;
  return std::ranges::all_of(sid, plain);
}

}  // namespace

/// Reads one document; knows which elements its kind must and must not have.
class DocumentReader {
 public:
  explicit DocumentReader(Kind kind) { policy_.kind_ = kind; }

  Result<Policy> read(const Value& root) {
    static constexpr std::array<std::string_view, 3> kMembers = {"Version", "Id", "Statement"};
    TRY(check_members(root, "", kMembers));
    if (const Value* version = root.find("Version")) policy_.version_ = TRY(read_text(*version, "Version"));
    if (root.find("Version") != nullptr && policy_.version_ != "2012-10-17" && policy_.version_ != "2008-10-17") {
      return refuse("Version", "The policy must contain a valid version string");
    }
    if (const Value* id = root.find("Id")) policy_.id_ = TRY(read_text(*id, "Id"));
    TRY(read_statements(root));
    return std::move(policy_);
  }

 private:
  [[nodiscard]] bool is(Kind kind) const { return policy_.kind_ == kind; }
  [[nodiscard]] bool has_principal() const { return is(Kind::kResource) || is(Kind::kTrust) || is(Kind::kRcp); }

  Result<> read_statements(const Value& root) {
    const Value* list = root.find("Statement");
    if (list == nullptr) return refuse("Statement", "Missing required field Statement");
    if (!list->is_array()) return read_statement(*list, "Statement");
    if (list->items().empty()) return refuse("Statement", "Syntax errors in policy: the list is empty");
    if (list->items().size() > kStatementsMax) return refuse("Statement", "more than 1000 statements");
    for (std::size_t i = 0; i < list->items().size(); ++i) {
      TRY(read_statement(list->items()[i], item_path("Statement", i)));
    }
    return check_sids();
  }

  Result<> check_sids() {
    if (is(Kind::kResource) || is(Kind::kRcp)) return {};
    std::vector<std::string_view> sids;
    for (const Statement& statement : policy_.statements_) {
      if (!statement.sid.empty()) sids.push_back(statement.sid);
    }
    std::ranges::sort(sids);
    if (std::ranges::adjacent_find(sids) == sids.end()) return {};
    return refuse("Statement", "Statement IDs (SID) in a single policy must be unique.");
  }

  Result<> read_statement(const Value& value, const std::string& path) {
    static constexpr std::array<std::string_view, 9> kMembers = {
        "Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition"};
    TRY(check_members(value, path, kMembers));
    Statement statement;
    if (const Value* sid = value.find("Sid")) statement.sid = TRY(read_text(*sid, path + ".Sid"));
    if (!valid_sid(statement.sid, policy_.kind_)) {
      return refuse(path + ".Sid",
                    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression "
                    "[0-9A-Za-z]*");
    }
    TRY(read_effect(value, path, statement));
    TRY(read_principal(value, path, statement));
    TRY(read_actions(value, path, statement));
    TRY(read_resources(value, path, statement));
    TRY(read_conditions(value, path, statement));
    policy_.statements_.push_back(std::move(statement));
    return {};
  }

  Result<> read_effect(const Value& value, const std::string& path, Statement& statement) {
    const Value* effect = value.find("Effect");
    if (effect == nullptr) return refuse(path + ".Effect", "Missing required field Effect");
    const std::string text = TRY(read_text(*effect, path + ".Effect"));
    if (text != "Allow" && text != "Deny") return refuse(path + ".Effect", "Invalid effect: " + text);
    statement.effect = text == "Allow" ? Effect::kAllow : Effect::kDeny;
    return {};
  }

  /// The one of two elements that is there: `Action` or `NotAction`. nullptr when neither is.
  Result<const Value*> either(const Value& value, const std::string& path, const std::string& name, bool& negated) {
    const Value* plain = value.find(name);
    const Value* inverse = value.find("Not" + name);
    if (plain != nullptr && inverse != nullptr) {
      return refuse(path, "Statement has both `" + name + "` and `Not" + name + "`");
    }
    negated = inverse != nullptr;
    return negated ? inverse : plain;
  }

  Result<> read_principal(const Value& value, const std::string& path, Statement& statement) {
    const Value* element = TRY(either(value, path, "Principal", statement.not_principal));
    const std::string name = statement.not_principal ? "NotPrincipal" : "Principal";
    const std::string at = path + "." + name;
    if (!has_principal()) {
      if (element != nullptr) return refuse(at, "Policy document should not specify a principal.");
      return {};
    }
    if (element == nullptr) return refuse(at, "Missing required field Principal");
    if (is(Kind::kTrust) && statement.not_principal) return refuse(at, "Has prohibited field NotPrincipal");
    return read_principals(*element, at, statement);
  }

  Result<> read_actions(const Value& value, const std::string& path, Statement& statement) {
    const Value* element = TRY(either(value, path, "Action", statement.not_action));
    const std::string at = path + (statement.not_action ? ".NotAction" : ".Action");
    if (element == nullptr) return refuse(at, "Policy statement must contain actions.");
    if (is(Kind::kTrust) && statement.not_action) return refuse(at, "Has prohibited field NotAction");
    statement.actions = TRY(read_texts(*element, at));
    for (const std::string& action : statement.actions) {
      TRY(located(at, check_action(action)));
      if (is(Kind::kTrust) && !to_lower(action).starts_with("sts:")) {
        return refuse(at, "AssumeRole policy may only specify STS AssumeRole actions.");
      }
    }
    return {};
  }

  Result<> read_resources(const Value& value, const std::string& path, Statement& statement) {
    const Value* element = TRY(either(value, path, "Resource", statement.not_resource));
    const std::string name = statement.not_resource ? "NotResource" : "Resource";
    const std::string at = path + "." + name;
    if (is(Kind::kTrust)) {
      if (element != nullptr) return refuse(at, "Has prohibited field " + name);
      return {};
    }
    if (element == nullptr) return refuse(at, "Policy statement must contain resources.");
    statement.resources = TRY(read_texts(*element, at));
    const bool may_be_short = !has_principal();
    for (const std::string& resource : statement.resources) {
      TRY(located(at, check_resource(resource, policy_.has_variables(), may_be_short)));
    }
    return {};
  }

  Result<> read_conditions(const Value& value, const std::string& path, Statement& statement) {
    const Value* element = value.find("Condition");
    if (element == nullptr) return {};
    const std::string at = path + ".Condition";
    TRY(check_members(*element, at, {}));
    for (const auto& [name, keys] : element->members()) {
      TRY(read_condition_keys(name, keys, at + "." + name, policy_.has_variables(), statement));
    }
    return {};
  }

  Policy policy_;
};

Result<Policy> parse(std::string_view document, Kind kind) {
  if (document.size() > kDocumentBytesMax) return refuse("", "the policy document is longer than 131072 bytes");
  const auto root = json::parse(document, kJsonLimits);
  if (!root) return refuse("", "This policy contains invalid Json: " + root.error().message);
  return DocumentReader(kind).read(*root);
}

namespace {

using PrincipalMap = std::function<Result<std::string>(PrincipalType, std::string_view)>;

Result<> map_value(PrincipalType type, Value& value, const PrincipalMap& map) {
  if (!value.is_string() || value.as_string() == "*") return {};
  value = Value::string(TRY(map(type, value.as_string())));
  return {};
}

Result<> map_element(Value& element, const PrincipalMap& map) {
  if (!element.is_object()) return {};
  for (auto& [name, list] : element.members()) {
    const auto type = principal_type(name);
    if (!type) continue;
    if (!list.is_array()) {
      TRY(map_value(*type, list, map));
      continue;
    }
    for (Value& item : list.items()) TRY(map_value(*type, item, map));
  }
  return {};
}

Result<> map_statement(Value& statement, const PrincipalMap& map) {
  if (!statement.is_object()) return {};
  for (auto& [name, element] : statement.members()) {
    if (name == "Principal" || name == "NotPrincipal") TRY(map_element(element, map));
  }
  return {};
}

}  // namespace

Result<std::string> map_principals(std::string_view document, const PrincipalMap& map) {
  Value root = TRY(json::parse(document, kJsonLimits));
  if (!root.is_object()) return root.dump();
  for (auto& [name, statements] : root.members()) {
    if (name != "Statement") continue;
    if (!statements.is_array()) {
      TRY(map_statement(statements, map));
      continue;
    }
    for (Value& statement : statements.items()) TRY(map_statement(statement, map));
  }
  return root.dump();
}

}  // namespace warifu::policy
