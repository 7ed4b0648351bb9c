#include "wire/encode.h"

#include "gen/agentcore/events.h"
#include "gen/agentcore/tags.h"
#include "gen/sts/information.h"
#include "wire/error_map.h"
#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

using testing::operation_of;
using testing::service_of;

std::string header(const http::Response& response, std::string_view name) {
  return std::string(response.headers.get(name).value_or("absent"));
}

TEST(Encode, RestErrorsNameTheirTypeInAHeader) {
  const Operation& operation = operation_of("bedrock-agentcore", "GetEvent");
  const http::Response response =
      encode_error(operation.service, &operation, not_found("Memory not found: `x\"`"), "id-1");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header(response, "x-amzn-ErrorType"), "ResourceNotFoundException");
  EXPECT_EQ(header(response, "x-amzn-RequestId"), "id-1");
  EXPECT_EQ(header(response, "Content-Type"), "application/json");
  EXPECT_EQ(response.body, R"({"message":"Memory not found: `x\"`"})");
}

TEST(Encode, ValidationExceptionCarriesItsReasonAndFields) {
  const Operation& operation = operation_of("bedrock-agentcore", "GetEvent");
  Error error = validation_error("bad");
  EXPECT_EQ(encode_error(operation.service, &operation, error, "r").body,
            R"({"message":"bad","reason":"FieldValidationFailed"})");
  error.reason = "CannotParse";
  error.fields = {{.name = "a", .message = "b"}, {.name = "c", .message = "d"}};
  EXPECT_EQ(encode_error(operation.service, &operation, error, "r").body,
            R"({"message":"bad","reason":"CannotParse","fieldList":)"
            R"([{"name":"a","message":"b"},{"name":"c","message":"d"}]})");
}

TEST(Encode, QueryErrorsSayWhoseFaultItIs) {
  const Service& iam = service_of("iam");
  Error error{
      .code = ErrorCode::kNotFound, .message = "The user with name <b> cannot be found.", .aws_name = "NoSuchEntity"};
  const http::Response response = encode_error(&iam, &operation_of("iam", "GetUser"), error, "r");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(header(response, "Content-Type"), "text/xml");
  EXPECT_EQ(response.body,
            "<ErrorResponse "
            "xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\"><Error><Type>Sender</Type><Code>NoSuchEntity</Code>"
            "<Message>The user with name &lt;b&gt; cannot be "
            "found.</Message></Error><RequestId>r</RequestId></ErrorResponse>");
  EXPECT_THAT(encode_error(&iam, nullptr, internal_error("x"), "r").body,
              ::testing::HasSubstr("<Type>Receiver</Type>"));
}

TEST(Encode, Json1xErrorsNameTheirTypeInTheBody) {
  const Service kms{.name = "kms", .signing_name = "kms", .event_source = "", .protocol = Protocol::kJson11};
  const http::Response response = encode_error(&kms, nullptr, {.code = ErrorCode::kAccessDenied, .message = "no"}, "r");
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(header(response, "Content-Type"), "application/x-amz-json-1.1");
  EXPECT_EQ(response.body, R"({"__type":"AccessDeniedException","message":"no"})");
}

TEST(Encode, Json1xErrorsSpellTheirReasonAsTheirModelsDo) {
  const Service& service = service_of("organizations");
  const Operation& operation = operation_of("organizations", "DetachPolicy");
  const Error last{.code = ErrorCode::kConflict,
                   .message = "last",
                   .aws_name = "ConstraintViolationException",
                   .reason = "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"};
  EXPECT_EQ(encode_error(&service, &operation, last, "r").body,
            R"({"__type":"ConstraintViolationException","message":"last",)"
            R"("Reason":"MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"})");
  EXPECT_EQ(map_error(&service, &operation, validation_error("bad")).name, "InvalidInputException");
}

TEST(Encode, EmptyResponsesHaveNoBodyAndEmptyOutputsAnEmptyObject) {
  const http::Response tagged = encode(operation_of("bedrock-agentcore", "TagResource"),
                                       std::make_unique<model::agentcore::TagResourceOutput>().get(), "r");
  EXPECT_EQ(tagged.status, 204);
  EXPECT_EQ(tagged.body, "");
  EXPECT_EQ(header(tagged, "Content-Type"), "absent");
}

TEST(Encode, ControlCharactersNeverBreakXml) {
  model::sts::GetCallerIdentityOutput output{.arn = "a\x01\r\n]]>"};
  EXPECT_THAT(encode(*model::sts::ops::kGetCallerIdentity.operation, &output, "r").body,
              ::testing::HasSubstr("<Arn>a\xef\xbf\xbd&#xD;\n]]&gt;</Arn>"));
}

TEST(Encode, AuthenticationFailuresSpeakEachProtocol) {
  const Service kms{.name = "kms", .signing_name = "kms", .event_source = "", .protocol = Protocol::kJson11};
  const struct {
    AuthFailureKind kind;
    const char* query;
    int query_status;
    const char* json;
    int rest_status;
    int json_status;
  } kCases[] = {
      {AuthFailureKind::kMissingToken, "MissingAuthenticationToken", 403, "MissingAuthenticationTokenException", 403,
       400},
      {AuthFailureKind::kIncompleteSignature, "IncompleteSignature", 400, "IncompleteSignatureException", 403, 400},
      {AuthFailureKind::kInvalidKeyId, "InvalidClientTokenId", 403, "UnrecognizedClientException", 403, 400},
      {AuthFailureKind::kInvalidToken, "InvalidClientTokenId", 403, "UnrecognizedClientException", 403, 400},
      {AuthFailureKind::kExpiredToken, "ExpiredToken", 403, "ExpiredTokenException", 403, 400},
      {AuthFailureKind::kSignatureMismatch, "SignatureDoesNotMatch", 403, "InvalidSignatureException", 403, 400},
      {AuthFailureKind::kSkewed, "SignatureDoesNotMatch", 403, "InvalidSignatureException", 403, 400},
      {AuthFailureKind::kBothHeaderAndQuery, "SignatureDoesNotMatch", 403, "InvalidSignatureException", 403, 400},
      {AuthFailureKind::kMalformedQuery, "MalformedQueryString", 400, "MalformedQueryString", 400, 400},
  };
  for (const auto& test : kCases) {
    const AuthFailure failure{.kind = test.kind, .message = "m"};
    const http::Response query = encode_auth_failure(&service_of("sts"), failure, "r");
    EXPECT_EQ(query.status, test.query_status) << test.query;
    EXPECT_THAT(query.body, ::testing::HasSubstr(std::string("<Code>") + test.query + "</Code><Message>m</Message>"));
    for (const Service* service : {static_cast<const Service*>(nullptr), &service_of("bedrock-agentcore")}) {
      const http::Response rest = encode_auth_failure(service, failure, "r");
      EXPECT_EQ(rest.status, test.rest_status) << test.json;
      EXPECT_EQ(header(rest, "x-amzn-ErrorType"), test.json);
      EXPECT_EQ(rest.body, R"({"message":"m"})");
    }
    const http::Response json = encode_auth_failure(&kms, failure, "r");
    EXPECT_EQ(json.status, test.json_status) << test.json;
    EXPECT_EQ(json.body, std::string(R"({"__type":")") + test.json + R"(","message":"m"})");
  }
}

struct Mapping {
  ErrorCode code;
  std::string_view aws_name;
  std::string_view expected;
  int status;
};

void expect_mapped(std::string_view service, std::string_view operation, std::span<const Mapping> mappings) {
  for (const Mapping& test : mappings) {
    const WireError mapped =
        map_error(&service_of(service), operation.empty() ? nullptr : &operation_of(service, operation),
                  {.code = test.code, .message = {}, .aws_name = test.aws_name});
    EXPECT_EQ(mapped.name, test.expected) << operation;
    EXPECT_EQ(mapped.status, test.status) << operation << " " << test.expected;
  }
}

TEST(ErrorMap, TheCodeBecomesWhatTheOperationDeclares) {
  const Mapping kEvent[] = {
      {ErrorCode::kValidation, "", "ValidationException", 400},
      {ErrorCode::kUnauthenticated, "", "UnrecognizedClientException", 403},
      {ErrorCode::kAccessDenied, "", "AccessDeniedException", 403},
      {ErrorCode::kNotFound, "", "ResourceNotFoundException", 404},
      {ErrorCode::kConflict, "", "RetryableConflictException", 409},
      {ErrorCode::kThrottled, "", "ThrottledException", 429},
      {ErrorCode::kQuotaExceeded, "", "ServiceQuotaExceededException", 402},
      {ErrorCode::kTooLarge, "", "RequestEntityTooLargeException", 413},
      {ErrorCode::kUnsupported, "", "NotImplementedException", 501},
      {ErrorCode::kUnavailable, "", "ServiceUnavailableException", 503},
      {ErrorCode::kInternal, "", "ServiceException", 500},
      {ErrorCode::kValidation, "InvalidInputException", "InvalidInputException", 400},
      // Not declared, not common: the code decides.
      {ErrorCode::kNotFound, "NoSuchEntity", "ResourceNotFoundException", 404},
  };
  expect_mapped("bedrock-agentcore", "CreateEvent", kEvent);
  const Mapping kTag[] = {{ErrorCode::kThrottled, "", "ThrottlingException", 429},
                          {ErrorCode::kInternal, "", "InternalServerException", 500}};
  expect_mapped("bedrock-agentcore", "TagResource", kTag);
  const Mapping kMemory[] = {{ErrorCode::kConflict, "", "ConflictException", 409}};
  expect_mapped("bedrock-agentcore", "CreateMemory", kMemory);
  const Mapping kUser[] = {
      {ErrorCode::kValidation, "", "ValidationError", 400},
      {ErrorCode::kAccessDenied, "", "AccessDenied", 403},
      {ErrorCode::kNotFound, "", "NoSuchEntity", 404},
      {ErrorCode::kConflict, "", "EntityAlreadyExists", 409},
      {ErrorCode::kQuotaExceeded, "", "LimitExceeded", 409},
      {ErrorCode::kInternal, "", "ServiceFailure", 500},
      {ErrorCode::kThrottled, "", "Throttling", 400},
      {ErrorCode::kUnavailable, "", "ServiceUnavailable", 503},
      {ErrorCode::kUnauthenticated, "", "InvalidClientTokenId", 403},
  };
  expect_mapped("iam", "CreateUser", kUser);
  const Mapping kAssume[] = {{ErrorCode::kValidation, "MalformedPolicyDocument", "MalformedPolicyDocument", 400},
                             {ErrorCode::kValidation, "InvalidParameterValue", "InvalidParameterValue", 400}};
  expect_mapped("sts", "AssumeRole", kAssume);
  const Mapping kUnrouted[] = {{ErrorCode::kNotFound, "UnknownOperationException", "UnknownOperationException", 404}};
  expect_mapped("bedrock-agentcore", "", kUnrouted);
}

}  // namespace
}  // namespace warifu::wire
