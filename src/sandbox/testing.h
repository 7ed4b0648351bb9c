#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "net/blocking.h"
#include "net/event.h"
#include "sandbox/sandbox.h"

/// Helpers of tests that run programs in sandboxes.
namespace warifu::sandbox::testing {

inline constexpr std::chrono::milliseconds kPatience{20'000};

/// How a program went.
struct Outcome {
  std::string output;
  std::string errors;
  Exit exit;
  std::uint64_t memory_peak = 0;
};

inline Program program(std::vector<std::string> argv) {
  return {.argv = std::move(argv), .env = {{"PATH", "/usr/bin:/bin"}}};
}
inline Program sh(std::string script) { return program({"/bin/sh", "-c", std::move(script)}); }
inline Program python(std::string script) { return program({"/usr/bin/python3", "-c", std::move(script)}); }

/// Collects what a program writes, from the keeper's thread.
class Collected {
 public:
  [[nodiscard]] auto sink() {
    return [this](int stream, std::string_view bytes) {
      const std::lock_guard lock(mutex_);
      (stream == 1 ? output_ : errors_).append(bytes);
    };
  }
  [[nodiscard]] std::string output() {
    const std::lock_guard lock(mutex_);
    return output_;
  }
  [[nodiscard]] std::string errors() {
    const std::lock_guard lock(mutex_);
    return errors_;
  }

 private:
  std::mutex mutex_;
  std::string output_, errors_;
};

inline Task<Result<Outcome>> run_in(Sandbox& sandbox, Program what) {
  auto collected = std::make_shared<Collected>();
  auto exit = std::make_shared<Exit>();
  net::Event done;
  what.on_output = collected->sink();
  CO_TRY(co_await sandbox.start(std::move(what), [exit, done, collected](const Exit& e) mutable {
    *exit = e;
    done.set();
  }));
  if (!co_await done.wait(kPatience)) co_return fail(unavailable("the program goes on"));
  co_return Outcome{.output = collected->output(),
                    .errors = collected->errors(),
                    .exit = *exit,
                    .memory_peak = sandbox.memory_peak_bytes()};
}

inline Task<Result<Outcome>> run_once(Driver& driver, Spec spec, Program what) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open(std::move(spec)));
  Outcome out = CO_TRY(co_await run_in(*sandbox, std::move(what)));
  sandbox->stop();
  co_await sandbox->ended();
  co_return out;
}

/// Skips with the reason where this machine forbids sandboxes; WARIFU_SANDBOX_REQUIRED makes that a failure.
class SandboxTest : public ::testing::Test {
 protected:
  void SetUp() override {
    Result<std::unique_ptr<Driver>> opened = open_bubblewrap();
    if (!opened && std::getenv("WARIFU_SANDBOX_REQUIRED") == nullptr) {
      GTEST_SKIP() << "no sandbox on this machine: " << opened.error().message;
    }
    ASSERT_TRUE(opened) << opened.error().message;
    driver_ = std::move(*opened);
  }
  Outcome run(Spec spec, Program what) {
    Result<Outcome> out = net::run_blocking(run_once(*driver_, std::move(spec), std::move(what)));
    EXPECT_TRUE(out) << out.error().message;
    return out ? std::move(*out) : Outcome{};
  }
  std::unique_ptr<Driver> driver_;
};

}  // namespace warifu::sandbox::testing
