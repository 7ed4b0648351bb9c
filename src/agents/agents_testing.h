#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "agents/sessions.h"
#include "base/background.h"
#include "base/random.h"
#include "net/server.h"

/// Helpers of tests that run agents for real.
namespace warifu::agents::testing {

using Files = std::map<std::string, std::string>;

/// The beginning of an agent without a library: `answer(self)` is given each POST, `health()` each /ping.
inline constexpr const char* kAgent = R"(
import json, os, sys, threading, time, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

def health():
    return 200, {"status": "Healthy"}

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def reply(self, what, status=200):
        data = what if isinstance(what, bytes) else str(what).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def piece(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

    def begin(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def do_GET(self):
        if self.path == "/ping":
            status, said = health()
            return self.reply(json.dumps(said), status)
        return get(self)

    def do_POST(self):
        return answer(self)

def get(self):
    self.reply("nothing here", 404)

def serve():
    class Server(ThreadingHTTPServer):
        request_queue_size = 128
        daemon_threads = True
    Server(("0.0.0.0", 8080), Handler).serve_forever()
)";

/// Sessions over a real driver, with a server of its own to be reached from inside and a loop that requests come from.
class SessionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<sandbox::Driver>> opened = sandbox::open_bubblewrap();
    if (!opened && std::getenv("WARIFU_SANDBOX_REQUIRED") == nullptr) {
      GTEST_SKIP() << "no sandbox on this machine: " << opened.error().message;
    }
    ASSERT_TRUE(opened) << opened.error().message;
    driver_ = std::move(*opened);
    folder_ = std::filesystem::temp_directory_path() / ("warifu-agents-" + SystemRandom().uuid());
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    ASSERT_TRUE(server_.start());
    restart();
  }
  void TearDown() override {
    sessions_.reset();
    server_.stop(std::chrono::milliseconds{0});
    driver_.reset();
    std::filesystem::remove_all(folder_);
  }

  /// Sessions anew, after `options_` was changed.
  void restart() {
    sessions_.reset();
    options_.public_url = "http://127.0.0.1:4566";
    options_.storage_folder = (folder_ / "storage").string();
    options_.serve = [this](UniqueFd fd) { return server_.attach(std::move(fd)); };
    sessions_ = std::make_unique<Sessions>(options_, *driver_, clock_, random_);
  }

  std::shared_ptr<AgentVersion> agent_of(const Files& files, const std::string& name = "agent") {
    const std::filesystem::path root = folder_ / ("code" + std::to_string(++codes_));
    for (const auto& [file, text] : files) {
      std::filesystem::create_directories((root / file).parent_path());
      std::ofstream(root / file) << text;
      std::filesystem::permissions(root / file, std::filesystem::perms(0755));
    }
    auto agent = std::make_shared<AgentVersion>();
    agent->arn = "arn:aws:bedrock-agentcore:eu-west-1:111122223333:runtime/" + name + "-abcdefghij";
    agent->endpoint = "DEFAULT";
    agent->version = "1";
    agent->region = "eu-west-1";
    agent->account = "111122223333";
    agent->runtime = "PYTHON_3_11";
    agent->entry_point = {"main.py"};
    agent->code_folder = root.string();
    agent->environment["WARIFU_TEST"] = word_;
    agent->role_arn = "arn:aws:iam::111122223333:role/path/AgentRole";
    agent->credentials = [this]() -> Task<Result<Credentials>> { return credentials(); };
    agent->log = [this](const std::string&, std::vector<LogLine> lines) {
      const std::lock_guard lock(mutex_);
      for (LogLine& line : lines) log_ += line.message + "\n";
    };
    return agent;
  }
  /// An agent of `kAgent` and `code`, which defines `answer` and perhaps more.
  std::shared_ptr<AgentVersion> agent(const std::string& code, const std::string& name = "agent") {
    return agent_of({{"main.py", std::string(kAgent) + "\n" + code + "\nserve()\n"}}, name);
  }

  Task<Result<Credentials>> credentials() {
    ++credentials_asked_;
    co_return Credentials{.access_key_id = "ASIATEST" + std::to_string(credentials_asked_),
                          .secret_access_key = "secret",
                          .session_token = "token",
                          .expires = clock_.now().plus_seconds(3600)};
  }

  static Task<Result<std::string>> read_all(std::unique_ptr<http::BodyStream> body) {
    std::string out;
    for (;;) {
      std::optional<std::string> piece = CO_TRY(co_await body->next());
      if (!piece) co_return out;
      out += *piece;
    }
  }
  static Task<Result<std::string>> call(Sessions& sessions, std::shared_ptr<const AgentVersion> agent, std::string id,
                                        std::string body) {
    Request request{.target = std::string(path_of(agent->protocol)), .body = std::move(body)};
    request.headers.add("Content-Type", "application/json");
    Answer answer = CO_TRY(co_await sessions.invoke(std::move(agent), std::move(id), std::move(request)));
    std::string text = CO_TRY(co_await read_all(std::move(answer.body)));
    if (answer.status != 200) co_return std::to_string(answer.status) + " " + text;
    co_return text;
  }
  Result<std::string> try_invoke(const std::shared_ptr<const AgentVersion>& agent, const std::string& id,
                                 const std::string& body = {}) {
    return loop_.wait_for(call(*sessions_, agent, id, body));
  }
  std::string invoke(const std::shared_ptr<const AgentVersion>& agent, const std::string& id,
                     const std::string& body = {}) {
    Result<std::string> out = try_invoke(agent, id, body);
    EXPECT_TRUE(out) << out.error().message;
    return out ? *out : "";
  }
  bool stop(const std::shared_ptr<const AgentVersion>& agent, const std::string& id) {
    return loop_.wait_for(sessions_->stop_session(key(agent, id)));
  }
  static SessionKey key(const std::shared_ptr<const AgentVersion>& agent, const std::string& id) {
    return {.runtime_arn = agent->arn, .endpoint = agent->endpoint, .session_id = id};
  }
  /// Waits until `holds`, which another thread makes true.
  static bool eventually(const std::function<bool()>& holds) {
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > late) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }
  std::string logged() {
    const std::lock_guard lock(mutex_);
    return log_;
  }
  /// Processes of the host that were given this test's word in their environment.
  int processes_left() {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
      std::ifstream file(entry.path() / "environ");
      std::string text;
      std::getline(file, text, '\x01');  // all of it; a process that has gone is no exception here
      count += text.find(word_) != std::string::npos ? 1 : 0;
    }
    return count;
  }

  const std::string word_ = "word-" + SystemRandom().uuid();
  ManualClock clock_{{1'783'165'130'534}};
  SystemRandom random_;
  std::filesystem::path folder_;
  std::unique_ptr<sandbox::Driver> driver_;
  net::Server server_{{.listen = {}, .threads = 1}, [](http::Request request) -> Task<http::Response> {
                        co_return http::Response{.body = "the server " + request.target};
                      }};
  SessionsOptions options_;
  Background loop_;
  std::unique_ptr<Sessions> sessions_;
  int codes_ = 0;
  std::atomic<int> credentials_asked_ = 0;
  std::mutex mutex_;
  std::string log_;
};

}  // namespace warifu::agents::testing
