#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agents_testing.h"
#include "net/event.h"

namespace warifu::agents {
namespace {

using ::testing::HasSubstr;
using testing::SessionsTest;

constexpr std::size_t kLargeBytes = 100'000'000;

Request post(const std::shared_ptr<const AgentVersion>& agent, std::string body) {
  return {.target = std::string(path_of(agent->protocol)), .body = std::move(body)};
}

constexpr const char* kTicking = R"(
seen = []
def answer(self):
    body = self.body()
    if body == b"seen":
        return self.reply(" ".join(seen))
    self.begin()
    try:
        for i in range(int(body)):
            self.piece(b"data: %d\n\n" % i)
            time.sleep(0.05)
        self.piece(b"end")
        self.wfile.write(b"0\r\n\r\n")
        seen.append("whole")
    except OSError:
        seen.append("broken")
)";

TEST_F(SessionsTest, AnAnswerComesPieceByPieceAsTheAgentMakesIt) {
  const auto ticking = agent(kTicking);
  const auto pieces = [](Sessions& sessions,
                         std::shared_ptr<const AgentVersion> agent) -> Task<Result<std::vector<std::string>>> {
    Answer answer = CO_TRY(co_await sessions.invoke(agent, "one", post(agent, "4")));
    EXPECT_EQ(answer.headers.get("Content-Type"), "text/event-stream");
    EXPECT_FALSE(answer.headers.get("Transfer-Encoding"));
    EXPECT_EQ(sessions.list().at(0).state, "active");
    std::vector<std::string> out;
    for (;;) {
      std::optional<std::string> piece = CO_TRY(co_await answer.body->next());
      if (!piece) co_return out;
      out.push_back(std::move(*piece));
    }
  };
  const auto out = loop_.wait_for(pieces(*sessions_, ticking));
  ASSERT_TRUE(out) << out.error().message;
  ASSERT_GE(out->size(), 4U);
  EXPECT_EQ(out->front(), "data: 0\n\n");
}

TEST_F(SessionsTest, ACallerThatLeavesEndsTheAnswerInside) {
  const auto ticking = agent(kTicking);
  const auto leave = [](Sessions& sessions, std::shared_ptr<const AgentVersion> agent) -> Task<Result<std::string>> {
    Answer answer = CO_TRY(co_await sessions.invoke(agent, "one", post(agent, "100000")));
    const std::optional<std::string> piece = CO_TRY(co_await answer.body->next());
    answer.body.reset();
    EXPECT_EQ(sessions.list().at(0).requests, 0);
    co_return piece.value_or("");
  };
  EXPECT_TRUE(loop_.wait_for(leave(*sessions_, ticking)));
  EXPECT_TRUE(eventually([&] { return invoke(ticking, "one", "seen") == "broken"; }));
}

TEST_F(SessionsTest, RequestsOfOneSessionGoSideBySide) {
  const auto meeting = agent(R"(
barrier = threading.Barrier(3)
def answer(self):
    self.reply(str(barrier.wait(20)))
)");
  // Loops outlive the sessions' client, which keeps their connections.
  std::vector<std::unique_ptr<Background>> loops;
  std::vector<std::thread> threads;
  std::atomic<int> sum = 0;
  for (int i = 0; i < 3; ++i) {
    loops.push_back(std::make_unique<Background>());
    threads.emplace_back([&, loop = loops.back().get()] {
      const auto out = loop->wait_for(call(*sessions_, meeting, "one", ""));
      sum += out ? std::stoi(*out) : 100;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(sum, 0 + 1 + 2);
  EXPECT_EQ(sessions_->list().size(), 1U);
  sessions_.reset();
}

TEST_F(SessionsTest, LargeBodiesGoBothWaysWithLittleMemory) {
  const auto large = agent(R"(
def answer(self):
    left = int(self.headers["Content-Length"])
    got = left
    while left > 0:
        left -= len(self.rfile.read(min(left, 1 << 20)))
    self.send_response(200)
    self.send_header("Content-Length", str(got))
    self.end_headers()
    piece = b"x" * (1 << 20)
    while got > 0:
        self.wfile.write(piece[:min(got, len(piece))])
        got -= len(piece)
)");
  const auto count = [](Sessions& sessions, std::shared_ptr<const AgentVersion> agent) -> Task<Result<std::size_t>> {
    Answer answer = CO_TRY(co_await sessions.invoke(agent, "one", post(agent, std::string(kLargeBytes, 'x'))));
    std::size_t total = 0, largest = 0;
    for (;;) {
      const std::optional<std::string> piece = CO_TRY(co_await answer.body->next());
      if (!piece) break;
      total += piece->size();
      largest = std::max(largest, piece->size());
    }
    EXPECT_LE(largest, 1UL << 20);
    co_return total;
  };
  const auto out = loop_.wait_for(count(*sessions_, large));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(*out, kLargeBytes);
}

TEST_F(SessionsTest, StatusAndHeadersComeAsTheyAreButForTheConnections) {
  const auto odd = agent(R"(
def answer(self):
    self.send_response(418)
    self.send_header("X-Mine", self.headers["X-Custom"])
    self.send_header("Mcp-Session-Id", "abc")
    self.send_header("Connection", "close")
    self.send_header("Content-Length", "2")
    self.end_headers()
    self.wfile.write(b"ok")
    self.close_connection = True
)");
  const auto ask = [](Sessions& sessions, std::shared_ptr<const AgentVersion> agent) -> Task<Result<>> {
    Request request = post(agent, "");
    request.headers.add("X-Custom", "value");
    request.headers.add("Connection", "keep-alive, X-Custom");
    Answer answer = CO_TRY(co_await sessions.invoke(agent, "one", std::move(request)));
    EXPECT_EQ(answer.status, 418);
    EXPECT_EQ(answer.headers.get("X-Mine"), "value");
    EXPECT_EQ(answer.headers.get("Mcp-Session-Id"), "abc");
    EXPECT_FALSE(answer.headers.get("Connection"));
    EXPECT_EQ(CO_TRY(co_await read_all(std::move(answer.body))), "ok");
    co_return Result<>{};
  };
  const auto out = loop_.wait_for(ask(*sessions_, odd));
  EXPECT_TRUE(out) << out.error().message;
}

constexpr const char* kUpgrading = R"(
import socket
def get(self):
    if self.headers.get("Upgrade", "").lower() != "websocket":
        return self.reply("no", 400)
    self.wfile.write(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                     b"X-Key: " + self.headers["Sec-WebSocket-Key"].encode() + b"\r\n\r\nfirst")
    while True:
        data = self.connection.recv(100)
        if not data:
            break
        self.wfile.write(data.upper())
    self.close_connection = True
def answer(self):
    self.reply("here")
)";

TEST_F(SessionsTest, AnUpgradedConnectionIsBytesBothWaysAndKeepsTheSessionActive) {
  const auto upgrading = agent(kUpgrading);
  const auto talk = [](Sessions& sessions, std::shared_ptr<const AgentVersion> agent) -> Task<Result<>> {
    Request request{.method = "GET", .target = "/ws"};
    request.headers.add("Upgrade", "websocket");
    request.headers.add("Sec-WebSocket-Key", "k1");
    Upgraded up = CO_TRY(co_await sessions.upgrade(agent, "one", std::move(request)));
    EXPECT_EQ(up.head.status, 101);
    EXPECT_EQ(up.head.headers.get("X-Key"), "k1");
    if (!up.stream) co_return fail(unavailable("not upgraded"));
    std::string got = up.first;
    CO_TRY(co_await up.stream->write_all("hello ", "there"));
    std::array<char, 100> bytes{};
    while (got.size() < 16) {
      const std::size_t n = CO_TRY(co_await up.stream->read_some(bytes));
      if (n == 0) break;
      got.append(bytes.data(), n);
    }
    EXPECT_EQ(got, "firstHELLO THERE");
    EXPECT_EQ(sessions.list().at(0).state, "active");
    up.stream.reset();
    EXPECT_EQ(sessions.list().at(0).state, "idle");
    co_return Result<>{};
  };
  const auto out = loop_.wait_for(talk(*sessions_, upgrading));
  EXPECT_TRUE(out) << out.error().message;
}

TEST_F(SessionsTest, AnUpgradeThatIsRefusedIsAnAnswer) {
  const auto refusing =
      agent("def get(self):\n    self.reply('not here', 404)\ndef answer(self):\n    self.reply('')\n");
  const auto talk = [](Sessions& sessions, std::shared_ptr<const AgentVersion> agent) -> Task<Result<>> {
    Request request{.method = "GET", .target = "/ws"};
    request.headers.add("Upgrade", "websocket");
    const Upgraded up = CO_TRY(co_await sessions.upgrade(agent, "one", std::move(request)));
    EXPECT_EQ(up.head.status, 404);
    EXPECT_EQ(up.head.body, "not here");
    EXPECT_EQ(up.stream, nullptr);
    co_return Result<>{};
  };
  const auto out = loop_.wait_for(talk(*sessions_, refusing));
  EXPECT_TRUE(out) << out.error().message;
}

constexpr const char* kQuiet = "def answer(self):\n    self.reply('here')\n";

struct Ran {
  std::string out, err;
  Command::End end;
};

Task<Result<Ran>> run(Sessions& sessions, std::shared_ptr<const AgentVersion> agent, std::string script,
                      std::chrono::seconds timeout) {
  const auto command = CO_TRY(co_await sessions.command(std::move(agent), "one", std::move(script), timeout));
  Ran ran;
  for (;;) {
    Command::Event event = CO_TRY(co_await command->next());
    if (const auto* output = std::get_if<Command::Output>(&event)) {
      EXPECT_LE(output->bytes.size(), 64UL * 1024);
      (output->stream == 1 ? ran.out : ran.err) += output->bytes;
    } else {
      ran.end = std::get<Command::End>(event);
      co_return ran;
    }
  }
}

TEST_F(SessionsTest, ACommandRunsBesideTheAgentWithItsEnvironment) {
  const auto quiet = agent(kQuiet);
  const auto ran =
      loop_.wait_for(run(*sessions_, quiet, "pwd; echo $AWS_REGION; echo bad >&2; ps ax | grep -c '[m]ain.py'; exit 5",
                         std::chrono::seconds(20)));
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "/var/task\neu-west-1\n1\n");
  EXPECT_EQ(ran->err, "bad\n");
  EXPECT_EQ(ran->end.exit_code, 5);
  EXPECT_FALSE(ran->end.timed_out);
  EXPECT_EQ(invoke(quiet, "one"), "here");
}

TEST_F(SessionsTest, ACommandIsKilledWhenItsTimeIsOver) {
  const auto ran = loop_.wait_for(run(*sessions_, agent(kQuiet), "echo begun; sleep 100", std::chrono::seconds(1)));
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out, "begun\n");
  EXPECT_TRUE(ran->end.timed_out);
  EXPECT_EQ(ran->end.exit_code, 137);
}

TEST_F(SessionsTest, MuchOutputOfACommandComesWhole) {
  const auto ran = loop_.wait_for(run(*sessions_, agent(kQuiet), "seq 1 300000", std::chrono::seconds(60)));
  ASSERT_TRUE(ran) << ran.error().message;
  EXPECT_EQ(ran->out.size(), 1'988'895U);
  EXPECT_TRUE(ran->out.ends_with("\n300000\n"));
}

}  // namespace
}  // namespace warifu::agents
