#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "api/testing.h"
#include "audit/rows.h"
#include "gen/agentcore/events.h"
#include "gen/agentcore/memories.h"
#include "gen/iam/access_keys.h"
#include "gen/iam/users.h"

/// What calls leave in the trail. The handlers are the test's own: what they write is a mark in the store.
namespace warifu::api {
namespace {

using ::testing::HasSubstr;
using testing::Keys;
using ::testing::Not;
using testing::Sent;
using testing::TestServer;
namespace iam = model::iam;
namespace agentcore = model::agentcore;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const AccountId kCaller = *AccountId::parse("111111111111");
const AccountId kOwner = *AccountId::parse("222222222222");

Result<> mark(store::Txn& txn, std::string_view name) { return txn.put(store::Partition::account(kCaller), name, "x"); }

std::vector<audit::rows::Found> records(store::Db& db, const AccountId& account) {
  const audit::rows::Query query{.region = "us-east-1", .from = {}, .to = {2'000'000'000'000}};
  auto page = db.read([&](store::Reader& reader) { return audit::rows::find(reader, account, query); });
  EXPECT_TRUE(page);
  return page ? std::move(page->found) : std::vector<audit::rows::Found>{};
}

std::size_t recorded_before_the_answer = 0;

/// Two transactions; `fails` fails after the first, `refused` in it.
Task<Result<iam::CreateUserOutput>> create_user(Call& call, iam::CreateUserInput input) {
  const std::string name = input.user_name;
  const auto body = [name](store::Txn& txn) -> Result<> {
    TRY(mark(txn, "mark/" + name));
    if (name == "refused") return fail(conflict("there is one"));
    return {};
  };
  CO_TRY(co_await call.db().write(body));
  recorded_before_the_answer = records(call.environment().db, kCaller).size();
  if (name == "fails") co_return fail(conflict("too late"));
  const auto again = [name](store::Txn& txn) { return mark(txn, "again/" + name); };
  CO_TRY(co_await call.db().write(again));
  const std::string arn = "arn:aws:iam::111111111111:user/" + name;
  co_return iam::CreateUserOutput{
      .user = iam::User{.path = "/", .user_name = name, .user_id = "AIDA1", .arn = arn, .create_date = call.now()}};
}

Task<Result<iam::CreateAccessKeyOutput>> create_access_key(Call& call, iam::CreateAccessKeyInput) {
  co_return iam::CreateAccessKeyOutput{.access_key = {.user_name = "bob",
                                                      .access_key_id = "AKIAEXAMPLE",
                                                      .status = "Active",
                                                      .secret_access_key = std::string(kSecret),
                                                      .create_date = call.now()}};
}

Task<Result<agentcore::GetEventOutput>> get_event(Call&, agentcore::GetEventInput) {
  co_return agentcore::GetEventOutput{};
}

Task<Result<agentcore::CreateMemoryOutput>> create_memory(Call&, agentcore::CreateMemoryInput) {
  agentcore::CreateMemoryOutput output;
  output.memory.emplace();
  output.memory->arn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/m-0123456789";
  output.memory->description = "about their illness";
  co_return output;
}

class RecordingTest : public ::testing::Test {
 protected:
  static Sent iam_call(const std::string& form) {
    return {.service = "iam",
            .body = "Action=" + form + "&Version=2010-05-08",
            .headers = {{"Content-Type", "application/x-www-form-urlencoded"}, {"User-Agent", "tester/1"}}};
  }

  std::vector<json::Value> trail(const AccountId& account = kCaller) {
    EXPECT_TRUE(server.await(server.trail().settled()));
    std::vector<json::Value> out;
    for (const auto& found : records(server.db(), account)) out.push_back(*json::parse(found.json));
    return out;
  }
  json::Value only(const AccountId& account = kCaller) {
    auto all = trail(account);
    EXPECT_EQ(all.size(), 1U);
    return all.empty() ? json::Value::object() : all.front();
  }
  static std::string text(const json::Value& value, std::string_view name) {
    return value.find_string(name).value_or("(absent)");
  }
  bool marked(std::string_view name) {
    return server.db()
        .read([&](store::Reader& reader) { return reader.get(store::Partition::account(kCaller), name); })
        ->has_value();
  }

  TestServer server{[](Registry& registry) {
    registry.bind(iam::ops::kCreateUser, create_user);
    registry.bind(iam::ops::kCreateAccessKey, create_access_key);
    registry.bind(agentcore::ops::kGetEvent, get_event);
    registry.bind(agentcore::ops::kCreateMemory, create_memory);
  }};
  Keys keys = server.account(kCaller.str());
  Keys owners = server.account(kOwner.str());
};

TEST_F(RecordingTest, AChangesRecordCommitsWithItsFirstTransactionAndIsOne) {
  ASSERT_EQ(server.send(keys, iam_call("CreateUser&UserName=bob")).status, 200);
  EXPECT_EQ(recorded_before_the_answer, 1U) << "it is there with the change, before the second transaction";
  const json::Value record = only();
  EXPECT_EQ(text(record, "eventName"), "CreateUser");
  EXPECT_EQ(text(record, "eventSource"), "iam.amazonaws.com");
  EXPECT_EQ(text(record, "awsRegion"), "us-east-1");
  EXPECT_EQ(text(record, "sourceIPAddress"), "127.0.0.1");
  EXPECT_EQ(text(record, "userAgent"), "tester/1");
  EXPECT_EQ(text(record, "eventTime"), "2026-07-04T11:38:50Z");
  EXPECT_EQ(text(record, "recipientAccountId"), "111111111111");
  EXPECT_EQ(record.find("requestParameters")->dump(), R"({"userName":"bob"})");
  EXPECT_EQ(record.find("responseElements")->dump(),
            R"({"user":{"path":"/","userName":"bob","userId":"AIDA1","arn":"arn:aws:iam::111111111111:user/bob",)"
            R"("createDate":"Jul 4, 2026, 11:38:50 AM"}})");
  EXPECT_EQ(text(*record.find("userIdentity"), "type"), "IAMUser");
  EXPECT_EQ(text(*record.find("userIdentity"), "userName"), "admin");
  EXPECT_EQ(text(*record.find("userIdentity"), "accessKeyId"), keys.access_key_id);
  for (const char* absent : {"errorCode", "errorMessage", "sharedEventID"}) EXPECT_EQ(record.find(absent), nullptr);
}

TEST_F(RecordingTest, WhatWasNotCommittedIsRecordedAsRefusedAlone) {
  ASSERT_NE(server.send(keys, iam_call("CreateUser&UserName=refused")).status, 200);
  EXPECT_FALSE(marked("mark/refused"));
  const json::Value record = only();
  EXPECT_EQ(text(record, "errorMessage"), "there is one");
  EXPECT_EQ(record.find("responseElements")->dump(), "null");
}

TEST_F(RecordingTest, AFailureAfterACommitIsSaidInTheSameRecord) {
  ASSERT_NE(server.send(keys, iam_call("CreateUser&UserName=fails")).status, 200);
  EXPECT_TRUE(marked("mark/fails"));
  EXPECT_EQ(text(only(), "errorMessage"), "too late");
}

TEST_F(RecordingTest, SecretsAreLeftOutAndWhatIsSensitiveIsMasked) {
  ASSERT_EQ(server.send(keys, iam_call("CreateAccessKey&UserName=bob")).status, 200);
  ASSERT_EQ(server
                .send(keys, {.target = "/memories/create",
                             .body = R"({"name":"diary","description":"about their illness","eventExpiryDuration":7})",
                             .headers = {{"Content-Type", "application/json"}}})
                .status,
            202);
  const auto all = trail();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_THAT(all[1].dump(), HasSubstr("AKIAEXAMPLE"));
  EXPECT_THAT(all[0].dump(), HasSubstr(R"("description":"***")"));
  EXPECT_THAT(all[0].dump(), HasSubstr("diary"));
  for (const json::Value& record : all) {
    EXPECT_THAT(record.dump(), Not(HasSubstr("wJalr")));
    EXPECT_THAT(record.dump(), Not(HasSubstr("illness")));
  }
  EXPECT_EQ(records(server.db(), kCaller).front().attributes.resources.front().type, "AWS::BedrockAgentCore::Memory")
      << "what was made is found by its ARN";
}

TEST_F(RecordingTest, DataEventsLeaveNothing) {
  ASSERT_EQ(server.send(keys, {.method = "GET", .target = "/memories/diary-0123456789/actor/a/sessions/s/events/0%23a"})
                .status,
            200);
  EXPECT_TRUE(trail().empty());
}

TEST_F(RecordingTest, ADenialAcrossAccountsIsToldToBothEachItsHalf) {
  const Sent denied{
      .method = "GET",
      .target = "/tags/arn%3Aaws%3Abedrock-agentcore%3Aus-east-1%3A222222222222%3Amemory%2Fdiary-0123456789"};
  ASSERT_EQ(server.send(keys, denied).status, 403);
  const json::Value callers = only(), owned = only(kOwner);
  ASSERT_NE(owned.find("userIdentity"), nullptr);
  for (const json::Value* record : {&callers, &owned}) {
    EXPECT_EQ(text(*record, "eventName"), "ListTagsForResource");
    EXPECT_EQ(text(*record, "errorCode"), "AccessDeniedException");
    EXPECT_EQ(text(*record, "sharedEventID"), text(callers, "sharedEventID"));
    EXPECT_EQ(text(*record, "requestID"), text(callers, "requestID"));
    EXPECT_THAT(record->find("resources")->dump(), HasSubstr(R"("accountId":"222222222222")"));
  }
  EXPECT_NE(text(callers, "sharedEventID"), "(absent)");
  EXPECT_NE(text(callers, "eventID"), text(owned, "eventID"));
  EXPECT_EQ(text(owned, "recipientAccountId"), "222222222222");
  EXPECT_THAT(text(callers, "errorMessage"), HasSubstr("is not authorized to perform"));
  EXPECT_EQ(owned.find("errorMessage"), nullptr) << "the sentence names the caller";
  const json::Value& who = *owned.find("userIdentity");
  EXPECT_EQ(text(who, "type"), "AWSAccount");
  EXPECT_EQ(text(who, "accountId"), "111111111111");
  EXPECT_THAT(text(who, "principalId"), HasSubstr("AIDA"));
  EXPECT_EQ(who.find("arn"), nullptr);
  EXPECT_EQ(who.find("accessKeyId"), nullptr);
}

TEST_F(RecordingTest, WhoIsNotAuthenticatedLeavesNothing) {
  Keys forged = keys;
  forged.secret = "not this";
  EXPECT_EQ(server.send(forged, iam_call("CreateUser&UserName=bob")).status, 403);
  EXPECT_TRUE(trail().empty());
}

TEST_F(RecordingTest, ARequestThatIsNotUnderstoodIsRecordedWithoutItsParameters) {
  EXPECT_EQ(server.send(keys, iam_call("CreateUser")).status, 400);
  const json::Value record = only();
  EXPECT_EQ(text(record, "errorCode"), "ValidationError");
  EXPECT_EQ(record.find("requestParameters")->dump(), "null");
}

TEST_F(RecordingTest, ACallFromWithinNamesTheServiceThatMadeIt) {
  const access::Principal service{.kind = access::PrincipalKind::kService,
                                  .account = kCaller,
                                  .arn = "bedrock-agentcore.amazonaws.com",
                                  .service = "bedrock-agentcore.amazonaws.com"};
  const auto done = server.await(server.environment().client->invoke(
      iam::ops::kCreateUser, iam::CreateUserInput{.user_name = "bob"}, {.principal = service}, "us-east-1"));
  EXPECT_FALSE(done) << "nothing lets it in";
  const json::Value record = only();
  EXPECT_EQ(record.find("userIdentity")->dump(),
            R"({"type":"AWSService","invokedBy":"bedrock-agentcore.amazonaws.com"})");
  EXPECT_EQ(text(record, "sourceIPAddress"), "bedrock-agentcore.amazonaws.com");
  EXPECT_EQ(text(record, "userAgent"), "bedrock-agentcore.amazonaws.com");
  EXPECT_EQ(text(record, "errorCode"), "AccessDenied");
}

}  // namespace
}  // namespace warifu::api
