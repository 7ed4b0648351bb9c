#include "agents/sessions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "agents/agents_testing.h"
#include "sandbox/interpreters.h"

namespace warifu::agents {
namespace {

using ::testing::HasSubstr;
using testing::SessionsTest;

constexpr const char* kEcho = R"(
count = 0
def answer(self):
    global count
    count += 1
    self.reply("%d %s" % (count, self.body().decode()))
)";

TEST_F(SessionsTest, AnAgentAnswersAndTheSameIdFindsTheSameProcess) {
  const auto echo = agent(kEcho);
  EXPECT_EQ(invoke(echo, "one", "hello"), "1 hello");
  EXPECT_EQ(invoke(echo, "one", "again"), "2 again");
  EXPECT_EQ(invoke(echo, "two", "other"), "1 other");
  const std::vector<SessionInfo> list = sessions_->list();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].key.session_id, "one");
  EXPECT_EQ(list[0].state, "idle");
  EXPECT_EQ(list[0].version, "1");
}

TEST_F(SessionsTest, AStoppedSessionStartsAnewUnderItsIdWithTheVersionThenGiven) {
  const auto echo = agent(kEcho);
  EXPECT_EQ(invoke(echo, "one", "a"), "1 a");
  auto newer = agent("def answer(self):\n    self.reply('newer')\n");
  newer->version = "2";
  EXPECT_EQ(invoke(newer, "one", "b"), "2 b");
  EXPECT_EQ(invoke(newer, "two", "b"), "newer");
  EXPECT_TRUE(stop(echo, "one"));
  EXPECT_FALSE(stop(echo, "one"));
  EXPECT_EQ(invoke(newer, "one", "b"), "newer");
}

TEST_F(SessionsTest, AProcessThatEndsWhileItStartsIsToldAtOnceWithItsLastWords) {
  const auto broken = agent_of({{"main.py", "import no_such_module\n"}});
  const auto before = std::chrono::steady_clock::now();
  const Result<std::string> out = try_invoke(broken, "one");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().reason, kAgentExited);
  EXPECT_THAT(out.error().message, HasSubstr("ended while it started (exit status 1)"));
  EXPECT_THAT(out.error().message, HasSubstr("ModuleNotFoundError: No module named 'no_such_module'"));
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(10));
}

TEST_F(SessionsTest, AProcessThatEndsInARequestIsToldAndTheNextRequestStartsAnother) {
  const auto fragile = agent(R"(
def answer(self):
    body = self.body()
    if body == b"die":
        print("I must go", file=sys.stderr)
        os._exit(3)
    self.reply("alive")
)");
  EXPECT_EQ(invoke(fragile, "one", "live"), "alive");
  const Result<std::string> out = try_invoke(fragile, "one", "die");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().reason, kAgentExited);
  EXPECT_THAT(out.error().message, HasSubstr("before it answered (exit status 3); its last lines:\nI must go"));
  EXPECT_EQ(invoke(fragile, "one", "live"), "alive");
}

TEST_F(SessionsTest, AnAgentThatNeverBecomesHealthyIsSaidToBeSo) {
  options_.init_timeout = std::chrono::milliseconds(1500);
  restart();
  const auto sick = agent("def health():\n    return 503, {}\ndef answer(self):\n    self.reply('no')\n");
  const Result<std::string> out = try_invoke(sick, "one");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().reason, kNotHealthy);
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
}

TEST_F(SessionsTest, AnIdleSessionGoesWhenItsTimeIsOver) {
  const auto echo = agent(kEcho);
  EXPECT_EQ(invoke(echo, "one", "a"), "1 a");
  clock_.advance_ms(899'000);
  EXPECT_EQ(invoke(echo, "one", "b"), "2 b");
  clock_.advance_ms(900'000);
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
  EXPECT_TRUE(eventually([&] { return sessions_->list().empty(); }));
  EXPECT_EQ(invoke(echo, "one", "c"), "1 c");
}

TEST_F(SessionsTest, ABusyAgentIsKeptUntilItsLifeIsOver) {
  const auto busy = agent(R"(
def health():
    return 200, {"status": "HealthyBusy", "time_of_last_update": 1}
pings = 0
def answer(self):
    self.reply("here")
)");
  EXPECT_EQ(invoke(busy, "one"), "here");
  for (int i = 0; i < 5; ++i) {
    clock_.advance_ms(2'000'000);
    // A ping that came after the advance makes it active then.
    EXPECT_TRUE(eventually([&] {
      const auto list = sessions_->list();
      return list.size() == 1 && list[0].last_active == clock_.now();
    }));
  }
  clock_.advance_ms(28'800'000 - 10'000'000);
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
}

TEST_F(SessionsTest, AnAgentOfNodeJsRuns) {
  if (!sandbox::Interpreters().choose("nodejs22.x")) GTEST_SKIP() << "no Node.js on this machine";
  auto node = agent_of({{"index.js", R"(
require("http").createServer((request, response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify(request.url === "/ping" ? {status: "Healthy"} : {cwd: process.cwd()}));
}).listen(8080, "0.0.0.0");
)"}});
  node->runtime = "NODE_22";
  node->entry_point = {"index.js"};
  EXPECT_EQ(invoke(node, "one"), R"({"cwd":"/var/task"})");
}

TEST_F(SessionsTest, AnMcpServerNeedsNoPing) {
  auto mcp = agent_of({{"server.py", std::string(testing::kAgent) + R"(
def get(self):
    self.reply("not here", 404)
def answer(self):
    self.reply(self.path)
Handler.do_GET = get
ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
)"}});
  mcp->protocol = Protocol::kMcp;
  mcp->entry_point = {"server.py"};
  EXPECT_EQ(invoke(mcp, "one"), "/mcp");
}

TEST_F(SessionsTest, AWrapperOfTheAgentsOwnPackagesRunsIt) {
  auto wrapped = agent_of({{"main.py", std::string(testing::kAgent) + R"(
def answer(self):
    self.reply(os.environ["WRAPPED"])
serve()
)"},
                           {"bin/opentelemetry-instrument", R"(
import os, sys
os.environ["WRAPPED"] = "yes"
os.execv(sys.argv[1], sys.argv[1:])
)"}});
  wrapped->entry_point = {"opentelemetry-instrument", "main.py"};
  EXPECT_EQ(invoke(wrapped, "one"), "yes");
}

TEST_F(SessionsTest, ARuntimeThatIsNotKnownIsSaidSo) {
  auto odd = agent(kEcho);
  odd->runtime = "RUBY_3";
  const Result<std::string> out = try_invoke(odd, "one");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kUnsupported);
}

TEST_F(SessionsTest, ModulesAreCompiledOnceForLaterSessions) {
  const auto importing = agent_of({{"main.py", std::string(testing::kAgent) + R"(
import package.module
def answer(self):
    self.reply(" ".join([package.module.__cached__ or "", str(os.path.exists(package.module.__cached__)),
                         package.module.where(), package.module.__file__]))
serve()
)"},
                                   {"package/__init__.py", ""},
                                   {"package/broken.py", "this is no Python"},
                                   {"package/module.py", "def where():\n    return where.__code__.co_filename\n"}});
  EXPECT_THAT(invoke(importing, "first"), HasSubstr("False"));
  int i = 0;
  EXPECT_TRUE(eventually([&] {
    const std::string id = "later" + std::to_string(i++);
    const std::string said = invoke(importing, id);
    stop(importing, id);
    return said.find("True") != std::string::npos;
  }));
  EXPECT_THAT(invoke(importing, "last"), HasSubstr("True /var/task/package/module.py /var/task/package/module.py"));
}

TEST_F(SessionsTest, AnEndOfTheServerIsToldToWhoWaitsForAStart) {
  const auto never = agent("time.sleep(1000)\ndef answer(self):\n    pass\n");
  Background loop;
  std::optional<Error> error;
  std::thread waiting([&] {
    const auto out = loop.wait_for(call(*sessions_, never, "one", ""));
    if (!out) error = out.error();
  });
  EXPECT_TRUE(eventually([&] { return !sessions_->list().empty(); }));
  sessions_->stop();
  waiting.join();
  EXPECT_TRUE(error);
  sessions_.reset();
}

TEST_F(SessionsTest, ARequestThatAStopMeetsIsToldSoAndTheNextOneStartsAnew) {
  const auto slow = agent(R"(
def answer(self):
    if self.body() == b"wait":
        print("waiting", flush=True)
        time.sleep(1000)
    self.reply("here")
)");
  EXPECT_EQ(invoke(slow, "one"), "here");
  Background loop;
  std::optional<Error> error;
  std::thread waiting([&] {
    const auto out = loop.wait_for(call(*sessions_, slow, "one", "wait"));
    if (!out) error = out.error();
  });
  EXPECT_TRUE(eventually([&] { return sessions_->tail(key(slow, "one"))->find("waiting") != std::string::npos; }));
  EXPECT_TRUE(stop(slow, "one"));
  waiting.join();
  ASSERT_TRUE(error);
  EXPECT_EQ(error->code, ErrorCode::kConflict);
  EXPECT_EQ(error->reason, kSessionStopped);
  EXPECT_EQ(invoke(slow, "one"), "here");
  sessions_.reset();
}

TEST_F(SessionsTest, ManySessionsStartAtOnceAndKeepApart) {
  const auto echo = agent(kEcho);
  constexpr int kMany = 16;
  std::vector<std::unique_ptr<Background>> loops;
  std::vector<std::thread> threads;
  std::atomic<int> right = 0;
  for (int i = 0; i < kMany; ++i) {
    loops.push_back(std::make_unique<Background>());
    threads.emplace_back([&, i, loop = loops.back().get()] {
      const std::string word = "word" + std::to_string(i);
      const auto out = loop->wait_for(call(*sessions_, echo, "session" + std::to_string(i), word));
      right += out && *out == "1 " + word ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(right, kMany);
  EXPECT_EQ(sessions_->list().size(), 16U);
  sessions_.reset();
}

TEST_F(SessionsTest, SessionsAreBoundedInNumber) {
  options_.sessions_max = 1;
  restart();
  const auto echo = agent(kEcho);
  EXPECT_EQ(invoke(echo, "one", "a"), "1 a");
  const Result<std::string> out = try_invoke(echo, "two");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kQuotaExceeded);
  stop(echo, "one");
  EXPECT_TRUE(eventually([&] { return try_invoke(echo, "two").has_value(); }));
}

TEST_F(SessionsTest, WhatIsWrittenGoesToTheLogAndToTheTail) {
  const auto talking = agent(R"(
print("started")
def answer(self):
    print("out", self.body().decode())
    print("err", file=sys.stderr)
    self.reply("said")
)");
  invoke(talking, "one", "x");
  EXPECT_TRUE(eventually([&] {
    clock_.advance_ms(200);
    return logged().find("started\nout x\nerr\n") != std::string::npos || logged().find("err\n") != std::string::npos;
  }));
  EXPECT_THAT(*sessions_->tail(key(talking, "one")), HasSubstr("out x\n"));
  EXPECT_FALSE(sessions_->tail(key(talking, "two")));
}

TEST_F(SessionsTest, TheEnvironmentIsAsDocumentedAndHoldsNoCredential) {
  auto looking = agent(R"(
def answer(self):
    self.reply(json.dumps({"env": dict(os.environ), "cwd": os.getcwd(), "files": sorted(os.listdir("/var/task")),
        "server": urllib.request.urlopen(os.environ["AWS_ENDPOINT_URL"] + "/x").read().decode()}))
)");
  looking->environment["MINE"] = "yes";
  const std::string said = invoke(looking, "one");
  EXPECT_THAT(said, HasSubstr(R"("MINE": "yes")"));
  EXPECT_THAT(said, HasSubstr(R"("AWS_REGION": "eu-west-1")"));
  EXPECT_THAT(said, HasSubstr(R"("AWS_ENDPOINT_URL": "http://127.0.0.1:4566")"));
  EXPECT_THAT(said, HasSubstr(R"("cwd": "/var/task")"));
  EXPECT_THAT(said, HasSubstr(R"("files": ["main.py"])"));
  EXPECT_THAT(said, HasSubstr(R"("server": "the server /x")"));
  EXPECT_EQ(said.find("AWS_SECRET"), std::string::npos);
  EXPECT_EQ(said.find("AWS_ACCESS"), std::string::npos);
}

TEST_F(SessionsTest, RetiringEndsTheSessionsOfOneEndpointOrOfAll) {
  const auto one = agent(kEcho);
  auto named = std::make_shared<AgentVersion>(*one);
  named->endpoint = "prod";
  invoke(one, "a");
  invoke(named, "a");
  sessions_->retire(one->arn, "prod", false);
  EXPECT_TRUE(eventually([&] { return sessions_->list().size() == 1; }));
  EXPECT_EQ(sessions_->list()[0].key.endpoint, "DEFAULT");
  sessions_->retire(one->arn, std::nullopt, false);
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
}

TEST_F(SessionsTest, StorageOutlastsTheProcessesOfItsSessionAndIsNoOneElses) {
  auto keeping = agent(R"(
def answer(self):
    path = "/mnt/data/note"
    had = open(path).read() if os.path.exists(path) else ""
    with open(path, "a") as f:
        f.write(self.body().decode())
    self.reply(had)
)");
  keeping->storage_mounts = {"/mnt/data"};
  EXPECT_EQ(invoke(keeping, "one", "x"), "");
  stop(keeping, "one");
  EXPECT_EQ(invoke(keeping, "one", "y"), "x");
  EXPECT_EQ(invoke(keeping, "two", "z"), "");
  auto newer = std::make_shared<AgentVersion>(*keeping);
  newer->version = "2";
  stop(keeping, "one");
  EXPECT_EQ(invoke(newer, "one", "z"), "");
  sessions_->retire(keeping->arn, std::nullopt, true);
  EXPECT_TRUE(eventually([&] { return sessions_->list().empty(); }));
  EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(folder_ / "storage"); }));
}

}  // namespace
}  // namespace warifu::agents
