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
