#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "json/value.h"
#include "policy/document.h"

namespace warifu::services::accounts {

/// One element of an imported file, which knows where it stands: every error of it is kValidation and begins with its
/// path, `RoleDetailList[3].RolePolicyList[0].PolicyDocument: …`. A view: the file outlives it.
class Element {
 public:
  explicit Element(const json::Value& root) : value_(&root) {}

  [[nodiscard]] const json::Value& value() const { return *value_; }
  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] Error error(std::string_view what) const;
  [[nodiscard]] Result<> require_object() const;

  /// nullopt: absent or null.
  [[nodiscard]] std::optional<Element> member(std::string_view name) const;
  /// The first of these names that is there.
  [[nodiscard]] std::optional<Element> member(std::initializer_list<std::string_view> names) const;
  [[nodiscard]] Result<Element> require(std::string_view name) const;
  /// Elements of the list of that name; none when it is absent.
  [[nodiscard]] Result<std::vector<Element>> list(std::string_view name) const;
  /// As `list`, of this element itself.
  [[nodiscard]] Result<std::vector<Element>> items() const;

  /// This element as text without control characters, of at most `bytes_max` bytes and not empty.
  [[nodiscard]] Result<std::string> as_text(std::size_t bytes_max = 2'048) const;
  [[nodiscard]] Result<std::string> text(std::string_view name) const;
  /// Empty when it is absent or an empty string.
  [[nodiscard]] Result<std::string> text_or_empty(std::string_view name) const;
  /// ISO 8601, or seconds since 1970.
  [[nodiscard]] Result<Timestamp> time(std::string_view name) const;
  /// A policy of that kind: as an object, as JSON text, or as JSON text percent-encoded (as IAM's API hands it out).
  [[nodiscard]] Result<std::string> as_policy(policy::Kind kind) const;

  [[nodiscard]] Element at(std::string_view name, const json::Value& value) const;

 private:
  Element(const json::Value& value, std::string path) : value_(&value), path_(std::move(path)) {}

  const json::Value* value_;
  std::string path_;
};

}  // namespace warifu::services::accounts
