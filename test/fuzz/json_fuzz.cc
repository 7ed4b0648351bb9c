// Any bytes: the parser answers or refuses; what it accepts, it writes back to the same document.
#include <cstdint>
#include <cstdlib>

#include "json/value.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = warifu::json::parse(text);
  if (!value) return 0;
  (void)value->as_int64();
  (void)value->as_double();
  (void)value->duplicate_member();
  const auto again = warifu::json::parse(value->dump(), {.bytes_max = SIZE_MAX});
  if (!again || *again != *value) std::abort();
  return 0;
}
