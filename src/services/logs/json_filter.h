#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "json/value.h"

/// `{ $.a.b[0] = "x*" && ($.n > 3 || $.c IS TRUE) }`: the part of a filter pattern that reads JSON. Pure.
namespace warifu::services::logs {

/// One expression. Nesting is bounded by kFilterPatternDepthMax.
class JsonFilter {
 public:
  /// `text`: the pattern with its braces. InvalidParameterException: it is none.
  [[nodiscard]] static Result<JsonFilter> parse(std::string_view text);
  /// False for a message that is no JSON object.
  [[nodiscard]] bool matches(std::string_view message) const;

  enum class Test : std::uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kNull,
    kTrue,
    kFalse,
    kNotExists,
    kExists
  };
  using Step = std::variant<std::string, std::size_t>;  // a member's name, or an index
  struct Leaf {
    std::vector<Step> path;
    Test test = Test::kEqual;
    std::string text;              // with `*` for anything
    std::optional<double> number;  // when the value was written as one
  };
  struct Node {
    enum class Kind : std::uint8_t { kLeaf, kAnd, kOr } kind = Kind::kLeaf;
    Leaf leaf{};
    std::vector<Node> nodes{};
  };

 private:
  explicit JsonFilter(Node root) : root_(std::move(root)) {}
  Node root_;
};

/// True when `text` is `pattern`, in which `*` stands for any text.
[[nodiscard]] bool wildcard_matches(std::string_view pattern, std::string_view text);

}  // namespace warifu::services::logs
