#include "services/memory/handler_testing.h"

namespace warifu::services::memory::testing {
namespace {

using ::testing::HasSubstr;

class TagSpelling : public HandlerTest {};

TEST_F(TagSpelling, OfOneKeyIsOne) {
  const std::string path = "/tags/" + percent_encode(arn_of(create("Demo", R"(,"tags":{"team":"red"})")));
  for (const std::string_view body : {R"({"tags":{"TEAM":"blue"}})", R"({"tags":{"a":"1","A":"2"}})"}) {
    const Answer answer = call("POST", path, std::string(body));
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_THAT(answer.message(), HasSubstr("differ by case alone"));
  }
  EXPECT_EQ(call("POST", path, R"({"tags":{"team":"green"}})").status, 204);
  EXPECT_EQ(call("GET", path).at("tags").dump(), R"({"team":"green"})");
  const Answer created = call("POST", "/memories/create",
                              R"({"name":"Other","eventExpiryDuration":30,"tags":{"team":"red","Team":"blue"}})");
  EXPECT_EQ(created.status, 400);
}

}  // namespace
}  // namespace warifu::services::memory::testing
