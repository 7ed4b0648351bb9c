#include "services/logs/json_filter.h"

#include <charconv>
#include <cmath>

#include "base/encoding.h"
#include "services/logs/errors.h"
#include "services/logs/limits.h"

namespace warifu::services::logs {
namespace {

using Node = JsonFilter::Node;
using Leaf = JsonFilter::Leaf;
using Test = JsonFilter::Test;

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// A recursive descent; parentheses nest kFilterPatternDepthMax deep at most.
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Node> whole() {
    if (!accept("{")) return fail(wrong());
    Node root = TRY(disjunction(0));
    if (!accept("}")) return fail(wrong());
    skip();
    return at_ == text_.size() ? Result<Node>(std::move(root)) : fail(wrong());
  }

 private:
  [[nodiscard]] Error wrong() const {
    return invalid_parameter("Invalid filter pattern: it cannot be read at character " + std::to_string(at_ + 1));
  }

  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool accept(std::string_view token) {
    skip();
    if (text_.substr(at_, token.size()) != token) return false;
    at_ += token.size();
    return true;
  }

  Result<Node> joined(Node::Kind kind, std::string_view token, std::size_t depth) {
    const auto part = [&] { return kind == Node::Kind::kOr ? joined(Node::Kind::kAnd, "&&", depth) : factor(depth); };
    Node first = TRY(part());
    if (!accept(token)) return first;
    Node node{.kind = kind};
    node.nodes.push_back(std::move(first));
    do {
      if (node.nodes.size() == kFilterTermsMax) return fail(wrong());
      node.nodes.push_back(TRY(part()));
    } while (accept(token));
    return node;
  }
  Result<Node> disjunction(std::size_t depth) { return joined(Node::Kind::kOr, "||", depth); }

  Result<Node> factor(std::size_t depth) {
    if (!accept("(")) return leaf();
    if (depth == kFilterPatternDepthMax) return fail(wrong());
    Node inner = TRY(disjunction(depth + 1));
    return accept(")") ? Result<Node>(std::move(inner)) : fail(wrong());
  }

  Result<Node> leaf() {
    Node node;
    node.leaf.path = TRY(path());
    if (accept("NOT EXISTS")) return with(std::move(node), Test::kNotExists);
    if (accept("EXISTS")) return with(std::move(node), Test::kExists);
    if (accept("IS NULL")) return with(std::move(node), Test::kNull);
    if (accept("IS TRUE")) return with(std::move(node), Test::kTrue);
    if (accept("IS FALSE")) return with(std::move(node), Test::kFalse);
    // The longer sign first: `<` begins `<=`.
    const struct {
      std::string_view sign;
      Test test;
    } kTests[] = {{"!=", Test::kNotEqual}, {"<=", Test::kLessEqual}, {">=", Test::kGreaterEqual},
                  {"=", Test::kEqual},     {"<", Test::kLess},       {">", Test::kGreater}};
    for (const auto& [sign, test] : kTests) {
      if (!accept(sign)) continue;
      TRY(value(node.leaf));
      const bool ordered = test != Test::kEqual && test != Test::kNotEqual;
      if (ordered && !node.leaf.number) return fail(wrong());
      return with(std::move(node), test);
    }
    return fail(wrong());
  }
  static Node with(Node node, Test test) {
    node.leaf.test = test;
    return node;
  }

  Result<std::vector<JsonFilter::Step>> path() {
    std::vector<JsonFilter::Step> steps;
    if (!accept("$")) return fail(wrong());
    while (at_ < text_.size() && (text_[at_] == '.' || text_[at_] == '[')) {
      if (steps.size() == kFilterPatternDepthMax) return fail(wrong());
      if (text_[at_++] == '.') {
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_name(text_[at_])) ++at_;
        if (at_ == begin) return fail(wrong());
        steps.emplace_back(std::string(text_.substr(begin, at_ - begin)));
        continue;
      }
      if (at_ < text_.size() && text_[at_] == '"') {
        steps.emplace_back(TRY(quoted()));
      } else {
        std::size_t index = 0;
        const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), index);
        if (error != std::errc{}) return fail(wrong());
        at_ = static_cast<std::size_t>(end - text_.data());
        steps.emplace_back(index);
      }
      if (!accept("]")) return fail(wrong());
    }
    if (steps.empty()) return fail(wrong());
    return steps;
  }
  static bool is_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '@';
  }

  Result<std::string> quoted() {
    std::string out;
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) ++at_;
      out.push_back(text_[at_]);
    }
    if (at_ == text_.size()) return fail(wrong());
    ++at_;
    return out;
  }

  Result<> value(Leaf& leaf) {
    skip();
    if (at_ < text_.size() && text_[at_] == '"') {
      leaf.text = TRY(quoted());
      return {};
    }
    const std::size_t begin = at_;
    constexpr std::string_view kEnds = " \t\n(){}|&\"";
    while (at_ < text_.size() && kEnds.find(text_[at_]) == std::string_view::npos) ++at_;
    if (at_ == begin) return fail(wrong());
    leaf.text = text_.substr(begin, at_ - begin);
    leaf.number = number_in(leaf.text);
    return {};
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

const json::Value* found_at(const json::Value& root, const std::vector<JsonFilter::Step>& path) {
  const json::Value* value = &root;
  for (const JsonFilter::Step& step : path) {
    if (const auto* name = std::get_if<std::string>(&step)) {
      value = value->find(*name);
    } else {
      const std::size_t index = std::get<std::size_t>(step);
      value = value->is_array() && index < value->items().size() ? &value->items()[index] : nullptr;
    }
    if (value == nullptr) return nullptr;
  }
  return value;
}

bool equal(const Leaf& leaf, const json::Value& value) {
  if (leaf.number && value.is_number()) return value.as_double() == leaf.number;
  if (value.is_string()) return wildcard_matches(leaf.text, value.as_string());
  return (value.is_bool() || value.is_number()) && wildcard_matches(leaf.text, value.dump());
}

bool ordered(const Leaf& leaf, const json::Value& value) {
  const auto number = value.is_number() ? value.as_double() : std::nullopt;
  if (!number) return false;
  switch (leaf.test) {
    case Test::kLess:
      return *number < *leaf.number;
    case Test::kLessEqual:
      return *number <= *leaf.number;
    case Test::kGreater:
      return *number > *leaf.number;
    default:
      return *number >= *leaf.number;
  }
}

bool holds(const Leaf& leaf, const json::Value& root) {
  const json::Value* value = found_at(root, leaf.path);
  if (leaf.test == Test::kNotExists) return value == nullptr;
  if (value == nullptr) return false;
  switch (leaf.test) {
    case Test::kExists:
      return true;
    case Test::kNull:
      return value->is_null();
    case Test::kTrue:
      return value->is_bool() && value->as_bool();
    case Test::kFalse:
      return value->is_bool() && !value->as_bool();
    case Test::kEqual:
      return equal(leaf, *value);
    case Test::kNotEqual:
      return !equal(leaf, *value);
    default:
      return ordered(leaf, *value);
  }
}

/// As deep as the parser let the pattern nest.
bool holds(const Node& node, const json::Value& root) {
  if (node.kind == Node::Kind::kLeaf) return holds(node.leaf, root);
  const bool wanted = node.kind == Node::Kind::kOr;
  for (const Node& part : node.nodes) {
    if (holds(part, root) == wanted) return wanted;
  }
  return !wanted;
}

}  // namespace

bool wildcard_matches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = std::string_view::npos;
  std::size_t mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p, ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

Result<JsonFilter> JsonFilter::parse(std::string_view text) {
  Node root = TRY(Parser(text).whole());
  return JsonFilter(std::move(root));
}

bool JsonFilter::matches(std::string_view message) const {
  // Cheap for the many lines that are no JSON at all.
  const std::size_t begin = message.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos || message[begin] != '{') return false;
  const auto value = json::parse(message.substr(begin));
  return value && value->is_object() && holds(root_, *value);
}

}  // namespace warifu::services::logs
