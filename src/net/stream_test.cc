#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/body_stream.h"
#include "net/client.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

using std::chrono::milliseconds;
using ::testing::EndsWith;
using testing::eventually;
using ::testing::HasSubstr;
using testing::kPatience;
using ::testing::Not;
using testing::RawClient;
using testing::TestServer;

/// What a body did, seen from outside.
struct Seen {
  std::atomic<int> pieces{0};
  std::atomic<bool> cancelled{false};
  std::atomic<bool> destroyed{false};
};

/// Gives its pieces; then ends, fails, or waits until it is cancelled.
class ScriptedBody final : public http::BodyStream {
 public:
  enum class End : std::uint8_t { kWhole, kBroken, kThrows, kHangs, kEndless };
  ScriptedBody(std::vector<std::string> pieces, End end, Seen& seen)
      : pieces_(std::move(pieces)), end_(end), seen_(seen) {}
  ~ScriptedBody() override { seen_.destroyed = true; }

  Task<Result<std::optional<std::string>>> next() override {
    if (at_ == pieces_.size() && end_ == End::kEndless) at_ = 0;
    if (at_ < pieces_.size()) {
      ++seen_.pieces;
      co_return std::optional(pieces_[at_++]);
    }
    if (end_ == End::kWhole) co_return std::nullopt;
    if (end_ == End::kThrows) throw std::runtime_error("thrown by a test");
    if (end_ == End::kHangs) {
      timer_.emplace(co_await boost::asio::this_coro::executor, kPatience);
      boost::system::error_code ignored;
      co_await timer_->async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, ignored));
    }
    co_return fail(unavailable("the test's body broke"));
  }
  void cancel() override {
    seen_.cancelled = true;
    if (timer_) timer_->cancel();
  }

 private:
  const std::vector<std::string> pieces_;
  const End end_;
  Seen& seen_;
  std::size_t at_ = 0;
  std::optional<boost::asio::steady_timer> timer_;
};
using End = ScriptedBody::End;

Handler streams(std::vector<std::string> pieces, End end, Seen& seen) {
  return [pieces = std::move(pieces), end, &seen](http::Request) -> Task<http::Response> {
    http::Response response;
    response.stream = std::make_shared<ScriptedBody>(pieces, end, seen);
    co_return response;
  };
}

std::string request(std::string_view version = "1.1", std::string_view method = "GET") {
  return std::string(method) + " / HTTP/" + std::string(version) + "\r\nHost: a\r\n\r\n";
}

TEST(StreamedAnswerTest, IsChunkedAndTheConnectionGoesOn) {
  Seen seen;
  TestServer server({}, streams({"abc", std::string(20, 'x')}, End::kWhole, seen));
  RawClient client(server.port());
  client.send(request() + request());
  client.finish();
  const std::string all = client.rest().value_or("");
  const std::string body = "\r\n\r\n3\r\nabc\r\n14\r\n" + std::string(20, 'x') + "\r\n0\r\n\r\n";
  EXPECT_THAT(all, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_THAT(all, Not(HasSubstr("Content-Length")));
  EXPECT_NE(all.find(body), all.rfind(body)) << all;
  EXPECT_THAT(all, EndsWith(body));
}

TEST(StreamedAnswerTest, OfHttp10EndsWithTheConnection) {
  Seen seen;
  TestServer server({}, streams({"abc", "def"}, End::kWhole, seen));
  RawClient client(server.port());
  client.send(request("1.0"));
  const std::string all = client.rest().value_or("");
  EXPECT_THAT(all, HasSubstr("Connection: close"));
  EXPECT_THAT(all, EndsWith("\r\n\r\nabcdef"));
}

TEST(StreamedAnswerTest, ToHeadHasNoBody) {
  Seen seen;
  TestServer server({}, streams({"abc"}, End::kWhole, seen));
  RawClient client(server.port());
  client.send(request("1.1", "HEAD"));
  EXPECT_EQ(testing::status_of(client.response(true)), 200);
  EXPECT_TRUE(eventually([&] { return seen.destroyed.load(); }));
  EXPECT_EQ(seen.pieces, 0);
}

TEST(StreamedAnswerTest, ThatBreaksIsCutSoThatNobodyTakesItForWhole) {
  for (const End end : {End::kBroken, End::kThrows}) {
    Seen seen;
    TestServer server({}, streams({"abc"}, end, seen));
    RawClient client(server.port());
    client.send(request());
    EXPECT_THAT(client.rest().value_or(""), EndsWith("3\r\nabc\r\n"));
  }
}

TEST(StreamedAnswerTest, IsCancelledWhenItsReaderGoesWhileItWaits) {
  Seen seen;
  TestServer server({}, streams({"abc"}, End::kHangs, seen));
  {
    RawClient client(server.port());
    client.send(request());
    EXPECT_TRUE(eventually([&] { return seen.pieces == 1; }));
    EXPECT_FALSE(seen.cancelled);
  }
  EXPECT_TRUE(eventually([&] { return seen.destroyed.load(); }));
  EXPECT_TRUE(seen.cancelled);
}

TEST(StreamedAnswerTest, WaitsForASlowReader) {
  Seen seen;
  constexpr std::size_t kPieceBytes = 1024 * 1024;
  TestServer server({.write_timeout = milliseconds{2'000}},
                    streams({std::string(kPieceBytes, 'x')}, End::kEndless, seen));
  RawClient client(server.port());
  client.send(request());
  std::this_thread::sleep_for(milliseconds(500));
  EXPECT_LT(seen.pieces, 40) << "what nobody reads is not made";
  EXPECT_TRUE(eventually([&] { return seen.destroyed.load(); })) << "a reader that reads nothing is given up";
}

/// What one streamed fetch gave.
struct Read {
  int status = 0;
  std::vector<std::string> pieces;
  std::optional<Error> error;
  std::string body() const {
    std::string all;
    for (const std::string& piece : pieces) all += piece;
    return all;
  }
};

Task<> read_stream(Client& client, std::string url, StreamTimeouts timeouts, std::size_t pieces_max, Read& out) {
  http::Request request;
  request.method = "POST";
  request.body = "{}";
  auto opened = co_await client.open(std::move(url), std::move(request), timeouts);
  if (!opened) {
    out.error = opened.error();
    co_return;
  }
  out.status = (*opened)->head().status;
  while (out.pieces.size() < pieces_max) {
    auto piece = co_await (*opened)->next();
    if (!piece) out.error = piece.error();
    if (!piece || !*piece) co_return;
    out.pieces.push_back(std::move(**piece));
  }
}

std::vector<Read> read_streams(std::uint16_t port, int times, ClientOptions options = {},
                               std::size_t pieces_max = 1'000, StreamTimeouts timeouts = {kPatience, kPatience}) {
  boost::asio::io_context loop(1);
  Client client(std::move(options));
  std::vector<Read> reads(static_cast<std::size_t>(times));
  for (Read& read : reads) {
    boost::asio::co_spawn(loop,
                          read_stream(client, "http://127.0.0.1:" + std::to_string(port), timeouts, pieces_max, read),
                          [](const std::exception_ptr& e) { EXPECT_FALSE(e); });
    loop.run_for(2 * kPatience);
    loop.restart();
  }
  return reads;
}

TEST(StreamedFetchTest, HandsOutWhatComesAndKeepsTheConnection) {
  Seen seen;
  TestServer server({}, streams({"abc", "def"}, End::kWhole, seen));
  for (const Read& read : read_streams(server.port(), 2)) {
    EXPECT_FALSE(read.error);
    EXPECT_EQ(read.status, 200);
    EXPECT_EQ(read.body(), "abcdef");
  }
  EXPECT_EQ(server->metrics().connections_total, 1U);
}

TEST(StreamedFetchTest, ReadsBodiesOfKnownLengthToo) {
  TestServer server;
  const auto reads = read_streams(server.port(), 2);
  EXPECT_EQ(reads[1].body(), "POST / {}");
  EXPECT_EQ(server->metrics().connections_total, 1U);
}

TEST(StreamedFetchTest, GivenUpEarlyClosesItsConnection) {
  Seen seen;
  TestServer server({}, streams({"abc"}, End::kHangs, seen));
  const auto reads = read_streams(server.port(), 1, {}, 1);
  EXPECT_EQ(reads[0].body(), "abc");
  EXPECT_TRUE(eventually([&] { return seen.cancelled.load(); }));
}

TEST(StreamedFetchTest, BoundsTheBody) {
  Seen seen;
  TestServer server({}, streams({std::string(1000, 'x')}, End::kEndless, seen));
  const auto reads = read_streams(server.port(), 1, {.body_bytes_max = 5'500});
  ASSERT_TRUE(reads[0].error);
  EXPECT_EQ(reads[0].error->code, ErrorCode::kTooLarge);
  EXPECT_LE(reads[0].body().size(), 5'500U);
}

TEST(StreamedFetchTest, SaysThatAPieceDidNotComeInTime) {
  Seen seen;
  TestServer server({}, streams({"abc"}, End::kHangs, seen));
  const auto reads = read_streams(server.port(), 1, {}, 10, {kPatience, milliseconds{50}});
  EXPECT_EQ(reads[0].body(), "abc");
  ASSERT_TRUE(reads[0].error);
  EXPECT_EQ(reads[0].error->reason, kTimedOut);
}

TEST(StreamedFetchTest, SaysThatTheHeadDidNotComeInTime) {
  TestServer server({}, [](http::Request) -> Task<http::Response> {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, milliseconds{500});
    co_await timer.async_wait(boost::asio::use_awaitable);
    co_return http::Response{};
  });
  const auto reads = read_streams(server.port(), 1, {}, 10, {milliseconds{50}, kPatience});
  ASSERT_TRUE(reads[0].error);
  EXPECT_EQ(reads[0].error->reason, kTimedOut);
}

TEST(StreamedFetchTest, SeesABodyThatWasCut) {
  Seen seen;
  TestServer server({}, streams({"abc"}, End::kBroken, seen));
  const auto reads = read_streams(server.port(), 1);
  EXPECT_EQ(reads[0].body(), "abc");
  ASSERT_TRUE(reads[0].error);
  EXPECT_EQ(reads[0].error->code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace warifu::net
