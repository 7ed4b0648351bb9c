#pragma once

#include <string_view>

namespace warifu::sandbox {

/// The executable of `inside/`, linked statically, as built beside this library.
[[nodiscard]] std::string_view sandbox_image();

}  // namespace warifu::sandbox
