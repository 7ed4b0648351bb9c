#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <fstream>

#include "net/client.h"
#include "net/local_ca.h"
#include "net/server.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

using ::testing::HasSubstr;
using testing::kPatience;
using testing::RawClient;
using testing::TestServer;

/// A folder of its own for one test, removed after it.
class TlsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "warifu-tls-XXXXXX";
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    dir_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(dir_); }

  static ServerOptions options_of(const LocalCa& ca) {
    ServerOptions options;
    options.tls_cert_path = ca.server_cert;
    options.tls_key_path = ca.server_key;
    return options;
  }
  static Result<http::Response> get(std::string_view host, std::uint16_t port, const std::filesystem::path& bundle,
                                    std::string body = {}) {
    http::Request request;
    request.method = "POST";
    request.body = std::move(body);
    ClientOptions options;
    options.ca_bundle_path = bundle;
    return fetch_blocking("https://" + std::string(host) + ":" + std::to_string(port) + "/t", request, kPatience,
                          options);
  }
  static std::string read(const std::filesystem::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  std::filesystem::path dir_;
};

TEST_F(TlsTest, ServesAndFetchesUnderALocalCa) {
  const auto ca = make_local_ca(dir_ / "tls", {"bedrock-agentcore.us-east-1.amazonaws.com", "*.amazonaws.com"});
  ASSERT_TRUE(ca) << ca.error().message;
  TestServer server(options_of(*ca));
  for (const std::string_view host : {"127.0.0.1", "localhost"}) {
    const auto response = get(host, server.port(), ca->ca_cert, "body");
    ASSERT_TRUE(response) << host << ": " << response.error().message;
    EXPECT_EQ(response->body, "POST /t body");
    EXPECT_EQ(response->headers.get("x-secure"), "yes");
  }
  const std::string large(3'000'000, 'x');
  const auto response = get("127.0.0.1", server.port(), ca->ca_cert, large);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_TRUE(response->body == "POST /t " + large);
}

TEST_F(TlsTest, TrustsNeitherAnUnknownAuthorityNorAnotherName) {
  const auto ca = make_local_ca(dir_ / "one", {});
  const auto other = make_local_ca(dir_ / "two", {});
  ASSERT_TRUE(ca && other);
  TestServer server(options_of(*ca));
  EXPECT_THAT(get("localhost", server.port(), other->ca_cert).error().message, HasSubstr("tls:"));
  EXPECT_THAT(get("localhost", server.port(), {}).error().message, HasSubstr("tls:"));
  // The same server under a name that its certificate lacks.
  EXPECT_FALSE(get("127.1", server.port(), ca->ca_cert).has_value());
  EXPECT_EQ(server->metrics().requests, 0U);
}

TEST_F(TlsTest, ChecksThatTheCertificateNamesTheHost) {
  const auto ca = make_local_ca(dir_ / "tls", {});
  ASSERT_TRUE(ca);
  ServerOptions options = options_of(*ca);
  options.listen = {{.host = "127.0.0.2", .port = 0}};
  TestServer server(options);
  const auto response = get("127.0.0.2", server.port(), ca->ca_cert);
  ASSERT_FALSE(response);
  EXPECT_THAT(response.error().message, HasSubstr("tls:"));
}

TEST_F(TlsTest, KeepsTheAuthorityAndRenewsTheServersCertificate) {
  const auto first = make_local_ca(dir_, {});
  ASSERT_TRUE(first);
  const std::string authority = read(first->ca_cert);
  const std::string leaf = read(first->server_cert);
  const auto second = make_local_ca(dir_, {"example.test", "10.1.2.3"});
  ASSERT_TRUE(second);
  EXPECT_EQ(read(second->ca_cert), authority);
  EXPECT_NE(read(second->server_cert), leaf);
  EXPECT_THAT(read(second->server_cert), HasSubstr(authority)) << "the chain holds the CA";
  TestServer server(options_of(*second));
  EXPECT_TRUE(get("127.0.0.1", server.port(), first->ca_cert));
}

TEST_F(TlsTest, KeepsKeysToTheOwner) {
  const auto ca = make_local_ca(dir_ / "tls", {});
  ASSERT_TRUE(ca);
  for (const auto& path : {ca->ca_key, ca->server_key}) {
    struct stat status{};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U) << path;
  }
  struct stat status{};
  ASSERT_EQ(::stat((dir_ / "tls").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
}

TEST_F(TlsTest, RefusesNamesThatAreNone) {
  for (const std::string& bad : {"", ".", "a..b", "a b", "a,DNS:evil.test", "*", "a.*.b", "a/b", "a\nb", "-\xc3\xa9"}) {
    const auto ca = make_local_ca(dir_, {bad});
    ASSERT_FALSE(ca) << bad;
    EXPECT_EQ(ca.error().code, ErrorCode::kValidation) << bad;
  }
  EXPECT_TRUE(std::filesystem::is_empty(dir_));
}

TEST_F(TlsTest, DoesNotReplaceAnAuthorityThatItCannotRead) {
  std::ofstream(dir_ / "ca.pem") << "not a certificate";
  const auto ca = make_local_ca(dir_, {});
  ASSERT_FALSE(ca);
  EXPECT_EQ(ca.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(read(dir_ / "ca.pem"), "not a certificate");
}

TEST_F(TlsTest, EndsAHandshakeThatDoesNotComeAndOneThatIsNone) {
  const auto ca = make_local_ca(dir_, {});
  ASSERT_TRUE(ca);
  ServerOptions options = options_of(*ca);
  options.request_timeout = std::chrono::milliseconds(50);
  TestServer server(options);
  RawClient silent(server.port());
  EXPECT_TRUE(silent.closed());
  EXPECT_EQ(server->metrics().timeouts, 1U);
  RawClient plain(server.port());
  plain.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  const auto rest = plain.rest();
  EXPECT_TRUE(!rest || rest->find("HTTP/1.1") == std::string::npos);
  EXPECT_TRUE(testing::eventually([&] { return server->metrics().connections_open == 0; }));
}

TEST_F(TlsTest, StopsWhileHandshakesAndIdleConnectionsAreOpen) {
  const auto ca = make_local_ca(dir_, {});
  ASSERT_TRUE(ca);
  TestServer server(options_of(*ca));
  RawClient silent(server.port());
  ASSERT_TRUE(testing::eventually([&] { return server->metrics().connections_open == 1; }));
  EXPECT_TRUE(server->stop(kPatience));
  EXPECT_TRUE(silent.closed());
}

}  // namespace
}  // namespace warifu::net
