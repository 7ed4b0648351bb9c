#include "wire/error_map.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace warifu::wire {
namespace {

/// Errors that any operation may answer though its model does not declare them, with their status by protocol.
struct CommonError {
  std::string_view name;
  int rest_json;
  int query;
  int json;
};
constexpr CommonError kCommonErrors[] = {
    {"AccessDenied", 403, 403, 400},
    {"AccessDeniedException", 403, 403, 400},
    {"ExpiredToken", 403, 403, 400},
    {"ExpiredTokenException", 403, 400, 400},
    {"IncompleteSignature", 403, 400, 400},
    {"InternalFailure", 500, 500, 500},
    {"InvalidAction", 400, 400, 400},
    {"InvalidClientTokenId", 403, 403, 400},
    {"InvalidParameterCombination", 400, 400, 400},
    {"InvalidParameterValue", 400, 400, 400},
    {"MalformedInput", 400, 400, 400},
    {"MalformedQueryString", 400, 400, 400},
    {"MissingAction", 400, 400, 400},
    {"MissingParameter", 400, 400, 400},
    {"NoSuchVersion", 400, 400, 400},
    {"NotAuthorized", 401, 401, 400},
    {"NotImplementedException", 501, 501, 501},
    {"OptInRequired", 403, 403, 400},
    {"RequestEntityTooLargeException", 413, 413, 413},
    {"RequestExpired", 400, 400, 400},
    {"RequestTimeoutException", 408, 408, 408},
    {"SerializationException", 400, 400, 400},
    {"ServiceUnavailable", 503, 503, 503},
    {"ServiceUnavailableException", 503, 503, 503},
    {"Throttling", 400, 400, 400},
    {"ThrottlingException", 400, 400, 400},
    {"UnknownOperationException", 404, 404, 400},
    {"UnrecognizedClientException", 403, 403, 400},
    {"ValidationError", 400, 400, 400},
};

/// S3's errors, which its model does not declare. Source: Amazon S3 API reference, "List of error codes".
constexpr WireError kXmlErrors[] = {{"AccessControlListNotSupported", 400},
                                    {"AccessDenied", 403},
                                    {"InvalidBucketAclWithObjectOwnership", 400},
                                    {"AuthorizationHeaderMalformed", 400},
                                    {"AuthorizationQueryParametersError", 400},
                                    {"BadDigest", 400},
                                    {"BadRequest", 400},
                                    {"BucketAlreadyExists", 409},
                                    {"BucketAlreadyOwnedByYou", 409},
                                    {"BucketNotEmpty", 409},
                                    {"ConditionalRequestConflict", 409},
                                    {"EntityTooLarge", 400},
                                    {"EntityTooSmall", 400},
                                    {"ExpiredToken", 400},
                                    {"IllegalLocationConstraintException", 400},
                                    {"IllegalVersioningConfigurationException", 400},
                                    {"IncompleteBody", 400},
                                    {"InternalError", 500},
                                    {"InvalidAccessKeyId", 403},
                                    {"InvalidArgument", 400},
                                    {"InvalidBucketName", 400},
                                    {"InvalidDigest", 400},
                                    {"InvalidEncryptionAlgorithmError", 400},
                                    {"InvalidLocationConstraint", 400},
                                    {"InvalidPart", 400},
                                    {"InvalidPartOrder", 400},
                                    {"InvalidRange", 416},
                                    {"InvalidRequest", 400},
                                    {"InvalidStorageClass", 400},
                                    {"InvalidTag", 400},
                                    {"InvalidToken", 400},
                                    {"InvalidURI", 400},
                                    {"KeyTooLongError", 400},
                                    {"MalformedPolicy", 400},
                                    {"MalformedTrailerError", 400},
                                    {"MalformedXML", 400},
                                    {"MetadataTooLarge", 400},
                                    {"MethodNotAllowed", 405},
                                    {"MissingContentLength", 411},
                                    {"MissingRequestBodyError", 400},
                                    {"NoSuchBucket", 404},
                                    {"NoSuchBucketPolicy", 404},
                                    {"NoSuchCORSConfiguration", 404},
                                    {"NoSuchKey", 404},
                                    {"NoSuchLifecycleConfiguration", 404},
                                    {"NoSuchPublicAccessBlockConfiguration", 404},
                                    {"NoSuchTagSet", 404},
                                    {"NoSuchUpload", 404},
                                    {"NoSuchVersion", 404},
                                    {"NoSuchWebsiteConfiguration", 404},
                                    {"NotImplemented", 501},
                                    {"NotModified", 304},
                                    {"ObjectLockConfigurationNotFoundError", 404},
                                    {"OperationAborted", 409},
                                    {"OwnershipControlsNotFoundError", 404},
                                    {"PermanentRedirect", 301},
                                    {"PreconditionFailed", 412},
                                    {"ReplicationConfigurationNotFoundError", 404},
                                    {"RequestTimeTooSkewed", 403},
                                    {"ServerSideEncryptionConfigurationNotFoundError", 404},
                                    {"ServiceUnavailable", 503},
                                    {"SignatureDoesNotMatch", 403},
                                    {"SlowDown", 503},
                                    {"TooManyBuckets", 400},
                                    {"XAmzContentSHA256Mismatch", 400}};

const WireError* xml_error(std::string_view name) {
  const auto* found = std::ranges::find(kXmlErrors, name, &WireError::name);
  return found == std::end(kXmlErrors) ? nullptr : found;
}

Protocol protocol_of(const Service* service) { return service == nullptr ? Protocol::kRestJson : service->protocol; }

int by_protocol(Protocol protocol, int rest_json, int query, int json) {
  switch (protocol) {
    case Protocol::kRestJson:
    case Protocol::kRestXml:
      return rest_json;
    case Protocol::kQuery:
      return query;
    case Protocol::kJson10:
    case Protocol::kJson11:
      break;
  }
  return json;
}

const ErrorShape* declared(const Operation* operation, std::string_view name) {
  if (operation == nullptr) return nullptr;
  const auto found = std::ranges::find(operation->errors, name, &ErrorShape::name);
  return found == operation->errors.end() ? nullptr : &*found;
}

WireError wire_error(const ErrorShape& shape) { return {shape.name, shape.status, shape.message}; }

const CommonError* common(std::string_view name) {
  const auto* found = std::ranges::find(kCommonErrors, name, &CommonError::name);
  return found == std::end(kCommonErrors) ? nullptr : found;
}

/// The first of `names` that the operation declares; `fallback` when it declares none.
WireError first_declared(const Operation* operation, std::initializer_list<std::string_view> names,
                         WireError fallback) {
  for (const std::string_view name : names) {
    if (const ErrorShape* error = declared(operation, name)) return wire_error(*error);
  }
  return fallback;
}

WireError xml_by_code(ErrorCode code) {
  switch (code) {
    case ErrorCode::kValidation:
      return {"InvalidArgument", 400};
    case ErrorCode::kUnauthenticated:
      return {"InvalidAccessKeyId", 403};
    case ErrorCode::kAccessDenied:
      return {"AccessDenied", 403};
    case ErrorCode::kNotFound:
      return {"NoSuchKey", 404};
    case ErrorCode::kConflict:
      return {"OperationAborted", 409};
    case ErrorCode::kThrottled:
      return {"SlowDown", 503};
    case ErrorCode::kQuotaExceeded:
      return {"TooManyBuckets", 400};
    case ErrorCode::kTooLarge:
      return {"EntityTooLarge", 400};
    case ErrorCode::kUnsupported:
      return {"NotImplemented", 501};
    case ErrorCode::kUnavailable:
      return {"ServiceUnavailable", 503};
    case ErrorCode::kInternal:
      return {"InternalError", 500};
  }
  return {"InternalError", 500};
}

WireError xml_auth_failure(AuthFailureKind kind) {
  switch (kind) {
    case AuthFailureKind::kMissingToken:
      return {"AccessDenied", 403};
    case AuthFailureKind::kMalformedQuery:
      return {"AuthorizationQueryParametersError", 400};
    case AuthFailureKind::kIncompleteSignature:
      return {"AuthorizationHeaderMalformed", 400};
    case AuthFailureKind::kInvalidKeyId:
      return {"InvalidAccessKeyId", 403};
    case AuthFailureKind::kInvalidToken:
      return {"InvalidToken", 400};
    case AuthFailureKind::kExpiredToken:
      return {"ExpiredToken", 400};
    case AuthFailureKind::kBothHeaderAndQuery:
      return {"InvalidArgument", 400};
    case AuthFailureKind::kSignatureMismatch:
      return {"SignatureDoesNotMatch", 403};
    case AuthFailureKind::kSkewed:
      return {"RequestTimeTooSkewed", 403};
  }
  return {"InternalError", 500};
}

WireError by_code(Protocol protocol, const Operation* operation, ErrorCode code) {
  const bool query = protocol == Protocol::kQuery;
  const auto pick = [&](WireError rest, WireError of_query) { return query ? of_query : rest; };
  switch (code) {
    case ErrorCode::kValidation:
      // Organizations has no ValidationException of its own.
      if (protocol == Protocol::kJson11 && declared(operation, "InvalidInputException") != nullptr) {
        return first_declared(operation, {"ValidationException", "InvalidInputException"}, {});
      }
      // Nor has CloudWatch Logs, but for a few operations that keep to the older name too.
      if (protocol == Protocol::kJson11) {
        return first_declared(operation, {"InvalidParameterException"}, {"ValidationException", 400});
      }
      return query ? WireError{"ValidationError", 400} : WireError{"ValidationException", 400};
    case ErrorCode::kUnauthenticated:
      return pick({"UnrecognizedClientException", by_protocol(protocol, 403, 403, 400)}, {"InvalidClientTokenId", 403});
    case ErrorCode::kAccessDenied:
      return pick({"AccessDeniedException", by_protocol(protocol, 403, 403, 400)}, {"AccessDenied", 403});
    case ErrorCode::kNotFound:
      return first_declared(operation, {"ResourceNotFoundException", "NoSuchEntity"},
                            pick({"ResourceNotFoundException", 404}, {"NoSuchEntity", 404}));
    case ErrorCode::kConflict:
      return first_declared(operation,
                            {"ConflictException", "RetryableConflictException", "EntityAlreadyExists",
                             "ConcurrentModification", "DeleteConflict"},
                            pick({"ConflictException", 409}, {"ConcurrentModification", 409}));
    case ErrorCode::kThrottled:
      return first_declared(operation, {"ThrottledException", "ThrottlingException"},
                            pick({"ThrottlingException", 429}, {"Throttling", 400}));
    case ErrorCode::kQuotaExceeded:
      return first_declared(operation, {"ServiceQuotaExceededException", "LimitExceeded"},
                            pick({"ServiceQuotaExceededException", 402}, {"LimitExceeded", 409}));
    case ErrorCode::kTooLarge:
      return first_declared(operation, {"RequestTooLargeException"}, {"RequestEntityTooLargeException", 413});
    case ErrorCode::kUnsupported:
      return {"NotImplementedException", 501};
    case ErrorCode::kUnavailable:
      return pick({"ServiceUnavailableException", 503}, {"ServiceUnavailable", 503});
    case ErrorCode::kInternal:
      return first_declared(operation, {"ServiceException", "InternalServerException", "ServiceFailure"},
                            pick({"InternalServerException", 500}, {"InternalFailure", 500}));
  }
  return {"InternalFailure", 500};
}

}  // namespace

WireError map_error(const Service* service, const Operation* operation, const Error& error) {
  const Protocol protocol = protocol_of(service);
  if (protocol == Protocol::kRestXml) {
    const WireError* named = xml_error(error.aws_name);
    return named != nullptr ? *named : xml_by_code(error.code);
  }
  if (!error.aws_name.empty()) {
    if (const ErrorShape* shape = declared(operation, error.aws_name)) return wire_error(*shape);
    if (const CommonError* shared = common(error.aws_name)) {
      return {shared->name, by_protocol(protocol, shared->rest_json, shared->query, shared->json)};
    }
  }
  return by_code(protocol, operation, error.code);
}

WireError map_auth_failure(const Service* service, AuthFailureKind kind) {
  const Protocol protocol = protocol_of(service);
  if (protocol == Protocol::kRestXml) return xml_auth_failure(kind);
  const bool query = protocol == Protocol::kQuery;
  const int json_status = protocol == Protocol::kRestJson ? 403 : 400;
  const auto pick = [&](std::string_view of_json, WireError of_query) {
    return query ? of_query : WireError{of_json, json_status};
  };
  switch (kind) {
    case AuthFailureKind::kMissingToken:
      return pick("MissingAuthenticationTokenException", {"MissingAuthenticationToken", 403});
    case AuthFailureKind::kMalformedQuery:
      return {"MalformedQueryString", 400};
    case AuthFailureKind::kIncompleteSignature:
      return pick("IncompleteSignatureException", {"IncompleteSignature", 400});
    case AuthFailureKind::kInvalidKeyId:
    case AuthFailureKind::kInvalidToken:
      return pick("UnrecognizedClientException", {"InvalidClientTokenId", 403});
    case AuthFailureKind::kExpiredToken:
      return pick("ExpiredTokenException", {"ExpiredToken", 403});
    case AuthFailureKind::kBothHeaderAndQuery:
    case AuthFailureKind::kSignatureMismatch:
    case AuthFailureKind::kSkewed:
      return pick("InvalidSignatureException", {"SignatureDoesNotMatch", 403});
  }
  return {"InternalFailure", 500};
}

}  // namespace warifu::wire
