#pragma once

#include <cstddef>
#include <cstdint>

namespace warifu::search {

/// Products of one signed query with rows of bytes that lie one behind another, `dimensions` apart. A row's component
/// is kept as itself plus 128 (unsigned), since that is what the processor multiplies; `dot_rows` gives the plain
/// products of the stored bytes, `bias_of` what to take off each.
///
/// REQUIRES: `dimensions` a multiple of 64 (pad with 0, which is stored as 128), `rows` and `query` 64-byte aligned.
void dot_rows(const std::uint8_t* rows, std::size_t count, const std::int8_t* query, std::size_t dimensions,
              std::int32_t* out);

/// 128 times the query's sum.
[[nodiscard]] std::int32_t bias_of(const std::int8_t* query, std::size_t dimensions);

/// The implementations, for tests: each gives the same numbers. `supported` tells whether this machine can run it.
struct DotKernel {
  const char* name;
  bool supported;
  void (*rows)(const std::uint8_t*, std::size_t, const std::int8_t*, std::size_t, std::int32_t*);
};
inline constexpr std::size_t kDotKernels = 3;
[[nodiscard]] const DotKernel* dot_kernels();

}  // namespace warifu::search
