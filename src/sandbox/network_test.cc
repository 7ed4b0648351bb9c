#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/server.h"
#include "sandbox/testing.h"

namespace warifu::sandbox {
namespace {

using ::testing::HasSubstr;
using testing::python;
using testing::SandboxTest;
using testing::sh;

net::ServerOptions quiet() { return {.listen = {}, .threads = 1}; }

net::Handler says(std::string text) {
  return [text](http::Request request) -> Task<http::Response> {
    co_return http::Response{.body = text + " " + request.target};
  };
}

Program fetch(const std::string& url) {
  return python("import urllib.request; print(urllib.request.urlopen('" + url + "', timeout=10).read().decode())");
}

struct Place {
  std::string host;
  std::uint16_t port;
  std::string url;
};

Task<Result<testing::Outcome>> fetch_inside(Driver& driver, net::Server& server, Place place) {
  const std::shared_ptr<Sandbox> sandbox =
      CO_TRY(co_await driver.open({.name = "fetch", .local_names = {"warifu.example"}}));
  UniqueFd listening = CO_TRY(co_await sandbox->listen(place.host, place.port));
  const auto attached = CO_TRY(server.attach(std::move(listening)));
  co_return co_await testing::run_in(*sandbox, fetch(place.url));
}

class NetworkTest : public SandboxTest, public ::testing::WithParamInterface<Place> {};

TEST_P(NetworkTest, TheServerAnswersInsideAtItsOwnAddress) {
  net::Server server(quiet(), says("outside"));
  ASSERT_TRUE(server.start());
  const Result<testing::Outcome> out = net::run_blocking(fetch_inside(*driver_, server, GetParam()));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->output, "outside /path\n") << out->errors;
}

INSTANTIATE_TEST_SUITE_P(Places, NetworkTest,
                         ::testing::Values(Place{"127.0.0.1", 4566, "http://127.0.0.1:4566/path"},
                                           Place{"127.0.0.1", 4566, "http://warifu.example:4566/path"},
                                           Place{"127.0.0.1", 80, "http://localhost/path"},
                                           Place{"::1", 4566, "http://[::1]:4566/path"},
                                           Place{"169.254.169.254", 80, "http://169.254.169.254/path"},
                                           Place{"10.1.2.3", 8443, "http://10.1.2.3:8443/path"}));

Task<Result<std::string>> connect_inside(Driver& driver) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "connect"}));
  net::Event ready;
  Program program = python(
      "import socket; s = socket.create_server(('127.0.0.1', 8080)); print('ready', flush=True)\n"
      "c, _ = s.accept(); c.sendall(b'from inside'); c.close()");
  program.on_output = [ready](int, std::string_view) mutable { ready.set(); };
  CO_TRY(co_await sandbox->start(std::move(program), [](const Exit&) {}));
  EXPECT_TRUE(co_await ready.wait(testing::kPatience));
  const UniqueFd fd = CO_TRY(co_await sandbox->connect("127.0.0.1", 8080));
  ::fcntl(fd.get(), F_SETFL, 0);
  std::string got(11, ' ');
  EXPECT_EQ(::recv(fd.get(), got.data(), got.size(), MSG_WAITALL), 11);
  co_return got;
}

TEST_F(NetworkTest, APortInsideIsReachedFromOutside) {
  const Result<std::string> got = net::run_blocking(connect_inside(*driver_));
  ASSERT_TRUE(got) << got.error().message;
  EXPECT_EQ(*got, "from inside");
}

Task<Result<>> refused(Driver& driver) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "refused"}));
  const UniqueFd nobody = CO_TRY(co_await sandbox->connect("127.0.0.1", 8080));
  int error = 0;
  socklen_t length = sizeof(error);
  ::getsockopt(nobody.get(), SOL_SOCKET, SO_ERROR, &error, &length);
  EXPECT_EQ(error, ECONNREFUSED);
  const UniqueFd first = CO_TRY(co_await sandbox->listen("127.0.0.1", 9001));
  const Result<UniqueFd> second = co_await sandbox->listen("127.0.0.1", 9001);
  EXPECT_EQ(second ? ErrorCode::kInternal : second.error().code, ErrorCode::kConflict);
  const Result<UniqueFd> name = co_await sandbox->listen("example.com", 80);
  EXPECT_EQ(name ? ErrorCode::kInternal : name.error().code, ErrorCode::kValidation);
  co_return Result<>{};
}

TEST_F(NetworkTest, AnAddressThatIsTakenOrNobodysIsSaid) { EXPECT_TRUE(net::run_blocking(refused(*driver_))); }

}  // namespace
}  // namespace warifu::sandbox
