#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace warifu::search {

/// The most dimensions that a vector has. An endpoint's longer vectors are refused.
inline constexpr std::size_t kDimensionsMax = 4096;

/// An embedding in bytes: `values[i] * scale` has length 1, but for the empty text's vector, which is all zeros.
struct Vector {
  std::uint32_t embedder = 0;  // EmbedderInfo::id of who made it: only vectors of one embedder are comparable
  std::vector<std::int8_t> values;
  float scale = 0;
};

/// `values`, of any length, as a Vector of length 1. Each component lies within 1/127 of the largest one's size of the
/// exact one. REQUIRES: every value finite.
[[nodiscard]] Vector quantise(std::uint32_t embedder, std::span<const float> values);

/// The cosine of two vectors; 0 when they are of different embedders or lengths.
[[nodiscard]] float cosine(const Vector& a, const Vector& b);

}  // namespace warifu::search
