#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace warifu {

/// A 12-digit AWS account number. Never empty: made only by `parse`, so that no key or policy check can be
/// built from a missing account.
class AccountId {
 public:
  /// nullopt unless `text` is exactly twelve ASCII digits.
  [[nodiscard]] static std::optional<AccountId> parse(std::string_view text);
  [[nodiscard]] const std::string& str() const { return value_; }
  auto operator<=>(const AccountId&) const = default;

 private:
  explicit AccountId(std::string_view text) : value_(text) {}
  std::string value_;
};

/// An access key id: `AKIA…`/`ASIA…`, 16–128 word characters (STS GetAccessKeyInfo's bounds). In development
/// mode twelve digits, or `test`, are one too, hence the lower bound of 4.
class AccessKeyId {
 public:
  /// nullopt outside 4–128 characters of `[A-Za-z0-9_]`.
  [[nodiscard]] static std::optional<AccessKeyId> parse(std::string_view text);
  [[nodiscard]] const std::string& str() const { return value_; }
  /// True for the temporary credentials that STS issues.
  [[nodiscard]] bool temporary() const { return value_.starts_with("ASIA"); }
  auto operator<=>(const AccessKeyId&) const = default;

 private:
  explicit AccessKeyId(std::string_view text) : value_(text) {}
  std::string value_;
};

}  // namespace warifu
