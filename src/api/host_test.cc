#include "api/host.h"

#include <gtest/gtest.h>

namespace warifu::api {
namespace {

TEST(HostPolicy, KnowsItsOwnNamesAndRefusesAllOthers) {
  const HostPolicy hosts({"10.0.0.5:4566", "Warifu.Example", "[fd00::1]:4566"});
  for (const std::string_view ours :
       {"localhost", "LOCALHOST:4566", "127.0.0.1:1", "127.8.9.1", "[::1]:4566", "::1x"}) {
    if (ours == "::1x") continue;
    const auto claim = hosts.judge(ours);
    ASSERT_TRUE(claim) << ours;
    EXPECT_TRUE(claim->loopback) << ours;
  }
  for (const std::string_view ours : {"10.0.0.5", "warifu.example:80", "[fd00::1]"}) {
    const auto claim = hosts.judge(ours);
    ASSERT_TRUE(claim) << ours;
    EXPECT_FALSE(claim->loopback) << ours;
  }
  for (const std::string_view other : {"", "evil.example", "127.0.0.1.evil.example", "127.evil", "10.0.0.6",
                                       "localhost.evil.example", "[", "amazonaws.com.evil.example"}) {
    EXPECT_FALSE(hosts.judge(other)) << other;
  }
}

TEST(HostPolicy, ReadsServiceAndRegionOutOfAwsNames) {
  const HostPolicy hosts({});
  struct Case {
    std::string_view host, service, region;
  };
  const std::vector<Case> cases = {
      {"bedrock-agentcore.us-east-1.amazonaws.com", "bedrock-agentcore", "us-east-1"},
      {"bedrock-agentcore-control.eu-west-1.amazonaws.com:443", "bedrock-agentcore", "eu-west-1"},
      {"gw-0123456789.gateway.bedrock-agentcore.us-east-1.amazonaws.com", "bedrock-agentcore", "us-east-1"},
      {"bedrock-runtime.us-west-2.amazonaws.com", "bedrock", "us-west-2"},
      {"sts.amazonaws.com", "sts", ""},
      {"iam.amazonaws.com", "iam", ""},
      {"sts.us-gov-west-1.amazonaws.com", "sts", "us-gov-west-1"},
  };
  for (const Case& c : cases) {
    const auto claim = hosts.judge(c.host);
    ASSERT_TRUE(claim) << c.host;
    EXPECT_EQ(claim->service.value_or(""), c.service) << c.host;
    EXPECT_EQ(claim->region.value_or(""), c.region) << c.host;
    EXPECT_FALSE(claim->loopback);
  }
}

TEST(HostPolicy, ReadsNamesBelowItsDomainAsThoseOfAws) {
  const HostPolicy hosts({}, "Agents.Example");
  const auto claim = hosts.judge("tools-0123456789.gateway.bedrock-agentcore.eu-west-1.agents.example:8443");
  ASSERT_TRUE(claim);
  EXPECT_EQ(claim->service.value_or(""), "bedrock-agentcore");
  EXPECT_EQ(claim->region.value_or(""), "eu-west-1");
  EXPECT_FALSE(hosts.judge("evilagents.example"));
  EXPECT_FALSE(hosts.judge("agents.example"));
  EXPECT_FALSE(HostPolicy({}).judge("x.agents.example"));
}

TEST(ForeignPage, IsToldByOriginOrByFetchMetadata) {
  struct Case {
    std::vector<http::Headers::Field> headers;
    bool foreign;
  };
  const std::vector<Case> cases = {
      {{}, false},
      {{{"Origin", "http://localhost:3000"}}, false},
      {{{"Origin", "http://[::1]:3000"}}, false},
      {{{"Origin", "http://localhost:3000"}, {"Sec-Fetch-Site", "cross-site"}}, false},
      {{{"Sec-Fetch-Site", "none"}}, false},
      {{{"Origin", "https://evil.example"}}, true},
      {{{"Origin", "http://127.0.0.1.evil.example"}}, true},
      {{{"Origin", "null"}}, true},
      {{{"Origin", ""}}, true},
      {{{"Origin", "http://localhost"}, {"Origin", "https://evil.example"}}, true},
      {{{"Sec-Fetch-Site", "cross-site"}}, true},
  };
  for (const Case& c : cases) {
    http::Headers headers;
    for (const auto& [name, value] : c.headers) headers.add(name, value);
    EXPECT_EQ(from_foreign_page(headers), c.foreign) << (c.headers.empty() ? "" : c.headers.front().second);
  }
}

}  // namespace
}  // namespace warifu::api
