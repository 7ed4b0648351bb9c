// Limits at and one past, deadlines, the connection cap, and stopping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "net/server.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

using std::chrono::milliseconds;
using testing::body_of;
using testing::eventually;
using ::testing::HasSubstr;
using testing::RawClient;
using testing::status_of;
using testing::TestServer;

/// A GET whose head has exactly `bytes` bytes.
std::string head_of(std::size_t bytes) {
  const std::string start = "GET / HTTP/1.1\r\nHost: h\r\nX: ";
  const std::string end = "\r\n\r\n";
  return start + std::string(bytes - start.size() - end.size(), 'x') + end;
}

std::string fields_of(std::size_t count) {
  std::string head = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (std::size_t i = 1; i < count; ++i) head += "X" + std::to_string(i) + ": y\r\n";
  return head + "\r\n";
}

std::string chunked(std::size_t body_bytes) {
  std::string message = "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t i = 0; i < body_bytes; ++i) message += "1\r\nx\r\n";
  return message + "0\r\n\r\n";
}

std::string sized(std::size_t body_bytes, std::string_view target = "/") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(body_bytes) +
         "\r\n\r\n" + std::string(body_bytes, 'x');
}

int first_status(std::uint16_t port, std::string_view bytes) {
  RawClient client(port);
  client.send(bytes);
  return status_of(client.response());
}

TEST(ServerLimitsTest, HoldAtTheLimitAndBreakOnePastIt) {
  ServerOptions options;
  options.header_bytes_max = 2000;
  options.header_count_max = 20;
  options.body_bytes_max = 1000;
  TestServer server(options);
  const std::vector<std::tuple<std::string_view, std::string, int>> cases = {
      {"header bytes at the limit", head_of(2000), 200}, {"header bytes past it", head_of(2001), 431},
      {"fields at the limit", fields_of(20), 200},       {"fields past it", fields_of(21), 431},
      {"body at the limit", sized(1000), 200},           {"body past it", sized(1001), 413},
      {"chunked at the limit", chunked(1000), 200},      {"chunked past it", chunked(1001), 413},
      {"endless header", std::string(2001, 'x'), 431},
  };
  for (const auto& [name, bytes, status] : cases) EXPECT_EQ(first_status(server.port(), bytes), status) << name;
}

TEST(ServerLimitsTest, StandAtTheirNamedConstantsByDefault) {
  TestServer server;
  EXPECT_EQ(first_status(server.port(), head_of(kHeaderBytesMax)), 200);
  EXPECT_EQ(first_status(server.port(), head_of(kHeaderBytesMax + 1)), 431);
  EXPECT_EQ(first_status(server.port(), fields_of(kHeaderCountMax)), 200);
  EXPECT_EQ(first_status(server.port(), fields_of(kHeaderCountMax + 1)), 431);
  EXPECT_EQ(first_status(server.port(), sized(kBodyBytesMax)), 200);
  EXPECT_EQ(first_status(server.port(), sized(kBodyBytesMax + 1)), 413);
}

TEST(ServerLimitsTest, LetTheHeadDecideHowLargeABodyMayBe) {
  ServerOptions options;
  options.body_limit = [](const http::Request& head) {
    return head.target == "/big" ? std::size_t{100} : std::size_t{10};
  };
  TestServer server(options);
  EXPECT_EQ(first_status(server.port(), sized(100, "/big")), 200);
  EXPECT_EQ(first_status(server.port(), sized(101, "/big")), 413);
  EXPECT_EQ(first_status(server.port(), sized(10, "/small")), 200);
  EXPECT_EQ(first_status(server.port(), sized(11, "/small")), 413);
}

TEST(ServerLimitsTest, LetAClientReadTheRefusalThoughItSendsTheWholeBodyFirst) {
  ServerOptions options;
  options.body_bytes_max = 1000;
  TestServer server(options);
  RawClient client(server.port());
  ASSERT_TRUE(client.send(sized(8'000'000))) << "the server must go on reading";
  client.finish();
  const std::optional<std::string> all = client.rest();
  ASSERT_TRUE(all) << "reset before the answer was read";
  EXPECT_EQ(status_of(*all), 413);
}

TEST(ServerLimitsTest, RefuseConnectionsPastTheCapWithAnAnswer) {
  ServerOptions options;
  options.connections_max = 2;
  TestServer server(options);
  {
    RawClient one(server.port());
    RawClient two(server.port());
    for (RawClient* client : {&one, &two}) {
      client->send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
      EXPECT_EQ(status_of(client->response()), 200);
    }
    RawClient three(server.port());
    const std::optional<std::string> answer = three.rest();
    ASSERT_TRUE(answer);
    EXPECT_EQ(status_of(*answer), 503);
    EXPECT_EQ(body_of(*answer), R"({"message":"too many connections"})");
    EXPECT_EQ(server->metrics().connections_refused, 1U);
  }
  EXPECT_TRUE(eventually([&] { return server->metrics().connections_open == 0; }));
  EXPECT_EQ(first_status(server.port(), "GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 200);
}

TEST(ServerDeadlinesTest, CloseAnIdleConnectionWithoutAWord) {
  ServerOptions options;
  options.idle_timeout = milliseconds(250);
  TestServer server(options);
  RawClient fresh(server.port());
  EXPECT_TRUE(fresh.closed());
  RawClient used(server.port());
  used.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_EQ(status_of(used.response()), 200);
  EXPECT_TRUE(used.closed());
  EXPECT_EQ(server->metrics().timeouts, 2U);
}

TEST(ServerDeadlinesTest, AnswerASlowRequestWith408) {
  ServerOptions options;
  options.request_timeout = milliseconds(60);
  TestServer server(options);
  for (const std::string_view begun :
       {"G", "GET / HTTP/1.1\r\nHost: h\r\n", "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf",
        "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"}) {
    RawClient client(server.port());
    client.send(begun);
    EXPECT_EQ(status_of(client.response()), 408) << begun;
  }
  EXPECT_EQ(server->metrics().timeouts, 4U);
  EXPECT_EQ(server->metrics().requests, 0U);
}

TEST(ServerDeadlinesTest, AreNotExtendedByATrickleOfBytes) {
  ServerOptions options;
  options.request_timeout = milliseconds(100);
  TestServer server(options);
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\nX: ");
  std::atomic<bool> done = false;
  std::thread trickle([&] {
    while (!done && client.send("x")) std::this_thread::sleep_for(milliseconds(5));
  });
  EXPECT_EQ(status_of(client.response()), 408);
  done = true;
  trickle.join();
}

TEST(ServerDeadlinesTest, EndAConnectionWhoseClientDoesNotRead) {
  ServerOptions options;
  options.write_timeout = milliseconds(80);
  TestServer server(options, [](http::Request) -> Task<http::Response> {
    http::Response response;
    response.body = std::string(32'000'000, 'x');
    co_return response;
  });
  RawClient client(server.port());
  client.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server->metrics().timeouts == 1 && server->metrics().connections_open == 0; }));
}

/// A handler that holds its request until told to go on.
struct Gate {
  std::atomic<int> entered = 0;
  std::atomic<bool> opened = false;

  Task<http::Response> pass(http::Request request) {
    ++entered;
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
    while (!opened) {
      timer.expires_after(milliseconds(1));
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    co_return co_await testing::echo(std::move(request));
  }
  Handler handler() {
    return [this](http::Request request) { return pass(std::move(request)); };
  }
};

TEST(ServerStopTest, FinishesWhatWasBegunAndClosesWhatIsIdle) {
  Gate gate;
  TestServer server({}, gate.handler());
  RawClient idle(server.port());
  RawClient busy(server.port());
  busy.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return gate.entered == 1 && server->metrics().connections_open == 2; }));

  bool clean = false;
  std::thread stopper([&] { clean = server->stop(testing::kPatience); });
  EXPECT_TRUE(idle.closed());
  const std::uint16_t port = server.port();
  EXPECT_TRUE(eventually([&] { return !RawClient(port).connected(); })) << "no new connections";
  gate.opened = true;
  const std::string response = busy.response();
  EXPECT_EQ(body_of(response), "GET /slow ");
  EXPECT_THAT(response, HasSubstr("\r\nConnection: close\r\n"));
  EXPECT_TRUE(busy.closed());
  stopper.join();
  EXPECT_TRUE(clean);
  EXPECT_EQ(server->metrics().connections_open, 0U);
}

TEST(ServerStopTest, CutsWhatOutlivesTheDrainTime) {
  TestServer server;
  RawClient half(server.port());
  half.send("GET / HTTP/1.1\r\nHost: h\r\n");
  ASSERT_TRUE(eventually([&] { return server->metrics().bytes_in > 0; }));
  EXPECT_FALSE(server->stop(milliseconds(20)));
  EXPECT_TRUE(server->stop(milliseconds(20))) << "a second stop has nothing to do";
  EXPECT_EQ(server->metrics().connections_open, 0U);
}

TEST(ServerStopTest, LosesNoAnswerUnderLoad) {
  TestServer server;
  const std::uint16_t port = server.port();
  constexpr int kClients = 8;
  std::atomic<std::uint64_t> answered = 0;
  std::atomic<int> malformed = 0;
  std::vector<std::jthread> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.emplace_back([&, port] {
      RawClient client(port);
      while (client.send("GET /load HTTP/1.1\r\nHost: h\r\n\r\n")) {
        const std::string response = client.response();
        if (response.empty()) return;
        if (status_of(response) == 200 && body_of(response) == "GET /load ")
          ++answered;
        else
          ++malformed;
      }
    });
  }
  ASSERT_TRUE(eventually([&] { return answered > 500; }));
  EXPECT_TRUE(server->stop(testing::kPatience));
  clients.clear();
  EXPECT_EQ(malformed, 0);
  EXPECT_EQ(server->metrics().requests, answered) << "every request that reached a handler was answered";
}

}  // namespace
}  // namespace warifu::net
