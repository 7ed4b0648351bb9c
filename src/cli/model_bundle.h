#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace warifu::cli {

/// A local transformer on its way into a server's data folder. What belongs to one, and what its folder holds, says
/// `search/onnx_embedder.h`.

/// Writes the files of a transformer that the tar archive `bytes` holds into `folder`, whatever folders they lie in
/// there; anything else in it is left out, so that no archive writes elsewhere. kValidation: not a tar archive, or a
/// file of the transformer missing or twice.
[[nodiscard]] Result<> unpack_model(std::string_view bytes, const std::filesystem::path& folder);

/// Copies the transformer in `source` to `<data>/models/current`, from where a server takes it at its next start, and
/// its name. It runs once before it takes the place of another, which stays until then. Errors: of
/// `search::open_embedder`, and kUnavailable when the disk refuses.
[[nodiscard]] Result<std::string> install_model(const std::filesystem::path& source, const std::filesystem::path& data);

}  // namespace warifu::cli
