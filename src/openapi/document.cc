#include "openapi/document.h"

#include <yaml-cpp/yaml.h>

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/encoding.h"

namespace warifu::openapi {
namespace {

/// YAML's core schema: what a plain scalar means.
json::Value plain_scalar(const std::string& text) {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return {};
  if (text == "true" || text == "True" || text == "TRUE") return json::Value::boolean(true);
  if (text == "false" || text == "False" || text == "FALSE") return json::Value::boolean(false);
  const char first = text.front();
  if (first == '-' || (first >= '0' && first <= '9')) {
    // What JSON takes as a number is one; `1_000` or a date stay texts.
    const Result<json::Value> number = json::parse(text, {.bytes_max = 400, .depth_max = 1});
    if (number && number->is_number()) return *number;
  }
  return json::Value::string(text);
}

class YamlReader {
 public:
  /// Aliases share nodes, so a short text may stand for a huge document: a few times its own size is enough.
  explicit YamlReader(std::size_t text_bytes)
      : nodes_max_(std::min(kDocumentNodesMax, kAliasedNodes + 2 * text_bytes)) {}

  Result<json::Value> read(const YAML::Node& node, std::size_t depth) {
    if (depth > kDocumentDepthMax) return fail(validation_error("the document nests too deep"));
    if (++nodes_ > nodes_max_) return fail(validation_error("the document holds too many values"));
    switch (node.Type()) {
      case YAML::NodeType::Map:
        return read_map(node, depth);
      case YAML::NodeType::Sequence:
        return read_list(node, depth);
      case YAML::NodeType::Scalar:
        return read_scalar(node);
      case YAML::NodeType::Null:
      case YAML::NodeType::Undefined:
        break;
    }
    return json::Value();
  }

 private:
  Result<json::Value> read_scalar(const YAML::Node& node) {
    bytes_ += node.Scalar().size();
    if (bytes_ > kDocumentBytesMaxWritten) return fail(validation_error("the document holds too much text"));
    // `!` is the tag of a quoted scalar, `?` of a plain one.
    if (node.Tag() == "?" || node.Tag().empty()) return plain_scalar(node.Scalar());
    return json::Value::string(node.Scalar());
  }

  Result<json::Value> read_list(const YAML::Node& node, std::size_t depth) {
    std::vector<json::Value> items;
    for (const YAML::Node& item : node) items.push_back(TRY(read(item, depth + 1)));
    return json::Value::array(std::move(items));
  }

  Result<json::Value> read_map(const YAML::Node& node, std::size_t depth) {
    std::vector<json::Value::Member> members;
    for (const auto& entry : node) {
      if (!entry.first.IsScalar()) return fail(validation_error("a key of the document is no text"));
      json::Value value = TRY(read(entry.second, depth + 1));
      members.emplace_back(entry.first.Scalar(), std::move(value));
    }
    return json::Value::object(std::move(members));
  }

  static constexpr std::size_t kDocumentBytesMaxWritten = 128 * 1024 * 1024;
  static constexpr std::size_t kAliasedNodes = 10'000;
  const std::size_t nodes_max_;
  std::size_t nodes_ = 0, bytes_ = 0;
};

/// yaml-cpp recurses by the depth of the text, in block and in flow style: both are looked at before it is asked.
bool nests_too_deep(std::string_view text) {
  std::size_t open = 0, dashes = 0, column = 0;
  bool indent = true;
  for (const char c : text) {
    if (c == '\n') {
      column = dashes = 0;
      indent = true;
      continue;
    }
    if (c == '[' || c == '{') ++open;
    if ((c == ']' || c == '}') && open > 0) --open;
    // Nesting by indentation costs a column a level, compact lists and maps (`- - -`, `? ? ?`) two.
    if (indent && (c == ' ' || c == '-' || c == '?')) {
      ++column;
      if (c != ' ') ++dashes;
    } else {
      indent = false;
    }
    if (open > kDocumentDepthMax || dashes > kDocumentDepthMax || column > 8 * kDocumentDepthMax) return true;
  }
  return false;
}

Result<json::Value> read_yaml(std::string_view text) {
  if (!is_utf8(text)) return fail(validation_error("the document is not UTF-8"));
  if (nests_too_deep(text)) return fail(validation_error("the document nests too deep"));
  try {
    return YamlReader(text.size()).read(YAML::Load(std::string(text)), 0);
  } catch (const YAML::Exception& e) {
    return fail(validation_error(fmt::format("the document is neither JSON nor YAML: {}", e.what())));
  }
}

/// `~1` is a slash, `~0` a tilde; a URI's fragment is percent-encoded besides.
std::optional<std::string> token_of(std::string_view raw) {
  std::optional<std::string> decoded = percent_decode(raw);
  if (!decoded) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < decoded->size(); ++i) {
    if ((*decoded)[i] != '~') {
      out += (*decoded)[i];
      continue;
    }
    const char next = i + 1 < decoded->size() ? (*decoded)[++i] : '\0';
    if (next != '0' && next != '1') return std::nullopt;
    out += next == '0' ? '~' : '/';
  }
  return out;
}

constexpr std::size_t kSearched = 16;  // members that are looked through rather than indexed

}  // namespace

Result<json::Value> read_document(std::string_view text, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return fail(validation_error(fmt::format("the document is larger than {} bytes", bytes_max)));
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return fail(validation_error("the document is empty"));
  if (text[first] != '{') return read_yaml(text);
  auto parsed = json::parse(text, {.bytes_max = bytes_max, .depth_max = kDocumentDepthMax});
  if (!parsed) return fail(validation_error("the document is not JSON: " + parsed.error().message));
  return parsed;
}

const json::Value* References::step(const json::Value& value, const std::string& token) {
  if (value.is_object()) {
    if (value.members().size() <= kSearched) return value.find(token);
    auto& names = names_[&value];
    if (names.empty()) {
      for (const auto& [name, inner] : value.members()) names.try_emplace(name, &inner);
    }
    const auto found = names.find(token);
    return found == names.end() ? nullptr : found->second;
  }
  constexpr std::size_t kDigitsMax = 6;
  const bool number = !token.empty() && token.size() <= kDigitsMax &&
                      std::ranges::all_of(token, [](char c) { return c >= '0' && c <= '9'; });
  if (!value.is_array() || !number) return nullptr;
  const auto index = static_cast<std::size_t>(std::stoul(token));
  return index < value.items().size() ? &value.items()[index] : nullptr;
}

const json::Value* References::resolve(std::string_view pointer) {
  if (!pointer.starts_with('#')) return nullptr;
  pointer.remove_prefix(1);
  const json::Value* at = &root_;
  while (!pointer.empty() && at != nullptr) {
    if (pointer.front() != '/') return nullptr;
    pointer.remove_prefix(1);
    const std::size_t end = std::min(pointer.find('/'), pointer.size());
    const std::optional<std::string> token = token_of(pointer.substr(0, end));
    if (!token) return nullptr;
    at = step(*at, *token);
    pointer.remove_prefix(end);
  }
  return at;
}

Result<const json::Value*> References::follow(const json::Value& value) {
  const json::Value* at = &value;
  for (int i = 0; i < kMax; ++i) {
    const json::Value* reference = at->find("$ref");
    if (reference == nullptr) return at;
    if (!reference->is_string()) return fail(validation_error("a $ref is no text"));
    at = resolve(reference->as_string());
    if (at == nullptr) {
      return fail(validation_error(fmt::format("`{}` leads nowhere in the document", reference->as_string())));
    }
  }
  return fail(validation_error("references go in a circle"));
}

}  // namespace warifu::openapi
