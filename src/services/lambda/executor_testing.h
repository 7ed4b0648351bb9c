#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/random.h"
#include "net/blocking.h"
#include "net/server.h"
#include "services/lambda/executor.h"

/// Helpers of tests that run functions for real.
namespace warifu::services::lambda::testing {

using Files = std::map<std::string, std::string>;

struct Settings {
  int memory_mb = 256;
  int timeout_s = 10;
  std::map<std::string, std::string> environment;
  Files files;  // beside app.py
  std::vector<Files> layers;
};

/// An executor over a real driver, with a server of its own to be reached from inside. Skips with the reason where this
/// machine forbids sandboxes; WARIFU_SANDBOX_REQUIRED makes that a failure.
class ExecutorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<sandbox::Driver>> opened = sandbox::open_bubblewrap();
    if (!opened && std::getenv("WARIFU_SANDBOX_REQUIRED") == nullptr) {
      GTEST_SKIP() << "no sandbox on this machine: " << opened.error().message;
    }
    ASSERT_TRUE(opened) << opened.error().message;
    driver_ = std::move(*opened);
    ASSERT_TRUE(std::filesystem::exists(runtimes())) << "run tools/install_runtimes.sh: " << runtimes();
    folder_ = std::filesystem::temp_directory_path() / ("warifu-executor-" + SystemRandom().uuid());
    std::filesystem::create_directories(folder_);
    std::filesystem::permissions(folder_, std::filesystem::perms::owner_all);
    ASSERT_TRUE(server_.start());
    restart({});
  }
  void TearDown() override {
    executor_.reset();
    server_.stop(std::chrono::milliseconds{0});
    driver_.reset();
    std::filesystem::remove_all(folder_);
  }

  static std::string runtimes() {
    const char* asked = std::getenv("WARIFU_RUNTIMES");
    return asked != nullptr ? asked : WARIFU_SOURCE_DIR "/build/runtimes";
  }

  struct Bounds {
    int environments_max = 16;
    std::chrono::milliseconds idle_timeout{300'000};
    std::chrono::milliseconds init_timeout{10'000};
    bool proxy = false;
  };
  void restart(Bounds bounds) {
    executor_.reset();
    ExecutorOptions options{.runtimes_folder = runtimes(),
                            .scratch_folder = (folder_ / "scratch").string(),
                            .public_url = "http://127.0.0.1:4566",
                            .serve = [this](UniqueFd fd) { return server_.attach(std::move(fd)); },
                            .environments_max = bounds.environments_max,
                            .idle_timeout = bounds.idle_timeout,
                            .init_timeout = bounds.init_timeout};
    if (bounds.proxy) {
      options.proxy = [this](UniqueFd fd) { return server_.attach(std::move(fd), {.handler = through_proxy}); };
    }
    auto executor = Executor::start(std::move(options), *driver_, clock_, random_);
    ASSERT_TRUE(executor) << executor.error().message;
    executor_ = std::move(*executor);
  }

  /// A proxy that refuses, and says what it was asked for.
  static Task<http::Response> through_proxy(http::Request request) {
    co_return http::Response{.status = 403, .body = request.method + " " + request.target};
  }

  void write(const std::filesystem::path& root, const Files& files) {
    for (const auto& [name, text] : files) {
      std::filesystem::create_directories((root / name).parent_path());
      std::ofstream(root / name) << text;
      std::filesystem::permissions(root / name, std::filesystem::perms(0755));
    }
  }
  /// Files of a function whose handler is app.handler.
  std::shared_ptr<const FunctionVersion> files(const std::string& runtime, const Files& code, Settings settings = {}) {
    const std::filesystem::path root = folder_ / ("code" + std::to_string(++functions_));
    write(root / "task", code);
    auto function = std::make_shared<FunctionVersion>();
    for (const Files& layer : settings.layers) {
      const std::string folder = (root / ("layer" + std::to_string(function->layer_folders.size()))).string();
      write(folder, layer);
      function->layer_folders.push_back(folder);
    }
    function->arn =
        "arn:aws:lambda:eu-west-1:111122223333:function:f" + (functions_ > 1 ? std::to_string(functions_) : "");
    function->name = "f";
    function->version = "$LATEST";
    function->region = "eu-west-1";
    function->revision = "1";
    function->runtime = runtime;
    function->handler = "app.handler";
    function->code_folder = (root / "task").string();
    function->environment = settings.environment;
    function->environment["WARIFU_TEST"] = word_;
    function->memory_mb = settings.memory_mb;
    function->timeout_s = settings.timeout_s;
    function->log_group = "/aws/lambda/f";
    function->credentials = [this]() -> Task<Result<Credentials>> { return credentials(); };
    function->log = [this](const std::string&, std::vector<LogLine> lines) {
      const std::lock_guard lock(mutex_);
      for (LogLine& line : lines) log_ += line.message + "\n";
    };
    return function;
  }
  std::shared_ptr<const FunctionVersion> python(const std::string& code, Settings settings = {}) {
    Files all = settings.files;
    all["app.py"] = code;
    return files("python3.11", all, std::move(settings));
  }

  Task<Result<Credentials>> credentials() {
    co_return Credentials{.access_key_id = "ASIATEST",
                          .secret_access_key = "secret",
                          .session_token = "token",
                          .expires = clock_.now().plus_seconds(3600)};
  }

  Invocation invocation(const std::shared_ptr<const FunctionVersion>& function, std::string payload,
                        std::string context) {
    return {.request_id = "request-" + std::to_string(++requests_),
            .payload = std::move(payload),
            .invoked_arn = function->arn,
            .client_context = std::move(context)};
  }
  Result<InvokeResult> try_invoke(std::shared_ptr<const FunctionVersion> function, std::string payload,
                                  std::string context = {}) {
    Invocation call = invocation(function, std::move(payload), std::move(context));
    return net::run_blocking(executor_->invoke(std::move(function), std::move(call)));
  }
  InvokeResult invoke(std::shared_ptr<const FunctionVersion> function, std::string payload, std::string context = {}) {
    Result<InvokeResult> out = try_invoke(std::move(function), std::move(payload), std::move(context));
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : InvokeResult{};
  }
  std::vector<Result<InvokeResult>> invoke_at_once(const std::shared_ptr<const FunctionVersion>& function, int count,
                                                   std::optional<std::int32_t> reserved = std::nullopt) {
    boost::asio::io_context loop(1);
    std::vector<Result<InvokeResult>> out(static_cast<std::size_t>(count), fail(unavailable("no end")));
    for (auto& one : out) {
      Invocation call = invocation(function, "{}", {});
      call.reserved_concurrency = reserved;
      boost::asio::co_spawn(
          loop, executor_->invoke(function, std::move(call)),
          [&one](const std::exception_ptr&, Result<InvokeResult> result) { one = std::move(result); });
    }
    loop.run();
    return out;
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
  void wait_for_no_process() {
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (processes_left() > 0 && std::chrono::steady_clock::now() < late) std::this_thread::yield();
    EXPECT_EQ(processes_left(), 0);
  }

  const std::string word_ = "word-" + SystemRandom().uuid();
  SystemClock clock_;
  SystemRandom random_;
  std::filesystem::path folder_;
  std::unique_ptr<sandbox::Driver> driver_;
  net::Server server_{{.listen = {}, .threads = 1}, [](http::Request request) -> Task<http::Response> {
                        co_return http::Response{.body = "the server " + request.target};
                      }};
  std::unique_ptr<Executor> executor_;
  int functions_ = 0;
  int requests_ = 0;
  std::mutex mutex_;
  std::string log_;
};

}  // namespace warifu::services::lambda::testing
