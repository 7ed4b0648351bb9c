#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/store.h"

/// What a call is about, read from the ARN that it was authorized on, and the keys of Lambda's rows (docs/storage.md).
/// Pure.
namespace warifu::services::lambda {

inline constexpr std::string_view kLatest = "$LATEST";

/// A function, perhaps a version or alias of it.
struct FunctionRef {
  AccountId owner;
  std::string region, name;
  std::string qualifier;  // empty: none was named

  /// Without and with the qualifier.
  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string qualified_arn() const;
  [[nodiscard]] std::string version_arn(std::string_view version) const;
  [[nodiscard]] bool names_version() const;  // `$LATEST` or a number
  [[nodiscard]] bool names_alias() const { return !qualifier.empty() && !names_version(); }
  [[nodiscard]] store::Partition partition() const { return store::Partition::service(owner, "lambda"); }

  /// nullopt: no ARN of a function.
  [[nodiscard]] static std::optional<FunctionRef> parse(std::string_view arn);
  /// Of the call's first permission. InvalidParameterValueException when it is none.
  [[nodiscard]] static Result<FunctionRef> of(const api::Call& call);
};

/// A layer, perhaps a version of it.
struct LayerRef {
  AccountId owner;
  std::string region, name;
  std::int64_t version = 0;  // 0: none was named

  [[nodiscard]] std::string arn() const;
  [[nodiscard]] std::string version_arn() const;
  [[nodiscard]] store::Partition partition() const { return store::Partition::service(owner, "lambda"); }

  [[nodiscard]] static std::optional<LayerRef> parse(std::string_view arn);
  [[nodiscard]] static Result<LayerRef> of(const api::Call& call);
};

namespace keys {

// In the owner's partition `lambda`.
[[nodiscard]] std::string functions(std::string_view region);                     // f region
[[nodiscard]] std::string function(const FunctionRef& ref);                       // f region name
[[nodiscard]] std::string versions(const FunctionRef& ref);                       // v region name
[[nodiscard]] std::string version(const FunctionRef& ref, std::int64_t version);  // v region name u64
[[nodiscard]] std::string aliases(const FunctionRef& ref);                        // a region name
[[nodiscard]] std::string alias(const FunctionRef& ref, std::string_view name);   // a region name alias
[[nodiscard]] std::string layers(std::string_view region);                        // n region
[[nodiscard]] std::string layer(const LayerRef& ref);                             // n region name
[[nodiscard]] std::string layer_versions(const LayerRef& ref);                    // l region name
[[nodiscard]] std::string layer_version(const LayerRef& ref);                     // l region name u64
[[nodiscard]] std::string layer_uses(const LayerRef& ref);                        // u region name u64
[[nodiscard]] std::string layer_use(const LayerRef& ref, std::string_view arn);   // u region name u64 ARN
// c code u64: hosting::CodeStore's
[[nodiscard]] std::string events(const FunctionRef& ref);                      // e region name
[[nodiscard]] std::string event(const FunctionRef& ref, std::string_view id);  // e region name id

// In partition `system`.
[[nodiscard]] std::string waiting();                        // lambda-waiting/
[[nodiscard]] std::string waiting(const FunctionRef& ref);  // lambda-waiting/ ARN

}  // namespace keys
}  // namespace warifu::services::lambda
