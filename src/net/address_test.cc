#include "net/address.h"

#include <gtest/gtest.h>

#include "net/server.h"

namespace warifu::net {
namespace {

TEST(AddressTest, WritesMappedAddressesAsIpv4) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {{"10.1.2.3", "10.1.2.3"},
                                                                            {"::ffff:10.1.2.3", "10.1.2.3"},
                                                                            {"::FFFF:0a01:0203", "10.1.2.3"},
                                                                            {"2001:DB8::0:1", "2001:db8::1"},
                                                                            {"::1", "::1"}};
  for (const auto& [text, canonical] : cases) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->str(), canonical);
  }
  for (const std::string_view bad : {"", "10.1.2", "10.1.2.256", "10.1.2.3 ", "::1%lo", "localhost", "1.2.3.4:5"}) {
    EXPECT_FALSE(IpAddress::parse(bad)) << bad;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0x", 9)));
}

TEST(CidrBlockTest, HoldsWhatItsPrefixSays) {
  struct Case {
    std::string_view block, address;
    bool inside;
  };
  const std::vector<Case> cases = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.0", false},
      {"192.168.4.0/22", "192.168.7.255", true},
      {"192.168.4.0/22", "192.168.8.0", false},
      {"0.0.0.0/0", "1.2.3.4", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"10.0.0.0/8", "::ffff:10.0.0.1", true},
      {"fd00::/8", "fd12::1", true},
      {"fd00::/8", "fe00::1", false},
      {"::/0", "1.2.3.4", true},
      {"127.0.0.1", "127.0.0.1", true},
      {"127.0.0.1", "127.0.0.2", false},
      {"::1/128", "::1", true},
  };
  for (const Case& c : cases) {
    const auto block = CidrBlock::parse(c.block);
    ASSERT_TRUE(block) << c.block;
    EXPECT_EQ(block->contains(*IpAddress::parse(c.address)), c.inside) << c.block << " " << c.address;
  }
}

TEST(CidrBlockTest, RefusesWhatIsProbablyATypingError) {
  for (const std::string_view bad :
       {"10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129", "x/8", ""}) {
    EXPECT_FALSE(CidrBlock::parse(bad)) << bad;
  }
  EXPECT_FALSE(ForwardedTrust::from({"10.0.0.0/8", "nonsense"}).has_value());
}

TEST(ForwardedTrustTest, BelievesOnlyTrustedProxiesAndReadsFromTheRight) {
  struct Case {
    std::string_view name, peer;
    std::vector<std::string> chains;
    std::string_view client;
  };
  const std::vector<Case> cases = {
      {"a stranger's field means nothing", "8.8.8.8", {"1.1.1.1"}, "8.8.8.8"},
      {"a proxy without the field", "10.0.0.1", {}, "10.0.0.1"},
      {"one hop", "10.0.0.1", {"1.1.1.1"}, "1.1.1.1"},
      {"the client's own claim is left of the proxy's", "10.0.0.1", {"6.6.6.6, 1.1.1.1"}, "1.1.1.1"},
      {"two proxies", "10.0.0.1", {"6.6.6.6, 1.1.1.1, 10.0.0.2"}, "1.1.1.1"},
      {"two fields are one list", "10.0.0.1", {"6.6.6.6", "1.1.1.1"}, "1.1.1.1"},
      {"proxies all the way", "10.0.0.1", {"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
      {"a port is cut", "10.0.0.1", {"1.1.1.1:99"}, "1.1.1.1"},
      {"IPv6 in brackets", "10.0.0.1", {"[2001:db8::1]:99"}, "2001:db8::1"},
      {"mapped", "10.0.0.1", {"::ffff:1.1.1.1"}, "1.1.1.1"},
      {"rubbish ends the walk", "10.0.0.1", {"1.1.1.1, unknown"}, "10.0.0.1"},
      {"rubbish beyond a proxy ends it there", "10.0.0.1", {"1.1.1.1, x, 10.0.0.2"}, "10.0.0.2"},
      {"an empty field", "10.0.0.1", {""}, "10.0.0.1"},
  };
  const ForwardedTrust trust = *ForwardedTrust::from({"10.0.0.0/8"});
  for (const Case& c : cases) {
    http::Request request;
    request.peer_ip = c.peer;
    for (const std::string& chain : c.chains) request.headers.add("X-Forwarded-For", chain);
    trust.apply(request);
    EXPECT_EQ(request.peer_ip, c.client) << c.name;
  }
}

TEST(ForwardedTrustTest, TakesTheSchemeFromATrustedProxyAlone) {
  const ForwardedTrust trust = *ForwardedTrust::from({"10.0.0.1"});
  const auto secure = [&](std::string_view peer, const std::vector<std::string>& protos, bool own) {
    http::Request request;
    request.peer_ip = peer;
    request.secure = own;
    for (const std::string& proto : protos) request.headers.add("X-Forwarded-Proto", proto);
    trust.apply(request);
    return request.secure;
  };
  EXPECT_TRUE(secure("10.0.0.1", {"https"}, false));
  EXPECT_FALSE(secure("10.0.0.1", {"http"}, true));
  EXPECT_FALSE(secure("10.0.0.2", {"https"}, false));
  EXPECT_FALSE(secure("10.0.0.1", {"https", "http"}, false));
  EXPECT_TRUE(secure("10.0.0.1", {}, true));
}

TEST(EndpointTest, ReadsHostAndPort) {
  const std::vector<std::pair<std::string_view, std::string_view>> cases = {{"127.0.0.1:4566", "127.0.0.1:4566"},
                                                                            {"localhost:1", "127.0.0.1:1"},
                                                                            {"*:80", "0.0.0.0:80"},
                                                                            {"[::1]:4566", "[::1]:4566"},
                                                                            {"0.0.0.0:0", "0.0.0.0:0"}};
  for (const auto& [text, canonical] : cases) {
    const auto endpoint = Endpoint::parse(text);
    ASSERT_TRUE(endpoint) << text;
    EXPECT_EQ(endpoint->str(), canonical);
  }
  for (const std::string_view bad :
       {"", "4566", ":4566", "::1:4566", "[127.0.0.1]:1", "h:1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x"}) {
    EXPECT_FALSE(Endpoint::parse(bad)) << bad;
  }
}

TEST(EndpointTest, KnowsLoopback) {
  EXPECT_TRUE((Endpoint{.host = "127.9.9.9", .port = 1}.loopback()));
  EXPECT_TRUE((Endpoint{.host = "::1", .port = 1}.loopback()));
  EXPECT_FALSE((Endpoint{.host = "0.0.0.0", .port = 1}.loopback()));
  EXPECT_FALSE((Endpoint{.host = "::", .port = 1}.loopback()));
  EXPECT_FALSE((Endpoint{.host = "10.0.0.1", .port = 1}.loopback()));
}

}  // namespace
}  // namespace warifu::net
