#include "wire/member.h"

#include <algorithm>

#include "base/check.h"
#include "wire/form.h"

namespace warifu::wire {
namespace {

const Member& member_of(const Shape& shape, std::string_view name) {
  const auto found = std::ranges::find(shape.members, name, &Member::name);
  CHECK(found != shape.members.end(), name);
  return *found;
}

/// Calls `visit(shape, value)` for each present value at `path`, lists on the way flattened. `visit` answers whether to
/// go on; so does this. Recursion is bounded by the path's length.
template <class Visit>
bool walk(const Shape& shape, const void* value, std::string_view path, const Visit& visit) {
  if (path.empty()) return visit(shape, value);
  if (shape.kind == Kind::kList) {
    for (std::size_t i = 0; i < shape.list->size(value); ++i) {
      if (!walk(*shape.element, shape.list->at(value, i), path, visit)) return false;
    }
    return true;
  }
  const std::size_t dot = path.find('.');
  const Member& member = member_of(shape, path.substr(0, dot));
  const void* field = read_member(member, value);
  if (field == nullptr) return true;
  return walk(*member.shape, field, dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1), visit);
}

/// As walk, down to strings: the elements of a list of strings one by one.
template <class Visit>
bool walk_shape_text(const Shape& root, const void* input, std::string_view path, const Visit& visit) {
  return walk(root, input, path, [&](const Shape& shape, const void* value) {
    if (shape.kind == Kind::kString) return visit(std::string_view(*static_cast<const std::string*>(value)));
    if (shape.kind != Kind::kList || shape.element->kind != Kind::kString) return true;
    for (std::size_t i = 0; i < shape.list->size(value); ++i) {
      if (!visit(std::string_view(*static_cast<const std::string*>(shape.list->at(value, i))))) return false;
    }
    return true;
  });
}

template <class Visit>
bool walk_text(const Operation& operation, const void* input, std::string_view path, const Visit& visit) {
  return walk_shape_text(*operation.input, input, path, visit);
}

const std::string* string_member(const Shape& shape, const void* value, std::string_view name, std::string_view other) {
  for (const Member& member : shape.members) {
    if ((member.name == name || member.name == other) && member.shape->kind == Kind::kString) {
      return static_cast<const std::string*>(read_member(member, value));
    }
  }
  return nullptr;
}

using VisitTag = std::function<void(std::string_view, std::string_view)>;

void visit_tag_map(const Shape& shape, const void* value, const VisitTag& visit) {
  // The visitor travels through the table's plain function pointer.
  void* context = const_cast<VisitTag*>(&visit);
  shape.map->each(value, context, [](void* erased, const std::string& key, const void* entry) {
    (*static_cast<const VisitTag*>(erased))(key, *static_cast<const std::string*>(entry));
    return true;
  });
}

void visit_tag_list(const Shape& shape, const void* value, const VisitTag& visit) {
  for (std::size_t i = 0; i < shape.list->size(value); ++i) {
    const void* element = shape.list->at(value, i);
    if (shape.element->kind == Kind::kString) {
      visit(*static_cast<const std::string*>(element), {});
      continue;
    }
    const std::string* key = string_member(*shape.element, element, "Key", "key");
    const std::string* text = string_member(*shape.element, element, "Value", "value");
    if (key != nullptr) visit(*key, text == nullptr ? std::string_view{} : std::string_view(*text));
  }
}

void visit_each(const Operation& operation, const ContextKey& key, const void* input,
                const std::function<void(const ContextValue&)>& visit) {
  const auto visit_element = [&](const Shape& element, const void* value) {
    bool none = true;
    for (std::string_view rest = key.parts; !rest.empty();) {
      const std::string_view part = rest.substr(0, rest.find(','));
      rest.remove_prefix(std::min(part.size() + 1, rest.size()));
      walk_shape_text(element, value, part, [&](std::string_view text) {
        none = false;
        visit({.key = key.key, .suffix = {}, .value = text, .path = key.path, .separate = true});
        return true;
      });
    }
    if (none) visit({.key = key.key, .suffix = {}, .value = {}, .path = key.path, .separate = true, .absent = true});
  };
  walk(*operation.input, input, key.member, [&](const Shape& shape, const void* value) {
    CHECK(shape.kind == Kind::kList, key.member);
    for (std::size_t i = 0; i < shape.list->size(value); ++i) visit_element(*shape.element, shape.list->at(value, i));
    return true;
  });
}

void visit_query_tags(const Operation& operation, const ContextKey& key, const void* input,
                      const std::function<void(const ContextValue&)>& visit) {
  const auto text = text_at(operation, input, key.member);
  const auto fields = text ? parse_form(*text, true) : std::nullopt;
  if (!fields) return;
  const bool keys = key.source == ContextSource::kQueryTagKeys;
  for (const auto& [tag, value] : *fields) {
    if (keys) visit({.key = key.key, .suffix = {}, .value = tag, .multivalued = true, .brief = true});
    if (!keys) visit({.key = key.key, .suffix = tag, .value = value, .brief = true});
  }
}

void visit_context(const Operation& operation, const ContextKey& key, const void* input,
                   const std::function<void(const ContextValue&)>& visit) {
  switch (key.source) {
    case ContextSource::kMember:
      return each_text(operation, input, key.member, [&](std::string_view value) {
        visit({.key = key.key, .suffix = {}, .value = value, .multivalued = key.multivalued, .path = key.path});
      });
    case ContextSource::kRequestTags:
      return each_tag(operation, input, key.member, [&](std::string_view tag, std::string_view value) {
        visit({.key = key.key, .suffix = tag, .value = value});
      });
    case ContextSource::kTagKeys:
      return each_tag(operation, input, key.member, [&](std::string_view tag, std::string_view) {
        visit({.key = key.key, .suffix = {}, .value = tag, .multivalued = true});
      });
    case ContextSource::kLiteral:
      return visit({.key = key.key, .suffix = {}, .value = key.literal});
    case ContextSource::kPresent: {
      bool present = false;
      each_text(operation, input, key.member, [&](std::string_view) { present = true; });
      return visit({.key = key.key, .suffix = {}, .value = present ? key.literal : key.parts});
    }
    case ContextSource::kNumber:
      if (const auto number = long_at(operation, input, key.member)) {
        visit({.key = key.key, .suffix = {}, .value = std::to_string(*number), .brief = true});
      }
      return;
    case ContextSource::kQueryTags:
    case ContextSource::kQueryTagKeys:
      return visit_query_tags(operation, key, input, visit);
    case ContextSource::kEntity:
      return;
    case ContextSource::kEach:
      return visit_each(operation, key, input, visit);
  }
}

/// The text of one placeholder: `Path|/`, `Url:without_scheme`, `memoryId`, `region`.
std::optional<std::string_view> placeholder(const Operation& operation, const void* input, const ResourceScope& scope,
                                            std::string_view text) {
  if (text == "partition") return scope.partition;
  if (text == "region") return scope.region;
  if (text == "account") return scope.account;
  if (text == "caller") return std::nullopt;
  const std::size_t mark = text.find_first_of("|:");
  std::optional<std::string_view> value = text_at(operation, input, text.substr(0, mark));
  if (mark == std::string_view::npos) return value;
  const std::string_view rest = text.substr(mark + 1);
  if (text[mark] == '|') return value ? value : rest;
  if (value && rest == "without_scheme") {
    if (const std::size_t scheme = value->find("://"); scheme != std::string_view::npos)
      value->remove_prefix(scheme + 3);
    // As the provider will be named: otherwise a slash at the end would let a permission for what lies under it do.
    while (value->ends_with('/')) value->remove_suffix(1);
  }
  return value;
}

}  // namespace

std::optional<std::string_view> text_at(const Operation& operation, const void* input, std::string_view path) {
  std::optional<std::string_view> found;
  walk_text(operation, input, path, [&](std::string_view text) {
    found = text;
    return false;
  });
  return found;
}

std::optional<std::int64_t> long_at(const Operation& operation, const void* input, std::string_view path) {
  std::optional<std::int64_t> found;
  walk(*operation.input, input, path, [&](const Shape& shape, const void* value) {
    if (shape.kind == Kind::kInteger) found = *static_cast<const std::int32_t*>(value);
    if (shape.kind == Kind::kLong) found = *static_cast<const std::int64_t*>(value);
    return !found;
  });
  return found;
}

bool has_member(const Operation& operation, const void* input, std::string_view path) {
  return !walk(*operation.input, input, path, [](const Shape&, const void*) { return false; });
}

void each_text(const Operation& operation, const void* input, std::string_view path,
               const std::function<void(std::string_view)>& visit) {
  walk_text(operation, input, path, [&](std::string_view text) {
    visit(text);
    return true;
  });
}

void each_tag(const Operation& operation, const void* input, std::string_view path, const VisitTag& visit) {
  walk(*operation.input, input, path, [&](const Shape& shape, const void* value) {
    if (shape.kind == Kind::kMap && shape.element->kind == Kind::kString) visit_tag_map(shape, value, visit);
    if (shape.kind == Kind::kList) visit_tag_list(shape, value, visit);
    return true;
  });
}

void each_context_value(const Operation& operation, const Permission* permission, const void* input,
                        const std::function<void(const ContextValue&)>& visit) {
  for (const ContextKey& key : operation.context) visit_context(operation, key, input, visit);
  if (permission == nullptr) return;
  for (const ContextKey& key : permission->context) visit_context(operation, key, input, visit);
}

std::optional<std::string> resource_arn(const Operation& operation, const Permission& permission, const void* input,
                                        const ResourceScope& scope) {
  std::string arn;
  std::string_view rest = permission.resource;
  while (true) {
    const std::size_t open = rest.find('{');
    arn.append(rest.substr(0, open));
    if (open == std::string_view::npos) return arn;
    const std::size_t close = rest.find('}', open);
    CHECK(close != std::string_view::npos, permission.resource);
    const std::string_view name = rest.substr(open + 1, close - open - 1);
    const std::optional<std::string_view> value = placeholder(operation, input, scope, name);
    if (!value) return std::nullopt;
    if (permission.accepts_arn && value->starts_with("arn:")) return std::string(*value);
    arn.append(*value);
    rest.remove_prefix(close + 1);
  }
}

bool applies(const Operation& operation, const Permission& permission, const void* input) {
  if (!permission.unless.empty() && has_member(operation, input, permission.unless)) return false;
  return permission.when.empty() || has_member(operation, input, permission.when);
}

}  // namespace warifu::wire
