#include "services/memory/bytes.h"

#include "base/check.h"

namespace warifu::services::memory {

void append_text(std::string& out, std::string_view text) {
  CHECK(text.size() <= UINT16_MAX, "a counted text is under 64 KiB");
  append_number(out, static_cast<std::uint16_t>(text.size()));
  out += text;
}

std::string_view ByteReader::text() { return bytes(number<std::uint16_t>()); }

std::string_view ByteReader::bytes(std::size_t count) {
  if (count > rest_.size()) {
    ok_ = false;
    rest_ = {};
    return {};
  }
  const std::string_view taken = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return taken;
}

}  // namespace warifu::services::memory
