#include "vault/master_key.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include "store/test_folder.h"
#include "vault/sealer.h"

namespace warifu::vault {
namespace {

using crypto::SecretBytes;
using testing::HasSubstr;

std::shared_ptr<const MasterKey> key_of(char c) {
  return master_key_from(SecretBytes::copy_of(std::string(kMasterKeyBytes, c)));
}

std::string text(const SecretBytes& bytes) { return std::string(bytes.reveal()); }

class MasterKeyFile : public testing::Test {
 protected:
  std::string error() {
    const auto key = open_master_key_file(path_);
    return key ? "" : key.error().message;
  }
  void write(const std::string& bytes, mode_t mode) {
    std::ofstream(path_, std::ios::binary) << bytes;
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
  }

  store::TestFolder folder_;
  const std::string path_ = folder_.path() + "/master.key";
};

TEST_F(MasterKeyFile, IsMadeAtFirstStartForItsOwnerAloneAndKept) {
  const auto first = open_master_key_file(path_);
  ASSERT_TRUE(first.has_value()) << first.error().message;
  struct stat status{};
  ASSERT_EQ(::stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0600U);
  EXPECT_EQ(status.st_size, 32);
  const auto second = open_master_key_file(path_);
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(text((*first)->derive("x")), text((*second)->derive("x")));
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_.path()), {}), 1) << "a draft is left behind";
}

TEST_F(MasterKeyFile, TwoStartsAtOnceUseOneKey) {
  std::vector<std::string> derived(6);
  {
    std::vector<std::jthread> starts;
    for (std::string& out : derived) {
      starts.emplace_back([&] { out = text((*open_master_key_file(path_))->derive("x")); });
    }
  }
  for (const std::string& one : derived) EXPECT_EQ(one, derived[0]);
}

TEST_F(MasterKeyFile, ThatOthersMayUseIsRefused) {
  for (const mode_t mode : {0640U, 0604U, 0620U, 0610U, 0666U}) {
    write(std::string(32, 'k'), mode);
    EXPECT_THAT(error(), HasSubstr("may be used by others: chmod 600 it")) << mode;
  }
  write(std::string(32, 'k'), 0400);
  EXPECT_EQ(error(), "");
}

TEST_F(MasterKeyFile, OfAnotherSizeIsRefused) {
  for (const std::size_t size : {0U, 31U, 33U, 64U}) {
    write(std::string(size, 'k'), 0600);
    EXPECT_EQ(error(), "master key file `" + path_ + "` is not of 32 bytes") << size;
    ASSERT_EQ(::unlink(path_.c_str()), 0);
  }
}

TEST_F(MasterKeyFile, ThatIsNoRegularFileIsRefused) {
  std::filesystem::create_directory(path_);
  EXPECT_THAT(error(), HasSubstr("is no regular file"));
  std::filesystem::remove(path_);
  std::ofstream(folder_.path() + "/real") << std::string(32, 'k');
  std::filesystem::create_symlink(folder_.path() + "/real", path_);
  EXPECT_THAT(error(), HasSubstr("is no regular file"));
  std::filesystem::remove(path_);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_THAT(error(), HasSubstr("is no regular file"));
}

TEST_F(MasterKeyFile, InAFolderThatIsNotThereIsOneClearError) {
  const auto key = open_master_key_file(folder_.path() + "/missing/master.key");
  ASSERT_FALSE(key.has_value());
  EXPECT_EQ(key.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(key.error().message, HasSubstr("/missing/master.key`: No such file or directory"));
}

TEST(MasterKey, UnwrapsWhatItWrappedAndNothingElse) {
  const auto master = key_of('a');
  const SecretBytes data_key = SecretBytes::copy_of(std::string(32, 'd'));
  std::string wrapped = *master->wrap(data_key);
  EXPECT_EQ(text(*master->unwrap(wrapped)), text(data_key));
  EXPECT_THAT(wrapped, testing::Not(HasSubstr("dddd")));
  EXPECT_FALSE(key_of('b')->unwrap(wrapped).has_value());
  wrapped[5] = static_cast<char>(wrapped[5] ^ 1);
  EXPECT_FALSE(master->unwrap(wrapped).has_value());
  EXPECT_FALSE(master->unwrap("").has_value());
}

TEST(MasterKey, DerivesADifferentKeyForEachPurpose) {
  EXPECT_EQ(text(key_of('a')->derive("x")), text(key_of('a')->derive("x")));
  EXPECT_NE(text(key_of('a')->derive("x")), text(key_of('a')->derive("y")));
  EXPECT_NE(text(key_of('a')->derive("x")), text(key_of('b')->derive("x")));
  EXPECT_EQ(key_of('a')->derive("x").size(), 32U);
}

TEST(Sealer, OpensWhatItSealedForTheSamePurpose) {
  const auto sealer = make_sealer(key_of('a'));
  const std::string token = sealer->seal("paging", "the text");
  EXPECT_EQ(sealer->open("paging", token), "the text");
  EXPECT_EQ(make_sealer(key_of('a'))->open("paging", token), "the text");
  EXPECT_EQ(sealer->open("session", token), std::nullopt);
  EXPECT_EQ(make_sealer(key_of('b'))->open("paging", token), std::nullopt);
  EXPECT_NE(sealer->seal("paging", "the text"), token);
  EXPECT_THAT(token, testing::MatchesRegex("[A-Za-z0-9_-]+"));
}

TEST(Sealer, RefusesEveryChangeOfAToken) {
  const auto sealer = make_sealer(key_of('a'));
  const std::string token = sealer->seal("p", "text");
  EXPECT_EQ(sealer->open("p", sealer->seal("p", "")), "");
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string changed = token;
    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    EXPECT_EQ(sealer->open("p", changed), std::nullopt) << i;
    EXPECT_EQ(sealer->open("p", token.substr(0, i)), std::nullopt) << i;
  }
  for (const char* bad : {"", "A", "!", "AAAA", "\xff\xff"}) EXPECT_EQ(sealer->open("p", bad), std::nullopt);
}

TEST(Sealer, DigestsDependOnKeyPurposeAndText) {
  const auto sealer = make_sealer(key_of('a'));
  const std::string digest = sealer->derive("p", "text");
  EXPECT_EQ(digest.size(), 32U);
  EXPECT_EQ(sealer->derive("p", "text"), digest);
  EXPECT_NE(sealer->derive("q", "text"), digest);
  EXPECT_NE(sealer->derive("p", "texu"), digest);
  EXPECT_NE(make_sealer(key_of('b'))->derive("p", "text"), digest);
}

TEST(Sealer, ServesMorePurposesThanItKeepsFromManyThreads) {
  const auto sealer = make_sealer(key_of('a'));
  std::vector<std::jthread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const std::string purpose = std::to_string(i);
        EXPECT_EQ(sealer->open(purpose, sealer->seal(purpose, "t")), "t");
      }
    });
  }
}

}  // namespace
}  // namespace warifu::vault
