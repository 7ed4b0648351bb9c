#include "search/unicode.h"

#include <utf8proc.h>

#include "base/check.h"

namespace warifu::search {

CodePoint next_code_point(std::string_view text, std::size_t& at) {
  CHECK(at < text.size(), "reading past the end of a text");
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  if (bytes[at] < 0x80) return bytes[at++];
  CodePoint code_point = kBroken;
  const auto read = utf8proc_iterate(bytes + at, static_cast<utf8proc_ssize_t>(text.size() - at), &code_point);
  if (read <= 0) {
    ++at;
    return kBroken;
  }
  at += static_cast<std::size_t>(read);
  return code_point;
}

void append_utf8(std::string& out, CodePoint code_point) {
  utf8proc_uint8_t bytes[4];
  const auto written = utf8proc_encode_char(code_point, bytes);
  out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(written));
}

}  // namespace warifu::search
