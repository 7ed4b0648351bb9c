#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/value.h"
#include "openapi/openapi.h"

/// Inside this module: what both kinds of documents make tools with.
namespace warifu::openapi {

/// `openapi: 3.…`.
[[nodiscard]] Result<std::vector<Tool>> read_openapi(const json::Value& root, const Options& options);
/// `smithy: 2.0` (or 1.0): the JSON model of one AWS service that speaks restJson1.
[[nodiscard]] Result<std::vector<Tool>> read_smithy(const json::Value& root, const Options& options);

/// The input schema of a tool while it is made: arguments side by side, each name once.
class InputSchema {
 public:
  /// False: the name is taken.
  [[nodiscard]] bool add(const std::string& argument, json::Value schema, bool required);
  [[nodiscard]] bool has(std::string_view argument) const { return names_.contains(std::string(argument)); }
  [[nodiscard]] json::Value take();

 private:
  json::Value properties_ = json::Value::object();
  std::vector<json::Value> required_;
  std::set<std::string> names_;
};

/// Puts a body beside the parameters of `tool`: its members as arguments where all have names of their own, else as one
/// argument. `whole_body`: one argument whatever it is. `required`: the body is.
void add_body(Tool& tool, InputSchema& input, const json::Value& schema, bool required, bool whole_body);

/// `https://host[:port][/path]` without user info, query or fragment, its last slash taken off; empty: it is none.
[[nodiscard]] std::string absolute_server(std::string_view url);

/// Whether an operation is wanted, and what it is to be called: filters and overrides of the options.
struct Choice {
  bool wanted = false;
  const Override* other = nullptr;
};
[[nodiscard]] Choice choose(const Options& options, std::string_view path, std::string_view method);

/// The names in a path's braces, in order. nullopt: braces that do not pair.
[[nodiscard]] std::optional<std::vector<std::string>> labels_of(std::string_view path);
/// A path that can be written into a URL as it stands, but for its braces.
[[nodiscard]] bool is_plain_path(std::string_view path);

}  // namespace warifu::openapi
