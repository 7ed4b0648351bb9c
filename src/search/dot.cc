#include "search/dot.h"

#include <immintrin.h>

namespace warifu::search {
namespace {

std::int32_t sum_of(__m128i four) {
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4E));
  return _mm_cvtsi128_si32(_mm_add_epi32(four, _mm_shuffle_epi32(four, 0xB1)));
}

__attribute__((target("sse4.1"))) void rows_sse(const std::uint8_t* rows, std::size_t count, const std::int8_t* query,
                                                std::size_t dimensions, std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r, rows += dimensions) {
    __m128i sum = _mm_setzero_si128();
    for (std::size_t d = 0; d < dimensions; d += 16) {
      const __m128i row = _mm_load_si128(reinterpret_cast<const __m128i*>(rows + d));
      const __m128i ask = _mm_load_si128(reinterpret_cast<const __m128i*>(query + d));
      const __m128i low = _mm_madd_epi16(_mm_cvtepu8_epi16(row), _mm_cvtepi8_epi16(ask));
      const __m128i high =
          _mm_madd_epi16(_mm_cvtepu8_epi16(_mm_srli_si128(row, 8)), _mm_cvtepi8_epi16(_mm_srli_si128(ask, 8)));
      sum = _mm_add_epi32(sum, _mm_add_epi32(low, high));
    }
    out[r] = sum_of(sum);
  }
}

__attribute__((target("avx2"))) void rows_avx2(const std::uint8_t* rows, std::size_t count, const std::int8_t* query,
                                               std::size_t dimensions, std::int32_t* out) {
  for (std::size_t r = 0; r < count; ++r, rows += dimensions) {
    __m256i even = _mm256_setzero_si256();
    __m256i odd = _mm256_setzero_si256();
    for (std::size_t d = 0; d < dimensions; d += 32) {
      const auto* row = reinterpret_cast<const __m128i*>(rows + d);
      const auto* ask = reinterpret_cast<const __m128i*>(query + d);
      even = _mm256_add_epi32(even, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_load_si128(row)),
                                                      _mm256_cvtepi8_epi16(_mm_load_si128(ask))));
      odd = _mm256_add_epi32(odd, _mm256_madd_epi16(_mm256_cvtepu8_epi16(_mm_load_si128(row + 1)),
                                                    _mm256_cvtepi8_epi16(_mm_load_si128(ask + 1))));
    }
    const __m256i sum = _mm256_add_epi32(even, odd);
    out[r] = sum_of(_mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1)));
  }
}

/// Four rows at once, so that their sums across lanes share their shuffles.
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vnni"))) void rows_vnni(
    const std::uint8_t* rows, std::size_t count, const std::int8_t* query, std::size_t dimensions, std::int32_t* out) {
  std::size_t r = 0;
  for (; r + 4 <= count; r += 4, rows += 4 * dimensions) {
    __m512i a = _mm512_setzero_si512();
    __m512i b = a;
    __m512i c = a;
    __m512i e = a;
    for (std::size_t d = 0; d < dimensions; d += 64) {
      const __m512i ask = _mm512_load_si512(query + d);
      a = _mm512_dpbusd_epi32(a, _mm512_load_si512(rows + d), ask);
      b = _mm512_dpbusd_epi32(b, _mm512_load_si512(rows + dimensions + d), ask);
      c = _mm512_dpbusd_epi32(c, _mm512_load_si512(rows + 2 * dimensions + d), ask);
      e = _mm512_dpbusd_epi32(e, _mm512_load_si512(rows + 3 * dimensions + d), ask);
    }
    const __m512i ab = _mm512_add_epi32(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    const __m512i ce = _mm512_add_epi32(_mm512_unpacklo_epi32(c, e), _mm512_unpackhi_epi32(c, e));
    const __m512i lanes = _mm512_add_epi32(_mm512_unpacklo_epi64(ab, ce), _mm512_unpackhi_epi64(ab, ce));
    const __m256i halves = _mm256_add_epi32(_mm512_castsi512_si256(lanes), _mm512_extracti64x4_epi64(lanes, 1));
    const __m128i four = _mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + r), four);
  }
  for (; r < count; ++r, rows += dimensions) {
    __m512i sum = _mm512_setzero_si512();
    for (std::size_t d = 0; d < dimensions; d += 64) {
      sum = _mm512_dpbusd_epi32(sum, _mm512_load_si512(rows + d), _mm512_load_si512(query + d));
    }
    out[r] = _mm512_reduce_add_epi32(sum);
  }
}

const DotKernel* fastest() {
  const DotKernel* kernel = dot_kernels();
  while (!kernel->supported) ++kernel;
  return kernel;
}

}  // namespace

const DotKernel* dot_kernels() {
  static const DotKernel kernels[kDotKernels] = {
      {.name = "avx512-vnni",
       .supported = __builtin_cpu_supports("avx512vnni") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512vl"),
       .rows = rows_vnni},
      {.name = "avx2", .supported = static_cast<bool>(__builtin_cpu_supports("avx2")), .rows = rows_avx2},
      {.name = "sse4.1", .supported = true, .rows = rows_sse},  // what the whole build asks of a machine
  };
  return kernels;
}

void dot_rows(const std::uint8_t* rows, std::size_t count, const std::int8_t* query, std::size_t dimensions,
              std::int32_t* out) {
  static const auto kernel = fastest()->rows;
  kernel(rows, count, query, dimensions, out);
}

std::int32_t bias_of(const std::int8_t* query, std::size_t dimensions) {
  std::int32_t sum = 0;
  for (std::size_t d = 0; d < dimensions; ++d) sum += query[d];
  return 128 * sum;
}

}  // namespace warifu::search
