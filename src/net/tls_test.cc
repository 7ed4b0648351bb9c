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

TEST_F(TlsTest, KnowsWhichAuthoritiesNobodyBelievesUntold) {
  const auto ca = make_local_ca(dir_ / "tls", {});
  ASSERT_TRUE(ca);
  const auto root = self_signed(ca->server_cert);
  ASSERT_TRUE(root);
  EXPECT_EQ(*root, read(ca->ca_cert)) << "the leaf is signed by another";
  const std::filesystem::path alone = dir_ / "leaf.pem";
  const std::string chain = read(ca->server_cert);
  std::ofstream(alone) << chain.substr(0, chain.find("-----BEGIN", 1));
  EXPECT_EQ(self_signed(alone).value_or("?"), "");
  EXPECT_FALSE(self_signed(dir_ / "none.pem"));
}

TEST_F(TlsTest, ServesAnAttachedSocketUnderAnotherCertificate) {
  const auto own = make_local_ca(dir_ / "own", {});
  const auto other = make_local_ca(dir_ / "other", {"127.0.0.3"});
  ASSERT_TRUE(own && other);
  for (const ServerOptions& options : {options_of(*own), ServerOptions{}}) {
    TestServer server(options);
    const auto service = server->under(other->server_cert, other->server_key);
    ASSERT_TRUE(service) << service.error().message;
    UniqueFd listening(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    ::inet_pton(AF_INET, "127.0.0.3", &address.sin_addr);
    socklen_t length = sizeof(address);
    ASSERT_EQ(::bind(listening.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
    ASSERT_EQ(::listen(listening.get(), 16), 0);
    ASSERT_EQ(::getsockname(listening.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
    const auto attached = server->attach(std::move(listening), *service);
    ASSERT_TRUE(attached);
    const auto response = get("127.0.0.3", ntohs(address.sin_port), other->ca_cert);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->body, "POST /t ");
    EXPECT_EQ(response->headers.get("x-secure"), "yes");
    EXPECT_FALSE(get("127.0.0.3", ntohs(address.sin_port), own->ca_cert));
    EXPECT_FALSE(server->under(other->server_cert, other->ca_key));
  }
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
