#include "cli/model_bundle.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace warifu::cli {
namespace {

namespace fs = std::filesystem;

/// One file of a tar archive: header, bytes, padding.
std::string member(const std::string& name, const std::string& bytes, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(124, 11, fmt::format("{:011o}", bytes.size()));
  header[156] = type;
  header.replace(257, 5, "ustar");
  return header + bytes + std::string((512 - bytes.size() % 512) % 512, '\0');
}

std::string whole() {
  return member("e5/", "", '5') + member("e5/model.txt", "name=x\n") + member("e5/vocabulary.txt", "[UNK]\n") +
         member("e5/model.onnx", std::string(700, 'm')) + member("e5/libonnxruntime.so", "l");
}

std::string text_of(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

class ModelBundle : public testing::Test {
 protected:
  void SetUp() override { fs::create_directories(folder_); }
  void TearDown() override { fs::remove_all(folder_.parent_path()); }

  fs::path folder_ = fs::temp_directory_path() / fmt::format("warifu-bundle-{}", getpid()) / "in";
};

TEST_F(ModelBundle, UnpacksTheFilesOfATransformer) {
  ASSERT_TRUE(unpack_model(whole() + std::string(1024, '\0'), folder_).has_value());
  EXPECT_EQ(text_of(folder_ / "model.txt"), "name=x\n");
  EXPECT_EQ(text_of(folder_ / "model.onnx"), std::string(700, 'm'));
}

TEST_F(ModelBundle, WritesNothingElsewhere) {
  const std::string evil = member("../model.txt", "outside") + member("/etc/PROVENANCE", "absolute") +
                           member("../evil", "x") + member("model.onnx", "m", '2') +
                           member("vocabulary.txt", "[UNK]\n");
  EXPECT_FALSE(unpack_model(evil, folder_).has_value()) << "a link is no file";
  EXPECT_FALSE(fs::exists(folder_.parent_path() / "model.txt"));
  EXPECT_FALSE(fs::exists(folder_.parent_path() / "evil"));
  EXPECT_EQ(text_of(folder_ / "model.txt"), "outside");
}

TEST_F(ModelBundle, RefusesWhatIsNoArchive) {
  for (const std::string& bad : {std::string(), std::string("x"), std::string(2'000, 'x'), whole().substr(0, 1'500),
                                 whole() + member("model.txt", "again"), member("model.txt", "alone")}) {
    EXPECT_FALSE(unpack_model(bad, folder_).has_value());
  }
  std::string sizes = member("model.txt", "x");
  sizes.replace(124, 11, "77777777777");
  EXPECT_FALSE(unpack_model(sizes, folder_).has_value());
  sizes.replace(124, 11, "not a size!");
  EXPECT_FALSE(unpack_model(sizes, folder_).has_value());
}

TEST_F(ModelBundle, AFolderThatDoesNotRunIsNotInstalled) {
  ASSERT_TRUE(unpack_model(whole(), folder_).has_value());
  const fs::path data = folder_.parent_path() / "data";
  EXPECT_FALSE(install_model(folder_, data).has_value());
  EXPECT_FALSE(fs::exists(data / "models" / "current"));
  EXPECT_FALSE(install_model(data / "nowhere", data).has_value());
}

}  // namespace
}  // namespace warifu::cli
