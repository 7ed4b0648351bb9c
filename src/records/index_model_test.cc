#include <gtest/gtest.h>

#include <map>
#include <random>

#include "records/namespaces.h"
#include "records/records_testing.h"
#include "search/entry.h"
#include "search/rank.h"
#include "search/shard.h"

/// The index against a naive oracle: all records in a map, a search ranks one fresh shard of those in its scope.
namespace warifu::records {
namespace {

class Model {
 public:
  explicit Model(std::uint32_t seed) : random_(seed) {}

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      const auto dice = random_() % 20;
      if (dice < 9) {
        put_some();
      } else if (dice < 12) {
        erase_some();
      } else if (dice == 12) {
        reopen();
      } else {
        ASSERT_NO_FATAL_FAILURE(compare()) << "step " << step;
      }
    }
  }

 private:
  static constexpr std::size_t kIds = 60;

  std::string word() {
    static const std::vector<std::string> kWords{"cat",   "dog",   "bird",   "tea",  "matcha",
                                                 "Kyoto", "flies", "sleeps", "train"};
    return kWords[random_() % kWords.size()];
  }
  std::string name_space() {
    static const std::vector<std::string> kSpaces{"/", "/a/", "/a/b/", "/ab/", "/c/", "/c/a/"};
    return kSpaces[random_() % kSpaces.size()];
  }
  std::string strategy() { return random_() % 3 == 0 ? "" : random_() % 2 == 0 ? "facts" : "prefs"; }

  void put_some() {
    std::vector<Record> batch;
    std::map<RecordId, std::size_t> seen;
    for (auto left = 1 + random_() % 8; left > 0; --left) {
      const std::size_t number = random_() % kIds;
      if (!seen.emplace(testing::id_of(number), 0).second) continue;
      Record record = testing::make(number, word() + " " + word() + " " + word(), name_space(), strategy());
      record.metadata = {{"n", static_cast<double>(random_() % 3)}};
      if (random_() % 5 == 0) record.expires = Timestamp{testing::kNow.ms + (random_() % 2 == 0 ? 0 : 1)};
      batch.push_back(record);
      const auto old = records_.find(record.id);
      record.order = old == records_.end() ? ++orders_ : old->second.order;
      records_[record.id] = record;
    }
    bench_.put(batch);
  }

  void erase_some() {
    std::vector<RecordId> ids{testing::id_of(random_() % kIds), testing::id_of(random_() % kIds)};
    bench_.erase(ids);
    for (const RecordId& id : ids) records_.erase(id);
  }

  void reopen() {
    const std::size_t budget = random_() % 2 == 0 ? 20'000 : 1U << 30U;
    bench_.index = std::make_unique<Index>(std::vector{bench_.embedder.get()},
                                           IndexOptions{.bytes_max = budget, .memory_bytes_max = budget});
  }

  void compare() {
    Request request{.scope = {.path = name_space(), .exact = random_() % 2 == 0},
                    .text = word() + " " + word(),
                    .k = 1 + random_() % 70,
                    .now = testing::kNow};
    if (random_() % 3 == 0) request.scope.strategy = strategy();
    if (random_() % 3 == 0) request.conditions = {{"n", Operator::kLess, static_cast<double>(random_() % 3)}};
    const auto found = bench_.index->search(*bench_.db, bench_.partition, request);
    ASSERT_TRUE(found.has_value());
    const std::vector<search::Hit> expected = oracle(request);
    ASSERT_EQ(found->size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_EQ((*found)[i].record.id.bytes, expected[i].id) << i;
      EXPECT_NEAR((*found)[i].score, expected[i].score, 1e-5);
      EXPECT_EQ((*found)[i].record.text, records_[RecordId{expected[i].id}].text);
    }
  }

  std::vector<search::Hit> oracle(const Request& request) {
    search::Shard shard;
    for (const auto& [id, record] : records_) {
      const bool inside =
          request.scope.exact ? record.name_space == request.scope.path : under(request.scope.path, record.name_space);
      if (!inside || (request.scope.strategy && record.strategy != *request.scope.strategy)) continue;
      const auto prepared = prepare(record, *bench_.embedder);
      const auto entry = search::decode(prepared->entry);
      shard.put({.id = id.bytes, .order = record.order}, encode_attributes(record), *entry);
    }
    search::Embedder* embedder = bench_.embedder.get();
    const auto query = search::make_query(request.text, {&embedder, 1});
    const search::Shard* one = &shard;
    return search::rank(
        {&one, 1}, *query, [&](std::string_view a) { return matches(a, request.conditions, request.now); }, request.k);
  }

  std::mt19937 random_;
  testing::Bench bench_;
  std::map<RecordId, Record> records_;
  std::uint64_t orders_ = 0;
};

class IndexModelTest : public ::testing::TestWithParam<std::uint32_t> {};

TEST_P(IndexModelTest, AnswersAsTheOracleDoes) { Model(GetParam()).run(250); }

INSTANTIATE_TEST_SUITE_P(Seeds, IndexModelTest, ::testing::Range(0U, 8U));

}  // namespace
}  // namespace warifu::records
