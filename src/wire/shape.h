#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/time.h"

/// Shapes as constant tables: what the generator writes about each generated struct, and what the one decoder and the
/// one encoder read. All tables are immutable and live as long as the process; any thread may read them.
namespace warifu::wire {

/// Any JSON document, as the text that the client sent: valid JSON, kept byte for byte.
struct Document {
  std::string json;
  bool operator==(const Document&) const = default;
};

/// The C++ type behind each kind is fixed: the tables address members by offset.
enum class Kind : std::uint8_t {
  kString,     // std::string; enums too
  kBlob,       // std::string of bytes
  kBoolean,    // bool
  kInteger,    // std::int32_t
  kLong,       // std::int64_t
  kDouble,     // double
  kTimestamp,  // Timestamp
  kDocument,   // Document
  kStructure,  // a generated struct
  kUnion,      // a generated struct of optionals, exactly one of them set
  kList,       // std::vector<T>
  kMap,        // std::map<std::string, T>
};

/// Where a member stands in an HTTP message. `kBody` for every member of protocols that have only bodies.
enum class Location : std::uint8_t { kBody, kLabel, kQuery, kHeader, kPrefixHeaders, kPayload, kStatus };

enum class TimeFormat : std::uint8_t { kDefault, kEpoch, kIso8601, kHttpDate };

/// A regular expression that a string must match as a whole. Compiled at first use, then shared.
struct Pattern {
  std::string_view text;      // as AWS prints it in messages
  std::string_view re2;       // the same in RE2's syntax
  std::string_view excluded;  // RE2 of what must not match, where AWS uses a leading negative lookahead; may be empty
  mutable std::atomic<const void*> compiled = nullptr;
};

struct Shape;

/// Reaches through std::optional (or a Box) without knowing its type.
struct SlotOps {
  void* (*emplace)(void* slot);          // makes a fresh value in the slot and returns it
  const void* (*get)(const void* slot);  // nullptr when empty
};

struct Member {
  std::string_view name;       // as the model names it
  std::string_view wire_name;  // as it is written: the location name
  const Shape* shape;
  std::uint32_t offset;
  Location location = Location::kBody;
  TimeFormat time_format = TimeFormat::kDefault;
  bool required = false;
  bool flattened = false;
  const SlotOps* slot = nullptr;  // nullptr: the member is a plain T
};

struct ListOps {
  std::size_t (*size)(const void* list);
  const void* (*at)(const void* list, std::size_t index);
  void* (*append)(void* list);
  void (*clear)(void* list);
};

/// Calls `visit(context, key, value)` for each entry, in key order; stops when it returns false.
using VisitEntry = bool (*)(void* context, const std::string& key, const void* value);
struct MapOps {
  std::size_t (*size)(const void* map);
  void* (*insert)(void* map, std::string key);  // the value of that key, fresh
  void (*clear)(void* map);
  void (*each)(const void* map, void* context, VisitEntry visit);
};

struct StructOps {
  void* (*create)();
  void (*destroy)(void* object) noexcept;
};

inline constexpr double kNoMin = -std::numeric_limits<double>::infinity();
inline constexpr double kNoMax = std::numeric_limits<double>::infinity();

struct Shape {
  std::string_view name;
  Kind kind;
  bool sensitive = false;  // never echoed, never logged
  double min = kNoMin;     // of a number's value, a string's code points, a blob's bytes, a collection's size
  double max = kNoMax;
  const Pattern* pattern = nullptr;
  std::span<const std::string_view> values{};  // of an enum
  std::string_view invalid_message{};          // replaces the generic validation text, where AWS has its own
  std::span<const Member> members{};           // of a structure or union
  const StructOps* structure = nullptr;
  const Shape* element = nullptr;  // of a list; the value of a map
  const Shape* key = nullptr;      // of a map
  const ListOps* list = nullptr;
  const MapOps* map = nullptr;
  std::string_view element_name = "member";  // XML and query: the element of a list
};

/// The member's value in `object`, freshly made where the member is optional.
[[nodiscard]] inline void* open_member(const Member& member, void* object) {
  void* field = static_cast<char*>(object) + member.offset;
  return member.slot == nullptr ? field : member.slot->emplace(field);
}
/// The member's value in `object`; nullptr when it is absent.
[[nodiscard]] inline const void* read_member(const Member& member, const void* object) {
  const void* field = static_cast<const char*>(object) + member.offset;
  return member.slot == nullptr ? field : member.slot->get(field);
}

/// Holds a recursive member. Copyable, so that generated structs stay values.
template <class T>
class Box {
 public:
  Box() = default;
  Box(const Box& other) : value_(other.value_ ? std::make_unique<T>(*other.value_) : nullptr) {}
  Box(Box&&) noexcept = default;
  Box& operator=(Box other) noexcept {
    value_ = std::move(other.value_);
    return *this;
  }
  explicit Box(T value) : value_(std::make_unique<T>(std::move(value))) {}
  [[nodiscard]] bool has_value() const { return value_ != nullptr; }
  [[nodiscard]] const T& operator*() const { return *value_; }
  [[nodiscard]] const T* operator->() const { return value_.get(); }
  T& emplace() {
    value_ = std::make_unique<T>();
    return *value_;
  }

 private:
  std::unique_ptr<T> value_;
};

// The operations behind each C++ type, instantiated by the generated tables.
template <class Slot>
inline constexpr SlotOps kSlotOps = {[](void* slot) -> void* { return &static_cast<Slot*>(slot)->emplace(); },
                                     [](const void* slot) -> const void* {
                                       const Slot* typed = static_cast<const Slot*>(slot);
                                       return typed->has_value() ? static_cast<const void*>(&**typed) : nullptr;
                                     }};
template <class T>
inline constexpr ListOps kListOps = {
    [](const void* list) { return static_cast<const std::vector<T>*>(list)->size(); },
    [](const void* list, std::size_t i) -> const void* { return &(*static_cast<const std::vector<T>*>(list))[i]; },
    [](void* list) -> void* { return &static_cast<std::vector<T>*>(list)->emplace_back(); },
    [](void* list) { static_cast<std::vector<T>*>(list)->clear(); }};
template <class T>
inline constexpr MapOps kMapOps = {
    [](const void* map) { return static_cast<const std::map<std::string, T>*>(map)->size(); },
    [](void* map, std::string key) -> void* {
      T& value = (*static_cast<std::map<std::string, T>*>(map))[std::move(key)];
      value = T{};
      return &value;
    },
    [](void* map) { static_cast<std::map<std::string, T>*>(map)->clear(); },
    [](const void* map, void* context, VisitEntry visit) {
      for (const auto& [key, value] : *static_cast<const std::map<std::string, T>*>(map)) {
        if (!visit(context, key, &value)) return;
      }
    }};
template <class T>
inline constexpr StructOps kStructOps = {[]() -> void* { return new T(); },
                                         [](void* object) noexcept { delete static_cast<T*>(object); }};

}  // namespace warifu::wire
