#include "wire/form.h"

#include "base/encoding.h"
#include "wire/decode.h"

namespace warifu::wire {
namespace {

/// The next `&`-separated piece of `rest`, which is cut off it.
std::string_view next_piece(std::string_view& rest) {
  const std::size_t end = rest.find('&');
  const std::string_view piece = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  return piece;
}

std::optional<FormField> decode_piece(std::string_view piece, bool plus_is_space) {
  const std::size_t equal = piece.find('=');
  std::optional<std::string> name = percent_decode(piece.substr(0, equal), plus_is_space);
  std::optional<std::string> value =
      equal == std::string_view::npos ? std::string{} : percent_decode(piece.substr(equal + 1), plus_is_space);
  if (!name || !value || !is_utf8(*name) || !is_utf8(*value)) return std::nullopt;
  return FormField{std::move(*name), std::move(*value)};
}

}  // namespace

std::optional<std::vector<FormField>> parse_form(std::string_view text, bool plus_is_space) {
  std::vector<FormField> fields;
  while (!text.empty()) {
    const std::string_view piece = next_piece(text);
    if (piece.empty()) continue;
    std::optional<FormField> field = decode_piece(piece, plus_is_space);
    if (!field || fields.size() == kFormFieldsMax) return std::nullopt;
    fields.push_back(std::move(*field));
  }
  return fields;
}

std::optional<std::string> form_value(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view piece = next_piece(text);
    if (piece.size() > name.size() && piece.starts_with(name) && piece[name.size()] == '=') {
      std::optional<FormField> field = decode_piece(piece, true);
      return field ? std::optional(std::move(field->second)) : std::nullopt;
    }
  }
  return std::nullopt;
}

}  // namespace warifu::wire
