#include "services/memory/extraction_queue.h"
#include "services/memory/handler_testing.h"
#include "services/memory/memories.h"

namespace warifu::services::memory {
namespace {

using testing::Answer;

constexpr std::string_view kStrategies =
    R"(,"memoryStrategies":[{"semanticMemoryStrategy":{"name":"Facts","namespaces":["/facts/{actorId}/"]}}])";

class ExtractionJobsTest : public testing::HandlerTest {
 protected:
  std::string said(std::string_view text) {
    return fmt::format(R"(,"payload":[{{"conversational":{{"content":{{"text":"{}"}},"role":"USER"}}}}])", text);
  }
  Answer jobs(std::string_view body = "{}") {
    return call("POST", fmt::format("/memories/{}/extractionJobs", memory), std::string(body));
  }
  Answer start(std::string_view id) {
    return call("POST", fmt::format("/memories/{}/extractionJobs/start", memory),
                fmt::format(R"({{"extractionJob":{{"jobId":"{}"}}}})", id));
  }
  void fail_job(std::string id, std::string strategy = "Facts-1") {
    const memories::Target target = *memories::parse_target(arn_of(memory));
    ASSERT_TRUE(server.db().write_blocking([&](store::Txn& txn) {
      return queue::put_failed(txn, target.partition,
                               {.id = id,
                                .session = {"alice", "s1"},
                                .strategy_id = strategy,
                                .reason = "CUSTOM_MODEL_BEDROCK_THROTTLING",
                                .failed = {1},
                                .entries = {{.created = {1}, .event_id = "0000001783165130534#3f3e979a"}},
                                .messages = {{.event_id = "0000001783165130534#3f3e979a", .index = 2}}});
    }));
  }

  std::string memory = create("Demo", kStrategies);
};

TEST_F(ExtractionJobsTest, AnEventThatSaysSomethingWaits) {
  const std::string id = create_event(memory, said("I love tea")).text("event.eventId");
  const Answer listed = jobs();
  ASSERT_EQ(listed.status, 200) << listed.body.dump();
  ASSERT_EQ(listed.size("jobs"), 1U);
  EXPECT_EQ(listed.text("jobs.0.status"), "PENDING");
  EXPECT_EQ(listed.text("jobs.0.actorId"), "alice");
  EXPECT_EQ(listed.text("jobs.0.sessionId"), "s1");
  EXPECT_EQ(listed.text("jobs.0.messages.messagesList.0.eventId"), id);
  EXPECT_EQ(listed.text("jobs.0.messages.messagesList.0.messageIndex"), "0");
}

TEST_F(ExtractionJobsTest, WhatSaysNothingIsSkippedOrReplayedDoesNotWait) {
  create_event(memory, R"(,"payload":[{"blob":"x"}])");
  create_event(memory, said("hush") + R"(,"extractionMode":"SKIP")");
  EXPECT_EQ(jobs().size("jobs"), 0U);
  for (int i = 0; i < 3; ++i) create_event(memory, said("I love tea") + R"(,"clientToken":"mine")");
  EXPECT_EQ(jobs().size("jobs.0.messages.messagesList"), 1U);
}

TEST_F(ExtractionJobsTest, WithoutStrategiesNothingWaits) {
  memory = create("Plain");
  create_event(memory, said("I love tea"));
  EXPECT_EQ(jobs().size("jobs"), 0U);
}

TEST_F(ExtractionJobsTest, ListsFailedJobsFirstAndFilters) {
  create_event(memory, said("I love tea"));
  fail_job("job-1");
  fail_job("job-2", "Facts-2");
  const Answer all = jobs();
  ASSERT_EQ(all.size("jobs"), 3U) << all.body.dump();
  EXPECT_EQ(all.text("jobs.0.jobID"), "job-1");
  EXPECT_EQ(all.text("jobs.0.status"), "FAILED");
  EXPECT_EQ(all.text("jobs.0.failureReason"), "CUSTOM_MODEL_BEDROCK_THROTTLING");
  EXPECT_EQ(all.text("jobs.0.messages.messagesList.0.messageIndex"), "2");
  EXPECT_EQ(all.text("jobs.2.status"), "PENDING");
  EXPECT_EQ(jobs(R"({"filter":{"status":"FAILED"}})").size("jobs"), 2U);
  EXPECT_EQ(jobs(R"({"filter":{"strategyId":"Facts-2"}})").text("jobs.0.jobID"), "job-2");
  EXPECT_EQ(jobs(R"({"filter":{"actorId":"bob"}})").size("jobs"), 0U);
  EXPECT_EQ(jobs(R"({"filter":{"sessionId":"s1","actorId":"alice"}})").size("jobs"), 3U);
}

TEST_F(ExtractionJobsTest, PagesThroughFailedAndWaiting) {
  create_event(memory, said("I love tea"));
  for (const char* id : {"a", "b", "c"}) fail_job(id);
  std::vector<std::string> seen;
  std::string token;
  do {
    const Answer page =
        jobs(token.empty() ? R"({"maxResults":1})" : fmt::format(R"({{"maxResults":1,"nextToken":"{}"}})", token));
    ASSERT_EQ(page.status, 200) << page.body.dump();
    if (page.size("jobs") == 1) seen.push_back(page.text("jobs.0.status"));
    token = page.at("nextToken").is_string() ? page.text("nextToken") : "";
  } while (!token.empty());
  EXPECT_THAT(seen, ::testing::ElementsAre("FAILED", "FAILED", "FAILED", "PENDING"));
}

TEST_F(ExtractionJobsTest, AFailedJobIsStartedOnceHoweverOftenItIsAsked) {
  fail_job("job-1");
  for (int i = 0; i < 2; ++i) {
    const Answer started = start("job-1");
    EXPECT_EQ(started.status, 200) << started.body.dump();
    EXPECT_EQ(started.text("jobId"), "job-1");
  }
  const Answer listed = jobs();
  ASSERT_EQ(listed.size("jobs"), 2U) << listed.body.dump();
  EXPECT_EQ(listed.text("jobs.0.status"), "IN_PROGRESS");
  EXPECT_EQ(jobs(R"({"filter":{"status":"FAILED"}})").size("jobs"), 0U);
}

TEST_F(ExtractionJobsTest, UnknownJobsAndMemoriesAreNotFound) {
  EXPECT_EQ(start("nothing").status, 404);
  EXPECT_EQ(error_type, "ResourceNotFoundException");
  memory = "Gone-0123456789";
  EXPECT_EQ(jobs().status, 404);
}

class IngestDataTest : public ExtractionJobsTest {
 protected:
  Answer ingest(std::string_view more, std::string_view text = "I love tea") {
    return call("POST", fmt::format("/memories/{}/ingest", memory),
                fmt::format(R"({{"actorId":"alice","contentTimestamp":1783165130.534,"source":{{"inline":{{"payload":)"
                            R"([{{"conversational":{{"content":{{"text":"{}"}},"role":"USER"}}}},)"
                            R"({{"json":{{"content":{{"note":"x"}}}}}}]}}}}{}}})",
                            text, more));
  }
};

TEST_F(IngestDataTest, WaitsWithoutLeavingAnEvent) {
  const Answer answer = ingest(R"(,"sessionId":"s9")");
  ASSERT_EQ(answer.status, 202) << answer.body.dump();
  EXPECT_EQ(answer.text("sessionId"), "s9");
  EXPECT_EQ(jobs().size("jobs.0.messages.messagesList"), 2U);
  EXPECT_EQ(call("POST", fmt::format("/memories/{}/actor/alice/sessions/s9", memory), "{}").size("events"), 0U);
  EXPECT_EQ(call("POST", fmt::format("/memories/{}/actor/alice/sessions", memory), "{}").size("sessionSummaries"), 0U);
}

TEST_F(IngestDataTest, MakesASessionAndAnswersTheSameOneToAReplay) {
  const std::string first = ingest(R"(,"clientToken":"mine")").text("sessionId");
  EXPECT_EQ(first.size(), 36U);
  EXPECT_EQ(ingest(R"(,"clientToken":"mine")").text("sessionId"), first);
  EXPECT_EQ(jobs().size("jobs.0.messages.messagesList"), 2U);
  EXPECT_EQ(ingest(R"(,"clientToken":"mine")", "other").status, 400);
}

TEST_F(IngestDataTest, RefusesWhatIsTooMuchOrUndeclared) {
  EXPECT_EQ(ingest("", std::string(100'000, 'x')).status, 400);
  EXPECT_EQ(ingest(R"(,"extractionConfig":{"namespaceVariables":{"tenant":"x"}})").status, 400);
  EXPECT_EQ(call("POST", fmt::format("/memories/{}/ingest", memory),
                 R"({"actorId":"alice","contentTimestamp":1,"source":{}})")
                .status,
            400);
}

}  // namespace
}  // namespace warifu::services::memory
