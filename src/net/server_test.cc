#include "net/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "base/time.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

using testing::body_of;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawClient;
using testing::status_of;
using testing::TestServer;

std::string get(std::string_view target, std::string_view fields = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n" + std::string(fields) + "\r\n";
}

std::string post(std::string_view body, std::string_view fields = {}) {
  return "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         std::string(fields) + "\r\n" + std::string(body);
}

TEST(ServerTest, AnswersWithLengthDateAndTheHandlersFields) {
  TestServer server;
  RawClient client(server.port());
  client.send(get("/a?b=c"));
  const std::string response = client.response();
  EXPECT_THAT(response, ::testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nContent-Length: 11\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nX-Peer: 127.0.0.1\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nX-Local: 127.0.0.1\r\n"));
  EXPECT_THAT(response, HasSubstr("\r\nX-Secure: no\r\n"));
  EXPECT_THAT(response, Not(HasSubstr("Connection:")));
  EXPECT_EQ(body_of(response), "GET /a?b=c ");
  const std::size_t date = response.find("\r\nDate: ");
  ASSERT_NE(date, std::string::npos);
  EXPECT_TRUE(parse_http_date(response.substr(date + 8, 29)));
}

TEST(ServerTest, KeepsAConnectionForMoreRequests) {
  TestServer server;
  RawClient client(server.port());
  for (int i = 0; i < 20; ++i) {
    client.send(post("body" + std::to_string(i)));
    EXPECT_EQ(body_of(client.response()), "POST /p body" + std::to_string(i));
  }
  EXPECT_EQ(server->metrics().requests, 20U);
  EXPECT_EQ(server->metrics().connections_total, 1U);
}

TEST(ServerTest, AnswersPipelinedRequestsInOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string requests;
  constexpr int kRequests = 500;
  for (int i = 0; i < kRequests; ++i)
    requests += i % 2 == 0 ? get("/" + std::to_string(i)) : post("p" + std::to_string(i));
  client.send(requests);
  for (int i = 0; i < kRequests; ++i) {
    const std::string expected = i % 2 == 0 ? "GET /" + std::to_string(i) + " " : "POST /p p" + std::to_string(i);
    ASSERT_EQ(body_of(client.response()), expected);
  }
}

TEST(ServerTest, ReadsARequestThatArrivesByteByByte) {
  TestServer server;
  RawClient client(server.port());
  for (const char c : post("hello", "X-A: b\r\n")) client.send(std::string_view(&c, 1));
  EXPECT_EQ(body_of(client.response()), "POST /p hello");
}

TEST(ServerTest, UndoesChunkedBodiesAndDropsTrailers) {
  TestServer server;
  RawClient client(server.port());
  client.send(
      "PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n3;x=y\r\nefg\r\n0\r\nX-T: "
      "v\r\n\r\n" +
      get("/next"));
  EXPECT_EQ(body_of(client.response()), "PUT /c abcdefg");
  EXPECT_EQ(body_of(client.response()), "GET /next ");
}

TEST(ServerTest, ReadsALastChunkThatArrivesInPieces) {
  TestServer server;
  RawClient client(server.port());
  client.send("PUT /c HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (const std::string_view piece : {"0", "\r", "\n", "\r", "\n"}) client.send(piece);
  EXPECT_EQ(body_of(client.response()), "PUT /c ");
}

TEST(ServerTest, ReadsLargeBodiesAndWritesLargeAnswers) {
  TestServer server;
  RawClient client(server.port());
  std::string body(8'000'000, 'a');
  for (std::size_t i = 0; i < body.size(); ++i) body[i] = static_cast<char>('a' + i % 23);
  std::thread sender([&] { client.send(post(body)); });
  const std::string response = client.response();
  sender.join();
  EXPECT_TRUE(body_of(response) == "POST /p " + body);
}

TEST(ServerTest, AnswersHeadWithALengthAndNoBody) {
  TestServer server;
  RawClient client(server.port());
  client.send("HEAD /x HTTP/1.1\r\nHost: h\r\n\r\n" + get("/y"));
  const std::string head = client.response(true);
  EXPECT_THAT(head, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(head, EndsWith("\r\n\r\n"));
  EXPECT_EQ(body_of(client.response()), "GET /y ");
}

TEST(ServerTest, SendsNoBodyAndNoLengthWithANoContentAnswer) {
  TestServer server({}, [](http::Request) -> Task<http::Response> {
    http::Response response;
    response.status = 204;
    response.body = "never sent";
    co_return response;
  });
  RawClient client(server.port());
  client.send(get("/") + get("/", "Connection: close\r\n"));
  EXPECT_THAT(client.response(true), Not(HasSubstr("Content-Length")));
  EXPECT_THAT(client.response(true), EndsWith("\r\nConnection: close\r\n\r\n"));
  EXPECT_TRUE(client.closed());
}

TEST(ServerTest, ClosesWhenEitherSideAsksForIt) {
  struct Case {
    std::string_view name;
    std::string request;
    bool closes;
  };
  const std::vector<Case> cases = {
      {"the client says close", get("/", "Connection: close\r\n"), true},
      {"HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", true},
      {"HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", false},
      {"the handler says close", get("/close"), true},
  };
  TestServer server({}, [](http::Request request) -> Task<http::Response> {
    http::Response response;
    if (request.target == "/close") response.headers.add("connection", "close");
    co_return response;
  });
  for (const Case& c : cases) {
    RawClient client(server.port());
    client.send(c.request);
    const std::string response = client.response();
    EXPECT_EQ(status_of(response), 200) << c.name;
    if (c.closes) {
      EXPECT_THAT(response, HasSubstr("\r\nConnection: close\r\n")) << c.name;
      EXPECT_TRUE(client.closed()) << c.name;
    } else {
      EXPECT_THAT(response, HasSubstr("\r\nConnection: keep-alive\r\n")) << c.name;
      client.send(c.request);
      EXPECT_EQ(status_of(client.response()), 200) << c.name;
    }
  }
}

TEST(ServerTest, IgnoresWhatFollowsARequestThatClosesAndStillDeliversTheAnswer) {
  TestServer server;
  RawClient client(server.port());
  client.send(get("/last", "Connection: close\r\n") + get("/never") + std::string(100'000, 'x'));
  client.finish();
  const std::optional<std::string> all = client.rest();
  ASSERT_TRUE(all) << "reset";
  EXPECT_EQ(body_of(*all), "GET /last ");
  EXPECT_EQ(server->metrics().requests, 1U);
}

TEST(ServerTest, RefusesMalformedRequestsWithAMessageAndCloses) {
  const std::vector<std::pair<std::string, int>> cases = {
      {"NONSENSE\r\n\r\n", 400},
      {"GET / HTTP/1.1\n", 400},
      {"\r\n\r\n\n", 400},
      {"GET / HTTP/3.0\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {get("/", "Transfer-Encoding: gzip\r\n"), 501},
      {get("/", "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"), 400},
      {get("/", "Expect: else\r\n"), 417},
      {get("/", "Transfer-Encoding: chunked\r\n") + "zz\r\n", 400},
      {std::string("\x16\x03\x01\x02\x00\x01\n", 7), 400},  // a TLS greeting on a plain port
  };
  TestServer server;
  std::uint64_t refused = 0;
  for (const auto& [bytes, status] : cases) {
    RawClient client(server.port());
    client.send(bytes);
    client.finish();
    const std::optional<std::string> all = client.rest();
    ASSERT_TRUE(all) << bytes;
    EXPECT_EQ(status_of(*all), status) << bytes;
    EXPECT_THAT(*all, HasSubstr("\r\nConnection: close\r\n")) << bytes;
    EXPECT_THAT(*all, HasSubstr("\r\nContent-Type: application/json\r\n")) << bytes;
    EXPECT_THAT(body_of(*all), ::testing::MatchesRegex(R"(\{"message":"[ -~]+"\})")) << bytes;
    EXPECT_EQ(server->metrics().parse_errors, ++refused) << bytes;
  }
  EXPECT_EQ(server->metrics().requests, 0U);
}

TEST(ServerTest, AnswersWhatCameBeforeAMalformedRequest) {
  TestServer server;
  RawClient client(server.port());
  client.send("\r\n\r\n" + get("/good") + "BAD\r\n\r\n");
  EXPECT_EQ(body_of(client.response()), "GET /good ");
  EXPECT_EQ(status_of(client.response()), 400);
}

TEST(ServerTest, SaysContinueOnlyWhenItWillReadTheBody) {
  ServerOptions options;
  options.body_bytes_max = 10;
  TestServer server(options);
  {
    RawClient client(server.port());
    client.send("PUT /c HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 5\r\n\r\n");
    EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    EXPECT_EQ(body_of(client.response()), "PUT /c hello");
  }
  {
    RawClient client(server.port());
    client.send("PUT /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n");
    EXPECT_EQ(client.response(), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("2\r\nhi\r\n0\r\n\r\n");
    EXPECT_EQ(body_of(client.response()), "PUT /c hi");
  }
  {
    RawClient client(server.port());
    client.send("PUT /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 11\r\n\r\n");
    EXPECT_EQ(status_of(client.response()), 413);
  }
  {
    RawClient client(server.port());
    client.send("PUT /c HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok");
    EXPECT_EQ(body_of(client.response()), "PUT /c ok") << "a body that came along needs no invitation";
  }
  {
    RawClient client(server.port());
    client.send("GET /e HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n");
    EXPECT_EQ(body_of(client.response()), "GET /e ") << "nothing to invite";
  }
}

TEST(ServerTest, AnswersFiveHundredWhenAHandlerThrowsOrSplitsAResponse) {
  TestServer server({}, [](http::Request request) -> Task<http::Response> {
    if (request.target == "/throw") throw std::runtime_error("oops");
    http::Response response;
    if (request.target == "/split") response.headers.add("X-A", "b\r\nSet-Cookie: evil");
    if (request.target == "/status") response.status = 42;
    co_return response;
  });
  RawClient client(server.port());
  for (const std::string_view target : {"/throw", "/split", "/status"}) {
    client.send(get(target));
    const std::string response = client.response();
    EXPECT_EQ(status_of(response), 500) << target;
    EXPECT_THAT(response, Not(HasSubstr("evil")));
    EXPECT_THAT(response, Not(HasSubstr("oops")));
  }
  client.send(get("/fine"));
  EXPECT_EQ(status_of(client.response()), 200) << "the connection goes on";
}

TEST(ServerTest, LetsTheOwnerRenderItsErrors) {
  ServerOptions options;
  options.error_page = [](int status, std::string_view message) {
    http::Response response{.status = status};
    response.headers.add("x-amzn-RequestId", "id");
    response.body = "<" + std::string(message) + ">";
    return response;
  };
  TestServer server(options);
  RawClient client(server.port());
  client.send("BAD\r\n\r\n");
  const std::string response = client.response();
  EXPECT_THAT(response, HasSubstr("x-amzn-RequestId: id\r\n"));
  EXPECT_EQ(body_of(response), "<malformed request line>");
}

TEST(ServerTest, TakesTheClientsAddressFromATrustedProxy) {
  ServerOptions options;
  options.trusted_proxies = {"127.0.0.0/8"};
  TestServer server(options);
  RawClient client(server.port());
  client.send(get("/", "X-Forwarded-For: 6.6.6.6, 203.0.113.9\r\nX-Forwarded-Proto: https\r\n"));
  const std::string response = client.response();
  EXPECT_THAT(response, HasSubstr("X-Peer: 203.0.113.9\r\n"));
  EXPECT_THAT(response, HasSubstr("X-Secure: yes\r\n"));
}

TEST(ServerTest, ListensOnSeveralAddressesAndRefusesToStartOnBadOptions) {
  ServerOptions two;
  two.listen = {{.host = "127.0.0.1", .port = 0}, {.host = "127.0.0.2", .port = 0}};
  TestServer server(two);
  ASSERT_EQ(server->endpoints().size(), 2U);
  EXPECT_NE(server->endpoints()[0].port, 0);
  EXPECT_EQ(server->endpoints()[1].host, "127.0.0.2");

  const auto error_of = [](ServerOptions options) {
    Server bad(std::move(options), testing::echo);
    const Result<> started = bad.start();
    return started ? std::optional<ErrorCode>{} : started.error().code;
  };
  EXPECT_EQ(error_of({.listen = {server->endpoints()[0]}}), ErrorCode::kUnavailable) << "port in use";
  EXPECT_EQ(error_of({.listen = {{.host = "nowhere", .port = 0}}}), ErrorCode::kValidation);
  EXPECT_EQ(error_of({.trusted_proxies = {"10.0.0.0/99"}}), ErrorCode::kValidation);
  EXPECT_EQ(error_of({.tls_cert_path = "/nonexistent", .tls_key_path = "/nonexistent"}), ErrorCode::kValidation);
}

TEST(ServerTest, EndsWhileItsListenersWaitOnSocketsOfOtherLoops) {
  for (int round = 0; round < 30; ++round) {
    ServerOptions options;
    options.threads = 2;
    options.listen = {{.host = "127.0.0.1", .port = 0}, {.host = "127.0.0.1", .port = 0}};
    Server server(std::move(options), testing::echo);
    ASSERT_TRUE(server.start());
    // Answered: both listeners wait for their next connection, one of them with a socket of the other's loop.
    for (const Endpoint& endpoint : server.endpoints()) {
      RawClient client(endpoint.port);
      client.send(get("/", "Connection: close\r\n"));
      client.response();
    }
  }
}

TEST(ServerTest, CountsWhatItDid) {
  TestServer server;
  std::string request = get("/count");
  {
    RawClient client(server.port());
    client.send(request);
    const std::string response = client.response();
    const ServerMetrics metrics = server->metrics();
    EXPECT_EQ(metrics.connections_open, 1U);
    EXPECT_EQ(metrics.bytes_in, request.size());
    EXPECT_EQ(metrics.bytes_out, response.size());
  }
  EXPECT_TRUE(testing::eventually([&] { return server->metrics().connections_open == 0; }));
}

}  // namespace
}  // namespace warifu::net
