#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "wire/operation.h"

/// Internal to the decoder: where we are in the input, and what was found wrong there.
namespace warifu::wire {

/// A step on the way to a value. Lives on the stack of the function that walks; rendered only when something is wrong.
struct Path {
  enum class Step : std::uint8_t { kRoot, kMember, kIndex, kKey };
  const Path* parent = nullptr;
  Step step = Step::kRoot;
  std::string_view name{};  // of a member, or the key of a map
  std::size_t index = 0;    // of an element, from 0
  bool hidden = false;      // a key that may not be shown

  [[nodiscard]] Path member(std::string_view member_name) const { return {this, Step::kMember, member_name, 0, false}; }
  [[nodiscard]] Path at(std::size_t element) const { return {this, Step::kIndex, {}, element, false}; }
  [[nodiscard]] Path key(std::string_view entry, bool is_hidden) const {
    return {this, Step::kKey, entry, 0, is_hidden};
  }
};

/// Collects violations in AWS's words and makes the one Error of them. At most kValidationErrorsMax are kept.
class Violations {
 public:
  explicit Violations(const Operation& operation) : operation_(operation) {}

  /// A required member at `path` is absent. `field` is where its value would be: validation passes over it.
  void missing(const Path& path, const void* field);
  [[nodiscard]] bool is_missing(const void* field) const;

  /// `value` is shown by the query protocol, which AWS lets echo it; empty `shown`: never shown.
  void add(const Path& path, const Shape& shape, std::string_view shown, std::string constraint);

  [[nodiscard]] bool empty() const { return messages_.empty() && replacement_.empty(); }
  [[nodiscard]] bool full() const;
  /// REQUIRES: !empty().
  [[nodiscard]] Error error() &&;

 private:
  [[nodiscard]] std::string render(const Path& path) const;
  void add_message(std::string place, std::string_view value, std::string constraint);

  const Operation& operation_;
  std::vector<const void*> missing_;
  std::vector<std::string> messages_;
  std::vector<FieldError> fields_;
  std::string_view replacement_{};
};

/// The error for a body or field that could not be read at all: reason `CannotParse`, `SerializationException` where
/// the operation declares no ValidationException, `MalformedInput` of the query protocol.
[[nodiscard]] Error cannot_parse(const Operation& operation, std::string message);

/// Checks every constraint below `value`.
void validate_value(const Shape& shape, const void* value, const Path& path, Violations& violations);

}  // namespace warifu::wire
