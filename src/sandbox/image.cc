#include "sandbox/image.h"

// What the linker calls the ends of the file that cmake/sandbox.cmake turns into an object.
extern "C" const char _binary_warifu_inside_start[];  // NOLINT(bugprone-reserved-identifier)
extern "C" const char _binary_warifu_inside_end[];    // NOLINT(bugprone-reserved-identifier)

namespace warifu::sandbox {

std::string_view sandbox_image() {
  return {_binary_warifu_inside_start,
          static_cast<std::size_t>(_binary_warifu_inside_end - _binary_warifu_inside_start)};
}

}  // namespace warifu::sandbox
