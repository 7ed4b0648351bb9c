#include "search/onnx_embedder.h"

#include <gmock/gmock.h>
#include <yaml-cpp/yaml.h>

#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <thread>

namespace warifu::search {
namespace {

/// Where `make model` leaves the transformer. These tests skip without it: the build downloads nothing.
std::filesystem::path folder() {
  const char* given = std::getenv("WARIFU_TEST_MODEL");
  return given != nullptr ? given : WARIFU_SOURCE_DIR "/build/models/e5-small-v2";
}

class Transformer : public testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(folder() / "model.onnx")) GTEST_SKIP() << "`make model` fetches the transformer";
    auto opened = open_embedder(folder());
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    embedder_ = *std::move(opened);
  }

  std::unique_ptr<Embedder> embedder_;
};

TEST_F(Transformer, VectorsAreTheReferences) {
  const YAML::Node file = YAML::LoadFile(WARIFU_SOURCE_DIR "/test/data/search/reference.json");
  const auto texts = file["texts"].as<std::vector<std::string>>();
  const auto vectors = embedder_->embed(texts, Side::kPassage);
  ASSERT_TRUE(vectors.has_value()) << vectors.error().message;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const auto expected = file["e5"]["first8"][i].as<std::vector<float>>();
    for (std::size_t d = 0; d < expected.size(); ++d) {
      EXPECT_NEAR(static_cast<float>((*vectors)[i].values[d]) * (*vectors)[i].scale, expected[d], 0.01) << texts[i];
    }
    for (std::size_t j = 0; j < texts.size(); ++j) {
      EXPECT_NEAR(cosine((*vectors)[i], (*vectors)[j]), file["e5"]["cos"][i][j].as<float>(), 0.01)
          << texts[i] << texts[j];
    }
  }
}

TEST_F(Transformer, TellsWhatItIsAndTakesAnyText) {
  EXPECT_TRUE(embedder_->info().slow);
  EXPECT_EQ(embedder_->info().id, embedder_id(embedder_->info().name));
  const std::vector<std::string> texts = {std::string(100'000, 'x'), std::string(50'000, ' ') + "\xFF",
                                          std::string(16'000, 'a') + " b"};
  const auto vectors = embedder_->embed(texts, Side::kQuery);
  ASSERT_TRUE(vectors.has_value());
  for (const Vector& vector : *vectors) EXPECT_EQ(vector.values.size(), embedder_->info().dimensions);
}

TEST_F(Transformer, ServesSeveralThreadsAtOnce) {
  const std::vector<std::string> texts = {"The user loves matcha sweets."};
  const auto alone = embedder_->embed(texts, Side::kPassage);
  std::vector<std::jthread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) {
        const auto again = embedder_->embed(texts, Side::kPassage);
        ASSERT_TRUE(again.has_value());
        EXPECT_EQ(again->front().values, alone->front().values);
      }
    });
  }
}

/// A folder with the files given, gone at the end.
class Folder {
 public:
  Folder() { std::filesystem::create_directories(path_); }
  ~Folder() { std::filesystem::remove_all(path_); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path_ / name) << text; }
  [[nodiscard]] ErrorCode refused() const {
    const auto opened = open_embedder(path_);
    EXPECT_FALSE(opened.has_value());
    return opened ? ErrorCode::kInternal : opened.error().code;
  }

 private:
  std::filesystem::path path_ = std::filesystem::temp_directory_path() / fmt::format("warifu-model-{}", getpid());
};

TEST(OpenEmbedder, RefusesWhatIsNoModel) {
  const Folder folder;
  const std::string settings = "name=x\nlow=0\nhigh=1\nweight=0.3\nwindow=256\n";
  EXPECT_EQ(folder.refused(), ErrorCode::kNotFound);
  for (const std::string bad :
       {"", "name=x\n", "name=x\nlow=1\nhigh=0\nweight=0.3\nwindow=256\n",
        "name=x\nlow=0\nhigh=1\nweight=2\nwindow=256\n", "name=x\nlow=0\nhigh=nan\nweight=0.3\nwindow=256\n",
        "name=x\nlow=0\nhigh=1\nweight=0.3\nwindow=100000\n"}) {
    folder.write("model.txt", bad);
    EXPECT_EQ(folder.refused(), ErrorCode::kValidation) << bad;
  }
  folder.write("model.txt", settings);
  EXPECT_EQ(folder.refused(), ErrorCode::kNotFound);
  folder.write("vocabulary.txt", "[UNK]\n[CLS]\n[SEP]\n");
  folder.write("model.onnx", "not a model");
  EXPECT_EQ(folder.refused(), ErrorCode::kNotFound);
  folder.write("libonnxruntime.so", "not a library");
  EXPECT_EQ(folder.refused(), ErrorCode::kValidation);
}

}  // namespace
}  // namespace warifu::search
