#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "openapi/openapi.h"

namespace warifu::openapi {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

constexpr std::string_view kModel = R"({
  "smithy": "2.0",
  "shapes": {
    "x#Notes": {"type": "service", "version": "1", "operations": [{"target": "x#PutNote"}],
      "resources": [{"target": "x#Book"}],
      "traits": {"aws.protocols#restJson1": {}, "aws.api#service": {"endpointPrefix": "notes", "sdkId": "Notes"}}},
    "x#Book": {"type": "resource", "read": {"target": "x#GetPage"}, "operations": [{"target": "x#Watch"}]},
    "x#PutNote": {"type": "operation", "input": {"target": "x#PutNoteInput"}, "traits": {
      "smithy.api#documentation": "<p>Writes a <b>note</b>.</p>",
      "smithy.api#http": {"method": "POST", "uri": "/books/{book}/notes?kind=plain"}}},
    "x#PutNoteInput": {"type": "structure", "members": {
      "book": {"target": "smithy.api#String", "traits": {"smithy.api#httpLabel": {}, "smithy.api#required": {}}},
      "token": {"target": "smithy.api#String", "traits": {"smithy.api#httpHeader": "x-amz-token"}},
      "dryRun": {"target": "smithy.api#Boolean", "traits": {"smithy.api#httpQuery": "dry-run"}},
      "text": {"target": "x#Text", "traits": {"smithy.api#required": {}, "smithy.api#jsonName": "noteText",
        "smithy.api#documentation": "<i>What</i> it says"}},
      "at": {"target": "smithy.api#Timestamp"},
      "colour": {"target": "x#Colour"},
      "marks": {"target": "x#Marks"}}},
    "x#Text": {"type": "string"},
    "x#Colour": {"type": "enum", "members": {
      "RED": {"target": "smithy.api#Unit", "traits": {"smithy.api#enumValue": "red"}},
      "BLUE": {"target": "smithy.api#Unit"}}},
    "x#Marks": {"type": "map", "key": {"target": "smithy.api#String"}, "value": {"target": "x#Mark"}},
    "x#Mark": {"type": "structure", "members": {"size": {"target": "smithy.api#Integer"},
      "inner": {"target": "x#Marks"}}},
    "x#GetPage": {"type": "operation", "input": {"target": "x#GetPageInput"}, "traits": {
      "smithy.api#http": {"method": "GET", "uri": "/pages/{path+}"}}},
    "x#GetPageInput": {"type": "structure", "members": {
      "path": {"target": "smithy.api#String", "traits": {"smithy.api#httpLabel": {}}}}},
    "x#Watch": {"type": "operation", "output": {"target": "x#WatchOutput"}, "traits": {
      "smithy.api#http": {"method": "GET", "uri": "/watch"}}},
    "x#WatchOutput": {"type": "structure", "members": {"events": {"target": "x#Events"}}},
    "x#Events": {"type": "union", "members": {}, "traits": {"smithy.api#streaming": {}}}
  }
})";

TEST(Smithy, OperationsOfAServiceAndItsResourcesBecomeTools) {
  const auto tools = read(kModel, {.region = "eu-west-1"});
  ASSERT_TRUE(tools) << tools.error().message;
  ASSERT_THAT(*tools, SizeIs(2)) << "what streams is no tool";
  const Tool& put = (*tools)[0];
  EXPECT_EQ(put.name, "PutNote");
  EXPECT_EQ(put.description, "Writes a note .");
  EXPECT_EQ(put.server, "https://notes.eu-west-1.amazonaws.com");
  EXPECT_EQ(
      put.input_schema.dump(),
      R"({"type":"object","properties":{"book":{"type":"string"},"token":{"type":"string"},)"
      R"("dryRun":{"type":"boolean"},"text":{"type":"string","description":"What it says"},)"
      R"("at":{"type":"number","description":"seconds since 1970-01-01T00:00:00Z"},)"
      R"("colour":{"type":"string","enum":["red","BLUE"]},)"
      R"("marks":{"type":"object","additionalProperties":{"type":"object","properties":{"size":{"type":"integer"},)"
      R"("inner":{"type":"object"}}}}},"required":["book","text"]})");
}

TEST(Smithy, ArgumentsReachTheWireAsRestJsonSays) {
  const auto tools = read(kModel);
  ASSERT_TRUE(tools);
  const auto arguments = json::parse(R"({"book":"a b","text":"hi","dryRun":true,"token":"t","at":1.5})");
  const auto request = request_for((*tools)[0], *arguments);
  ASSERT_TRUE(request) << request.error().message;
  EXPECT_EQ(request->url, "https://notes.us-east-1.amazonaws.com/books/a%20b/notes?kind=plain&dry-run=true");
  EXPECT_EQ(request->body, R"({"noteText":"hi","at":1.5})");
  const auto page = request_for((*tools)[1], *json::parse(R"({"path":"x/y z"})"));
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->url, "https://notes.us-east-1.amazonaws.com/pages/x/y%20z");
}

TEST(Smithy, WhatIsNoSuchModelIsRefused) {
  for (const auto& [document, why] : std::vector<std::pair<std::string_view, std::string_view>>{
           {R"({"smithy":"2.0"})", "no `shapes`"},
           {R"({"smithy":"2.0","shapes":{}})", "restJson1"},
           {R"({"smithy":"2.0","shapes":{"x#S":{"type":"service","traits":{"aws.protocols#restXml":{}}}}})",
            "restJson1"},
           {R"({"smithy":"2.0","shapes":{"x#S":{"type":"service","traits":{"aws.protocols#restJson1":{}}}}})",
            "endpointPrefix"},
           {R"({"smithy":"2.0","shapes":{"x#S":{"type":"service","operations":[{"target":"x#Gone"}],"traits":
              {"aws.protocols#restJson1":{},"aws.auth#sigv4":{"name":"s"}}}}})",
            "Gone: the operation is not in the model"},
           {R"({"smithy":"2.0","shapes":{"x#S":{"type":"service","operations":[{"target":"x#O"}],"traits":
              {"aws.protocols#restJson1":{},"aws.auth#sigv4":{"name":"s"}}},
              "x#O":{"type":"operation","traits":{"smithy.api#http":{"method":"GET","uri":"/{a}"}}}}})",
            "no member"}}) {
    const auto tools = read(document);
    ASSERT_FALSE(tools) << document;
    EXPECT_THAT(tools.error().message, HasSubstr(why)) << document;
  }
  EXPECT_FALSE(read(kModel, {.region = "evil.example/#"}));
}

}  // namespace
}  // namespace warifu::openapi
