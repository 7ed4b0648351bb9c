#include "net/request_reader.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace warifu::net {
namespace {

using Step = RequestReader::Step;

/// Gives the reader all of `bytes`, as fast as it makes room; the step that it stopped at.
Step feed(RequestReader& reader, std::string_view bytes) {
  Step step = reader.next();
  while (!bytes.empty() && (step == Step::kNeedMore || step == Step::kContinue)) {
    const std::span<char> space = reader.space();
    const std::size_t n = std::min(space.size(), bytes.size());
    std::copy_n(bytes.begin(), n, space.begin());
    reader.commit(n);
    bytes.remove_prefix(n);
    step = reader.next();
  }
  return step;
}

TEST(RequestReaderTest, KeepsWhatFollowsForTheNextRequest) {
  const ServerOptions options;
  RequestReader reader(options);
  EXPECT_FALSE(reader.begun());
  ASSERT_EQ(feed(reader, "GET /1 HTTP/1.1\r\nHost: h\r\n\r\nGET /2 HTTP/1.1\r\nHo"), Step::kReady);
  EXPECT_EQ(reader.take().target, "/1");
  EXPECT_TRUE(reader.begun());
  ASSERT_EQ(feed(reader, "st: h\r\n\r\n"), Step::kReady);
  EXPECT_EQ(reader.take().target, "/2");
  EXPECT_FALSE(reader.begun());
  EXPECT_EQ(reader.next(), Step::kNeedMore);
}

TEST(RequestReaderTest, LargeBodiesShareABoundedRoom) {
  ServerOptions options;
  options.body_bytes_max = 10;
  options.body_limit = [](const http::Request&) { return std::size_t{100}; };
  options.large_bodies = std::make_shared<LargeBodies>(50);
  const auto put = [](std::size_t bytes) {
    return "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(bytes) + "\r\n\r\n" +
           std::string(bytes, 'x');
  };
  RequestReader first(options);
  ASSERT_EQ(feed(first, put(50)), Step::kReady);
  EXPECT_EQ(options.large_bodies->used(), 50U);
  RequestReader second(options);
  ASSERT_EQ(feed(second, put(11)), Step::kRefused);
  EXPECT_EQ(second.refusal().status, 503);
  RequestReader small(options);
  EXPECT_EQ(feed(small, put(10)), Step::kReady) << "an ordinary body needs no room";
  RequestReader beyond(options);
  ASSERT_EQ(feed(beyond, put(101)), Step::kRefused);
  EXPECT_EQ(beyond.refusal().status, 413);
  (void)first.take();
  first.answered();
  EXPECT_EQ(options.large_bodies->used(), 0U);
  {
    RequestReader third(options);
    EXPECT_EQ(feed(third, put(11)), Step::kReady);
    EXPECT_EQ(options.large_bodies->used(), 11U);
  }
  EXPECT_EQ(options.large_bodies->used(), 0U) << "a connection that ends gives back what it holds";
  RequestReader chunked(options);
  const std::string head = "PUT / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n";
  ASSERT_EQ(feed(chunked, head + "b\r\n01234567890\r\n0\r\n\r\n"), Step::kRefused);
  EXPECT_EQ(chunked.refusal().status, 413) << "without a length nothing can be granted";
}

TEST(RequestReaderTest, InvitesABodyOnce) {
  const ServerOptions options;
  RequestReader reader(options);
  ASSERT_EQ(feed(reader, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"),
            Step::kContinue);
  EXPECT_EQ(reader.next(), Step::kNeedMore);
  ASSERT_EQ(feed(reader, "ok"), Step::kReady);
  EXPECT_EQ(reader.take().body, "ok");
}

TEST(RequestReaderTest, GivesBackTheMemoryOfALargeRequest) {
  const ServerOptions options;
  RequestReader reader(options);
  const std::size_t small = reader.space().size();
  constexpr std::size_t kBodyBytes = 1'000'000;
  const std::string head = "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: " + std::to_string(kBodyBytes) + "\r\n\r\n";
  ASSERT_EQ(feed(reader, head + std::string(kBodyBytes, 'x')), Step::kReady);
  EXPECT_EQ(reader.take().body.size(), kBodyBytes);
  EXPECT_EQ(reader.space().size(), small);
}

TEST(RequestReaderTest, DoesNotReserveWhatIsOnlyPromised) {
  ServerOptions options;
  options.body_bytes_max = std::size_t{1} << 40;
  RequestReader reader(options);
  EXPECT_EQ(feed(reader, "PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000000000\r\n\r\n"), Step::kNeedMore);
}

}  // namespace
}  // namespace warifu::net
