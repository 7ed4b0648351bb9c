#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Looks for the byte where a scan of text must stop and think, sixteen at a time where the processor can. Pure.
namespace warifu {

/// How many bytes at the front of `text`, a lower bound in steps of the machine's, are ASCII.
[[nodiscard]] inline std::size_t ascii_run(std::string_view text) {
  std::size_t i = 0;
#if defined(__SSE2__)
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    if (_mm_movemask_epi8(bytes) != 0) break;
  }
#endif
  return i;
}

/// Likewise, how many are printable ASCII other than `"` and `\`: what stands in JSON as it is.
[[nodiscard]] inline std::size_t plain_json_run(std::string_view text) {
  std::size_t i = 0;
#if defined(__SSE2__)
  const __m128i space = _mm_set1_epi8(0x20);
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; i + 16 <= text.size(); i += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(text.data() + i));
    // Signed: what is not ASCII is less than a space too.
    const __m128i stops = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, space), _mm_cmpeq_epi8(bytes, quote)),
                                       _mm_or_si128(_mm_cmpeq_epi8(bytes, backslash), _mm_cmpeq_epi8(bytes, del)));
    const auto mask = static_cast<std::uint32_t>(_mm_movemask_epi8(stops));
    if (mask != 0) return i + static_cast<std::size_t>(std::countr_zero(mask));
  }
#endif
  return i;
}

}  // namespace warifu
