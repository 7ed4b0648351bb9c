#include "net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/response_reader.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using ::testing::HasSubstr;
using testing::kPatience;
using testing::TestServer;

http::Request request_of(std::string_view method, std::string_view body = {}) {
  http::Request request;
  request.method = method;
  request.body = body;
  return request;
}

std::string url_of(std::uint16_t port, std::string_view target = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(target);
}

/// Runs fetches of one client one after another on one loop, as services do.
std::vector<Result<http::Response>> fetch_all(Client& client,
                                              const std::vector<std::pair<std::string, http::Request>>& fetches,
                                              boost::asio::io_context& loop) {
  std::vector<Result<http::Response>> responses;
  const auto run = [](Client& c, const std::vector<std::pair<std::string, http::Request>>& all,
                      std::vector<Result<http::Response>>& out) -> Task<> {
    for (const auto& [url, request] : all) out.push_back(co_await c.fetch(url, request, kPatience));
  };
  boost::asio::co_spawn(loop, run(client, fetches, responses), [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
  loop.run_for(2 * kPatience);
  loop.restart();
  return responses;
}

/// Answers every request of one connection in two writes, which Nagle's algorithm keeps apart until the first of them
/// is acknowledged.
void answer_in_two_writes(int listener) {
  const int fd = ::accept(listener, nullptr, nullptr);
  char bytes[4096];
  while (::recv(fd, bytes, sizeof(bytes), 0) > 0) {
    for (const std::string_view part : {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n", "ok"}) {
      ::send(fd, part.data(), part.size(), MSG_NOSIGNAL);
    }
  }
  ::close(fd);
}

/// A server of one thread that sends scripted bytes to each connection in turn, whatever it is asked.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> answers) : answers_(std::move(answers)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(listener_, 8), 0);
    EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  void run() {
    for (const std::string& answer : answers_) {
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd < 0) return;
      char bytes[4096];
      if (::recv(fd, bytes, sizeof(bytes), 0) > 0) ::send(fd, answer.data(), answer.size(), MSG_NOSIGNAL);
      ::shutdown(fd, SHUT_WR);
      while (::recv(fd, bytes, sizeof(bytes), 0) > 0) {
      }
      ::close(fd);
    }
  }

  std::vector<std::string> answers_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

TEST(UrlTest, SplitsAUrl) {
  struct Case {
    std::string_view text, host;
    std::uint16_t port;
    std::string_view target, authority;
    bool secure;
  };
  const std::vector<Case> cases = {
      {"http://h", "h", 80, "/", "h", false},
      {"HTTPS://h.example", "h.example", 443, "/", "h.example", true},
      {"http://h:8080/a%2Fb?c=d#f", "h", 8080, "/a%2Fb?c=d", "h:8080", false},
      {"https://h:80/", "h", 80, "/", "h:80", true},
      {"http://[::1]:99?x", "::1", 99, "/?x", "[::1]:99", false},
      {"https://[::1]", "::1", 443, "/", "[::1]", true},
  };
  for (const Case& c : cases) {
    const Result<Url> url = Url::parse(c.text);
    ASSERT_TRUE(url) << c.text;
    EXPECT_EQ(url->host, c.host);
    EXPECT_EQ(url->port, c.port);
    EXPECT_EQ(url->target, c.target);
    EXPECT_EQ(url->authority(), c.authority);
    EXPECT_EQ(url->secure, c.secure);
  }
  for (const std::string_view bad : {"", "h", "ftp://h", "http://", "http:///p", "http://u@h/", "http://u:p@h/",
                                     "http://h:0", "http://h:65536", "http://h:x", "http://[::1", "http://[::1]x",
                                     "http://a b/", "http://h/\r\nX: y", "http://h/\xc3\xa9", "http://h:"}) {
    EXPECT_FALSE(Url::parse(bad)) << bad;
  }
}

TEST(ClientTest, FetchesFromOurServer) {
  TestServer server;
  for (const std::string_view method : {"GET", "POST", "PUT", "DELETE", "PATCH"}) {
    const std::string_view body = method == "GET" ? "" : "some body";
    const auto response = fetch_blocking(url_of(server.port(), "/x?y"), request_of(method, body), kPatience);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_EQ(response->status, 200);
    EXPECT_EQ(response->body, std::string(method) + " /x?y " + std::string(body));
    EXPECT_TRUE(response->headers.get("date"));
  }
  const auto head = fetch_blocking(url_of(server.port()), request_of("HEAD"), kPatience);
  ASSERT_TRUE(head);
  EXPECT_TRUE(head->body.empty());
  EXPECT_EQ(head->headers.get("content-length"), "7");
}

TEST(ClientTest, ResolvesNames) {
  TestServer server;
  const auto response =
      fetch_blocking("http://localhost:" + std::to_string(server.port()) + "/", request_of("GET"), kPatience);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 200);
}

TEST(ClientTest, UsesAConnectionAgain) {
  TestServer server;
  boost::asio::io_context loop;
  Client client;
  const std::vector<std::pair<std::string, http::Request>> fetches(5, {url_of(server.port()), request_of("POST", "b")});
  for (const auto& response : fetch_all(client, fetches, loop)) EXPECT_TRUE(response);
  EXPECT_EQ(server->metrics().connections_total, 1U);
  EXPECT_EQ(server->metrics().requests, 5U);
}

TEST(ClientTest, NoticesThatAnIdleConnectionWasClosed) {
  ServerOptions options;
  options.idle_timeout = milliseconds(250);
  TestServer server(options);
  boost::asio::io_context loop;
  Client client;
  const std::vector<std::pair<std::string, http::Request>> one(1, {url_of(server.port()), request_of("POST", "b")});
  ASSERT_TRUE(fetch_all(client, one, loop).at(0));
  ASSERT_TRUE(eventually([&] { return server->metrics().connections_open == 0; }));
  ASSERT_TRUE(fetch_all(client, one, loop).at(0)) << "a POST must not meet the dead connection";
  EXPECT_EQ(server->metrics().connections_total, 2U);
}

TEST(ClientTest, ReadsEveryFramingOfAResponse) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n", "hello"},
      {"HTTP/1.0 200 OK\r\n\r\nhello", "hello"},
      {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
       "5\r\n\r\nhello",
       "hello"},
      {"HTTP/1.1 204 No Content\r\n\r\n", ""},
      {"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""},
  };
  for (const auto& [bytes, body] : cases) {
    ScriptedServer server({bytes});
    const auto response = fetch_blocking(url_of(server.port()), request_of("GET"), kPatience);
    ASSERT_TRUE(response) << bytes << response.error().message;
    EXPECT_EQ(response->body, body) << bytes;
  }
}

TEST(ClientTest, KeepsNoServerWaitingForAnAcknowledgement) {
  boost::asio::io_context loop(1);
  boost::asio::ip::tcp::acceptor acceptor(loop, {boost::asio::ip::address_v4::loopback(), 0});
  std::jthread server([&] { answer_in_two_writes(acceptor.native_handle()); });
  Client client;
  auto fastest = std::chrono::steady_clock::duration::max();
  for (int i = 0; i < 20; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    const auto answers = fetch_all(client, {{url_of(acceptor.local_endpoint().port()), request_of("GET")}}, loop);
    ASSERT_TRUE(answers.size() == 1 && answers[0]) << answers[0].error().message;
    EXPECT_EQ(answers[0]->body, "ok");
    // The kernel acknowledges the first packets of a connection at once whoever asks.
    if (i >= 10) fastest = std::min(fastest, std::chrono::steady_clock::now() - begun);
  }
  client.close();
  EXPECT_LT(fastest, milliseconds(20)) << "40 ms: the kernel waits with acknowledgements";
}

TEST(ClientTest, FailsOnABrokenResponse) {
  const std::vector<std::pair<std::string, ErrorCode>> cases = {
      {"", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nContent-Le", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\nContent-Length: 0\n\n", ErrorCode::kUnavailable},
      {"SSH-2.0-OpenSSH\r\n\r\n", ErrorCode::kUnavailable},
      {"\r\n", ErrorCode::kUnavailable},
      {"HTTP/1.1 101 Switching\r\n\r\n", ErrorCode::kUnavailable},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(kClientHeaderBytesMax, 'x') + "\r\n\r\n", ErrorCode::kTooLarge},
  };
  for (const auto& [bytes, code] : cases) {
    ScriptedServer server({bytes});
    const auto response = fetch_blocking(url_of(server.port()), request_of("POST"), kPatience);
    ASSERT_FALSE(response) << bytes.substr(0, 80);
    EXPECT_EQ(response.error().code, code) << bytes.substr(0, 80) << response.error().message;
  }
}

TEST(ClientTest, BoundsTheBodyThatItTakes) {
  ClientOptions options;
  options.body_bytes_max = 5;
  const auto answer = [](std::string_view framing, std::string_view rest) {
    return "HTTP/1.1 200 OK\r\n" + std::string(framing) + "\r\n" + std::string(rest);
  };
  const std::vector<std::pair<std::string, bool>> cases = {
      {answer("Content-Length: 5\r\n", "hello"), true},
      {answer("Content-Length: 6\r\n", "hello!"), false},
      {answer("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n"), true},
      {answer("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n"), false},
      {answer("", "hello"), true},
      {answer("", "hello!"), false},
  };
  for (const auto& [bytes, fits] : cases) {
    ScriptedServer server({bytes});
    const auto response = fetch_blocking(url_of(server.port()), request_of("GET"), kPatience, options);
    EXPECT_EQ(response.has_value(), fits) << bytes;
    if (!response) EXPECT_EQ(response.error().code, ErrorCode::kTooLarge) << bytes;
  }
}

TEST(ClientTest, GivesUpInTime) {
  TestServer server({}, [](http::Request) -> Task<http::Response> {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, kPatience);
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return http::Response{};
  });
  const auto begin = std::chrono::steady_clock::now();
  const auto response = fetch_blocking(url_of(server.port()), request_of("GET"), milliseconds(50));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(response.error().message, HasSubstr("in time"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, kPatience / 2);
  server->stop(milliseconds(0));
}

TEST(ClientTest, SaysWhyItCannotConnect) {
  std::uint16_t port = 0;
  {
    TestServer gone;
    port = gone.port();
  }
  const auto refused = fetch_blocking(url_of(port), request_of("GET"), kPatience);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(refused.error().message, HasSubstr("cannot connect"));
}

TEST(ClientTest, RefusesToSendWhatWouldSplitARequest) {
  http::Request request = request_of("GET");
  request.headers.add("X", "a\r\nY: b");
  EXPECT_EQ(fetch_blocking("http://127.0.0.1:1/", request, kPatience).error().code, ErrorCode::kValidation);
  EXPECT_EQ(fetch_blocking("http://127.0.0.1:1/", request_of("GET / HTTP/1.1"), kPatience).error().code,
            ErrorCode::kValidation);
  EXPECT_EQ(fetch_blocking("file:///etc/passwd", request_of("GET"), kPatience).error().code, ErrorCode::kValidation);
}

TEST(ClientTest, ReadsAnAnswerThatComesBeforeItsBodyWasTaken) {
  ServerOptions options;
  options.body_bytes_max = 1000;
  TestServer server(options);
  const auto response =
      fetch_blocking(url_of(server.port()), request_of("PUT", std::string(4'000'000, 'x')), kPatience);
  ASSERT_TRUE(response) << response.error().message;
  EXPECT_EQ(response->status, 413);
}

TEST(ResponseReaderTest, JudgesAResponseAlikeHoweverItArrives) {
  const std::string bytes =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: "
      "chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n";
  for (const std::size_t step : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
    ResponseReader reader(false, 100);
    ResponseReader::Step last = ResponseReader::Step::kNeedMore;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      ASSERT_EQ(last, ResponseReader::Step::kNeedMore);
      const auto result = reader.feed(std::string_view(bytes).substr(at, step));
      ASSERT_TRUE(result);
      last = *result;
    }
    EXPECT_EQ(last, ResponseReader::Step::kReady);
    EXPECT_TRUE(reader.reusable());
    EXPECT_EQ(reader.take().body, "hello");
  }
}

}  // namespace
}  // namespace warifu::net
