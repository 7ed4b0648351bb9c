#pragma once

#include <set>
#include <string>
#include <string_view>

#include "json/value.h"
#include "openapi/document.h"
#include "openapi/openapi.h"

/// Inside this module: OpenAPI's schemas as JSON Schema of a tool's input.
namespace warifu::openapi {

/// Writes schemas of one document without references. One object a document: it keeps count. Not thread-safe.
class SchemaReader {
 public:
  /// `references` outlive the reader. `legacy`: OpenAPI 3.0, where `nullable` and a boolean `exclusiveMinimum` mean
  /// what 3.1 writes otherwise.
  SchemaReader(References& references, bool legacy) : references_(references), legacy_(legacy) {}

  /// Counts text that a tool takes beside its schemas. kValidation: past a bound.
  [[nodiscard]] Result<> charge(std::string_view text);
  /// Begins the bounds of another tool.
  void next_tool() { weight_ = 0; }
  /// `schema` with its references resolved and OpenAPI's own words left out, without members that are read only. A
  /// schema inside itself becomes one of any object. kValidation: what `read` refuses, or past a bound.
  [[nodiscard]] Result<json::Value> read(const json::Value& schema);

 private:
  [[nodiscard]] Result<json::Value> read_at(const json::Value& schema, std::size_t depth);
  [[nodiscard]] Result<> copy(const json::Value& schema, json::Value& out, std::size_t depth);
  [[nodiscard]] Result<json::Value> properties(const json::Value& given, std::set<std::string>& hidden,
                                               std::size_t depth);

  [[nodiscard]] Result<> weigh(std::size_t weight);

  References& references_;
  const bool legacy_;
  std::size_t weight_ = 0, weight_of_all_ = 0;  // in values; 64 bytes of text weigh as much as one
  std::set<const json::Value*> open_;           // schemas that are being read: one of them inside itself is cut
};

}  // namespace warifu::openapi
