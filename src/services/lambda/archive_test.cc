#include "hosting/archive.h"

#include "services/lambda/code.h"
#include "services/lambda/lambda_testing.h"
#include "services/lambda/limits.h"

namespace warifu::services::lambda {
namespace {

namespace archive = hosting::archive;
using hosting::archive::kArchiveDepthMax;
using hosting::archive::kArchivePathBytesMax;

using lambda::testing::Entry;
using lambda::testing::zip_of;

constexpr std::uint32_t kLink = 0120777;

std::string why(const std::string& zip) {
  const auto contents = archive::check(zip, code::kBounds);
  return contents ? "" : contents.error().message;
}

TEST(Archive, FilesFoldersAndLinksWithinAreTaken) {
  const std::string zip = zip_of({{.name = "a/", .content = "", .mode = 040755},
                                  {.name = "a/b.py", .content = "print()"},
                                  {.name = "bin/run", .content = "#!", .mode = 0100755},
                                  {.name = "a/link", .content = "../bin/run", .mode = kLink}});
  const auto contents = archive::check(zip, code::kBounds);
  ASSERT_TRUE(contents.has_value()) << contents.error().message;
  EXPECT_EQ(contents->entries, 4U);
  EXPECT_EQ(contents->unzipped_bytes, 9U);
}

TEST(Archive, WhatLeadsOutIsRefused) {
  const std::vector<Entry> kBad[] = {
      {{.name = "../x", .content = "1"}},
      {{.name = "a/../../x", .content = "1"}},
      {{.name = "/etc/passwd", .content = "1"}},
      {{.name = "a\\..\\x", .content = "1"}},
      {{.name = "l", .content = "/etc/passwd", .mode = kLink}},
      {{.name = "l", .content = "..", .mode = kLink}},
      {{.name = "a/l", .content = "../../x", .mode = kLink}},
      // Through the link `s`, `..` would lead up from where it points.
      {{.name = "s", .content = ".", .mode = kLink}, {.name = "l", .content = "s/../x", .mode = kLink}},
      {{.name = "s", .content = ".", .mode = kLink}, {.name = "a/l", .content = "s/../../x", .mode = kLink}},
      {{.name = "a/l", .content = "s/../x", .mode = kLink}},
      {{.name = "s", .content = "a", .mode = kLink}, {.name = "s/x", .content = "1"}},
      {{.name = "f", .content = "1"}, {.name = "f/x", .content = "1"}},
      {{.name = "f", .content = "1"}, {.name = "f", .content = "2"}},
      {{.name = "dev", .content = "", .mode = 020666}},
      {{.name = std::string(kArchivePathBytesMax + 1, 'n'), .content = "1"}},
  };
  for (const auto& entries : kBad) EXPECT_NE(why(zip_of(entries)), "") << entries.back().name;
}

TEST(Archive, WhatIsNoArchiveOrDamagedIsRefused) {
  const std::string good = zip_of({{.name = "a.py", .content = "print(1)"}});
  ASSERT_EQ(why(good), "");
  std::string flipped = good;
  flipped[flipped.find("print")] = 'q';  // the checksum tells
  EXPECT_NE(why(flipped), "");
  EXPECT_NE(why(good.substr(0, good.size() - 30)), "");
  EXPECT_NE(why(good.substr(0, 40)), "");
  EXPECT_NE(why("no archive"), "");
  EXPECT_NE(why(""), "");
  EXPECT_NE(why(zip_of({})), "");
}

TEST(Archive, DepthIsBounded) {
  std::string deep;
  for (std::size_t i = 0; i + 1 < kArchiveDepthMax; ++i) deep += "d/";
  EXPECT_EQ(why(zip_of({{.name = deep + "f", .content = "1"}})), "");
  EXPECT_NE(why(zip_of({{.name = deep + "d/f", .content = "1"}})), "");
}

TEST(Archive, TheNumberOfEntriesIsBounded) {
  // 65,535 is the most that the format without extensions can count; more than that is not one.
  std::vector<Entry> entries(60'000);
  for (std::size_t i = 0; i < entries.size(); ++i) entries[i].name = std::to_string(i);
  EXPECT_EQ(why(zip_of(entries)), "");
}

TEST(Archive, UnpackedFilesAreReadableByEveryone) {
  std::string name = "/tmp/warifu-archive-XXXXXX";
  const std::filesystem::path root = ::mkdtemp(name.data());
  const std::string zip =
      zip_of({{.name = "a/b.py", .content = "print()"}, {.name = "run", .content = "#!", .mode = 0100700}});
  const auto unpacked = archive::unpack(zip, root / "code", code::kBounds);
  ASSERT_TRUE(unpacked.has_value()) << unpacked.error().message;
  using std::filesystem::perms;
  const auto mode = [&](const char* path) { return std::filesystem::status(root / "code" / path).permissions(); };
  EXPECT_NE(mode("a/b.py") & perms::others_read, perms::none);
  EXPECT_EQ(mode("a/b.py") & perms::others_write, perms::none);
  EXPECT_NE(mode("run") & perms::others_exec, perms::none);
  EXPECT_FALSE(archive::unpack(zip_of({{.name = "ok", .content = "1"}, {.name = "../x", .content = "1"}}), root / "bad",
                               code::kBounds));
  EXPECT_FALSE(std::filesystem::exists(root / "bad"));
  std::filesystem::remove_all(root);
}

}  // namespace
}  // namespace warifu::services::lambda
