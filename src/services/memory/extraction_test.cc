#include "services/memory/extraction.h"

#include <algorithm>
#include <semaphore>
#include <thread>

#include "llm/error.h"
#include "records/namespaces.h"
#include "records/rows.h"
#include "services/memory/handler_testing.h"
#include "services/memory/memory_states.h"
#include "services/memory/testing.h"

namespace warifu::services::memory::extraction {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

namespace m = model::agentcore;

class SettableClock final : public Clock {
 public:
  Timestamp now() const override { return time; }
  Timestamp time = testing::kNow;
};

/// Each turn becomes one memory of its very words; texts that begin alike up to `=` replace each other.
class EchoExtractor final : public Extractor {
 public:
  Result<std::vector<extract::Memory>> extract(const Part& part, const extract::Conversation& conversation) override {
    ++asked;
    context = conversation.context.size();
    if (part.strategy == failing) return fail(llm::failure_error(llm::Failure::kThrottling, "too many requests"));
    std::vector<extract::Memory> memories;
    for (std::size_t i = 0; i < conversation.fresh.size(); ++i) {
      const extract::Turn& turn = conversation.fresh[i];
      memories.push_back({.text = turn.text, .index_text = turn.text, .time = turn.time, .sources = {i}});
    }
    return memories;
  }
  Result<std::vector<extract::Memory>> reflect(const Part&, const extract::Conversation&,
                                               std::span<const extract::Memory> episodes) override {
    extract::Memory reflection = episodes.front();
    reflection.text = "reflection on " + std::to_string(episodes.size());
    return std::vector<extract::Memory>{reflection};
  }
  Result<extract::Decision> consolidate(const Part&, extract::Kind, const extract::Memory& memory,
                                        std::span<const extract::Existing> existing) override {
    ++decided;
    if (blocked && memory.text == *blocked) {
      blocked.reset();
      reached.release();
      released.acquire();
    }
    const auto subject = [](std::string_view text) { return text.substr(0, text.find('=')); };
    for (std::size_t i = 0; i < existing.size(); ++i) {
      if (existing[i].text == memory.text) return extract::Decision{.action = extract::Action::kSkip, .existing = i};
      if (memory.text.contains('=') && subject(existing[i].text) == subject(memory.text)) {
        return extract::Decision{.action = extract::Action::kUpdate, .existing = i, .text = memory.text};
      }
    }
    return extract::Decision{.text = memory.text};
  }

  bool slow() const override { return as_a_model; }

  std::atomic<int> asked = 0;
  std::atomic<int> decided = 0;
  bool as_a_model = false;
  std::optional<std::string> blocked;  // the first decision on it waits for `released`
  std::binary_semaphore reached{0}, released{0};
  std::size_t context = 0;
  std::string failing;
};

class ExtractionTest : public ::testing::Test {
 protected:
  ExtractionTest() {
    target = *memories::parse_target(testing::kArn);
    memory = {
        .arn = target.arn, .id = target.id, .name = "DemoMemory", .event_expiry_duration = 30, .status = "ACTIVE"};
    add_strategy("facts-1", "/facts/{actorId}/");
  }
  void add_strategy(std::string id, std::string name_space, std::string type = "SEMANTIC") {
    if (!memory.strategies) memory.strategies.emplace();
    m::MemoryStrategy& made = memory.strategies->emplace_back();
    made.strategy_id = std::move(id);
    made.type = std::move(type);
    made.namespaces = made.namespace_templates = {std::move(name_space)};
    made.status = "ACTIVE";
    save_memory();
  }
  void save_memory() {
    ASSERT_TRUE(bench.write([&](store::Txn& txn) { return memories::put(txn, target, memory); }));
  }
  /// An event as CreateEvent leaves it: its row, and an entry of the queue.
  std::string say(std::string_view text, std::int64_t at = 0, std::string_view session = "s1") {
    EventContent content;
    content.payload = fmt::format(R"([{{"conversational":{{"content":{{"text":"{}"}},"role":"USER"}}}}])", text);
    events::Draft draft{.actor = "al",
                        .session = std::string(session),
                        .time = {testing::kNow.ms + at},
                        .now = clock.time,
                        .row = encode_event(clock.time, {}, content)};
    clock.time.ms += 1;
    const auto made = bench.write([&](store::Txn& txn) -> Result<std::string> {
      const events::Inserted inserted =
          TRY(events::insert(txn, target.partition, draft, {clock.time.ms + testing::kDay}));
      TRY(queue::put(txn, target.partition, draft.ref(), {.created = draft.now, .event_id = inserted.event_id}));
      return inserted.event_id;
    });
    EXPECT_TRUE(made.has_value());
    return made.value_or("");
  }
  Result<bool> run(std::string session = "s1") { return extraction.run(target, {"al", std::move(session)}); }
  bool run_all(std::string session = "s1") {
    for (int i = 0; i < 50; ++i) {
      const Result<bool> more = run(session);
      if (!more) return false;
      if (!*more) return true;
    }
    return false;
  }
  std::vector<records::Record> records(std::string path = "/") {
    const auto page = bench.read([&](store::Reader& reader) {
      return records::list(reader, target.partition, {.path = path}, {}, "", 1000, clock.time);
    });
    EXPECT_TRUE(page.has_value());
    return page ? page->records : std::vector<records::Record>{};
  }
  std::vector<std::string> texts(std::string path = "/") {
    std::vector<std::string> found;
    for (const records::Record& record : records(std::move(path))) found.push_back(record.text);
    return found;
  }
  std::vector<queue::FailedJob> failed() {
    return bench.read([&](store::Reader& reader) { return queue::list_failed(reader, target.partition, "", 9); })
        .value();
  }
  std::size_t waiting() {
    return bench.read([&](store::Reader& reader) { return queue::sessions(reader, target.partition, std::nullopt, 9); })
        .value()
        .size();
  }

  testing::Bench bench;
  memories::Target target = *memories::parse_target(testing::kArn);
  m::Memory memory;
  SettableClock clock;
  EchoExtractor extractor;
  std::unique_ptr<search::Embedder> embedder = search::static_embedder();
  records::Index index{{embedder.get()}, {}};
  Extraction extraction{
      {.db = *bench.db, .index = index, .embedder = *embedder, .extractor = extractor, .clock = clock},
      {.quiet = 1ms, .at_most = 5ms, .first_retry = 1ms, .last_retry = 2ms, .threads = 2}};
};

TEST_F(ExtractionTest, TurnsWhatWaitsIntoRecordsOnce) {
  say("I love tea");
  say("I live in Porto", 1);
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts("/facts/al/"), UnorderedElementsAre("I love tea", "I live in Porto"));
  EXPECT_EQ(waiting(), 0U);
  const std::vector<records::Record> made = records();
  ASSERT_THAT(made, SizeIs(2));
  EXPECT_EQ(made[0].strategy, "facts-1");
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), SizeIs(2));
}

TEST_F(ExtractionTest, TellsNewTurnsWhatWasSaidBefore) {
  say("one");
  ASSERT_TRUE(run_all());
  say("two", 1);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(extractor.context, 1U);
  EXPECT_THAT(texts(), SizeIs(2));
}

TEST_F(ExtractionTest, ReadsLateEventsThoughTheirTimesAreEarlier) {
  say("two", 10);
  ASSERT_TRUE(run_all());
  say("one", 1);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(extractor.context, 0U);
  EXPECT_THAT(texts(), SizeIs(2));
}

TEST_F(ExtractionTest, NeverPilesUpWhatIsThereAlready) {
  say("I love tea");
  say("I love tea", 1);
  ASSERT_TRUE(run_all());
  say("I love tea", 2, "s2");
  ASSERT_TRUE(run_all("s2"));
  EXPECT_THAT(texts(), ElementsAre("I love tea"));
}

TEST_F(ExtractionTest, ANewRecordTakesTheOldOnesPlace) {
  say("city of the user = Lisbon");
  ASSERT_TRUE(run_all());
  const records::RecordId old = records().at(0).id;
  say("city of the user = Porto", 1);
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), ElementsAre("city of the user = Porto"));
  EXPECT_NE(records().at(0).id, old);
}

TEST_F(ExtractionTest, WithinOneBatchTheLastOneStays) {
  say("city of the user = Lisbon");
  say("city of the user = Porto", 1);
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), ElementsAre("city of the user = Porto"));
}

TEST_F(ExtractionTest, LongSessionsTakeSeveralRuns) {
  for (std::size_t i = 0; i < kBatchEvents + 5; ++i) say("fact " + std::to_string(i), static_cast<std::int64_t>(i));
  const Result<bool> more = run();
  ASSERT_TRUE(more.has_value());
  EXPECT_TRUE(*more);
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), SizeIs(kBatchEvents + 5));
}

TEST_F(ExtractionTest, ADeletedEventBecomesNothing) {
  const std::string id = say("a secret");
  say("I love tea", 1);
  ASSERT_TRUE(bench.erase({"al", "s1"}, id, clock.time));
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), ElementsAre("I love tea"));
}

TEST_F(ExtractionTest, AFailingStrategyNotesItsJobAndHoldsUpNoOther) {
  add_strategy("facts-2", "/other/{actorId}/");
  extractor.failing = "facts-2";
  const std::string id = say("I love tea");
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), ElementsAre("I love tea"));
  ASSERT_THAT(failed(), SizeIs(1));
  const queue::FailedJob job = failed()[0];
  EXPECT_EQ(job.strategy_id, "facts-2");
  EXPECT_EQ(job.reason, "CUSTOM_MODEL_BEDROCK_THROTTLING");
  EXPECT_THAT(job.messages, ElementsAre(queue::Message{.event_id = id, .index = 0}));
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(ExtractionTest, AFailedJobStartedAgainRunsForItsStrategyAloneAndKeepsItsId) {
  add_strategy("facts-2", "/other/{actorId}/");
  extractor.failing = "facts-2";
  say("I love tea");
  ASSERT_TRUE(run_all());
  queue::FailedJob job = failed().at(0);
  const auto start = [&] {
    ASSERT_TRUE(bench.write([&](store::Txn& txn) -> Result<> {
      for (queue::Entry entry : job.entries) {
        entry.strategy_id = job.strategy_id;
        entry.job_id = job.id;
        TRY(queue::put(txn, target.partition, job.session.ref(), entry));
      }
      return {};
    }));
    ASSERT_TRUE(run_all());
  };
  start();
  ASSERT_THAT(failed(), SizeIs(1));
  EXPECT_EQ(failed()[0].id, job.id);
  extractor.failing.clear();
  start();
  EXPECT_THAT(failed(), IsEmpty());
  EXPECT_THAT(texts("/other/al/"), ElementsAre("I love tea"));
  EXPECT_THAT(texts("/facts/al/"), ElementsAre("I love tea"));
}

TEST_F(ExtractionTest, EpisodesBringReflectionsAlong) {
  memory.strategies->clear();
  add_strategy("ep-1", "/episodes/{actorId}/{sessionId}/", "EPISODIC");
  memory.strategies->front()
      .configuration.emplace()
      .reflection.emplace()
      .episodic_reflection_configuration.emplace()
      .namespace_templates = {"/episodes/{actorId}/"};
  save_memory();
  say("I booked it");
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts("/episodes/al/s1/"), ElementsAre("I booked it"));
  EXPECT_THAT(texts("/episodes/al/"), Contains("reflection on 1"));
}

TEST_F(ExtractionTest, StampsTheStrategysExpiry) {
  memory.strategies->front().record_expiry_duration_days = 31;
  save_memory();
  say("I love tea");
  ASSERT_TRUE(run_all());
  ASSERT_THAT(records(), SizeIs(1));
  ASSERT_TRUE(records()[0].expires.has_value());
  EXPECT_EQ(records()[0].expires->ms, clock.time.ms + 31 * testing::kDay);
}

TEST_F(ExtractionTest, LeavesNothingBehindForADeletedMemory) {
  say("I love tea");
  ASSERT_TRUE(bench.write([&](store::Txn& txn) { return memories::erase(txn, target); }));
  ASSERT_TRUE(run_all());
  EXPECT_THAT(texts(), IsEmpty());
}

TEST_F(ExtractionTest, RunsWhenASessionPausesAndAgainAtTheNextStart) {
  say("I love tea");
  extraction.notify(target.arn, {"al", "s1"});
  ASSERT_TRUE(extraction.wait_idle(20s));
  EXPECT_THAT(texts(), ElementsAre("I love tea"));

  say("I live in Porto", 1);
  say("I have a cat", 2, "s2");
  ASSERT_TRUE(extraction.resume());
  ASSERT_TRUE(extraction.wait_idle(20s));
  EXPECT_THAT(texts(), SizeIs(3));
}

TEST_F(ExtractionTest, WhoWaitsForAModelKeepsNobodyFromTheScope) {
  extractor.as_a_model = true;
  extractor.blocked = "I love tea";
  say("I love tea");
  say("city of the user = Lisbon", 1);
  std::jthread slow([&] { EXPECT_TRUE(run_all()); });
  extractor.reached.acquire();
  // Another session of the same scope comes and goes meanwhile, and says the same.
  say("I love tea", 2, "s2");
  say("city of the user = Porto", 3, "s2");
  EXPECT_TRUE(run_all("s2"));
  EXPECT_THAT(texts(), UnorderedElementsAre("I love tea", "city of the user = Porto"));
  extractor.released.release();
  slow.join();
  EXPECT_THAT(texts(), UnorderedElementsAre("I love tea", "city of the user = Lisbon")) << "each once, the last stays";
  EXPECT_EQ(waiting(), 0U);
}

TEST_F(ExtractionTest, AModelIsAskedOnceWhereNobodyWritesMeanwhile) {
  extractor.as_a_model = true;
  say("I love tea");
  say("I live in Porto", 1);
  ASSERT_TRUE(run_all());
  EXPECT_EQ(extractor.decided, 2);
  EXPECT_THAT(texts(), SizeIs(2));
}

TEST_F(ExtractionTest, SlowSessionsOfOneScopeNeverPileUpTheSame) {
  extractor.as_a_model = true;
  for (int session = 0; session < 8; ++session) say("I love tea", session, "s" + std::to_string(session));
  ASSERT_TRUE(extraction.resume());
  ASSERT_TRUE(extraction.wait_idle(20s));
  EXPECT_THAT(texts(), ElementsAre("I love tea"));
}

TEST_F(ExtractionTest, SessionsOfOneScopeSeeWhatTheOtherAdded) {
  for (int session = 0; session < 8; ++session) say("I love tea", session, "s" + std::to_string(session));
  ASSERT_TRUE(extraction.resume());
  ASSERT_TRUE(extraction.wait_idle(20s));
  EXPECT_THAT(texts(), ElementsAre("I love tea"));
}

}  // namespace
}  // namespace warifu::services::memory::extraction
