// What a session of an agent costs: a program of the SDK started by hand until its first healthy /ping, the same as a
// new session until the first byte of its answer, one that a warm session is taken for, and what an idle one weighs.
// Prints a line for each. `agents_bench CODE_FOLDER [ROUNDS]`: the folder holds main.py and the packages it needs.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <fmt/format.h>

#include "agents/sessions.h"
#include "base/background.h"
#include "net/client.h"
#include "sandbox/interpreters.h"

namespace warifu::agents {
namespace {

using Clock = std::chrono::steady_clock;
constexpr int kIdleSessions = 40;

double milliseconds(Clock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values.empty() ? 0 : values[values.size() / 2];
}

/// A port that nobody listens on.
std::string free_port() {
  const UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t length = sizeof(address);
  ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &length);
  return std::to_string(ntohs(address.sin_port));
}

/// From the start of the program to its first 200, by hand.
double by_hand(const std::string& folder, const std::string& python) {
  const std::string program = folder + "/main.py";
  std::vector<std::string> words{python, program};
  std::vector<char*> argv{words[0].data(), words[1].data(), nullptr};
  const std::string number = free_port();
  std::string port = "PORT=" + number, path = "PYTHONPATH=" + folder, docker = "DOCKER_CONTAINER=1",
              unwritten = "PYTHONDONTWRITEBYTECODE=1", search = "PATH=/usr/bin:/bin";
  std::vector<char*> env{port.data(), path.data(), docker.data(), unwritten.data(), search.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
  const auto begun = Clock::now();
  pid_t pid = -1;
  if (::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), env.data()) != 0) return 0;
  const std::string url = "http://127.0.0.1:" + number + "/ping";
  for (;;) {
    const auto answer = net::fetch_blocking(url, {.method = "GET"}, std::chrono::seconds(2));
    if (answer && answer->status == 200) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  const double out = milliseconds(Clock::now() - begun);
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  ::posix_spawn_file_actions_destroy(&actions);
  return out;
}

Task<Result<double>> first_byte(Sessions& sessions, std::shared_ptr<const AgentVersion> agent, std::string id) {
  const auto begun = Clock::now();
  Request request{.target = "/invocations", .body = R"({"prompt":"hello"})"};
  request.headers.add("Content-Type", "application/json");
  Answer answer = CO_TRY(co_await sessions.invoke(agent, std::move(id), std::move(request)));
  CO_TRY(co_await answer.body->next());
  const double out = milliseconds(Clock::now() - begun);
  if (answer.status != 200) co_return fail(unavailable("status " + std::to_string(answer.status)));
  while (CO_TRY(co_await answer.body->next())) {
  }
  co_return out;
}

double resident_kb() {
  std::ifstream file("/proc/self/statm");
  double ignored = 0, pages = 0;
  file >> ignored >> pages;
  return pages * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1024;
}

int complain(const Error& error) {
  fmt::print(stderr, "{}\n", error.message);
  return 1;
}

int run(const std::string& folder, int rounds) {
  auto driver = sandbox::open_bubblewrap();
  if (!driver) return complain(driver.error());
  sandbox::Interpreters interpreters;
  const auto python = interpreters.choose("python3.11");
  if (!python) return complain(python.error());
  SystemClock clock;
  SystemRandom random;
  Background loop;
  Sessions sessions({.public_url = "http://127.0.0.1:4566"}, **driver, clock, random);
  auto agent = std::make_shared<AgentVersion>();
  *agent = {.arn = "arn:aws:bedrock-agentcore:us-east-1:111122223333:runtime/bench-abcdefghij",
            .endpoint = "DEFAULT",
            .version = "1",
            .region = "us-east-1",
            .account = "111122223333",
            .runtime = "PYTHON_3_11",
            .entry_point = {"main.py"},
            .code_folder = folder};
  agent->environment["PYTHONDONTWRITEBYTECODE"] = "1";
  auto small = std::make_shared<AgentVersion>(*agent);
  small->arn += "small";
  small->entry_point = {"small.py"};
  const auto first = loop.wait_for(first_byte(sessions, small, "first"));
  if (!first) return complain(first.error());
  const double before = resident_kb();
  for (int i = 0; i < kIdleSessions; ++i) {
    const auto out = loop.wait_for(first_byte(sessions, small, "idle-" + std::to_string(i)));
    if (!out) return complain(out.error());
  }
  fmt::print("memory of an idle session        {:8.1f} KB in the server\n", (resident_kb() - before) / kIdleSessions);
  sessions.retire(small->arn, std::nullopt, false);

  std::vector<double> hand, fresh, warm;
  for (int i = 0; i < rounds; ++i) {
    hand.push_back(by_hand(folder, python->program));
    const auto out = loop.wait_for(first_byte(sessions, agent, "fresh-" + std::to_string(i)));
    if (!out) return complain(out.error());
    fresh.push_back(*out);
  }
  sessions.retire(agent->arn, std::nullopt, false);
  auto kept = std::make_shared<AgentVersion>(*agent);
  kept->warm = 1;
  sessions.keep_warm(kept);
  for (int i = 0; i < rounds; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(static_cast<int>(4 * median(fresh))));
    const auto out = loop.wait_for(first_byte(sessions, kept, "warm-" + std::to_string(i)));
    if (!out) return complain(out.error());
    warm.push_back(*out);
  }
  const double base = median(hand);
  fmt::print("by hand, to the first /ping      {:8.1f} ms\n", base);
  fmt::print("new session, to the first byte   {:8.1f} ms  {:.2f} times\n", median(fresh), median(fresh) / base);
  fmt::print("from a warm session              {:8.1f} ms  {:.2f} times\n", median(warm), median(warm) / base);
  sessions.retire(agent->arn, std::nullopt, false);

  sessions.stop();
  return 0;
}

}  // namespace
}  // namespace warifu::agents

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  return warifu::agents::run(argv[1], argc > 2 ? std::stoi(argv[2]) : 7);
}
