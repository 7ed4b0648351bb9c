#include "services/s3/errors.h"

namespace warifu::services::s3 {

Error no_such_bucket(std::string_view bucket) {
  Error error = s3_error("NoSuchBucket", "The specified bucket does not exist", ErrorCode::kNotFound);
  error.fields.push_back({.name = "BucketName", .message = std::string(bucket)});
  return error;
}

Error no_such_key(std::string_view key) {
  Error error = s3_error("NoSuchKey", "The specified key does not exist.", ErrorCode::kNotFound);
  error.fields.push_back({.name = "Key", .message = std::string(key)});
  return error;
}

Error no_such_version(std::string_view key, std::string_view version) {
  Error error = s3_error("NoSuchVersion", "The specified version does not exist.", ErrorCode::kNotFound);
  error.fields.push_back({.name = "Key", .message = std::string(key)});
  error.fields.push_back({.name = "VersionId", .message = std::string(version)});
  return error;
}

Error no_such_upload(std::string_view upload) {
  Error error = s3_error("NoSuchUpload",
                         "The specified upload does not exist. The upload ID may be invalid, or the upload may have "
                         "been aborted or completed.",
                         ErrorCode::kNotFound);
  error.fields.push_back({.name = "UploadId", .message = std::string(upload)});
  return error;
}

Error invalid_argument(std::string message) { return s3_error("InvalidArgument", std::move(message)); }

Error precondition_failed(std::string_view condition) {
  Error error = s3_error("PreconditionFailed", "At least one of the pre-conditions you specified did not hold",
                         ErrorCode::kConflict);
  error.fields.push_back({.name = "Condition", .message = std::string(condition)});
  return error;
}

Error not_done(std::string_view what) {
  return s3_error("NotImplemented", std::string(what) + " is not implemented", ErrorCode::kUnsupported);
}

}  // namespace warifu::services::s3
