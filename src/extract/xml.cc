#include "extract/xml.h"

#include <array>
#include <utility>

namespace warifu::extract {
namespace {

constexpr auto kEntities =
    std::to_array<std::pair<char, std::string_view>>({{'&', "&amp;"}, {'<', "&lt;"}, {'>', "&gt;"}, {'"', "&quot;"}});

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    std::string_view entity;
    for (const auto& [plain, escaped] : kEntities) {
      if (c == plain) entity = escaped;
    }
    if (entity.empty()) {
      out += c;
    } else {
      out += entity;
    }
  }
  return out;
}

std::string xml_element(std::string_view tag, std::string_view text) {
  std::string out = "<";
  out.append(tag).append(">").append(xml_escaped(text)).append("</").append(tag).append(">");
  return out;
}

std::string xml_text(std::string_view xml, std::string_view tag) {
  const std::string open = "<" + std::string(tag) + ">";
  const std::string close = "</" + std::string(tag) + ">";
  const std::size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const std::size_t end = xml.find(close, begin);
  if (end == std::string_view::npos) return {};
  std::string_view inner = xml.substr(begin + open.size(), end - begin - open.size());
  std::string out;
  while (!inner.empty()) {
    bool resolved = false;
    for (const auto& [plain, escaped] : kEntities) {
      if (!inner.starts_with(escaped)) continue;
      out += plain;
      inner.remove_prefix(escaped.size());
      resolved = true;
      break;
    }
    if (resolved) continue;
    out += inner.front();
    inner.remove_prefix(1);
  }
  return out;
}

}  // namespace warifu::extract
