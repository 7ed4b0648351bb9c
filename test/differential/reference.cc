#include "test/differential/reference.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <span>

#include "test/differential/reference_values.h"

namespace warifu::reference {
namespace {

using cases::Caller;
using cases::ContextKey;
using cases::Outcome;
using cases::Query;
using json::Value;

using Strings = std::vector<std::string>;

Strings list_of(const Value& value) {
  if (!value.is_array()) {
    if (value.is_bool()) return {value.as_bool() ? "true" : "false"};
    return {value.is_number() ? value.number_text() : value.as_string()};
  }
  Strings all;
  for (const Value& item : value.items()) {
    for (std::string& text : list_of(item)) all.push_back(std::move(text));
  }
  return all;
}

/// Namespaces of records are kept as `/actors/alice/`. What a policy's value lacks of that form is added, as far as no
/// wildcard or variable stands where it would go; slashes in a row are one, except beside variables.
std::string stored_namespace(const std::string& text, bool like, bool variables) {
  if (text.size() + 2 > 4096) return text;
  const bool templated = variables && text.find("${") != std::string::npos;
  const auto wild = [&](char c) { return like && (c == '*' || c == '?'); };
  std::string out = text;
  if (out.empty()) return like || templated ? out : "/";
  if (out[0] != '/' && !wild(out[0]) && !(templated && out.starts_with("${"))) out = "/" + out;
  for (std::size_t at = out.find("//"); !templated && at != std::string::npos; at = out.find("//")) out.erase(at, 1);
  if (out.back() != '/' && !wild(out.back())) out += "/";
  return out;
}

// A pattern, spelled out: every character that stands for itself, and the wildcards among them.

struct Token {
  enum { kCharacter, kStar, kQuestion } kind = kCharacter;
  char character = 0;
};
using Tokens = std::vector<Token>;

void add_text(Tokens& tokens, std::string_view text) {
  for (const char c : text) tokens.push_back({Token::kCharacter, c});
}

bool matches(const Token* token, const Token* end, std::string_view text) {
  if (token == end) return text.empty();
  if (token->kind == Token::kStar) {
    for (std::size_t taken = 0; taken <= text.size(); ++taken) {
      if (matches(token + 1, end, text.substr(taken))) return true;
    }
    return false;
  }
  if (text.empty()) return false;
  if (token->kind == Token::kCharacter) {
    return text[0] == token->character && matches(token + 1, end, text.substr(1));
  }
  std::size_t width = 1;
  while (width < text.size() && (static_cast<unsigned char>(text[width]) & 0xc0) == 0x80) ++width;
  return matches(token + 1, end, text.substr(width));
}

bool matches(const Tokens& tokens, std::string_view text) {
  return matches(tokens.data(), tokens.data() + tokens.size(), text);
}

/// The first five colons that stand for themselves part the fields; at most six fields.
std::vector<Tokens> fields_of(const Tokens& tokens) {
  std::vector<Tokens> fields(1);
  for (const Token& token : tokens) {
    if (token.kind == Token::kCharacter && token.character == ':' && fields.size() < 6) {
      fields.emplace_back();
    } else {
      fields.back().push_back(token);
    }
  }
  return fields;
}

bool is_arn(const std::string& text) { return text.starts_with("arn:") && split(text, ':', 6).size() == 6; }

bool only_stars(const Tokens& tokens) {
  return !tokens.empty() && std::ranges::all_of(tokens, [](const Token& t) { return t.kind == Token::kStar; });
}

/// Field by field, so that no wildcard reaches over a colon between fields.
bool arn_matches(const Tokens& pattern, const std::string& text, bool pad) {
  if (!is_arn(text)) return false;
  if (only_stars(pattern)) return true;
  std::vector<Tokens> wanted = fields_of(pattern);
  while (pad && wanted.size() < 6) wanted.push_back({{Token::kStar, 0}});
  const Strings given = split(text, ':', 6);
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < given.size(); ++i) {
    if (!matches(wanted[i], given[i])) return false;
  }
  return true;
}

/// One question put to one statement.
class Asked {
 public:
  Asked(const Query& query, const std::string& layer, const Value& document, bool has_boundary)
      : query_(query), layer_(layer), has_boundary_(has_boundary) {
    const Value* version = document.find("Version");
    variables_ = version != nullptr && version->as_string() == "2012-10-17";
  }

  /// How the statement reaches the caller: 0 not at all, 1 by account, 2 by role or user behind a session, 3 by its own
  /// name, 4 as anyone.
  [[nodiscard]] int applies(const Value& statement) const {
    if (!action_matches(statement) || !resource_matches(statement) || !conditions_hold(statement)) return 0;
    return principal_matches(statement);
  }

 private:
  const ContextKey* value_of(const std::string& key) const {
    for (const ContextKey& one : query_.context) {
      if (lower(one.name) == lower(key)) return one.values.empty() ? nullptr : &one;  // an empty set is no key
    }
    return nullptr;
  }

  /// nullopt: a variable has no value.
  std::optional<Tokens> tokens_of(const std::string& text, bool wildcards, bool variables) const {
    Tokens tokens;
    for (std::size_t i = 0; i < text.size();) {
      if (variables && text.compare(i, 2, "${") == 0) {
        const std::optional<std::size_t> next = expand(text, i, tokens);
        if (!next) return std::nullopt;
        i = *next;
        continue;
      }
      if (wildcards && text[i] == '*') {
        tokens.push_back({Token::kStar, 0});
      } else if (wildcards && text[i] == '?') {
        tokens.push_back({Token::kQuestion, 0});
      } else {
        tokens.push_back({Token::kCharacter, text[i]});
      }
      ++i;
    }
    return tokens;
  }

  std::optional<std::size_t> expand(const std::string& text, std::size_t at, Tokens& tokens) const {
    for (const char c : {'*', '?', '$'}) {
      if (text.compare(at + 2, 2, std::string{c, '}'}) != 0) continue;
      add_text(tokens, std::string(1, c));
      return at + 4;
    }
    const std::size_t name_end = text.find_first_of(",}", at);
    std::string name = text.substr(at + 2, name_end - at - 2);
    while (name.ends_with(' ')) name.pop_back();
    const ContextKey* found = value_of(name);
    if (found != nullptr && found->multivalued) return std::nullopt;
    std::size_t end = name_end;
    std::optional<std::string> fallback;
    if (text[name_end] == ',') {
      const std::size_t open = text.find('\'', name_end);
      const std::size_t close = text.find('\'', open + 1);
      fallback = text.substr(open + 1, close - open - 1);
      end = text.find('}', close);
    }
    if (found == nullptr && !fallback) return std::nullopt;
    add_text(tokens, found != nullptr ? found->values[0] : *fallback);
    return end + 1;
  }

  bool action_matches(const Value& statement) const {
    const Value* listed = statement.find("Action");
    const bool plain = listed != nullptr;
    if (!plain) listed = statement.find("NotAction");
    for (const std::string& pattern : list_of(*listed)) {
      // The two halves, each for itself: a pattern's colon is the action's colon.
      if (pattern == "*") return plain;
      const Strings wanted = split(lower(pattern), ':', 2);
      const Strings given = split(lower(query_.action), ':', 2);
      if (matches(*tokens_of(wanted[0], true, false), given[0]) &&
          matches(*tokens_of(wanted[1], true, false), given[1])) {
        return plain;
      }
    }
    return !plain;
  }

  bool resource_matches(const Value& statement) const {
    const Value* listed = statement.find("Resource");
    const bool plain = listed != nullptr;
    if (!plain) listed = statement.find("NotResource");
    if (listed == nullptr) return true;
    const bool pad = layer_ != "resource" && layer_ != "key" && layer_ != "rcp";
    bool unresolved = false;
    for (const std::string& pattern : list_of(*listed)) {
      const auto tokens = tokens_of(pattern, true, variables_);
      if (!tokens) {
        unresolved = unresolved || is_arn(query_.resource);
      } else if (only_stars(*tokens) || arn_matches(*tokens, query_.resource, pad)) {
        return plain;
      }
    }
    if (plain) return false;
    return !unresolved || statement.find("Effect")->as_string() == "Deny";
  }

  int principal_matches(const Value& statement) const {
    const Value* listed = statement.find("Principal");
    const bool plain = listed != nullptr;
    if (!plain) listed = statement.find("NotPrincipal");
    if (listed == nullptr) return 4;
    std::set<int> ways;
    if (listed->is_string()) {
      ways.insert(4);
    } else {
      for (const auto& [type, names] : listed->members()) {
        for (const std::string& name : list_of(names)) ways.insert(way_of(type, name));
      }
    }
    ways.erase(0);
    if (plain) return ways.empty() ? 0 : *ways.rbegin();
    if (statement.find("Effect")->as_string() == "Allow") return ways.empty() ? 4 : 0;
    return !has_boundary_ && spared(ways) ? 0 : 4;
  }

  int way_of(const std::string& type, const std::string& name) const {
    const Caller& caller = query_.caller;
    const bool session = caller.kind == "role" || caller.kind == "federated";
    if (type == "AWS") {
      if (name == "*") return 4;
      if (!caller.arn.empty() && caller.arn == name && caller.kind != "root") return 3;
      if (!caller.issuer.empty() && caller.issuer == name) return 2;
      if (caller.kind != "root" && !caller.id.empty() && caller.id == name) return session ? 2 : 3;
      if (caller.account.empty()) return 0;
      return name == caller.account || name == "arn:aws:iam::" + caller.account + ":root" ? 1 : 0;
    }
    if (type == "Service" && caller.kind == "service") return std::ranges::count(caller.services, name) > 0 ? 3 : 0;
    if (type == "Federated" && caller.kind == "web") return std::ranges::count(caller.providers, name) > 0 ? 3 : 0;
    return 0;
  }

  bool spared(const std::set<int>& ways) const {
    const std::string& kind = query_.caller.kind;
    if (ways.contains(4)) return true;
    if (kind == "root") return ways.contains(1);
    if (kind == "user" || kind == "federated") return ways.contains(1) && ways.contains(3);
    if (kind == "role") return ways.contains(1) && ways.contains(2) && ways.contains(3);
    return ways.contains(3);
  }

  bool conditions_hold(const Value& statement) const {
    const Value* block = statement.find("Condition");
    if (block == nullptr) return true;
    for (const auto& [name, keys] : block->members()) {
      for (const auto& [key, values] : keys.members()) {
        if (!condition_holds(name, key, list_of(values))) return false;
      }
    }
    return true;
  }

  bool condition_holds(std::string name, const std::string& key, Strings wanted) const {
    const ContextKey* given = value_of(key);
    const std::string folded = lower(key);
    const bool is_namespace = folded == "bedrock-agentcore:namespace" || folded == "bedrock-agentcore:namespacepath";
    if (is_namespace && name.find("String") != std::string::npos) {
      const bool like = name.find("Like") != std::string::npos;
      for (std::string& value : wanted) value = stored_namespace(value, like, variables_);
    }
    if (name == "Null") return std::ranges::count(lowered(wanted), given == nullptr ? "true" : "false") > 0;
    const bool all = take_prefix(name, "ForAllValues:");
    const bool any = take_prefix(name, "ForAnyValue:");
    const bool if_exists = name.ends_with("IfExists");
    if (if_exists) name.resize(name.size() - 8);
    const std::size_t no = name.find("Not");
    if (no != std::string::npos) name.erase(no, 3);
    const bool negated = no != std::string::npos;
    if (given == nullptr) return if_exists || all || (negated && !any);
    if (given->multivalued && !all && !any) return false;

    std::size_t good = 0;
    for (const std::string& value : given->values) {
      const bool hit = std::ranges::any_of(wanted, [&](const std::string& w) { return value_matches(name, value, w); });
      if (hit != negated) ++good;
    }
    return all ? good == given->values.size() : good > 0;
  }

  static bool take_prefix(std::string& name, const std::string& prefix) {
    if (!name.starts_with(prefix)) return false;
    name.erase(0, prefix.size());
    return true;
  }

  static Strings lowered(Strings all) {
    for (std::string& one : all) one = lower(one);
    return all;
  }

  /// `name` without its prefix, its suffix and its Not.
  bool value_matches(const std::string& name, const std::string& given, const std::string& wanted) const {
    if (name.starts_with("String")) {
      const auto tokens = tokens_of(wanted, name == "StringLike", variables_);
      if (!tokens) return false;
      if (name != "StringEqualsIgnoreCase") return matches(*tokens, given);
      Tokens folded = *tokens;
      for (Token& token : folded) token.character = lower(std::string(1, token.character))[0];
      return matches(folded, lower(given));
    }
    if (name.starts_with("Arn")) {
      const auto tokens = tokens_of(wanted, true, variables_);
      return tokens && arn_matches(*tokens, given, false);
    }
    if (name.starts_with("Numeric")) return ordered(name.substr(7), number_of(given), number_of(wanted));
    if (name.starts_with("Date")) return ordered(name.substr(4), date_of(given), date_of(wanted));
    if (name == "Bool") return lower(given) == lower(wanted);
    if (name == "BinaryEquals") {
      const auto bytes = bytes_of_base64(given);
      return bytes && bytes == bytes_of_base64(wanted);
    }
    return address_matches(given, wanted);
  }

  template <class T>
  static bool ordered(const std::string& relation, const std::optional<T>& a, const std::optional<T>& b) {
    if (!a || !b) return false;
    if (relation == "Equals") return *a == *b;
    if (relation == "LessThan") return *a < *b;
    if (relation == "LessThanEquals") return *a <= *b;
    if (relation == "GreaterThan") return *a > *b;
    return *a >= *b;
  }

  static bool address_matches(const std::string& given, const std::string& wanted) {
    const auto address = address_of(given);
    const auto range = range_of(wanted);
    if (!address || !range || address->size() != range->address_bits) return false;
    return std::equal(range->prefix.begin(), range->prefix.end(), address->begin());
  }

  const Query& query_;
  const std::string& layer_;
  bool has_boundary_;
  bool variables_ = false;
};

/// What the layers of one kind say: denied, allowed at all, and how strongly the caller was named.
struct Said {
  bool there = false, denies = false, allows = true;
  int named = 4;
};

/// The table of docs/policy.md, row by row, for one account's caller without explicit denies.
Strings missing_in_one_account(std::map<std::string, Said>& said, const std::string& owner, bool root) {
  const auto limit = [&](const char* kind) { return said[kind].there && !said[kind].allows; };
  const bool must = owner != "resource";
  const bool granted = said[owner].there && said[owner].allows;
  Strings missing;
  if (granted && said[owner].named >= 3) return missing;
  if (must && !granted) missing.push_back(owner);
  const bool named_behind_session = granted && said[owner].named == 2;
  const bool identity = root || (said["identity"].there && said["identity"].allows);
  if (!named_behind_session && !identity && missing.empty()) missing.emplace_back("identity");
  if (limit("boundary")) missing.emplace_back("boundary");
  if (limit("session")) missing.emplace_back("session");
  return missing;
}

}  // namespace

Evaluator::Evaluator(const std::vector<cases::CaseLayer>& layers) {
  for (const cases::CaseLayer& layer : layers) {
    layers_.push_back({layer.kind, {}});
    for (const std::string& text : layer.documents) layers_.back().documents.push_back(*json::parse(text));
  }
}

Outcome Evaluator::decide(const Query& query) const {
  if (query.owner.empty() || query.resource.empty() || split(query.action, ':', 9).size() != 2 ||
      query.action.ends_with(':')) {
    return {.allowed = false, .reason = "implicit", .layer = "identity"};
  }
  const bool has_boundary = std::ranges::any_of(layers_, [](const Layer& l) { return l.kind == "boundary"; });
  std::map<std::string, Said> said;
  for (const Layer& layer : layers_) {
    int named = 0;
    bool denies = false;
    for (const Value& document : layer.documents) {
      const Asked asked(query, layer.kind, document, has_boundary);
      const Value& list = *document.find("Statement");
      const std::span<const Value> statements = list.is_array() ? std::span(list.items()) : std::span(&list, 1);
      for (const Value& statement : statements) {
        const int way = asked.applies(statement);
        if (statement.find("Effect")->as_string() == "Deny") {
          denies = denies || way > 0;
        } else {
          named = std::max(named, way);
        }
      }
    }
    Said& kind = said[layer.kind];
    kind.there = true;
    kind.denies = kind.denies || denies;
    kind.allows = kind.allows && named > 0;
    kind.named = std::min(kind.named, named);
  }
  for (const char* kind : {"scp", "rcp", "resource", "trust", "key", "boundary", "session", "identity"}) {
    if (said[kind].denies) return {.allowed = false, .reason = "explicit", .layer = kind};
  }

  const std::string owner = said["trust"].there ? "trust" : said["key"].there ? "key" : "resource";
  const bool granted = said[owner].there && said[owner].allows;
  const bool identity = said["identity"].there && said["identity"].allows;
  const std::string& kind = query.caller.kind;
  const bool outsider = kind == "service" || kind == "web" || kind == "anonymous" || query.caller.account.empty();
  const bool one_account = query.caller.account == query.owner || query.owner == "aws";
  Strings missing;
  if (!outsider && one_account) {
    missing = missing_in_one_account(said, owner, kind == "root");
  } else {
    if (!granted || (outsider && said[owner].named < 3)) missing.push_back(owner);
    if (!outsider && !identity && kind != "root") missing.emplace_back("identity");
    for (const char* limit : {"boundary", "session"}) {
      if (said[limit].there && !said[limit].allows) missing.emplace_back(limit);
    }
  }
  for (const char* guardrail : {"rcp", "scp"}) {
    if (said[guardrail].there && !said[guardrail].allows) missing.insert(missing.begin(), guardrail);
  }
  if (!missing.empty()) return {.allowed = false, .reason = "implicit", .layer = missing.front()};

  const bool owner_had_to = outsider || !one_account || owner != "resource";
  if (owner_had_to || (!identity && granted && said[owner].named >= 2)) return {true, "by", owner};
  return {true, "by", identity ? "identity" : "root"};
}

}  // namespace warifu::reference
