#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/value.h"

/// JSON Schema for what tools take and give: draft 2020-12, and draft-07 where `$schema` says so (its `items` array,
/// `additionalItems`, `dependencies` and `definitions` are read in both). Pure; docs/decisions says why it is our own.
namespace warifu::mcp {

/// Bounds on one schema and one validation. Past them: compile fails, a validation says so as its violation.
struct SchemaLimits {
  std::size_t subschemas_max = 10'000;
  std::size_t depth_max = 256;           // of subschemas applied within one another, `$ref`s followed
  std::size_t pattern_bytes_max = 1000;  // of one regular expression (RE2's syntax; linear time)
  std::size_t steps_max = 1'000'000;     // subschemas applied to one instance
  std::size_t violations_max = 20;
};

/// Where an instance fails, and why.
struct Violation {
  std::string path;     // `/location/city` (RFC 6901); empty: the instance itself
  std::string message;  // `must be a string`
};

/// A compiled schema. Immutable, thread-safe, cheap to copy.
class Schema {
 public:
  /// kValidation, naming the place: not an object or boolean, a keyword of the wrong type, a pattern that does not
  /// compile, a `$ref` that leads nowhere, outside the document (never fetched) or only to itself, an unknown dialect,
  /// a bound exceeded. `format` is an annotation, as 2020-12 has it.
  [[nodiscard]] static Result<Schema> compile(const json::Value& schema, const SchemaLimits& limits = {});
  /// Accepts everything.
  Schema();

  /// Empty: valid. At most violations_max, in the order of the schema.
  [[nodiscard]] std::vector<Violation> validate(const json::Value& instance) const;

 private:
  struct Program;
  explicit Schema(std::shared_ptr<const Program> program) : program_(std::move(program)) {}
  std::shared_ptr<const Program> program_;
  friend class SchemaCompiler;
  friend class SchemaRun;
};

/// One sentence of all violations: "`/city` must be a string; missing required property `country`".
[[nodiscard]] std::string sentence(const std::vector<Violation>& violations);

}  // namespace warifu::mcp
