#include "base/paths.h"

namespace warifu {

std::string slashed(std::string_view text) {
  std::string out = "/";
  for (const char c : text) {
    if (c != '/' || out.back() != '/') out += c;
  }
  if (out.back() != '/') out += '/';
  return out;
}

}  // namespace warifu
