#pragma once

#include <string>
#include <string_view>

namespace warifu::extract {

/// `&`, `<`, `>` and `"` as entities: fit for an element's text and for an attribute.
[[nodiscard]] std::string xml_escaped(std::string_view text);
/// `<tag>text</tag>`, escaped.
[[nodiscard]] std::string xml_element(std::string_view tag, std::string_view text);
/// The text of the first `<tag>…</tag>`, entities resolved; empty when absent. For records that this module wrote.
[[nodiscard]] std::string xml_text(std::string_view xml, std::string_view tag);

}  // namespace warifu::extract
