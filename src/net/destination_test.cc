#include "net/destination.h"

#include <gtest/gtest.h>

#include "net/blocking.h"
#include "net/client.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

bool open_to(std::string_view text) { return is_public(*IpAddress::parse(text)); }

TEST(Destination, PrivateAndSpecialAddressesAreNotPublic) {
  for (const char* text : {"127.0.0.1",
                           "127.255.255.254",
                           "10.0.0.1",
                           "172.16.0.1",
                           "172.31.255.255",
                           "192.168.1.1",
                           "169.254.169.254",
                           "100.64.0.1",
                           "0.0.0.0",
                           "224.0.0.1",
                           "255.255.255.255",
                           "198.18.0.1",
                           "::",
                           "::1",
                           "::7f00:1",
                           "fe80::1",
                           "fc00::1",
                           "fd12::1",
                           "ff02::1",
                           "64:ff9b::7f00:1",
                           "2002:7f00:1::",
                           "2001::1",
                           "::ffff:127.0.0.1",
                           "::ffff:10.1.2.3"}) {
    EXPECT_FALSE(open_to(text)) << text;
  }
  for (const char* text : {"1.1.1.1", "8.8.8.8", "172.32.0.1", "172.15.255.255", "100.128.0.1", "2606:4700::1111",
                           "::ffff:8.8.8.8", "223.255.255.255"}) {
    EXPECT_TRUE(open_to(text)) << text;
  }
}

TEST(Destination, TheOperatorAllowsNetworks) {
  const auto policy = DestinationPolicy::from({"10.1.0.0/16", "::1"});
  ASSERT_TRUE(policy);
  EXPECT_TRUE(policy->allows(*IpAddress::parse("10.1.2.3")));
  EXPECT_FALSE(policy->allows(*IpAddress::parse("10.2.0.1")));
  EXPECT_TRUE(policy->allows(*IpAddress::parse("::1")));
  EXPECT_TRUE(policy->allows(*IpAddress::parse("8.8.8.8")));
  EXPECT_FALSE(DestinationPolicy::from({"10.1.0.1/16"})) << "bits beyond the prefix";
  EXPECT_FALSE(DestinationPolicy::from({"everything"}));
}

Result<http::Response> fetch_as(const DestinationPolicy& policy, const std::string& url) {
  ClientOptions options;
  options.may_connect = [policy](const IpAddress& address) { return policy.allows(address); };
  return fetch_blocking(url,
                        {.method = "GET", .target = {}, .headers = {}, .body = {}, .peer_ip = {}, .local_host = {}},
                        testing::kPatience, options);
}

TEST(Destination, TheClientConnectsToNoOther) {
  const testing::TestServer server;
  const std::string port = std::to_string(server.port());
  for (const std::string host : {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "127.1"}) {
    const auto refused = fetch_as({}, "http://" + host + ":" + port + "/");
    ASSERT_FALSE(refused) << host;
  }
  const auto refused = fetch_as({}, "http://localhost:" + port + "/");
  EXPECT_EQ(refused.error().reason, kForbiddenAddress) << "by name too: the address is judged";
  EXPECT_TRUE(fetch_as(*DestinationPolicy::from({"127.0.0.0/8"}), "http://127.0.0.1:" + port + "/"));
}

}  // namespace
}  // namespace warifu::net
