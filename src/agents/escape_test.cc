#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agents_testing.h"

// What an agent that means harm tries first, as a session has it; src/sandbox/escape_test.cc has the rest.
namespace warifu::agents {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using testing::SessionsTest;

/// Runs each request's body as Python and answers what it puts into `out`.
constexpr const char* kObeys = R"(
import socket, subprocess
def answer(self):
    names = {"out": ""}
    try:
        exec(self.body().decode(), globals(), names)
    except BaseException as e:
        names["out"] = "%s: %s" % (type(e).__name__, e)
    self.reply(names["out"])
)";

using AgentEscapeTest = SessionsTest;

TEST_F(AgentEscapeTest, AnotherSessionsFilesProcessesAndPortsAreNotThere) {
  const auto obeys = agent(kObeys);
  EXPECT_EQ(invoke(obeys, "one", R"(
open("/tmp/secret", "w").write("one"); os.mkdir("/dev/shm/one")
import http.server
threading.Thread(target=ThreadingHTTPServer(("0.0.0.0", 8081), Handler).serve_forever, daemon=True).start()
globals()["mine"] = "one"
out = subprocess.check_output("ps ax | grep -c '[m]ain.py'", shell=True).decode())"),
            "1\n");
  EXPECT_EQ(invoke(obeys, "two", R"(
seen = [os.path.exists("/tmp/secret"), os.path.exists("/dev/shm/one"), "mine" in globals()]
s = socket.socket()
seen.append(s.connect_ex(("127.0.0.1", 8081)))
seen.append(subprocess.check_output("ps ax | grep -c '[m]ain.py'", shell=True).decode())
out = repr(seen))"),
            "[False, False, False, 111, '1\\n']");
}

TEST_F(AgentEscapeTest, TheServersFoldersAndOtherAgentsCodeCannotBeRead) {
  const auto other = agent_of({{"secret.txt", "secret"}});
  const auto obeys = agent(kObeys);
  const std::string path = other->code_folder + "/secret.txt";
  EXPECT_THAT(invoke(obeys, "one", "out = open('" + path + "').read()"), HasSubstr("FileNotFoundError"));
  EXPECT_THAT(invoke(obeys, "one", "out = repr(os.listdir('" + folder_.string() + "'))"),
              HasSubstr("FileNotFoundError"));
  EXPECT_THAT(invoke(obeys, "one", "open('/var/task/main.py', 'a')"),
              AnyOf(HasSubstr("Read-only file system"), HasSubstr("Permission denied")));
}

TEST_F(AgentEscapeTest, AnotherSessionsMetadataAndOtherMetadataServicesAreOutOfReach) {
  const auto obeys = agent(kObeys);
  const std::string token = invoke(obeys, "one", R"(
request = urllib.request.Request("http://169.254.169.254/latest/api/token", method="PUT",
                                 headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
out = urllib.request.urlopen(request).read().decode())");
  EXPECT_EQ(token.size(), 56U);
  EXPECT_EQ(invoke(obeys, "two",
                   R"(
request = urllib.request.Request("http://169.254.169.254/latest/meta-data/iam/security-credentials/AgentRole",
                                 headers={"X-aws-ec2-metadata-token": ")" +
                       token + R"("})
out = urllib.request.urlopen(request).read().decode())"),
            "HTTPError: HTTP Error 401: Unauthorized");
  EXPECT_EQ(invoke(obeys, "one", R"(
import errno
seen = []
for address in [("169.254.170.2", 80), ("169.254.169.253", 53), ("10.0.0.1", 80), ("1.1.1.1", 443),
                ("127.0.0.1", 22), ("169.254.169.254", 81)]:
    s = socket.socket(); s.settimeout(3)
    seen.append(errno.errorcode.get(s.connect_ex(address)))
out = " ".join(seen))"),
            "ENETUNREACH ENETUNREACH ENETUNREACH ENETUNREACH ECONNREFUSED ECONNREFUSED");
}

/// What the proxy inside answers to a request, up to its first empty line, and what came through the tunnel.
std::string through_the_proxy(const std::string& request, const std::string& then) {
  return "s = socket.create_connection((\"127.0.0.1\", 3128), 10)\ns.sendall(b\"" + request +
         "\")\nout = s.recv(1000).decode()\nif \" 200 \" in out:\n    s.sendall(b\"" + then +
         "\")\n    while b\"server\" not in out.encode():\n        out += s.recv(1000).decode()\n";
}

TEST_F(AgentEscapeTest, WhereEgressIsAllowedOnlyItsDestinationsAre) {
  options_.egress = Egress::kProxy;
  restart();
  const auto obeys = agent(kObeys);
  net::Server outside({.threads = 1}, [](http::Request request) -> Task<http::Response> {
    co_return http::Response{.body = "the server " + request.target};
  });
  ASSERT_TRUE(outside.start());
  const std::string to = outside.endpoints().front().str();
  const std::string connect = "CONNECT " + to + R"( HTTP/1.1\r\n\r\n)";
  const std::string get = "GET /outside HTTP/1.1\\r\\nHost: " + to + "\\r\\n\\r\\n";
  // The host's own loopback and networks are no destinations unless the operator names them.
  EXPECT_THAT(invoke(obeys, "one", through_the_proxy(connect, get)), HasSubstr("403 Forbidden"));
  EXPECT_THAT(invoke(obeys, "one", through_the_proxy(R"(CONNECT 169.254.169.254:80 HTTP/1.1\r\n\r\n)", "")),
              HasSubstr("403 Forbidden"));
  EXPECT_THAT(invoke(obeys, "one", through_the_proxy(R"(GET http://127.0.0.1/ HTTP/1.1\r\nHost: x\r\n\r\n)", "")),
              HasSubstr("405"));
  EXPECT_THAT(invoke(obeys, "one", "out = os.environ['HTTPS_PROXY'] + ' ' + os.environ['NO_PROXY']"),
              "http://127.0.0.1:3128 localhost,127.0.0.1,169.254.169.254,127.0.0.1");
  options_.destinations = *net::DestinationPolicy::from({"127.0.0.0/8"});
  restart();
  EXPECT_THAT(invoke(obeys, "one", through_the_proxy(connect, get)), HasSubstr("the server /outside"));
}

TEST_F(AgentEscapeTest, AForkBombMeetsItsLimitAndNobodyElseFeelsIt) {
  options_.processes = 200;
  restart();
  const auto obeys = agent(kObeys);
  EXPECT_EQ(invoke(obeys, "two", "out = 'here'"), "here");
  EXPECT_THAT(invoke(obeys, "one", R"(
children = 0
try:
    while True:
        pid = os.fork()
        if pid == 0:
            time.sleep(1000)
            os._exit(0)
        children += 1
except OSError as e:
    out = "%s after fewer than %d" % (type(e).__name__, 200 if children < 200 else children))"),
              HasSubstr("BlockingIOError after fewer than 200"));
  EXPECT_EQ(invoke(obeys, "two", "out = 'here'"), "here");
  EXPECT_TRUE(stop(obeys, "one"));
  EXPECT_TRUE(stop(obeys, "two"));
  EXPECT_EQ(processes_left(), 0);
}

TEST_F(AgentEscapeTest, DiskAndMemoryAreBounded) {
  options_.tmp_bytes = 16UL << 20;
  options_.memory_bytes = 256UL << 20;
  restart();
  const auto obeys = agent(kObeys);
  EXPECT_THAT(invoke(obeys, "one", R"(
with open("/tmp/fill", "wb") as f:
    for i in range(64):
        f.write(b"x" * (1 << 20)))"),
              HasSubstr("No space left on device"));
  const Result<std::string> out = try_invoke(obeys, "one", R"(
kept = []
while True:
    kept.append(bytearray(16 << 20))
    time.sleep(0.01))");
  // Refused by the kernel, or ended for it.
  if (out) {
    EXPECT_THAT(*out, HasSubstr("MemoryError"));
  } else {
    EXPECT_EQ(out.error().reason, kAgentExited);
    EXPECT_THAT(out.error().message, HasSubstr("out of memory"));
  }
}

TEST_F(AgentEscapeTest, TracingAndNewNamespacesAreRefused) {
  const auto obeys = agent(kObeys);
  EXPECT_EQ(invoke(obeys, "one", R"(
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
child = os.fork()
if child == 0:
    time.sleep(60)
    os._exit(0)
seen = [libc.ptrace(16, child, 0, 0), libc.unshare(0x10000000), libc.mount(b"x", b"/tmp", b"tmpfs", 0, 0)]
os.kill(child, 9)
out = repr(seen))"),
            "[-1, -1, -1]");
}

TEST_F(AgentEscapeTest, WhatHidesFromTheStopKeepsNeitherPortNorProcess) {
  const auto obeys = agent(kObeys);
  EXPECT_EQ(invoke(obeys, "one", R"(
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        s = socket.socket(); s.bind(("0.0.0.0", 9999)); s.listen()
        open("/tmp/hides", "w").write("x")
        time.sleep(1000)
    os._exit(0)
while not os.path.exists("/tmp/hides"): time.sleep(0.01)
out = "hidden")"),
            "hidden");
  EXPECT_TRUE(stop(obeys, "one"));
  EXPECT_EQ(processes_left(), 0);
  EXPECT_EQ(invoke(obeys, "one", R"(
s = socket.socket()
out = repr([s.connect_ex(("127.0.0.1", 9999)), os.path.exists("/tmp/hides")]))"),
            "[111, False]");
}

TEST_F(AgentEscapeTest, WhatTheAgentLeavesWhenItEndsByItselfEndsToo) {
  const auto obeys = agent(kObeys);
  const Result<std::string> out = try_invoke(obeys, "one", R"(
if os.fork() == 0:
    os.setsid()
    time.sleep(1000)
os._exit(0))");
  EXPECT_FALSE(out);
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
}

}  // namespace
}  // namespace warifu::agents
