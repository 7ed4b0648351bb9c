#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace warifu::json {

/// Bounds on what `parse` accepts. Past any of them: ErrorCode::kValidation.
struct Limits {
  std::size_t bytes_max = 16 * 1024 * 1024;
  std::size_t depth_max = 64;
};

/// A JSON document as a tree (RFC 8259). Objects keep the order of their members and may be asked about duplicates;
/// numbers keep the text they came in, so that a document passes through unchanged. Value type; thread-compatible.
class Value {
 public:
  enum class Type : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };
  using Member = std::pair<std::string, Value>;

  Value() = default;
  [[nodiscard]] static Value boolean(bool value);
  [[nodiscard]] static Value number(std::int64_t value);
  [[nodiscard]] static Value number_text(std::string text);
  [[nodiscard]] static Value string(std::string text);
  [[nodiscard]] static Value array(std::vector<Value> items = {});
  [[nodiscard]] static Value object(std::vector<Member> members = {});

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] bool is_null() const { return type_ == Type::kNull; }
  [[nodiscard]] bool is_bool() const { return type_ == Type::kBool; }
  [[nodiscard]] bool is_number() const { return type_ == Type::kNumber; }
  [[nodiscard]] bool is_string() const { return type_ == Type::kString; }
  [[nodiscard]] bool is_array() const { return type_ == Type::kArray; }
  [[nodiscard]] bool is_object() const { return type_ == Type::kObject; }

  /// REQUIRES: the value is of the type asked for.
  [[nodiscard]] bool as_bool() const;
  [[nodiscard]] const std::string& as_string() const;
  [[nodiscard]] const std::string& number_text() const;
  [[nodiscard]] const std::vector<Value>& items() const;
  [[nodiscard]] const std::vector<Member>& members() const;
  [[nodiscard]] std::vector<Value>& items();
  [[nodiscard]] std::vector<Member>& members();

  /// nullopt when the value is not a number, or not representable.
  [[nodiscard]] std::optional<std::int64_t> as_int64() const;
  [[nodiscard]] std::optional<double> as_double() const;
  /// The member of that name (the first, if it stands twice); nullptr when absent or not an object.
  [[nodiscard]] const Value* find(std::string_view name) const;
  /// The string member of that name; nullopt when absent or of another type.
  [[nodiscard]] std::optional<std::string> find_string(std::string_view name) const;
  /// The first member name that stands twice in this object, if any. Not recursive.
  [[nodiscard]] std::optional<std::string> duplicate_member() const;
  /// Adds a member at the end. REQUIRES: is_object().
  Value& set(std::string name, Value value);

  /// Compact text, members in order.
  [[nodiscard]] std::string dump() const;

  bool operator==(const Value&) const = default;

 private:
  Type type_ = Type::kNull;
  bool bool_ = false;
  std::string text_;  // of a string, or of a number as it was written
  std::vector<Value> items_;
  std::vector<Member> members_;
};

/// Reads one JSON text; trailing white space is allowed, anything else is not. kValidation with the offset's reason on
/// malformed input, invalid UTF-8, or a bound exceeded.
[[nodiscard]] Result<Value> parse(std::string_view text, const Limits& limits = {});

/// What `parse` would answer, without the tree: for text that is handed on as it is. Takes no memory but of one string.
[[nodiscard]] Result<> check(std::string_view text, const Limits& limits = {});

}  // namespace warifu::json
