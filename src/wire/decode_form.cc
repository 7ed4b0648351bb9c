#include <algorithm>
#include <charconv>
#include <map>
#include <memory>

#include "wire/decode.h"
#include "wire/decode_json.h"
#include "wire/form.h"
#include "wire/scalar.h"

namespace warifu::wire {
namespace {

/// The fields of a form as the tree that their dotted names spell. Bounded by kFormFieldsMax and kDepthMax.
struct Node {
  const std::string* value = nullptr;
  std::map<std::string_view, std::unique_ptr<Node>> children;

  [[nodiscard]] const Node* child(std::string_view name) const {
    const auto found = children.find(name);
    return found == children.end() ? nullptr : found->second.get();
  }
};

/// False when a name nests deeper than kDepthMax.
bool insert(Node& root, const FormField& field) {
  Node* node = &root;
  std::string_view rest = field.first;
  for (std::size_t depth = 0;; ++depth) {
    if (depth > kDepthMax) return false;
    const std::size_t dot = rest.find('.');
    std::unique_ptr<Node>& child = node->children[rest.substr(0, dot)];
    if (child == nullptr) child = std::make_unique<Node>();
    node = child.get();
    if (dot == std::string_view::npos) break;
    rest.remove_prefix(dot + 1);
  }
  // The first of two fields with one name counts, as in the query string of a signed request.
  if (node->value == nullptr) node->value = &field.second;
  return true;
}

/// Children whose names are positive numbers, by number: lists may come sparse and in any order.
std::vector<const Node*> numbered(const Node& node) {
  std::vector<std::pair<std::uint32_t, const Node*>> found;
  for (const auto& [name, child] : node.children) {
    std::uint32_t index = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), index);
    if (error == std::errc{} && end == name.data() + name.size() && index > 0) found.emplace_back(index, child.get());
  }
  std::ranges::sort(found);
  std::vector<const Node*> nodes;
  for (const auto& [index, child] : found) nodes.push_back(child);
  return nodes;
}

class FormDecoder {
 public:
  explicit FormDecoder(Violations& violations) : violations_(violations) {}

  bool members(const Shape& shape, const Node& node, void* object, const Path& path) {
    for (const Member& member : shape.members) {
      const Node* child = node.child(member.wire_name);
      const Path here = path.member(member.name);
      if (child == nullptr) {
        if (member.required) violations_.missing(here, read_member(member, object));
        continue;
      }
      if (!value(*member.shape, *child, open_member(member, object), here, member.flattened)) return false;
    }
    return true;
  }

  [[nodiscard]] const std::string& wrong() const { return wrong_; }

 private:
  bool value(const Shape& shape, const Node& node, void* out, const Path& path, bool flattened) {
    switch (shape.kind) {
      case Kind::kStructure:
      case Kind::kUnion:
        return members(shape, node, out, path);
      case Kind::kList:
        return list(shape, node, out, path, flattened);
      case Kind::kMap:
        return map(shape, node, out, path, flattened);
      case Kind::kDocument:
        return wrong_at(path);
      case Kind::kString:
      case Kind::kBlob:
      case Kind::kBoolean:
      case Kind::kInteger:
      case Kind::kLong:
      case Kind::kDouble:
      case Kind::kTimestamp:
        break;
    }
    if (node.value == nullptr) return wrong_at(path);
    return parse_scalar(shape, *node.value, out) || wrong_at(path);
  }

  /// `Name.member.1`, `Name.1` where flattened; `Name=` alone is the empty list.
  bool list(const Shape& shape, const Node& node, void* out, const Path& path, bool flattened) {
    shape.list->clear(out);
    const Node* items = flattened ? &node : node.child(shape.element_name);
    if (items == nullptr) return true;
    std::size_t index = 0;
    for (const Node* item : numbered(*items)) {
      if (!value(*shape.element, *item, shape.list->append(out), path.at(index++), false)) return false;
    }
    return true;
  }

  bool map(const Shape& shape, const Node& node, void* out, const Path& path, bool flattened) {
    shape.map->clear(out);
    const Node* items = flattened ? &node : node.child("entry");
    if (items == nullptr) return true;
    for (const Node* item : numbered(*items)) {
      const Node* key = item->child("key");
      const Node* entry = item->child("value");
      if (key == nullptr || key->value == nullptr || entry == nullptr) return wrong_at(path);
      if (!value(*shape.element, *entry, shape.map->insert(out, *key->value), path.key(*key->value, false), false))
        return false;
    }
    return true;
  }

  bool wrong_at(const Path& path) {
    for (const Path* step = &path; step != nullptr && wrong_.empty(); step = step->parent) {
      if (step->step == Path::Step::kMember) wrong_ = step->name;
    }
    return false;
  }

  Violations& violations_;
  std::string wrong_;
};

}  // namespace

Result<> decode_form_members(const Operation& operation, const Shape& shape, std::string_view text, void* object,
                             Violations& violations) {
  const std::optional<std::vector<FormField>> fields = parse_form(text, true);
  if (!fields) return fail(cannot_parse(operation, "the request's parameters cannot be decoded"));
  Node root;
  for (const FormField& field : *fields) {
    if (!insert(root, field)) return fail(cannot_parse(operation, "a parameter name nests too deep"));
  }
  FormDecoder decoder(violations);
  if (decoder.members(shape, root, object, Path{})) return {};
  return fail(cannot_parse(operation, "the value of " + decoder.wrong() + " is not of its type"));
}

}  // namespace warifu::wire
