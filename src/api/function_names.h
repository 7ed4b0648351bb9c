#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/operation.h"

/// What Lambda and CloudWatch Logs call their resources in requests, and the ARNs that calls on them are authorized on.
/// Pure. Sources: Lambda API reference (FunctionName), service authorization reference, CloudWatch Logs user guide
/// ("Resources and operations").
namespace warifu::api {

/// A function as a request names it: `name`, `name:qualifier`, `123456789012:function:name`, or an ARN, each with or
/// without a qualifier. Views into the text; what it leaves out is empty.
struct FunctionName {
  std::string_view partition, region, account, name, qualifier;

  /// nullopt when `text` is none of these forms. What passes the model's pattern always is.
  [[nodiscard]] static std::optional<FunctionName> parse(std::string_view text);
};

/// The ARN that `lookup` (kLambda*, kLogGroup) makes of `input`; what the request leaves out is filled with `region`
/// and `account`. kValidation when the request contradicts itself or names nothing.
[[nodiscard]] Result<std::string> named_resource(const wire::Operation& operation, wire::Lookup lookup,
                                                 const void* input, std::string_view region, std::string_view account);

/// True for a lookup that `named_resource` serves.
[[nodiscard]] bool has_named_resource(wire::Lookup lookup);

}  // namespace warifu::api
