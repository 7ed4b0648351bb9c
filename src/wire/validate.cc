#include <algorithm>
#include <string>

#include "base/encoding.h"
#include "wire/decode.h"
#include "wire/pattern.h"
#include "wire/scalar.h"
#include "wire/violations.h"

namespace warifu::wire {
namespace {

std::string bound(double value) {
  std::string text;
  // Bounds of lengths and integers are whole: `100`, not `1e+02`.
  if (value == static_cast<double>(static_cast<std::int64_t>(value)))
    return std::to_string(static_cast<std::int64_t>(value));
  append_double(text, value);
  return text;
}

std::string at_most(std::string_view what, double max) {
  return std::string("Member must have ").append(what).append(" less than or equal to ") + bound(max);
}
std::string at_least(std::string_view what, double min) {
  return std::string("Member must have ").append(what).append(" greater than or equal to ") + bound(min);
}
std::string enum_text(const Shape& shape) {
  std::string text = "Member must satisfy enum value set: [";
  for (std::size_t i = 0; i < shape.values.size(); ++i) text.append(i == 0 ? "" : ", ").append(shape.values[i]);
  return text + "]";
}
std::string pattern_text(const Pattern& pattern) {
  return std::string("Member must satisfy regular expression pattern: ").append(pattern.text);
}

/// Every constraint of a string, as AWS lists them when an element of a list or map breaks one.
std::string all_constraints(const Shape& shape) {
  std::string text;
  const auto add = [&text](std::string constraint) { text.append(text.empty() ? "[" : ", ").append(constraint); };
  const bool numeric = shape.kind == Kind::kInteger || shape.kind == Kind::kLong || shape.kind == Kind::kDouble;
  const std::string_view what = numeric ? "value" : "length";
  if (shape.max != kNoMax) add(at_most(what, shape.max));
  if (shape.min != kNoMin) add(at_least(what, shape.min));
  if (shape.pattern != nullptr) add(pattern_text(*shape.pattern));
  if (!shape.values.empty()) add(enum_text(shape));
  return text + "]";
}

/// Calls `broken` with each constraint that a scalar breaks; true when there was none.
template <class Broken>
bool check_string(const Shape& shape, const std::string& value, const Broken& broken) {
  bool good = true;
  const auto report = [&](std::string constraint) {
    good = false;
    broken(std::move(constraint));
  };
  const bool text = shape.kind == Kind::kString;
  // Code points are no more than bytes: the exact count is needed only past the bound.
  if (static_cast<double>(value.size()) > shape.max || static_cast<double>(value.size()) < shape.min * 4) {
    const auto length = static_cast<double>(text ? utf8_length(value) : value.size());
    if (length > shape.max) report(at_most("length", shape.max));
    if (length < shape.min) report(at_least("length", shape.min));
  }
  if (shape.pattern != nullptr && !matches(*shape.pattern, value)) report(pattern_text(*shape.pattern));
  if (!shape.values.empty() && std::ranges::find(shape.values, std::string_view(value)) == shape.values.end()) {
    report(enum_text(shape));
  }
  return good;
}

template <class Broken>
bool check_number(const Shape& shape, double value, const Broken& broken) {
  bool good = true;
  if (value > shape.max) {
    good = false;
    broken(at_most("value", shape.max));
  }
  if (value < shape.min) {
    good = false;
    broken(at_least("value", shape.min));
  }
  return good;
}

template <class Broken>
bool check_scalar(const Shape& shape, const void* value, const Broken& broken) {
  switch (shape.kind) {
    case Kind::kString:
    case Kind::kBlob:
      return check_string(shape, *static_cast<const std::string*>(value), broken);
    case Kind::kInteger:
      return check_number(shape, *static_cast<const std::int32_t*>(value), broken);
    case Kind::kLong:
      return check_number(shape, static_cast<double>(*static_cast<const std::int64_t*>(value)), broken);
    case Kind::kDouble:
      return check_number(shape, *static_cast<const double*>(value), broken);
    case Kind::kBoolean:
    case Kind::kTimestamp:
    case Kind::kDocument:
    case Kind::kStructure:
    case Kind::kUnion:
    case Kind::kList:
    case Kind::kMap:
      break;
  }
  return true;
}

bool scalar(const Shape& shape) {
  return shape.kind != Kind::kStructure && shape.kind != Kind::kUnion && shape.kind != Kind::kList &&
         shape.kind != Kind::kMap;
}

std::string shown(const Shape& shape, const void* value) {
  const bool plain = shape.kind == Kind::kString || shape.kind == Kind::kInteger || shape.kind == Kind::kLong;
  return plain ? format_scalar(shape, value, TimeFormat::kDefault) : std::string{};
}

void check_size(const Shape& shape, std::size_t size, const Path& path, Violations& violations) {
  const auto count = static_cast<double>(size);
  const double max = std::min(shape.max, static_cast<double>(kCollectionItemsMax));
  if (count > max) violations.add(path, shape, {}, at_most("length", max));
  if (count < shape.min) violations.add(path, shape, {}, at_least("length", shape.min));
}

void validate_list(const Shape& shape, const void* value, const Path& path, Violations& violations) {
  const std::size_t size = shape.list->size(value);
  check_size(shape, size, path, violations);
  for (std::size_t i = 0; i < std::min(size, kCollectionItemsMax) && !violations.full(); ++i) {
    const void* element = shape.list->at(value, i);
    if (!scalar(*shape.element)) {
      validate_value(*shape.element, element, path.at(i), violations);
    } else if (!check_scalar(*shape.element, element, [](std::string) {})) {
      violations.add(path, *shape.element, {}, "Member must satisfy constraint: " + all_constraints(*shape.element));
      break;
    }
  }
}

struct EntryWalk {
  const Shape& shape;
  const Path& path;
  Violations& violations;
  bool keys_reported = false;
  bool values_reported = false;
};

bool validate_entry(void* context, const std::string& key, const void* value) {
  auto& walk = *static_cast<EntryWalk*>(context);
  const auto ignore = [](std::string) {};
  if (!walk.keys_reported && !check_string(*walk.shape.key, key, ignore)) {
    walk.keys_reported = true;
    walk.violations.add(walk.path, *walk.shape.key, {},
                        "Map keys must satisfy constraint: " + all_constraints(*walk.shape.key));
  }
  const Shape& element = *walk.shape.element;
  if (!scalar(element)) {
    validate_value(element, value, walk.path.key(key, walk.shape.sensitive || walk.shape.key->sensitive),
                   walk.violations);
  } else if (!walk.values_reported && !check_scalar(element, value, ignore)) {
    walk.values_reported = true;
    walk.violations.add(walk.path, element, {}, "Map value must satisfy constraint: " + all_constraints(element));
  }
  return !walk.violations.full();
}

void validate_members(const Shape& shape, const void* value, const Path& path, Violations& violations) {
  std::size_t set = 0;
  for (const Member& member : shape.members) {
    const void* field = read_member(member, value);
    if (field == nullptr || violations.full()) continue;
    ++set;
    if (member.required && violations.is_missing(field)) continue;
    validate_value(*member.shape, field, path.member(member.name), violations);
  }
  if (shape.kind == Kind::kUnion && set != 1) {
    violations.add(path, shape, {}, "Member must have exactly one of its members set");
  }
}

}  // namespace

void validate_value(const Shape& shape, const void* value, const Path& path, Violations& violations) {
  switch (shape.kind) {
    case Kind::kStructure:
    case Kind::kUnion:
      return validate_members(shape, value, path, violations);
    case Kind::kList:
      return validate_list(shape, value, path, violations);
    case Kind::kMap: {
      check_size(shape, shape.map->size(value), path, violations);
      EntryWalk walk{.shape = shape, .path = path, .violations = violations};
      return shape.map->each(value, &walk, &validate_entry);
    }
    case Kind::kString:
    case Kind::kBlob:
    case Kind::kBoolean:
    case Kind::kInteger:
    case Kind::kLong:
    case Kind::kDouble:
    case Kind::kTimestamp:
    case Kind::kDocument:
      break;
  }
  check_scalar(shape, value, [&](std::string constraint) {
    violations.add(path, shape, shown(shape, value), std::move(constraint));
  });
}

Result<> validate(const Operation& operation, const void* input) {
  Violations violations(operation);
  validate_value(*operation.input, input, Path{}, violations);
  if (violations.empty()) return {};
  return fail(std::move(violations).error());
}

}  // namespace warifu::wire
