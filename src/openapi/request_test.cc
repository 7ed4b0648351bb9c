#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "openapi/openapi.h"

namespace warifu::openapi {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Pair;

Tool tool() {
  return {.name = "t",
          .description = "",
          .input_schema = {},
          .method = "POST",
          .server = "https://a.example/v1",
          .path = "/pets/{id}/{part}",
          .bindings = {{.argument = "id", .name = "id", .place = Place::kPath, .required = true},
                       {.argument = "part", .name = "part", .place = Place::kPath, .required = true},
                       {.argument = "tags", .name = "tags", .place = Place::kQuery, .explode = true},
                       {.argument = "sort", .name = "sort by", .place = Place::kQuery},
                       {.argument = "filter", .name = "filter", .place = Place::kQuery, .json = true},
                       {.argument = "trace", .name = "X-Trace", .place = Place::kHeader},
                       {.argument = "name", .name = "Name", .place = Place::kBodyMember},
                       {.argument = "age", .name = "age", .place = Place::kBodyMember}},
          .body = BodyForm::kJson,
          .content_type = "application/json"};
}

Result<Request> make(std::string_view arguments, const Tool& of = tool()) {
  const auto parsed = json::parse(arguments);
  EXPECT_TRUE(parsed) << arguments;
  return request_for(of, *parsed);
}
Request made(std::string_view arguments, const Tool& of = tool()) {
  auto request = make(arguments, of);
  EXPECT_TRUE(request) << (request ? "" : request.error().message);
  return request.value_or(Request{});
}

TEST(OpenApiRequest, ArgumentsGoToTheirPlaces) {
  const Request request = made(R"({"id":"a/b c","part":7,"tags":["x","y&z"],"sort":["n","m"],"filter":{"a":[1]},)"
                               R"("trace":["one","two"],"name":"Rex","age":3,"other":"dropped"})");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url,
            "https://a.example/v1/pets/a%2Fb%20c/7?tags=x&tags=y%26z&sort%20by=n,m&filter=%7B%22a%22%3A%5B1%5D%7D");
  EXPECT_THAT(request.headers, Contains(Pair("X-Trace", "one, two")));
  EXPECT_THAT(request.headers, Contains(Pair("Content-Type", "application/json")));
  EXPECT_EQ(request.body, R"({"Name":"Rex","age":3})");
}

TEST(OpenApiRequest, WhatIsAbsentOrNullIsLeftOut) {
  const Request request = made(R"({"id":"1","part":true,"tags":[],"sort":null})");
  EXPECT_EQ(request.url, "https://a.example/v1/pets/1/true");
  EXPECT_EQ(request.body, "{}");
  EXPECT_EQ(make("{}").error().message, "argument `id`: it is required");
  EXPECT_FALSE(make(R"({"id":null,"part":"a"})"));
  EXPECT_FALSE(make("[]"));
}

TEST(OpenApiRequest, NoArgumentLeavesItsPlace) {
  for (const std::string_view bad :
       {R"({"id":"..","part":"a"})", R"({"id":".","part":"a"})", R"({"id":"","part":"a"})",
        R"({"id":{"a":1},"part":"a"})", R"({"id":[[1]],"part":"a"})", R"({"id":"1","part":"a","trace":"x\r\nHost: y"})",
        R"({"id":"1","part":"a","trace":"é"})", R"({"id":"1","part":"a","sort":{"a":1}})"}) {
    EXPECT_FALSE(make(bad)) << bad;
  }
  EXPECT_EQ(made(R"({"id":"?a=b#c","part":"../../x"})").url, "https://a.example/v1/pets/%3Fa%3Db%23c/..%2F..%2Fx");
  Tool joined = tool();
  joined.path = "/a/{id}{part}";
  EXPECT_FALSE(make(R"({"id":".","part":"."})", joined)) << "two values of one segment";
  joined.path = "/a/{id}";
  joined.bindings[0].greedy = true;
  joined.bindings[1].required = false;
  EXPECT_EQ(made(R"({"id":"b/c d"})", joined).url, "https://a.example/v1/a/b/c%20d");
  EXPECT_FALSE(make(R"({"id":"b/../../c"})", joined));
  EXPECT_FALSE(make("{\"id\":\"" + std::string(kUrlBytesMax, 'a') + "\"}", joined));
}

TEST(OpenApiRequest, FormsAreWrittenAsBrowsersDo) {
  Tool form = tool();
  form.path = "/a";
  form.bindings = {{.argument = "name", .name = "name", .place = Place::kBodyMember},
                   {.argument = "tags", .name = "tags", .place = Place::kBodyMember}};
  form.body = BodyForm::kForm;
  form.content_type = "application/x-www-form-urlencoded";
  const Request urlencoded = made(R"({"name":"a b&c","tags":["x",1]})", form);
  EXPECT_EQ(urlencoded.body, "name=a%20b%26c&tags=x&tags=1");
  EXPECT_THAT(urlencoded.headers, Contains(Pair("Content-Type", "application/x-www-form-urlencoded")));
  form.body = BodyForm::kMultipart;
  const Request parts = made(R"({"name":"--form-part-00000000\r\n","tags":{"a":1}})", form);
  EXPECT_THAT(parts.headers, Contains(Pair("Content-Type", "multipart/form-data; boundary=form-part-00000001")));
  EXPECT_EQ(parts.body,
            "--form-part-00000001\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n--form-part-00000000\r\n\r\n"
            "--form-part-00000001\r\nContent-Disposition: form-data; name=\"tags\"\r\n\r\n{\"a\":1}\r\n"
            "--form-part-00000001--\r\n");
}

TEST(OpenApiRequest, AWholeBodyIsSentAsItIs) {
  Tool whole = tool();
  whole.path = "/a";
  whole.bindings = {{.argument = "body", .name = "body", .place = Place::kBody, .required = true}};
  EXPECT_EQ(made(R"({"body":[1,"x",{"a":null}]})", whole).body, R"([1,"x",{"a":null}])");
  EXPECT_THAT(make("{}", whole).error().message, HasSubstr("required"));
}

}  // namespace
}  // namespace warifu::openapi
