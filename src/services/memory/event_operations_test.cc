#include "services/memory/handler_testing.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class EventCalls : public HandlerTest {
 protected:
  Answer list(std::string_view body = "{}", std::string_view session = "s1", std::string_view actor = "alice") {
    return call("POST", fmt::format("/memories/{}/actor/{}/sessions/{}", id, actor, session), std::string(body));
  }
  /// The blobs of a listing, in its order.
  std::vector<std::string> blobs(std::string_view body = "{}") {
    const Answer listed = list(body);
    EXPECT_EQ(listed.status, 200) << listed.body.dump();
    std::vector<std::string> found;
    for (std::size_t i = 0; i < listed.size("events"); ++i) {
      found.push_back(listed.text(fmt::format("events.{}.payload.0.blob", i)));
    }
    return found;
  }
  static std::string blob(std::string_view text, std::string_view more = "") {
    return fmt::format(R"(,"payload":[{{"blob":"{}"}}]{})", text, more);
  }
  std::string event_path(const std::string& event_id) {
    return fmt::format("/memories/{}/actor/alice/sessions/s1/events/{}", id, percent_encode(event_id));
  }

  std::string id = create();
};

TEST_F(EventCalls, GiveTheEventBackExactly) {
  const std::string payload =
      R"([{"conversational":{"content":{"text":"I \"love\" 抹茶\n"},"role":"USER"}},{"blob":{"a":[1.50,null,"x"],)"
      R"("b":1e2}},)"
      R"({"blob":"[\"text\"]"},{"blob":null},{"json":{"content":{"k":true}}}])";
  const Answer made =
      create_event(id, R"(,"payload":)" + payload + R"(,"metadata":{"stateType":{"stringValue":"SESSION"}})");
  ASSERT_EQ(made.status, 201) << made.body.dump();
  const std::string event_id = made.text("event.eventId");
  EXPECT_THAT(event_id, MatchesRegex("0000001783165130534#[0-9a-f]{8}"));
  const Answer got = call("GET", event_path(event_id));
  ASSERT_EQ(got.status, 200) << got.body.dump();
  for (const Answer& answer : {made, got}) {
    EXPECT_EQ(answer.at("event.payload").dump(), json::parse(payload)->dump());
    EXPECT_EQ(answer.text("event.memoryId"), id);
    EXPECT_EQ(answer.text("event.actorId"), "alice");
    EXPECT_EQ(answer.text("event.sessionId"), "s1");
    EXPECT_EQ(answer.text("event.eventTimestamp"), "1783165130.534");
    EXPECT_EQ(answer.at("event.branch").dump(), R"({"name":"main"})");
    EXPECT_EQ(answer.at("event.metadata").dump(), R"({"stateType":{"stringValue":"SESSION"}})");
  }
}

TEST_F(EventCalls, EchoTheArnWhenTheMemoryIsNamedByIt) {
  const Answer made = create_event(percent_encode(arn_of(id)), blob("x"));
  ASSERT_EQ(made.status, 201) << made.body.dump();
  EXPECT_EQ(made.text("event.memoryId"), arn_of(id));
  EXPECT_THAT(blobs(), ElementsAre("x"));
}

TEST_F(EventCalls, MakeASessionForAnEventWithoutOne) {
  const std::string body = R"({"actorId":"alice","eventTimestamp":1783165130,"payload":[])";
  const Answer free = call("POST", "/memories/" + id + "/events", body + "}");
  EXPECT_THAT(free.text("event.sessionId"),
              MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
  EXPECT_NE(call("POST", "/memories/" + id + "/events", body + "}").text("event.sessionId"),
            free.text("event.sessionId"));

  const std::string with_token = body + R"(,"clientToken":"3e9a7c1e-7a3b-4d27-9c51-1b2f0e6d5a44"})";
  const Answer first = call("POST", "/memories/" + id + "/events", with_token);
  const Answer replay = call("POST", "/memories/" + id + "/events", with_token);
  EXPECT_EQ(replay.at("event").dump(), first.at("event").dump());
}

TEST_F(EventCalls, SayWhatIsMissing) {
  const Answer no_memory = create_event("Nothing-0123456789", blob("x"));
  EXPECT_EQ(no_memory.status, 404);
  EXPECT_EQ(error_type, "ResourceNotFoundException");
  EXPECT_EQ(no_memory.message(), "Memory not found: Nothing-0123456789");
  const Answer bad_id = create_event("nonsense", blob("x"));
  EXPECT_EQ(bad_id.status, 400);
  EXPECT_EQ(bad_id.message(), "Invalid memoryId: not a valid memory ID or ARN");
  const Answer no_event = call("GET", event_path("0000001783165130534#00000000"));
  EXPECT_EQ(no_event.status, 404);
  EXPECT_EQ(no_event.message(), "Unable to find event with id 0000001783165130534#00000000");
  EXPECT_EQ(call("GET", event_path("1#ABC")).status, 404);
  const Answer other_region =
      create_event(percent_encode("arn:aws:bedrock-agentcore:eu-west-1:111111111111:memory/" + id), blob("x"));
  EXPECT_EQ(other_region.status, 400) << "an ARN of another region is never served";
}

TEST_F(EventCalls, BoundTheEventsTimeAndSize) {
  EXPECT_EQ(create_event(id, blob("x"), -1).status, 400);
  EXPECT_EQ(create_event(id, blob("x"), 253402300800.0).status, 400);
  EXPECT_EQ(create_event(id, blob("x"), 253402300799.999).status, 201);
  EXPECT_EQ(create_event(id, blob("x"), 0).status, 201);

  const std::string wrapped = R"([{"blob":""}])";
  const std::string fits(kEventBytesMax - wrapped.size(), 'x');
  EXPECT_EQ(create_event(id, blob(fits)).status, 201);
  const Answer large = create_event(id, blob(fits + "x"));
  EXPECT_EQ(large.status, 400);
  EXPECT_EQ(large.message(), "payload of 10485761 bytes exceeds the limit of 10485760 bytes per event");

  const auto json_item = [](std::size_t size) {
    return fmt::format(R"(,"payload":[{{"json":{{"content":"{}"}}}}])", std::string(size - 2, 'x'));
  };
  EXPECT_EQ(create_event(id, json_item(kMessageBytesMax)).status, 201);
  EXPECT_THAT(create_event(id, json_item(kMessageBytesMax + 1)).message(), HasSubstr("payload.1.member"));
}

TEST_F(EventCalls, AreReplayedByClientToken) {
  const std::string token = R"(,"clientToken":"3e9a7c1e-7a3b-4d27-9c51-1b2f0e6d5a44")";
  const Answer first = create_event(id, blob("x", token));
  const Answer replay = create_event(id, blob("x", token));
  EXPECT_EQ(replay.status, 201);
  EXPECT_EQ(replay.text("event.eventId"), first.text("event.eventId"));
  const Answer other = create_event(id, blob("y", token));
  EXPECT_EQ(other.status, 400);
  EXPECT_EQ(other.text("reason"), "IdempotentParameterMismatchException");
  EXPECT_THAT(blobs(), ElementsAre("x"));

  const std::string chosen = R"(,"clientToken":"run-1-0-5")";
  const Answer fifth = create_event(id, blob("z", chosen), 5);
  const Answer again = create_event(id, blob("z", chosen), 6);
  EXPECT_EQ(again.text("event.eventId"), fifth.text("event.eventId"));
  EXPECT_EQ(again.text("event.eventTimestamp"), fifth.text("event.eventTimestamp"));
  EXPECT_EQ(create_event(id, blob("w", chosen), 5).text("reason"), "IdempotentParameterMismatchException");
}

TEST_F(EventCalls, ListNewestFirstInPagesThatSurviveDeletion) {
  for (int i = 0; i < 7; ++i) create_event(id, blob(std::to_string(i)), 1000 + i);
  std::vector<std::string> seen;
  std::string token;
  do {
    const Answer page =
        list(token.empty() ? R"({"maxResults":3})" : fmt::format(R"({{"maxResults":3,"nextToken":"{}"}})", token));
    ASSERT_EQ(page.status, 200) << page.body.dump();
    ASSERT_GT(page.size("events"), 0U);
    for (std::size_t i = 0; i < page.size("events"); ++i) {
      seen.push_back(page.text(fmt::format("events.{}.payload.0.blob", i)));
      const Answer deleted = call("DELETE", event_path(page.text(fmt::format("events.{}.eventId", i))));
      EXPECT_EQ(deleted.status, 200);
      EXPECT_EQ(deleted.text("eventId"), page.text(fmt::format("events.{}.eventId", i)));
    }
    token = page.at("nextToken").is_string() ? page.text("nextToken") : "";
  } while (!token.empty());
  EXPECT_THAT(seen, ElementsAre("6", "5", "4", "3", "2", "1", "0"));
  EXPECT_EQ(list().size("events"), 0U);
}

TEST_F(EventCalls, RefuseTokensThatAreNotOfThisListing) {
  for (int i = 0; i < 3; ++i) create_event(id, blob("x"), 1000 + i);
  const std::string token = list(R"({"maxResults":1})").text("nextToken");
  const std::string body = fmt::format(R"({{"nextToken":"{}"}})", token);
  EXPECT_EQ(list(body).status, 200);
  EXPECT_EQ(list(body, "s2").status, 400) << "another session";
  EXPECT_EQ(list(body, "s1", "bob").status, 400) << "another actor";
  EXPECT_EQ(call("POST", "/memories/" + id + "/actors", body).status, 400) << "another operation";
  EXPECT_EQ(list(R"({"nextToken":"AAAA"})").status, 400);
}

TEST_F(EventCalls, OfUnknownSessionsAreAnEmptyList) {
  const Answer listed = list("{}", "unknown", "nobody");
  EXPECT_EQ(listed.status, 200);
  EXPECT_EQ(listed.body.dump(), R"({"events":[]})");
}

TEST_F(EventCalls, LeavePayloadsOutOnRequest) {
  create_event(id, blob("x"));
  const Answer listed = list(R"({"includePayloads":false})");
  EXPECT_EQ(listed.size("events"), 1U);
  EXPECT_TRUE(listed.at("events.0.payload").is_null());
  EXPECT_EQ(listed.text("events.0.eventTimestamp"), "1783165130.534");
}

TEST_F(EventCalls, AreFilteredByMetadataAtOnce) {
  create_event(id, blob("session", R"(,"metadata":{"stateType":{"stringValue":"SESSION"}})"), 1);
  create_event(id, blob("agent", R"(,"metadata":{"stateType":{"stringValue":"AGENT"},"agentId":{"stringValue":"a1"}})"),
               2);
  create_event(id, blob("message"), 3);
  const auto filter = [](std::string_view expressions) {
    return fmt::format(R"({{"filter":{{"eventMetadata":[{}]}}}})", expressions);
  };
  const auto equals = [](std::string_view key, std::string_view value) {
    return fmt::format(
        R"({{"left":{{"metadataKey":"{}"}},"operator":"EQUALS_TO","right":{{"metadataValue":{{"stringValue":"{)"
        R"(}"}}}}}})",
        key, value);
  };
  EXPECT_THAT(blobs(filter(equals("stateType", "SESSION"))), ElementsAre("session"));
  EXPECT_THAT(blobs(filter(equals("stateType", "AGENT") + "," + equals("agentId", "a1"))), ElementsAre("agent"));
  EXPECT_THAT(blobs(filter(equals("stateType", "AGENT") + "," + equals("agentId", "a2"))), ElementsAre());
  EXPECT_THAT(blobs(filter(R"({"left":{"metadataKey":"stateType"},"operator":"EXISTS"})")),
              ElementsAre("agent", "session"));
  EXPECT_THAT(blobs(filter(R"({"left":{"metadataKey":"stateType"},"operator":"NOT_EXISTS"})")), ElementsAre("message"));
  EXPECT_EQ(list(filter(R"({"left":{"metadataKey":"stateType"},"operator":"EQUALS_TO"})")).status, 400);
  EXPECT_EQ(
      list(filter(R"({"left":{"metadataKey":"k"},"operator":"EXISTS","right":{"metadataValue":{"stringValue":"v"}}})"))
          .status,
      400);
}

TEST_F(EventCalls, ForkAndContinueBranches) {
  const std::string root = create_event(id, blob("m1"), 1).text("event.eventId");
  create_event(id, blob("m2"), 2);
  const Answer forked =
      create_event(id, blob("f1", fmt::format(R"(,"branch":{{"name":"fix","rootEventId":"{}"}})", root)), 3);
  ASSERT_EQ(forked.status, 201) << forked.body.dump();
  EXPECT_EQ(forked.text("event.branch.rootEventId"), root);
  const Answer continued = create_event(id, blob("f2", R"(,"branch":{"name":"fix"})"), 4);
  EXPECT_EQ(continued.text("event.branch.rootEventId"), root);
  EXPECT_THAT(blobs(R"({"filter":{"branch":{"name":"fix"}}})"), ElementsAre("f2", "f1"));
  EXPECT_THAT(blobs(R"({"filter":{"branch":{"name":"fix","includeParentBranches":true}}})"),
              ElementsAre("f2", "f1", "m1"));
  EXPECT_THAT(blobs(R"({"filter":{"branch":{"name":"main"}}})"), ElementsAre("m2", "m1"));
  EXPECT_THAT(blobs(), ElementsAre("f2", "f1", "m2", "m1"));
  EXPECT_EQ(create_event(id, blob("x", R"(,"branch":{"name":"new"})")).status, 400);
  for (const std::string_view absent : {"1#a", "0000000000000000001#ffffffff"}) {
    const Answer refused =
        create_event(id, blob("x", fmt::format(R"(,"branch":{{"name":"new","rootEventId":"{}"}})", absent)));
    EXPECT_EQ(refused.status, 400);
    EXPECT_EQ(refused.text("reason"), "EventInOtherSession");
  }
  EXPECT_EQ(create_event(id, blob("x", R"(,"branch":{"name":"main"})")).status, 201);
}

TEST_F(EventCalls, ExpireByTheMemorysSettingAtTheirCreation) {
  create_event(id, blob("old"), 1);
  ASSERT_EQ(call("PUT", "/memories/" + id + "/update", R"({"eventExpiryDuration":3})").status, 202);
  create_event(id, blob("new"), 2);
  server.clock().advance_ms(3LL * 24 * 3'600'000);
  EXPECT_THAT(blobs(), ElementsAre("old"));
  server.clock().advance_ms(27LL * 24 * 3'600'000);
  EXPECT_THAT(blobs(), ElementsAre());
}

TEST_F(EventCalls, TakeDeclaredNamespaceVariablesOnly) {
  const std::string team =
      create("Team", R"(,"namespaceKeys":[{"key":"team","validation":{"allowedValues":["red"]}}])");
  const auto with = [&](std::string_view variables) {
    return create_event(team, blob("x", fmt::format(R"(,"extractionConfig":{{"namespaceVariables":{}}})", variables)))
        .status;
  };
  EXPECT_EQ(with(R"({"team":"red"})"), 201);
  EXPECT_EQ(with(R"({"team":"blue"})"), 400);
  EXPECT_EQ(with(R"({"other":"red"})"), 400);
}

TEST_F(EventCalls, ListSessionsAndActors) {
  for (const std::string_view actor : {"al", "alice", "team/user:1"}) {
    for (const std::string_view session : {"s1", "s2", "s3"}) {
      ASSERT_EQ(
          call("POST", "/memories/" + id + "/events",
               fmt::format(R"({{"actorId":"{}","sessionId":"{}","eventTimestamp":1,"payload":[]}})", actor, session))
              .status,
          201);
    }
  }
  const Answer actors = call("POST", "/memories/" + id + "/actors", R"({"maxResults":2})");
  EXPECT_EQ(actors.at("actorSummaries").dump(), R"([{"actorId":"al"},{"actorId":"alice"}])");
  const Answer rest =
      call("POST", "/memories/" + id + "/actors", fmt::format(R"({{"nextToken":"{}"}})", actors.text("nextToken")));
  EXPECT_EQ(rest.body.dump(), R"({"actorSummaries":[{"actorId":"team/user:1"}]})");

  const std::string path = "/memories/" + id + "/actor/" + percent_encode("team/user:1") + "/sessions";
  const Answer sessions = call("POST", path, R"({"maxResults":2,"filter":{"eventFilter":"HAS_EVENTS"}})");
  ASSERT_EQ(sessions.size("sessionSummaries"), 2U) << sessions.body.dump();
  EXPECT_EQ(sessions.at("sessionSummaries.0").dump(),
            R"({"sessionId":"s1","actorId":"team/user:1","createdAt":1783165130})");
  const Answer last = call("POST", path, fmt::format(R"({{"nextToken":"{}"}})", sessions.text("nextToken")));
  EXPECT_EQ(last.text("sessionSummaries.0.sessionId"), "s3");
  EXPECT_TRUE(last.at("nextToken").is_null());
  EXPECT_EQ(call("POST", "/memories/" + id + "/actor/nobody/sessions", "{}").body.dump(), R"({"sessionSummaries":[]})");
}

}  // namespace
}  // namespace warifu::services::memory::testing
