#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "api/testing.h"
#include "base/encoding.h"
#include "crypto/digest.h"
#include "crypto/hash.h"
#include "services/s3/blobs.h"
#include "services/s3/public_policy.h"
#include "services/s3/service.h"

namespace warifu::services::s3 {
namespace {

using api::testing::Keys;
using api::testing::Sent;
using api::testing::TestServer;

class S3 : public ::testing::Test {
 protected:
  S3() {
    folder_ = std::filesystem::temp_directory_path() / ("warifu-s3-" + SystemRandom().uuid());
    db_ = store::open_memory();
    auto service = Service::open(folder_ / "s3", *db_, random_);
    CHECK(service.has_value(), "the test's folder cannot be made");
    service_ = std::move(*service);
    server_ = std::make_unique<TestServer>([this](api::Registry& registry) { bind(registry, *service_); });
    mine_ = server_->account("111111111111");
    theirs_ = server_->account("222222222222");
  }
  ~S3() override {
    server_.reset();
    service_.reset();
    std::filesystem::remove_all(folder_);
  }

  http::Response send(const Keys& keys, std::string method, std::string target, std::string body = {},
                      std::vector<http::Headers::Field> headers = {}) {
    headers.emplace_back("x-amz-content-sha256", crypto::sha256_hex(body));
    return server_->send(keys, {.service = "s3",
                                .method = std::move(method),
                                .target = std::move(target),
                                .body = std::move(body),
                                .headers = std::move(headers)});
  }
  static std::string header(const http::Response& response, std::string_view name) {
    return std::string(response.headers.get(name).value_or(""));
  }
  std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_)) count += entry.is_regular_file();
    return count;
  }

  std::filesystem::path folder_;
  SystemRandom random_;
  std::unique_ptr<store::Db> db_;
  std::unique_ptr<Service> service_;
  std::unique_ptr<TestServer> server_;
  Keys mine_, theirs_;
};

TEST_F(S3, AnObjectComesBackAsItWasPut) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  const std::string body(200'000, 'x');
  const auto put = send(mine_, "PUT", "/bucket/a/b%20c", body, {{"Content-Type", "text/plain"}, {"x-amz-meta-k", "v"}});
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(header(put, "ETag"), "\"" + hex_encode(as_bytes(crypto::md5(body))) + "\"");
  const auto got = send(mine_, "GET", "/bucket/a/b%20c");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, body);
  EXPECT_EQ(header(got, "Content-Type"), "text/plain");
  EXPECT_EQ(header(got, "x-amz-meta-k"), "v");
  const auto part = send(mine_, "GET", "/bucket/a/b%20c", {}, {{"Range", "bytes=65530-65545"}});
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, body.substr(0, 16));
  EXPECT_EQ(header(part, "Content-Range"), "bytes 65530-65545/200000");
  EXPECT_EQ(send(mine_, "GET", "/bucket/a/b%20c", {}, {{"Range", "bytes=200000-"}}).status, 416);
}

TEST_F(S3, AnothersObjectIsDeniedUntilItsBucketSaysOtherwise) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  ASSERT_EQ(send(mine_, "PUT", "/bucket/key", "secret").status, 200);
  EXPECT_EQ(send(theirs_, "GET", "/bucket/key").status, 403);
  EXPECT_EQ(send(theirs_, "PUT", "/bucket").status, 409);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::222222222222:root"},)"
      R"("Action":"s3:GetObject","Resource":"arn:aws:s3:::bucket/*"}]})";
  const auto written = send(mine_, "PUT", "/bucket?policy", policy);
  ASSERT_EQ(written.status, 200) << written.body;
  EXPECT_EQ(send(theirs_, "GET", "/bucket/key").body, "secret");
  EXPECT_EQ(send(theirs_, "PUT", "/bucket/key", "changed").status, 403);
  // Whoever may not list is not told what is there.
  EXPECT_EQ(send(theirs_, "GET", "/bucket/none").status, 403);
  EXPECT_EQ(send(mine_, "GET", "/bucket/none").status, 404);
}

TEST_F(S3, NobodyGetsInWithoutASignatureUnlessThePolicySaysEverybody) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  ASSERT_EQ(send(mine_, "PUT", "/bucket/key", "open").status, 200);
  const auto anonymous = [&] {
    return server_->serve(
        TestServer::unsigned_request({.method = "GET", .target = "/bucket/key", .body = {}, .headers = {}}));
  };
  EXPECT_EQ(anonymous().status, 403);
  const std::string policy =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject",)"
      R"("Resource":"arn:aws:s3:::bucket/*"}]})";
  EXPECT_EQ(send(mine_, "PUT", "/bucket?policy", policy).status, 403);
  ASSERT_EQ(send(mine_, "DELETE", "/bucket?publicAccessBlock").status, 204);
  ASSERT_EQ(send(mine_, "PUT", "/bucket?policy", policy).status, 200);
  EXPECT_EQ(anonymous().body, "open");
}

TEST_F(S3, APartOfABucketIsNeverTakenForTheWhole) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  EXPECT_EQ(send(mine_, "DELETE", "/bucket?lifecycle").status, 501);
  EXPECT_EQ(send(mine_, "HEAD", "/bucket").status, 200);
  EXPECT_EQ(send(mine_, "DELETE", "/bucket").status, 204);
}

TEST_F(S3, ABodyThatIsNotWhatWasStatedLeavesNothing) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  EXPECT_EQ(send(mine_, "PUT", "/bucket/key", "text", {{"Content-MD5", base64_encode(crypto::md5("other"))}}).status,
            400);
  EXPECT_EQ(send(mine_, "PUT", "/bucket/key", "text", {{"x-amz-checksum-crc32", "AAAAAA=="}}).status, 400);
  EXPECT_EQ(send(mine_, "GET", "/bucket/key").status, 404);
  EXPECT_EQ(files(), 0U);
}

TEST_F(S3, VersionsAreKeptAndMarkersHideThem) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  const std::string on = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
  ASSERT_EQ(send(mine_, "PUT", "/bucket?versioning", on).status, 200);
  const std::string first = header(send(mine_, "PUT", "/bucket/key", "one"), "x-amz-version-id");
  send(mine_, "PUT", "/bucket/key", "two");
  EXPECT_EQ(send(mine_, "GET", "/bucket/key?versionId=" + first).body, "one");
  EXPECT_EQ(header(send(mine_, "DELETE", "/bucket/key"), "x-amz-delete-marker"), "true");
  EXPECT_EQ(send(mine_, "GET", "/bucket/key").status, 404);
  EXPECT_EQ(send(mine_, "DELETE", "/bucket").status, 409);
  EXPECT_EQ(files(), 2U);
  EXPECT_EQ(send(mine_, "DELETE", "/bucket/key?versionId=" + first).status, 204);
  EXPECT_EQ(files(), 1U);
}

TEST_F(S3, WhatIsReplacedIsGoneFromTheDisk) {
  ASSERT_EQ(send(mine_, "PUT", "/bucket").status, 200);
  for (int i = 0; i < 3; ++i) ASSERT_EQ(send(mine_, "PUT", "/bucket/../key", std::to_string(i)).status, 200);
  EXPECT_EQ(files(), 1U);
  EXPECT_EQ(send(mine_, "GET", "/bucket/../key").body, "2");
}

TEST(Blobs, APieceThatIsMovedOrCutOffDoesNotOpen) {
  const auto folder = std::filesystem::temp_directory_path() / ("warifu-blobs-" + SystemRandom().uuid());
  SystemRandom random;
  const auto blobs = Blobs::open(folder, random);
  ASSERT_TRUE(blobs.has_value());
  const AccountId owner = *AccountId::parse("111111111111");
  auto writer = (*blobs)->create(owner);
  ASSERT_TRUE(writer && (*writer)->append(std::string(3 * kPieceBytes, 'a')));
  const auto blob = (*writer)->finish();
  (*writer)->keep();
  const auto file = folder / owner.str() / blob->id.substr(0, 2) / blob->id;
  std::string bytes(std::filesystem::file_size(file), '\0');
  std::ifstream(file, std::ios::binary).read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  const auto opens = [&](const std::string& changed) {
    std::ofstream(file, std::ios::binary | std::ios::trunc) << changed;
    const auto reader = (*blobs)->reader(owner, *blob);
    return (*reader)->read(0, 3 * kPieceBytes).has_value();
  };
  const std::size_t sealed = bytes.size() / 3;
  EXPECT_TRUE(opens(bytes));
  EXPECT_FALSE(opens(bytes.substr(sealed, sealed) + bytes.substr(0, sealed) + bytes.substr(2 * sealed)));
  EXPECT_FALSE(opens(bytes.substr(0, 2 * sealed)));
  Blob shorter = *blob;
  shorter.size = 2 * kPieceBytes;  // as if what follows had never been
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes.substr(0, 2 * sealed);
  EXPECT_FALSE((*(*blobs)->reader(owner, shorter))->read(0, 2 * kPieceBytes).has_value());
  std::filesystem::remove_all(folder);
}

TEST(PublicPolicy, WhoeverIsNotTiedDownIsThePublic) {
  const auto with = [](std::string_view principal, std::string_view condition) {
    return is_public_policy(std::string(R"({"Statement":{"Effect":"Allow","Principal":)").append(principal) +
                            R"(,"Condition":)" + std::string(condition) + "}}");
  };
  EXPECT_TRUE(with(R"("*")", "{}"));
  EXPECT_TRUE(with(R"({"AWS":["*"]})", "{}"));
  EXPECT_FALSE(with(R"({"AWS":"arn:aws:iam::111111111111:root"})", "{}"));
  EXPECT_FALSE(with(R"("*")", R"({"StringEquals":{"aws:PrincipalOrgID":"o-1"}})"));
  EXPECT_TRUE(with(R"("*")", R"({"StringLike":{"aws:PrincipalOrgID":"o-*"}})"));
  EXPECT_TRUE(with(R"("*")", R"({"StringNotEquals":{"aws:PrincipalOrgID":"o-1"}})"));
}

}  // namespace
}  // namespace warifu::services::s3
