#include "search/vector.h"

#include <algorithm>
#include <cmath>

namespace warifu::search {

Vector quantise(std::uint32_t embedder, std::span<const float> values) {
  Vector out{.embedder = embedder, .values = std::vector<std::int8_t>(values.size()), .scale = 0};
  float largest = 0;
  for (const float value : values) largest = std::max(largest, std::fabs(value));
  if (largest < 1e-12F) return out;
  std::int64_t square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto byte = static_cast<std::int8_t>(std::lrintf(values[i] * 127.0F / largest));
    out.values[i] = byte;
    square += byte * byte;
  }
  // Of the bytes, not of the values: a vector's cosine with itself is then 1.
  out.scale = static_cast<float>(1.0 / std::sqrt(static_cast<double>(square)));
  return out;
}

float cosine(const Vector& a, const Vector& b) {
  if (a.embedder != b.embedder || a.values.size() != b.values.size()) return 0;
  std::int64_t product = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) product += a.values[i] * b.values[i];
  return static_cast<float>(product) * a.scale * b.scale;
}

}  // namespace warifu::search
