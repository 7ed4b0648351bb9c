#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace warifu::wire {

using FormField = std::pair<std::string, std::string>;

/// Splits `a=b&c=d` and decodes both sides (`plus_is_space` as HTML forms mean it). nullopt: a broken escape, text that
/// is not UTF-8, or more than kFormFieldsMax fields.
[[nodiscard]] std::optional<std::vector<FormField>> parse_form(std::string_view text, bool plus_is_space);

/// The value of the first field of that name without decoding the others; nullopt when absent or broken.
[[nodiscard]] std::optional<std::string> form_value(std::string_view text, std::string_view name);

}  // namespace warifu::wire
