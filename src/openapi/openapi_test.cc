#include "openapi/openapi.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::openapi {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kPets = R"({
  "openapi": "3.0.3",
  "servers": [{"url": "https://{host}/v1/", "variables": {"host": {"default": "pets.example.com"}}}],
  "paths": {
    "/pets/{petId}": {
      "parameters": [{"name": "petId", "in": "path", "required": true, "schema": {"type": "string"}}],
      "get": {"operationId": "getPet", "summary": "One pet",
        "parameters": [{"$ref": "#/components/parameters/Fields"},
          {"name": "X-Trace", "in": "header", "description": "For logs", "schema": {"type": "string"}}]},
      "put": {"operationId": "putPet", "description": "Writes it", "requestBody": {"required": true,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}}}
    },
    "/pets": {"get": {"operationId": "listPets", "parameters": [
      {"name": "limit", "in": "query", "required": true, "schema": {"type": "integer", "minimum": 0,
        "exclusiveMinimum": true}}]}}
  },
  "components": {
    "parameters": {"Fields": {"name": "fields", "in": "query",
      "schema": {"type": "array", "items": {"type": "string", "enum": ["name", "tag"]}}}},
    "schemas": {"Pet": {"type": "object", "required": ["name", "id"], "properties": {
      "id": {"type": "integer", "readOnly": true}, "name": {"type": "string"},
      "tag": {"type": "string", "nullable": true, "x-note": 1, "example": "dog"},
      "mother": {"$ref": "#/components/schemas/Pet"}}}}
  }
})";

std::vector<Tool> tools_of(std::string_view document, const Options& options = {}) {
  auto tools = read(document, options);
  EXPECT_TRUE(tools) << (tools ? "" : tools.error().message);
  return tools ? *std::move(tools) : std::vector<Tool>();
}

std::string error_of(std::string_view document, const Options& options = {}) {
  const auto tools = read(document, options);
  EXPECT_FALSE(tools) << document.substr(0, 200);
  return tools ? "" : tools.error().message;
}

/// A document of one operation, `more` beside its id.
std::string one_operation(std::string_view more, std::string_view path = "/a", std::string_view version = "3.1.0",
                          std::string_view root = "") {
  return fmt::format(R"({{"openapi":"{}","servers":[{{"url":"https://a.example"}}],)"
                     R"("paths":{{"{}":{{"post":{{"operationId":"op"{}}}}}}}{}}})",
                     version, path, more, root);
}
std::string body_of(std::string_view schema) {
  return fmt::format(R"(,"requestBody":{{"content":{{"application/json":{{"schema":{}}}}}}})", schema);
}

TEST(OpenApi, OperationsBecomeTools) {
  const std::vector<Tool> tools = tools_of(kPets);
  ASSERT_THAT(tools, SizeIs(3));
  EXPECT_EQ(tools[0].name, "getPet");
  EXPECT_EQ(tools[0].description, "One pet");
  EXPECT_EQ(tools[0].method, "GET");
  EXPECT_EQ(tools[0].server, "https://pets.example.com/v1");
  EXPECT_EQ(tools[0].path, "/pets/{petId}");
  EXPECT_EQ(
      tools[0].input_schema.dump(),
      R"({"type":"object","properties":{"fields":{"type":"array","items":{"type":"string","enum":["name","tag"]}},)"
      R"("X-Trace":{"type":"string","description":"For logs"},"petId":{"type":"string"}},"required":["petId"]})");
  EXPECT_EQ(tools[2].name, "listPets");
  EXPECT_EQ(tools[2].input_schema.find("properties")->find("limit")->dump(),
            R"({"type":"integer","exclusiveMinimum":0})");
}

TEST(OpenApi, ABodysMembersStandBesideTheParameters) {
  const Tool put = tools_of(kPets)[1];
  EXPECT_EQ(put.body, BodyForm::kJson);
  EXPECT_EQ(put.input_schema.dump(),
            R"({"type":"object","properties":{"petId":{"type":"string"},"name":{"type":"string"},)"
            R"("tag":{"type":["string","null"]},"mother":{"type":"object"}},"required":["petId","name"]})")
      << "what is read only is not asked for, and a pet inside a pet is any object";
}

TEST(OpenApi, ABodyThatIsNoPlainObjectIsOneArgument) {
  const Tool list = tools_of(one_operation(body_of(R"({"type":"array","items":{"type":"string"}})")))[0];
  EXPECT_EQ(list.input_schema.find("properties")->dump(), R"({"body":{"type":"array","items":{"type":"string"}}})");
  const Tool same = tools_of(one_operation(R"(,"parameters":[{"name":"id","in":"query"}])" +
                                           body_of(R"({"type":"object","properties":{"id":{}}})")))[0];
  EXPECT_EQ(same.input_schema.find("properties")->members()[1].first, "body") << "`id` is a parameter";
  const Tool taken = tools_of(one_operation(R"(,"parameters":[{"name":"body","in":"query"}])" + body_of("{}")))[0];
  EXPECT_EQ(taken.input_schema.find("properties")->members()[1].first, "requestBody");
}

TEST(OpenApi, YamlIsReadAsJson) {
  const std::vector<Tool> tools = tools_of(R"(openapi: 3.1.0
servers:
  - url: https://a.example
paths:
  /a/{id}:
    get:
      operationId: "yes"
      description: >-
        Reads
        one.
      parameters:
        - {name: id, in: path, required: true, schema: &text {type: string, maxLength: 10}}
        - name: again
          in: query
          schema: *text
      responses:
        200: {description: ok}
)");
  ASSERT_THAT(tools, SizeIs(1));
  EXPECT_EQ(tools[0].name, "yes");
  EXPECT_EQ(tools[0].description, "Reads one.");
  EXPECT_EQ(tools[0].input_schema.find("properties")->find("again")->dump(), R"({"type":"string","maxLength":10})");
}

TEST(OpenApi, FiltersChooseAndOverridesName) {
  const Options options{.filters = {{.path = "/pets/*", .methods = {"GET"}}, {.path = "/pets", .methods = {}}},
                        .overrides = {{.name = "find", .path = "/pets", .method = "GET", .description = "Finds pets"}}};
  const std::vector<Tool> tools = tools_of(kPets, options);
  ASSERT_THAT(tools, SizeIs(2));
  EXPECT_EQ(tools[0].name, "getPet");
  EXPECT_EQ(tools[1].name, "find");
  EXPECT_EQ(tools[1].description, "Finds pets");
  EXPECT_THAT(error_of(kPets, {.filters = {{.path = "/none", .methods = {}}}}), HasSubstr("no operation"));
}

TEST(OpenApi, TheNearestServerCounts) {
  const Tool tool = tools_of(one_operation(R"(,"servers":[{"url":"http://b.example:8080/x"}])"))[0];
  EXPECT_EQ(tool.server, "http://b.example:8080/x");
}

TEST(OpenApi, WhatTheServiceRefusesIsRefused) {
  for (const auto& [document, why] : std::vector<std::pair<std::string, std::string_view>>{
           {R"({"swagger":"2.0","paths":{}})", "Swagger 2"},
           {R"({"openapi":"2.0","paths":{}})", "openapi: 3.0"},
           {R"({"openapi":"3.1.0"})", "no `paths`"},
           {R"({"openapi":"3.1.0","paths":{"/a":{"get":{}}}})", "GET /a: the operation has no operationId"},
           {R"({"openapi":"3.1.0","paths":{"/a":{"get":{"operationId":"a"}}}})", "names no server"},
           {one_operation(R"(,"servers":[{"url":"/relative"}])"), "no absolute"},
           {one_operation(R"(,"servers":[{"url":"ftp://a.example"}])"), "no absolute"},
           {one_operation(R"(,"servers":[{"url":"https://user@a.example"}])"), "no absolute"},
           {one_operation(R"(,"servers":[{"url":"https://a.example/\r\nX: y"}])"), "no absolute"},
           {one_operation("", "/a?b=c"), "no"},
           {one_operation("", "/a b"), "none that a URL can have"},
           {one_operation("", "/a/{id}"), "`{id}` is no parameter"},
           {one_operation("", "/a/{id"), "do not pair"},
           {one_operation("", "/a/{{id}}"), "do not pair"},
           {one_operation(R"(,"parameters":[{"name":"id","in":"path"}])"), "not in the path"},
           {one_operation(R"(,"parameters":[{"name":"s","in":"cookie","required":true}])"), "cookies"},
           {one_operation(R"(,"parameters":[{"name":"a: b","in":"header"}])"), "no header"},
           {one_operation(R"(,"parameters":[{"name":"q","in":"query","style":"deepObject"}])"), "deepObject"},
           {one_operation(R"(,"parameters":[{"name":"q","in":"body"}])"), "`in` is"},
           {one_operation(R"(,"parameters":[{"$ref":"#/nowhere"}])"), "leads nowhere"},
           {one_operation(R"(,"parameters":[{"$ref":"http://b.example/p.json"}])"), "leads nowhere"},
           {one_operation(body_of(R"({"oneOf":[{}]})")), "oneOf"},
           {one_operation(body_of(R"({"type":"object","properties":{"a":{"allOf":[]}}})")), "allOf"},
           {one_operation(body_of(R"({"type":"string","format":"binary"})")), "binary"},
           {one_operation(R"(,"requestBody":{"content":{"application/xml":{}}})"), "application/xml"},
           {one_operation(R"(,"requestBody":{"content":{"multipart/form-data":{"schema":{"type":"string"}}}})"),
            "form"},
           {"paths: [", "neither JSON nor YAML"},
           {"{", "not JSON"},
           {" ", "empty"},
           {"[1]", "no object"}}) {
    EXPECT_THAT(error_of(document), HasSubstr(why)) << document;
  }
  EXPECT_THAT(error_of(R"({"openapi":"3.1.0","servers":[{"url":"https://a.example"}],"paths":{
    "/a":{"get":{"operationId":"x"}},"/b":{"get":{"operationId":"x"}}}})"),
              HasSubstr("`x` stands twice"));
}

TEST(OpenApi, ReferencesInCirclesEnd) {
  const std::string root = R"(,"components":{"schemas":{"A":{"$ref":"#/components/schemas/B"},)"
                           R"("B":{"$ref":"#/components/schemas/A"},)"
                           R"("Tree":{"type":"object","properties":{"left":{"$ref":"#/components/schemas/Tree"},)"
                           R"("all":{"type":"array","items":{"$ref":"#/components/schemas/Tree"}}}}}})";
  EXPECT_THAT(error_of(one_operation(body_of(R"({"$ref":"#/components/schemas/A"})"), "/a", "3.1.0", root)),
              HasSubstr("circle"));
  const Tool tree = tools_of(one_operation(body_of(R"({"$ref":"#/components/schemas/Tree"})"), "/a", "3.1.0", root))[0];
  EXPECT_EQ(tree.input_schema.find("properties")->dump(),
            R"({"left":{"type":"object"},"all":{"type":"array","items":{"type":"object"}}})");
}

TEST(OpenApi, WhatGrowsByReferencesIsBounded) {
  // Each doubles the one before: 2^20 values from a few hundred bytes.
  std::string schemas = R"("S0":{"type":"string"})";
  for (int i = 1; i <= 20; ++i) {
    schemas += fmt::format(R"(,"S{0}":{{"type":"object","properties":{{"a":{{"$ref":"#/components/schemas/S{1}"}},)"
                           R"("b":{{"$ref":"#/components/schemas/S{1}"}}}}}})",
                           i, i - 1);
  }
  EXPECT_THAT(error_of(one_operation(body_of(R"({"$ref":"#/components/schemas/S20"})"), "/a", "3.1.0",
                                     R"(,"components":{"schemas":{)" + schemas + "}}")),
              HasSubstr("too large"));
  std::string deep = R"({"type":"string"})";
  for (std::size_t i = 0; i < kSchemaDepthMax + 1; ++i) deep = R"({"items":)" + deep + "}";
  EXPECT_THAT(error_of(one_operation(body_of(deep))), HasSubstr("too deep"));
  std::string aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    aliases +=
        fmt::format("a{0}: &a{0} [*a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}, *a{1}]\n", i, i - 1);
  }
  EXPECT_THAT(error_of(aliases), HasSubstr("too many values"));
  EXPECT_THAT(error_of(std::string(100'000, '[')), HasSubstr("too deep"));
  EXPECT_THAT(error_of("a: " + std::string(100'000, '-')), HasSubstr(""));
  std::string compact;
  for (int i = 0; i < 50'000; ++i) compact += "- ";
  EXPECT_THAT(error_of(compact), HasSubstr("too deep"));
  EXPECT_THAT(error_of(kPets, {.bytes_max = 100}), HasSubstr("larger than 100 bytes"));
}

TEST(OpenApi, AnExportOfApiGatewayIsADocument) {
  // As GetExport (oas30, extensions) has it, but for its length.
  constexpr std::string_view kExport = R"({
    "openapi": "3.0.1", "info": {"title": "pets", "version": "2026-09-01T00:00:00Z"},
    "servers": [{"url": "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/{basePath}",
                 "variables": {"basePath": {"default": "prod"}}}],
    "paths": {
      "/pets/{petId}": {
        "get": {"operationId": "GetPet", "parameters": [
            {"name": "petId", "in": "path", "required": true, "schema": {"type": "string"}}],
          "responses": {"200": {"description": "200 response"}}, "security": [{"api_key": []}],
          "x-amazon-apigateway-integration": {"type": "http", "httpMethod": "GET", "uri": "http://pets.example/{petId}",
            "responses": {"default": {"statusCode": "200"}}, "passthroughBehavior": "when_no_match"}},
        "options": {"responses": {"200": {"description": "CORS"}},
          "x-amazon-apigateway-integration": {"type": "mock"}}},
      "/pets": {"post": {"requestBody": {"content": {"application/json": {"schema":
          {"$ref": "#/components/schemas/Pet"}}}, "required": true},
        "responses": {"200": {"description": "200 response"}},
        "x-amazon-apigateway-request-validator": "all"}}},
    "components": {"schemas": {"Pet": {"type": "object", "properties": {"name": {"type": "string"}}}},
      "securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
    "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": true}}})";
  const Options options{.filters = {{.path = "/pets/*", .methods = {"GET"}}, {.path = "/pets", .methods = {"POST"}}},
                        .overrides = {{.name = "AddPet", .path = "/pets", .method = "POST"}}};
  const auto tools = read(kExport, options);
  ASSERT_TRUE(tools) << tools.error().message;
  ASSERT_EQ(tools->size(), 2U) << "what no filter names is no tool";
  for (const Tool& tool : *tools) {
    EXPECT_EQ(tool.server, "https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com/prod");
    EXPECT_TRUE(tool.name == "GetPet" || tool.name == "AddPet") << tool.name;
  }
}

}  // namespace
}  // namespace warifu::openapi
