#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include "search/rank.h"

namespace warifu::search {
namespace {

/// The records of test/data/search/ranking.yaml in one shard, their numbers as orders.
class ReferenceRanking : public testing::Test {
 protected:
  ReferenceRanking() {
    for (std::size_t i = 0; i < file_["records"].size(); ++i) {
      const auto text = file_["records"][i][0].as<std::string>();
      const auto index = file_["records"][i][1].as<std::string>();
      auto vectors = embedder_->embed(std::vector{text}, Side::kPassage);
      Key key{.order = i};
      key.id[0] = static_cast<char>(i);
      shard_.put(key, "", make_entry(text, index, vectors->front()));
    }
  }

  /// Expects what the reference says: each record its score, and the order wherever scores lie further apart than
  /// `near`.
  void expect_order(const std::vector<Hit>& hits, const YAML::Node& expected, float near, const std::string& query) {
    ASSERT_EQ(hits.size(), expected.size());
    for (std::size_t i = 0; i < hits.size(); ++i) {
      const auto score = expected[i][1].as<float>();
      EXPECT_NEAR(hits[i].score, score, near) << query << " place " << i;
      const bool alone = (i == 0 || expected[i - 1][1].as<float>() > score + 2 * near) &&
                         (i + 1 == hits.size() || expected[i + 1][1].as<float>() < score - 2 * near);
      if (alone) EXPECT_EQ(hits[i].order, expected[i][0].as<std::uint64_t>()) << query << " place " << i;
    }
  }

  YAML::Node file_ = YAML::LoadFile(WARIFU_SOURCE_DIR "/test/data/search/ranking.yaml");
  std::unique_ptr<Embedder> embedder_ = static_embedder();
  Shard shard_;
  const Shard* shards_[1] = {&shard_};
};

TEST_F(ReferenceRanking, WordsAndVectorsTogether) {
  for (const YAML::Node& node : file_["queries"]) {
    const auto text = node["query"].as<std::string>();
    Embedder* embedders[] = {embedder_.get()};
    const auto query = make_query(text, embedders);
    ASSERT_TRUE(query.has_value());
    expect_order(rank(shards_, *query, {}, 100), node["hybrid"], 0.002F, text);
  }
}

TEST_F(ReferenceRanking, WordsAlone) {
  for (const YAML::Node& node : file_["queries"]) {
    const auto text = node["query"].as<std::string>();
    const auto query = make_query(text, {});
    ASSERT_TRUE(query.has_value());
    expect_order(rank(shards_, *query, {}, 100), node["words"], 0.0001F, text);
  }
}

}  // namespace
}  // namespace warifu::search
