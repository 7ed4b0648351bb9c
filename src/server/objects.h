#pragma once

#include "base/http.h"

namespace warifu::server {

/// Bodies of S3's uploads are handed over as they come, judged by the head: whoever writes S3's scope has proven
/// nothing, and costs no more than the piece that is being read.
[[nodiscard]] bool is_object_upload(const http::Request& head);

/// The most that one may have: five gigabytes, and what chunks add.
inline constexpr std::size_t kObjectUploadBytesMax = (std::size_t{5} << 30U) + (std::size_t{64} << 20U);

}  // namespace warifu::server
