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

Protocol protocol_of(const Service* service) { return service == nullptr ? Protocol::kRestJson : service->protocol; }

int by_protocol(Protocol protocol, int rest_json, int query, int json) {
  switch (protocol) {
    case Protocol::kRestJson:
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
