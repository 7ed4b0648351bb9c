#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "json/value.h"

/// Inside this module: a document's bytes as a tree, and the references within it.
namespace warifu::openapi {

/// How deep a document may nest. YAML's parser recurses as well.
inline constexpr std::size_t kDocumentDepthMax = 100;
/// Values that a YAML document may come to, aliases written out.
inline constexpr std::size_t kDocumentNodesMax = 2'000'000;

/// Reads JSON, or YAML where the text does not begin with `{`: maps, lists and scalars of YAML's core schema, whose
/// keys are all texts (`200:` is "200"). kValidation: neither, past a bound, or of a YAML that JSON cannot say (tags, a
/// map as a key).
[[nodiscard]] Result<json::Value> read_document(std::string_view text, std::size_t bytes_max);

/// The references within one document. Remembers where names lie, so that a document of many names costs no search for
/// each. Not thread-safe; `root` outlives it.
class References {
 public:
  static constexpr int kMax = 32;  // one behind another

  explicit References(const json::Value& root) : root_(root) {}

  [[nodiscard]] const json::Value& root() const { return root_; }
  /// Where `pointer` (`#/components/schemas/Pet`) leads to; nullptr: nowhere, or out of the document.
  [[nodiscard]] const json::Value* resolve(std::string_view pointer);
  /// `value`, or what its `$ref` leads to. kValidation: nowhere, or in a circle.
  [[nodiscard]] Result<const json::Value*> follow(const json::Value& value);

 private:
  [[nodiscard]] const json::Value* step(const json::Value& value, const std::string& token);

  const json::Value& root_;
  std::unordered_map<const json::Value*, std::unordered_map<std::string_view, const json::Value*>> names_;
};

}  // namespace warifu::openapi
