#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/operation.h"

/// Values of generated structs as JSON text outside a request or response: rows of a store, digests of requests. The
/// text is what the encoder writes: members in the model's order, absent ones left out, times in epoch seconds with
/// milliseconds, documents byte for byte. Pure; members that do not stand in a body are left out.
namespace warifu::wire {

/// `value` is a struct of `shape`.
[[nodiscard]] std::string to_json(const Shape& shape, const void* value);
/// Reads what `to_json` wrote into a fresh struct of `shape`. Unknown members are ignored, constraints are not
/// checked: both may have changed since. kInternal when it is not such text.
[[nodiscard]] Result<> from_json(const Operation& operation, const Shape& shape, std::string_view text, void* value);

}  // namespace warifu::wire
