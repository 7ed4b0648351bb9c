#pragma once

#include <string>
#include <string_view>

#include "wire/shape.h"

/// Internal to the encoder: bodies.
namespace warifu::wire {

/// Appends the value as JSON. Timestamps are epoch seconds with up to three decimals; documents keep their text.
void append_json(std::string& out, const Shape& shape, const void* value, TimeFormat format = TimeFormat::kDefault);
/// Appends the members with Location::kBody as one object; true when there was at least one.
bool append_json_members(std::string& out, const Shape& shape, const void* object);
/// Appends the members as XML elements, without an element around them. Timestamps are ISO 8601 in seconds.
void append_xml_members(std::string& out, const Shape& shape, const void* object);
/// Appends text with the five predefined entities escaped; control characters that XML 1.0 cannot hold become U+FFFD.
void append_xml_text(std::string& out, std::string_view text);

}  // namespace warifu::wire
