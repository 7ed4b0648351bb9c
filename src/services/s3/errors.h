#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

/// S3's errors by their names on the wire; `wire/error_map.cc` knows each one's status.
namespace warifu::services::s3 {

/// `name` has static storage.
[[nodiscard]] inline Error s3_error(std::string_view name, std::string message,
                                    ErrorCode code = ErrorCode::kValidation) {
  return {.code = code, .message = std::move(message), .aws_name = name};
}

[[nodiscard]] Error no_such_bucket(std::string_view bucket);
[[nodiscard]] Error no_such_key(std::string_view key);
[[nodiscard]] Error no_such_version(std::string_view key, std::string_view version);
[[nodiscard]] Error no_such_upload(std::string_view upload);
[[nodiscard]] Error invalid_argument(std::string message);
[[nodiscard]] Error precondition_failed(std::string_view condition);
/// What this server does not do, named, so that nobody takes silence for it.
[[nodiscard]] Error not_done(std::string_view what);

}  // namespace warifu::services::s3
