#include "wire/stored.h"

#include "wire/decode_json.h"
#include "wire/encode_body.h"

namespace warifu::wire {

std::string to_json(const Shape& shape, const void* value) {
  std::string text;
  append_json(text, shape, value);
  return text;
}

Result<> from_json(const Operation& operation, const Shape& shape, std::string_view text, void* value) {
  Violations violations(operation);
  const Result<> read = decode_json_value(operation, shape, text, value, violations);
  // The message of a decoder speaks of a request; this text came from ourselves.
  if (!read || !violations.empty()) return fail(internal_error("stored text does not have the shape it was kept in"));
  return {};
}

}  // namespace warifu::wire
