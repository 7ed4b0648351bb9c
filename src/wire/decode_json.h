#pragma once

#include <string_view>

#include "base/result.h"
#include "wire/violations.h"

/// Internal to the decoder: bodies.
namespace warifu::wire {

/// Reads the body members of `shape` (those with Location::kBody) from JSON text into `object`. Missing required
/// members go to `violations`; text that is not JSON, or a value of the wrong type, is the Error.
[[nodiscard]] Result<> decode_json_members(const Operation& operation, const Shape& shape, std::string_view text,
                                           void* object, Violations& violations);
/// Reads one whole JSON text as a value of `shape` (a payload member).
[[nodiscard]] Result<> decode_json_value(const Operation& operation, const Shape& shape, std::string_view text,
                                         void* value, Violations& violations);
/// Reads one whole XML document, whatever its element is called, as a value of `shape` (a payload member, rest-xml).
[[nodiscard]] Result<> decode_xml_value(const Operation& operation, const Shape& shape, std::string_view text,
                                        void* value, Violations& violations);
/// Reads the members of `shape` from form fields (`Tags.member.1.Key`), query protocol.
[[nodiscard]] Result<> decode_form_members(const Operation& operation, const Shape& shape, std::string_view text,
                                           void* object, Violations& violations);

}  // namespace warifu::wire
