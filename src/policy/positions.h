#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// Where the values of a JSON document stand in its text. Pure; linear in the text; no recursion.
namespace warifu::policy {

/// Of one character: lines and columns count from 1, columns in bytes; the offset from 0.
struct Position {
  std::size_t line = 1, column = 1, offset = 0;
  bool operator==(const Position&) const = default;
};

struct Span {
  Position start, end;  // `end` is just past the value
};

/// Members by name and list items by number, from the document's root: `Statement`, 1, `Action`.
using DocumentPath = std::vector<std::variant<std::string, std::size_t>>;

/// The value at `path`; the root for an empty one. A single value answers for item 0 of the list of one that policies
/// may write it as. nullopt: there is none, or the text is not JSON up to there.
[[nodiscard]] std::optional<Span> locate(std::string_view document, const DocumentPath& path);

}  // namespace warifu::policy
