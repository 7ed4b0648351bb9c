#include "wire/member.h"

#include "gen/agentcore/events.h"
#include "gen/agentcore/memories.h"
#include "gen/agentcore/memory_records.h"
#include "gen/agentcore/tags.h"
#include "gen/iam/login_profiles.h"
#include "gen/iam/oidc_providers.h"
#include "gen/iam/users.h"
#include "gen/sts/roles.h"
#include "wire/wire_testing.h"

namespace warifu::wire {
namespace {

namespace ac = model::agentcore;
namespace iam = model::iam;
namespace sts = model::sts;

constexpr ResourceScope kScope{.region = "us-east-1", .account = "111111111111"};
const std::string kArn = "arn:aws:bedrock-agentcore:us-east-1:222222222222:memory/Shared-NCd6eP6wJq";

template <class In, class Out>
std::string arn_of(const TypedOperation<In, Out>& typed, const In& input, std::size_t permission = 0) {
  return resource_arn(*typed.operation, typed.operation->permissions[permission], &input, kScope).value_or("absent");
}

template <class In, class Out>
std::vector<std::string> context_of(const TypedOperation<In, Out>& typed, const In& input, std::size_t permission = 0) {
  std::vector<std::string> values;
  each_context_value(*typed.operation, &typed.operation->permissions[permission], &input, [&](const ContextValue& v) {
    values.push_back(std::string(v.separate ? "each " : "")
                         .append(v.key)
                         .append(v.absent ? " absent" : "")
                         .append(v.suffix)
                         .append(v.multivalued ? "[]=" : "=")
                         .append(v.value));
  });
  return values;
}

TEST(Member, TextIsReadByPath) {
  const ac::RetrieveMemoryRecordsInput input{.memory_id = kArn, .search_criteria = {.search_query = "q"}};
  const Operation& operation = *ac::ops::kRetrieveMemoryRecords.operation;
  EXPECT_EQ(text_at(operation, &input, "memoryId"), kArn);
  EXPECT_EQ(text_at(operation, &input, "searchCriteria.searchQuery"), "q");
  EXPECT_EQ(text_at(operation, &input, "searchCriteria.memoryStrategyId"), std::nullopt);
  EXPECT_EQ(text_at(operation, &input, "namespace"), std::nullopt);
  EXPECT_TRUE(has_member(operation, &input, "searchCriteria"));
  EXPECT_FALSE(has_member(operation, &input, "namespace"));
}

TEST(Member, AMemoryIsNamedByItsIdOrItsArn) {
  EXPECT_EQ(arn_of(ac::ops::kGetEvent, {.memory_id = "Shared-NCd6eP6wJq"}),
            "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Shared-NCd6eP6wJq");
  EXPECT_EQ(arn_of(ac::ops::kGetEvent, {.memory_id = kArn}), kArn);
  EXPECT_EQ(arn_of(ac::ops::kTagResource, {.resource_arn = kArn}), kArn);
  EXPECT_EQ(arn_of(ac::ops::kListMemories, {}), "*");
}

TEST(Member, IamResourcesTakeTheirPathFromTheRequestOrALookup) {
  EXPECT_EQ(arn_of(iam::ops::kCreateUser, {.user_name = "alice"}), "arn:aws:iam::111111111111:user/alice");
  EXPECT_EQ(arn_of(iam::ops::kCreateUser, {.path = "/team/", .user_name = "alice"}),
            "arn:aws:iam::111111111111:user/team/alice");
  EXPECT_EQ(arn_of(iam::ops::kGetUser, {.user_name = "alice"}), "arn:aws:iam::111111111111:user/alice");
  EXPECT_EQ(iam::ops::kGetUser.operation->permissions[0].lookup, Lookup::kUser);
  EXPECT_EQ(arn_of(iam::ops::kGetUser, {}), "absent");
  EXPECT_TRUE(iam::ops::kGetUser.operation->permissions[0].caller_when_absent);
  EXPECT_EQ(arn_of(iam::ops::kChangePassword, {}), "absent");
  EXPECT_EQ(arn_of(iam::ops::kListUsers, {}), "arn:aws:iam::111111111111:user/");
  EXPECT_EQ(arn_of(iam::ops::kCreateOpenIDConnectProvider, {.url = "https://id.example.com/x"}),
            "arn:aws:iam::111111111111:oidc-provider/id.example.com/x");
}

TEST(Member, AssumeRootTakesAnAccountOrAnArn) {
  EXPECT_EQ(arn_of(sts::ops::kAssumeRoot, {.target_principal = "222222222222"}), "arn:aws:iam::222222222222:root");
}

TEST(Member, ConditionalPermissionsApplyWhenTheirMemberIsThere) {
  const Operation& operation = *ac::ops::kCreateMemory.operation;
  const ac::CreateMemoryInput without{.name = "M"};
  const ac::CreateMemoryInput with{.name = "M", .memory_execution_role_arn = "arn:aws:iam::111111111111:role/R"};
  ASSERT_EQ(operation.permissions.size(), 2U);
  const Permission& pass_role = operation.permissions[1];
  EXPECT_EQ(pass_role.action, "iam:PassRole");
  EXPECT_TRUE(applies(operation, operation.permissions[0], &without));
  EXPECT_FALSE(applies(operation, pass_role, &without));
  EXPECT_TRUE(applies(operation, pass_role, &with));
  EXPECT_EQ(arn_of(ac::ops::kCreateMemory, with, 1), "arn:aws:iam::111111111111:role/R");
  EXPECT_THAT(context_of(ac::ops::kCreateMemory, with, 1),
              ::testing::Contains("iam:PassedToService=bedrock-agentcore.amazonaws.com"));
  EXPECT_THAT(context_of(ac::ops::kCreateMemory, with, 0),
              ::testing::Not(::testing::Contains("iam:PassedToService=bedrock-agentcore.amazonaws.com")));
}

TEST(Member, ConditionKeysComeFromTheInput) {
  EXPECT_THAT(context_of(ac::ops::kCreateEvent, {.memory_id = kArn, .actor_id = "a", .session_id = "s"}),
              ::testing::ElementsAre("bedrock-agentcore:actorId=a", "bedrock-agentcore:sessionId=s"));
  EXPECT_THAT(context_of(ac::ops::kCreateEvent, {.memory_id = kArn, .actor_id = "a"}),
              ::testing::ElementsAre("bedrock-agentcore:actorId=a"));
  EXPECT_THAT(context_of(ac::ops::kListMemoryRecords, {.memory_id = kArn, .namespace_path = "/a/"}),
              ::testing::ElementsAre("bedrock-agentcore:namespacePath=/a/"));
  EXPECT_THAT(context_of(ac::ops::kBatchCreateMemoryRecords,
                         {.memory_id = kArn, .records = {{.namespaces = {"/a/"}}, {.namespaces = {"/b/"}}}}),
              ::testing::ElementsAre("each bedrock-agentcore:namespace=/a/", "each bedrock-agentcore:namespace=/b/"));
  EXPECT_THAT(
      context_of(ac::ops::kBatchUpdateMemoryRecords,
                 {.memory_id = kArn,
                  .records = {{.namespaces = {{"/a/"}}, .source_namespaces = {{"/b/"}}}, {.memory_record_id = "m"}}}),
      ::testing::ElementsAre("each bedrock-agentcore:namespace=/a/", "each bedrock-agentcore:namespace=/b/",
                             "each bedrock-agentcore:namespace absent="));
}

TEST(Member, TagsSupplyTheirKeysAndValues) {
  EXPECT_THAT(
      context_of(ac::ops::kTagResource, {.resource_arn = kArn, .tags = {{"team", "blue"}, {"x", ""}}}),
      ::testing::ElementsAre("aws:RequestTag/team=blue", "aws:RequestTag/x=", "aws:TagKeys[]=team", "aws:TagKeys[]=x"));
  EXPECT_THAT(context_of(ac::ops::kUntagResource, {.resource_arn = kArn, .tag_keys = {"team", "x"}}),
              ::testing::ElementsAre("aws:TagKeys[]=team", "aws:TagKeys[]=x"));
  EXPECT_THAT(context_of(iam::ops::kTagUser, {.user_name = "a", .tags = {{.key = "team", .value = "blue"}}}),
              ::testing::ElementsAre("aws:RequestTag/team=blue", "aws:TagKeys[]=team"));
}

TEST(Member, EveryTableOfEveryOperationCanBeWalked) {
  std::size_t permissions = 0;
  for (const Service* service : model::services()) {
    for (const Operation* operation : service->operations) {
      SCOPED_TRACE(operation->name);
      EXPECT_EQ(operation->service, service);
      EXPECT_FALSE(operation->permissions.empty());
      EXPECT_GT(operation->body_bytes_max, 0U);
      const Erased input = make_input(*operation);
      for (const Permission& permission : operation->permissions) {
        // A path that the input does not have would end the process here.
        (void)resource_arn(*operation, permission, input.get(), kScope);
        (void)applies(*operation, permission, input.get());
        each_context_value(*operation, &permission, input.get(), [](const ContextValue&) {});
        ++permissions;
      }
    }
  }
  EXPECT_GE(permissions, 150U);
}

}  // namespace
}  // namespace warifu::wire
