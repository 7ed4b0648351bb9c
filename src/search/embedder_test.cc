#include "search/embedder.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <cmath>

namespace warifu::search {
namespace {

using testing::Each;

class Reference : public testing::Test {
 protected:
  YAML::Node file_ = YAML::LoadFile(WARIFU_SOURCE_DIR "/test/data/search/reference.json");
  std::vector<std::string> texts_ = file_["texts"].as<std::vector<std::string>>();
};

TEST_F(Reference, StaticVectorsAreTheReferences) {
  const auto embedder = static_embedder();
  const auto vectors = embedder->embed(texts_, Side::kPassage);
  ASSERT_TRUE(vectors.has_value());
  ASSERT_EQ(vectors->size(), texts_.size());
  for (std::size_t i = 0; i < texts_.size(); ++i) {
    const auto expected = file_["static"]["first8"][i].as<std::vector<float>>();
    for (std::size_t d = 0; d < expected.size(); ++d) {
      EXPECT_NEAR(static_cast<float>((*vectors)[i].values[d]) * (*vectors)[i].scale, expected[d], 0.01)
          << texts_[i] << d;
    }
    for (std::size_t j = 0; j < texts_.size(); ++j) {
      EXPECT_NEAR(cosine((*vectors)[i], (*vectors)[j]), file_["static"]["cos"][i][j].as<float>(), 0.01)
          << texts_[i] << texts_[j];
    }
  }
}

TEST_F(Reference, StaticEmbedderTellsWhatItIs) {
  const auto embedder = static_embedder();
  EXPECT_EQ(embedder->info().id, embedder_id(embedder->info().name));
  EXPECT_EQ(embedder->info().dimensions, 256U);
  EXPECT_FALSE(embedder->info().slow);
  const auto vectors = embedder->embed(texts_, Side::kQuery);
  ASSERT_TRUE(vectors.has_value());
  for (const Vector& vector : *vectors) {
    EXPECT_EQ(vector.embedder, embedder->info().id);
    EXPECT_EQ(vector.values.size(), 256U);
  }
}

TEST(StaticEmbedder, NothingHasTheZeroVector) {
  const std::vector<std::string> texts = {"", " \n", "\xFF\xFE", std::string(101, 'x'), "ﬁancéeﬁﬁ ﷺ"};
  const auto vectors = static_embedder()->embed(texts, Side::kPassage);
  ASSERT_TRUE(vectors.has_value());
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_THAT((*vectors)[i].values, Each(0)) << i;
    EXPECT_EQ((*vectors)[i].scale, 0) << i;
    EXPECT_EQ(cosine((*vectors)[i], (*vectors)[i]), 0) << i;
  }
}

TEST(StaticEmbedder, LikeMeaningsLieCloserThanUnlike) {
  const std::vector<std::string> texts = {"The user enjoys hiking in the mountains.",
                                          "Which outdoor sports does she like?", "The invoice is due on Friday."};
  const auto vectors = static_embedder()->embed(texts, Side::kPassage);
  ASSERT_TRUE(vectors.has_value());
  EXPECT_GT(cosine((*vectors)[0], (*vectors)[1]), cosine((*vectors)[0], (*vectors)[2]) + 0.1);
}

TEST(Quantise, KeepsDirectionAndLength) {
  std::vector<float> values(300);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<float>(i)) * 3;
  const Vector vector = quantise(7, values);
  EXPECT_EQ(vector.embedder, 7U);
  EXPECT_NEAR(cosine(vector, vector), 1, 1e-6);
  double length = 0;
  for (const float value : values) length += double{value} * value;
  for (std::size_t i = 0; i < values.size(); ++i) {
    EXPECT_NEAR(static_cast<float>(vector.values[i]) * vector.scale, values[i] / std::sqrt(length), 0.001);
  }
}

TEST(Quantise, VectorsOfDifferentMakersHaveNoCosine) {
  const std::vector<float> values = {1, 2, 3};
  EXPECT_EQ(cosine(quantise(1, values), quantise(2, values)), 0);
  EXPECT_EQ(cosine(quantise(1, values), quantise(1, std::vector<float>{1, 2})), 0);
}

}  // namespace
}  // namespace warifu::search
