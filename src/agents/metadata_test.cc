#include "agents/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agents_testing.h"
#include "json/value.h"
#include "net/blocking.h"

namespace warifu::agents {
namespace {

using ::testing::HasSubstr;
using testing::SessionsTest;

constexpr const char* kRole = "/latest/meta-data/iam/security-credentials/R";

class MetadataTest : public ::testing::Test {
 protected:
  Task<Result<Credentials>> source() {
    ++asked_;
    if (broken_) co_return fail(unavailable("no"));
    co_return Credentials{.access_key_id = "ASIA" + std::to_string(asked_),
                          .secret_access_key = "s",
                          .session_token = "t",
                          .expires = clock_.now().plus_seconds(3600)};
  }
  static Task<Result<http::Response>> serve(Metadata& metadata, http::Request request) {
    co_return co_await metadata.serve(std::move(request));
  }
  http::Response ask(std::string method, std::string path, http::Headers headers = {}) {
    auto out = net::run_blocking(
        serve(metadata_, {.method = std::move(method), .target = std::move(path), .headers = std::move(headers)}));
    return out ? *out : http::Response{.status = 0};
  }
  static http::Headers header(const char* name, std::string value) {
    http::Headers out;
    out.add(name, std::move(value));
    return out;
  }
  std::string token(int seconds = 60) {
    return ask("PUT", "/latest/api/token", header("X-aws-ec2-metadata-token-ttl-seconds", std::to_string(seconds)))
        .body;
  }
  http::Response get(std::string path) {
    return ask("GET", std::move(path), header("X-aws-ec2-metadata-token", token()));
  }

  ManualClock clock_{{1'783'165'130'000}};
  SeededRandom random_{7};
  int asked_ = 0;
  bool broken_ = false;
  Metadata metadata_{{.role_name = "R",
                      .role_arn = "arn:aws:iam::111122223333:role/R",
                      .region = "eu-west-1",
                      .account = "111122223333",
                      .instance_id = "i-0123456789abcdef0"},
                     [this]() -> Task<Result<Credentials>> { return source(); },
                     clock_,
                     random_};
};

TEST_F(MetadataTest, NothingIsToldWithoutATokenThatHolds) {
  EXPECT_EQ(ask("GET", kRole).status, 401);
  EXPECT_EQ(ask("GET", kRole, header("X-aws-ec2-metadata-token", "guess")).status, 401);
  const std::string held = token(10);
  EXPECT_EQ(ask("GET", kRole, header("X-aws-ec2-metadata-token", held)).status, 200);
  clock_.advance_ms(10'000);
  EXPECT_EQ(ask("GET", kRole, header("X-aws-ec2-metadata-token", held)).status, 401);
}

TEST_F(MetadataTest, ATokenIsGivenForATimeToLiveThatIsRepeated) {
  const char* name = "X-aws-ec2-metadata-token-ttl-seconds";
  const http::Response given = ask("PUT", "/latest/api/token", header(name, "21600"));
  EXPECT_EQ(given.status, 200);
  EXPECT_EQ(given.body.size(), 56U);
  EXPECT_EQ(given.headers.get(name), "21600");
  for (const char* wrong : {"0", "21601", "", "x", "-1", "60s"}) {
    EXPECT_EQ(ask("PUT", "/latest/api/token", header(name, wrong)).status, 400) << wrong;
  }
  EXPECT_EQ(ask("PUT", "/latest/api/token").status, 400);
  EXPECT_EQ(ask("GET", "/latest/api/token").status, 405);
}

TEST_F(MetadataTest, WhatComesThroughAProxyGetsNoToken) {
  http::Headers headers = header("X-aws-ec2-metadata-token-ttl-seconds", "60");
  headers.add("X-Forwarded-For", "10.0.0.1");
  EXPECT_EQ(ask("PUT", "/latest/api/token", headers).status, 403);
}

TEST_F(MetadataTest, TokensAreBoundedInNumber) {
  const std::string first = token(60);
  for (int i = 0; i < 1024; ++i) token(61);
  EXPECT_EQ(ask("GET", "/", header("X-aws-ec2-metadata-token", first)).status, 401);
}

TEST_F(MetadataTest, CredentialsAreKeptAndRenewedBeforeTheirEnd) {
  const auto key = [&] {
    const auto body = json::parse(get(kRole).body);
    return body ? body->find("AccessKeyId")->as_string() : "";
  };
  EXPECT_EQ(key(), "ASIA1");
  clock_.advance_ms(3'299'000);
  EXPECT_EQ(key(), "ASIA1");
  clock_.advance_ms(2'000);
  EXPECT_EQ(key(), "ASIA2");
  // When none can be had, those that hold go on until they end.
  broken_ = true;
  clock_.advance_ms(3'500'000);
  EXPECT_EQ(key(), "ASIA2");
  clock_.advance_ms(100'000);
  EXPECT_EQ(get(kRole).status, 404);
}

TEST_F(MetadataTest, ItTellsWhatIsDocumented) {
  EXPECT_EQ(get("/latest/meta-data/iam/security-credentials/").body, "R");
  EXPECT_EQ(get("/latest/meta-data/iam/security-credentials").body, "R");
  EXPECT_EQ(get("/latest/meta-data/placement/region").body, "eu-west-1");
  EXPECT_EQ(get("/latest/meta-data/placement/availability-zone").body, "eu-west-1a");
  EXPECT_EQ(get("/latest/meta-data/instance-id").body, "i-0123456789abcdef0");
  EXPECT_THAT(get("/latest/meta-data/iam/info").body, HasSubstr("arn:aws:iam::111122223333:instance-profile/R"));
  EXPECT_THAT(get("/latest/dynamic/instance-identity/document").body, HasSubstr(R"("accountId":"111122223333")"));
  EXPECT_THAT(get(kRole).body, HasSubstr(R"("Code":"Success")"));
  EXPECT_THAT(get(kRole).body, HasSubstr(R"("Expiration":"2026-07-04T12:38:50Z")"));
  EXPECT_EQ(get("/latest/meta-data/iam/security-credentials/Other").status, 404);
  EXPECT_EQ(get("/latest/../etc").status, 404);
  EXPECT_EQ(ask("POST", "/latest/meta-data/").status, 405);
}

TEST_F(SessionsTest, AnAgentFindsItsCredentialsAtTheMetadataAddress) {
  const auto asking = agent(R"(
BASE = "http://169.254.169.254/latest/"
def fetch(path, method="GET", **headers):
    headers = {"X-aws-ec2-metadata-" + k.replace("_", "-"): v for k, v in headers.items()}
    request = urllib.request.Request(BASE + path, method=method, headers=headers)
    return urllib.request.urlopen(request).read().decode()
def answer(self):
    token = fetch("api/token", "PUT", token_ttl_seconds="60")
    role = fetch("meta-data/iam/security-credentials/", token=token)
    keys = json.loads(fetch("meta-data/iam/security-credentials/" + role, token=token))
    self.reply(role + " " + keys["AccessKeyId"])
)");
  EXPECT_EQ(invoke(asking, "one"), "AgentRole ASIATEST1");
  EXPECT_EQ(invoke(asking, "one"), "AgentRole ASIATEST1");
  EXPECT_EQ(invoke(asking, "two"), "AgentRole ASIATEST2");
}

TEST_F(SessionsTest, Boto3FindsCredentialsAndRegionByItself) {
  const char* asked = std::getenv("WARIFU_RUNTIMES");
  options_.runtimes_folder = asked != nullptr ? asked : WARIFU_SOURCE_DIR "/build/runtimes";
  ASSERT_TRUE(std::filesystem::exists(options_.runtimes_folder)) << "run tools/install_runtimes.sh";
  restart();
  const auto asking = agent(R"(
def answer(self):
    import boto3
    session = boto3.Session()
    keys = session.get_credentials()
    self.reply(" ".join([keys.method, keys.get_frozen_credentials().access_key, session.region_name]))
)");
  EXPECT_EQ(invoke(asking, "one"), "iam-role ASIATEST1 eu-west-1");
}

}  // namespace
}  // namespace warifu::agents
