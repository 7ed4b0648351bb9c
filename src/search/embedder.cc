#include "search/embedder.h"

namespace warifu::search {

std::uint32_t embedder_id(std::string_view name) {
  std::uint32_t hash = 2166136261U;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
  return hash;
}

}  // namespace warifu::search
