#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

using testing::form_request;
using testing::make_request;
using testing::router;
using testing::service_of;

std::string routed(std::string_view service, const http::Request& request) {
  const Result<Routed> result = router().route(service_of(service), request);
  if (!result) return std::string(result.error().aws_name);
  std::string text(result->operation->name);
  for (const auto& [name, value] : result->labels) text.append(" ").append(name).append("=").append(value);
  return text;
}

TEST(Route, RestPathsAreSplitBeforeTheyAreDecoded) {
  const struct {
    const char* method;
    const char* target;
    const char* expected;
  } kCases[] = {
      {"POST", "/memories/M-0123456789/events", "CreateEvent memoryId=M-0123456789"},
      {"POST", "/memories/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A111111111111%3Amemory%2FM-0123456789/events",
       "CreateEvent memoryId=arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/M-0123456789"},
      {"GET", "/memories/M/actor/team%2Fuser%3A1/sessions/s/events/1%233f",
       "GetEvent memoryId=M actorId=team/user:1 sessionId=s eventId=1#3f"},
      {"DELETE", "/memories/M/actor/a/sessions/s/events/1%233f",
       "DeleteEvent memoryId=M actorId=a sessionId=s eventId=1#3f"},
      {"POST", "/memories/M/actor/a/sessions", "ListSessions memoryId=M actorId=a"},
      {"POST", "/memories/M/actor/a+b/sessions/s", "ListEvents memoryId=M actorId=a+b sessionId=s"},
      {"POST", "/memories/create", "CreateMemory"},
      {"POST", "/memories/", "ListMemories"},
      {"POST", "/memories", "UnknownOperationException"},
      {"POST", "/memories/create/", "UnknownOperationException"},
      {"GET", "/memories/create/details", "GetMemory memoryId=create"},
      {"GET", "/memories/M/details?view=full", "GetMemory memoryId=M"},
      {"GET", "/memories//details", "UnknownOperationException"},
      {"GET", "/memories/M/memoryRecord/r", "GetMemoryRecord memoryId=M memoryRecordId=r"},
      {"DELETE", "/memories/M/memoryRecords/r", "DeleteMemoryRecord memoryId=M memoryRecordId=r"},
      {"POST", "/memories/M/memoryRecords/batchCreate", "BatchCreateMemoryRecords memoryId=M"},
      {"PATCH", "/memories/M/details", "UnknownOperationException"},
      {"get", "/memories/M/details", "UnknownOperationException"},
      {"GET", "/", "UnknownOperationException"},
      {"GET", "", "UnknownOperationException"},
      {"GET", "/memories/M%2Fdetails", "UnknownOperationException"},
      {"PUT", "/resourcepolicy/arn%3Aaws%3Ax", "PutResourcePolicy resourceArn=arn:aws:x"},
  };
  for (const auto& test : kCases) {
    EXPECT_EQ(routed("bedrock-agentcore", make_request(test.method, test.target)), test.expected)
        << test.method << " " << test.target;
  }
}

TEST(Route, AFieldOfTheQueryTellsApartWhatSharesAPath) {
  const struct {
    const char* target;
    const char* expected;
  } kCases[] = {
      {"/2018-10-31/layers", "ListLayers"},
      {"/2018-10-31/layers?MaxItems=3", "ListLayers"},
      {"/2018-10-31/layers?find=LayerVersion&Arn=a", "GetLayerVersionByArn"},
      {"/2018-10-31/layers?Arn=a&find=LayerVersion", "GetLayerVersionByArn"},
      {"/2018-10-31/layers?find=LayerVersionX", "ListLayers"},
  };
  for (const auto& [target, expected] : kCases) {
    http::Request request;
    request.method = "GET";
    request.target = target;
    EXPECT_EQ(routed("lambda", request), expected) << target;
  }
}

TEST(Route, ABrokenEscapeOrTextThatIsNotUtf8IsAValidationError) {
  for (const char* target : {"/memories/%zz/details", "/memories/%/details", "/memories/%ff/details"}) {
    const Result<Routed> result = router().route(service_of("bedrock-agentcore"), make_request("GET", target));
    ASSERT_FALSE(result.has_value()) << target;
    EXPECT_EQ(result.error().code, ErrorCode::kValidation);
  }
}

TEST(Route, QueryOperationsAreNamedByActionAndVersion) {
  EXPECT_EQ(routed("sts", form_request("Action=GetCallerIdentity&Version=2011-06-15")), "GetCallerIdentity");
  EXPECT_EQ(routed("sts", form_request("Version=2011-06-15&Action=GetCallerIdentity")), "GetCallerIdentity");
  EXPECT_EQ(routed("sts", form_request("Action=GetCallerIdentity")), "GetCallerIdentity");
  EXPECT_EQ(routed("sts", make_request("GET", "/?Action=GetCallerIdentity&Version=2011-06-15")), "GetCallerIdentity");
  EXPECT_EQ(routed("sts", form_request("Action=CreateUser&Version=2011-06-15")), "InvalidAction");
  EXPECT_EQ(routed("sts", form_request("Action=GetCallerIdentity&Version=2010-05-08")), "InvalidAction");
  EXPECT_EQ(routed("sts", form_request("XAction=GetCallerIdentity")), "MissingAction");
  EXPECT_EQ(routed("sts", form_request("")), "MissingAction");
  EXPECT_EQ(routed("iam", form_request("Action=CreateUser")), "CreateUser");
}

TEST(Route, AnUnknownActionIsNamedWithItsVersion) {
  const Result<Routed> result = router().route(service_of("iam"), form_request("Action=Nope&Version=2010-05-08"));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().message, "Could not find operation Nope for version 2010-05-08");
}

TEST(Route, OnlyTheClosedListMayComeUnsigned) {
  EXPECT_EQ(router().unsigned_operation(form_request("Action=AssumeRoleWithWebIdentity&Version=2011-06-15"))->name,
            "AssumeRoleWithWebIdentity");
  EXPECT_EQ(router().unsigned_operation(form_request("Action=AssumeRoleWithSAML"))->name, "AssumeRoleWithSAML");
  EXPECT_EQ(router().unsigned_operation(form_request("Action=AssumeRole")), nullptr);
  EXPECT_EQ(router().unsigned_operation(make_request("POST", "/memories/create", "Action=AssumeRoleWithSAML")),
            nullptr);
  EXPECT_EQ(router().unsigned_operation(make_request("GET", "/")), nullptr);
  std::size_t count = 0;
  for (const Service* service : model::services()) {
    for (const Operation* operation : service->operations) count += operation->unsigned_allowed ? 1 : 0;
  }
  EXPECT_EQ(count, 2U);
}

TEST(Route, WhoSpeaksAQueryProtocolIsKnownWithoutCredentials) {
  EXPECT_EQ(router().spoken_service(form_request("Action=GetCallerIdentity&Version=2011-06-15"))->name, "sts");
  EXPECT_EQ(router().spoken_service(form_request("Action=NoSuchAction&Version=2010-05-08"))->name, "iam");
  EXPECT_EQ(router().spoken_service(form_request("Action=GetUser&Version=1999-01-01")), nullptr);
  EXPECT_EQ(router().spoken_service(form_request("Version=2010-05-08")), nullptr);
  EXPECT_EQ(router().spoken_service(make_request("POST", "/memories/", "{}")), nullptr);
}

TEST(Route, ServicesAreFoundByTheirSigningNameAlone) {
  EXPECT_EQ(router().service("bedrock-agentcore")->name, "agentcore");
  EXPECT_EQ(router().service("agentcore"), nullptr);
  EXPECT_EQ(router().service(""), nullptr);
}

TEST(Route, Json1xOperationsAreNamedByTheirTarget) {
  static const Shape kEmpty{.name = "Empty", .kind = Kind::kStructure};
  static const Operation kDecrypt{.name = "Decrypt", .method = "POST", .uri = "/", .input = &kEmpty, .output = &kEmpty};
  static const Operation* const kOperations[] = {&kDecrypt};
  static const Service kService{.name = "kms",
                                .signing_name = "kms",
                                .event_source = "",
                                .protocol = Protocol::kJson11,
                                .target_prefix = "TrentService",
                                .operations = kOperations};
  static const Service* const kServices[] = {&kService};
  const Router json_router(kServices);
  const auto target = [&](const char* value) {
    http::Request request = make_request("POST", "/");
    request.headers.add("x-amz-target", value);
    const Result<Routed> result = json_router.route(kService, request);
    return result ? std::string(result->operation->name) : std::string(result.error().aws_name);
  };
  EXPECT_EQ(target("TrentService.Decrypt"), "Decrypt");
  EXPECT_EQ(target("TrentService.Nope"), "UnknownOperationException");
  EXPECT_EQ(target("Other.Decrypt"), "UnknownOperationException");
  http::Request unsigned_request = make_request("POST", "/");
  unsigned_request.headers.add("x-amz-target", "TrentService.Decrypt");
  EXPECT_EQ(json_router.spoken_service(unsigned_request), &kService);
  http::Request of_nobody = make_request("POST", "/");
  of_nobody.headers.add("x-amz-target", "TrentServiceX.Decrypt");
  EXPECT_EQ(json_router.spoken_service(of_nobody), nullptr);
  EXPECT_EQ(target("TrentServiceXDecrypt"), "UnknownOperationException");
  EXPECT_EQ(target(""), "UnknownOperationException");
}

}  // namespace
}  // namespace warifu::wire
