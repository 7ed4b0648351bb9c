#include <gtest/gtest.h>

#include <thread>

#include "net/blocking.h"
#include "net/event.h"
#include "net/testing.h"

namespace warifu::net {
namespace {

using testing::body_of;
using testing::RawClient;
using testing::status_of;
using testing::TestServer;

struct Listening {
  UniqueFd fd{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  std::uint16_t port = 0;

  Listening() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    CHECK(::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), length) == 0, "bind");
    CHECK(::listen(fd.get(), 16) == 0, "listen");
    CHECK(::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length) == 0, "getsockname");
    port = ntohs(address.sin_port);
  }
};

std::string get(std::string_view target) { return "GET " + std::string(target) + " HTTP/1.1\r\nHost: h\r\n\r\n"; }

AttachedHandler saying(std::string text, std::size_t body_bytes_max = 8) {
  return {.handler = [text](http::Request) -> Task<http::Response> { co_return http::Response{.body = text}; },
          .body_bytes_max = body_bytes_max};
}

TEST(AttachTest, AnAttachedSocketIsServedAsTheServersOwn) {
  TestServer server;
  Listening more;
  const auto attached = server->attach(std::move(more.fd));
  ASSERT_TRUE(attached);
  RawClient client(more.port);
  client.send(get("/through"));
  EXPECT_EQ(body_of(client.response()), "GET /through ");
}

TEST(AttachTest, AnAttachedSocketMayHaveItsOwnHandlerAndBodyLimit) {
  TestServer server;
  Listening more;
  const auto attached = server->attach(std::move(more.fd), saying("another"));
  ASSERT_TRUE(attached);
  RawClient client(more.port);
  client.send(get("/"));
  EXPECT_EQ(body_of(client.response()), "another");
  client.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n123456789");
  EXPECT_EQ(status_of(client.response()), 413);
  RawClient own(server.port());
  own.send(get("/own"));
  EXPECT_EQ(body_of(own.response()), "GET /own ");
}

TEST(AttachTest, NothingNewIsAcceptedOnceTheAttachmentIsGoneAndOpenConnectionsGoOn) {
  TestServer server;
  Listening more;
  auto attached = server->attach(std::move(more.fd), saying("still"));
  ASSERT_TRUE(attached);
  RawClient client(more.port);
  client.send(get("/"));
  ASSERT_EQ(body_of(client.response()), "still");
  attached->reset();
  client.send(get("/"));
  EXPECT_EQ(body_of(client.response()), "still");
  // The listening socket is closed on its loop, soon after: a connection is then refused.
  const auto late = std::chrono::steady_clock::now() + testing::kPatience;
  while (RawClient(more.port).connected() && std::chrono::steady_clock::now() < late) std::this_thread::yield();
  EXPECT_FALSE(RawClient(more.port).connected());
}

TEST(AttachTest, WhatDoesNotListenIsRefused) {
  TestServer server;
  EXPECT_FALSE(server->attach(UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))));
  EXPECT_FALSE(server->attach(UniqueFd()));
  EXPECT_FALSE(server->attach(UniqueFd(::dup(0)), saying("x")));
}

TEST(AttachTest, AServerThatHasStoppedTakesNoMore) {
  TestServer server;
  Listening more;
  server->stop(std::chrono::milliseconds{0});
  EXPECT_FALSE(server->attach(std::move(more.fd)));
}

Task<Result<bool>> waited(Event event, std::optional<std::chrono::milliseconds> timeout) {
  co_return co_await event.wait(timeout);
}

TEST(EventTest, AWaitEndsWhenAnotherThreadSetsIt) {
  Event event;
  std::jthread setter([&] { event.set(); });
  EXPECT_TRUE(run_blocking(waited(event, testing::kPatience)).value());
  EXPECT_TRUE(event.is_set());
  EXPECT_TRUE(run_blocking(waited(event, std::nullopt)).value()) << "once set it stays";
}

TEST(EventTest, AWaitEndsWithItsTimeout) {
  EXPECT_FALSE(run_blocking(waited(Event(), std::chrono::milliseconds{1})).value());
}

}  // namespace
}  // namespace warifu::net
