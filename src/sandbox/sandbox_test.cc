#include "sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <mutex>

#include "sandbox/testing.h"

namespace warifu::sandbox {
namespace {

using ::testing::HasSubstr;
using testing::SandboxTest;
using testing::sh;

TEST_F(SandboxTest, AProgramRunsAndItsOutputAndStatusComeBack) {
  const testing::Outcome out = run({.name = "a"}, sh("echo to-out; echo to-err >&2; exit 3"));
  EXPECT_EQ(out.output, "to-out\n");
  EXPECT_EQ(out.errors, "to-err\n");
  EXPECT_EQ(out.exit.status, 3);
  EXPECT_EQ(out.exit.signal, 0);
}

TEST_F(SandboxTest, ASignalThatEndedItIsTold) {
  const testing::Outcome out = run({.name = "a"}, sh("kill -SEGV $$"));
  EXPECT_EQ(out.exit.signal, SIGSEGV);
  EXPECT_FALSE(out.exit.out_of_memory);
}

TEST_F(SandboxTest, OutputOfManyPipesComesUnderItsNumber) {
  Program program = sh("echo three >&3; echo nine >&9; echo one");
  program.pipes = {3, 9};
  std::map<int, std::string> got;
  std::mutex mutex;
  const auto out = net::run_blocking(
      [](Driver& driver, Program what, std::map<int, std::string>& into, std::mutex& guard) -> Task<Result<>> {
        const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "pipes"}));
        net::Event done;
        what.on_output = [&](int stream, std::string_view bytes) {
          const std::lock_guard lock(guard);
          into[stream] += bytes;
        };
        CO_TRY(co_await sandbox->start(std::move(what), [done](const Exit&) mutable { done.set(); }));
        EXPECT_TRUE(co_await done.wait(testing::kPatience));
        co_return Result<>{};
      }(*driver_, std::move(program), got, mutex));
  ASSERT_TRUE(out);
  EXPECT_EQ(got, (std::map<int, std::string>{{1, "one\n"}, {3, "three\n"}, {9, "nine\n"}}));
}

TEST_F(SandboxTest, MuchOutputComesWholeAndInOrder) {
  const testing::Outcome out = run({.name = "much"}, sh("seq 1 200000"));
  ASSERT_EQ(out.output.size(), 1288895U);
  EXPECT_TRUE(out.output.ends_with("\n199999\n200000\n"));
}

struct Further {
  std::string output;
  Exit exit, first;
};

Task<Result<Further>> run_beside(Driver& driver, std::string script, std::string killed_when_it_says) {
  const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "beside"}));
  net::Event first_ended, ended, said;
  auto collected = std::make_shared<testing::Collected>();
  Further out;
  CO_TRY(co_await sandbox->start(sh("exec sleep 1000"), [&, first_ended](const Exit& exit) mutable {
    out.first = exit;
    first_ended.set();
  }));
  Program beside = sh(std::move(script));
  beside.on_output = [collected, said, killed_when_it_says, sink = collected->sink()](int stream,
                                                                                      std::string_view bytes) mutable {
    sink(stream, bytes);
    if (collected->output() == killed_when_it_says) said.set();
  };
  const std::uint32_t number = CO_TRY(co_await sandbox->run(std::move(beside), [&, ended](const Exit& exit) mutable {
    out.exit = exit;
    ended.set();
  }));
  if (!killed_when_it_says.empty()) {
    EXPECT_TRUE(co_await said.wait(testing::kPatience));
    sandbox->kill(number);
  }
  EXPECT_TRUE(co_await ended.wait(testing::kPatience));
  EXPECT_FALSE(first_ended.is_set());
  sandbox->stop();
  EXPECT_TRUE(co_await first_ended.wait(testing::kPatience));
  co_await sandbox->ended();
  out.output = collected->output();
  co_return out;
}

TEST_F(SandboxTest, AFurtherProgramRunsBesideTheFirstAndItsEndIsTold) {
  const auto out = net::run_blocking(run_beside(*driver_, "ps ax | grep -c 'sleep 1000'; exit 7", ""));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit.status, 7);
  EXPECT_NE(out->output, "0\n");
}

TEST_F(SandboxTest, AFurtherProgramIsKilledWithItsGroup) {
  const auto out = net::run_blocking(run_beside(*driver_, "echo here; sleep 1000; echo late", "here\n"));
  ASSERT_TRUE(out) << out.error().message;
  EXPECT_EQ(out->exit.signal, SIGKILL);
  EXPECT_EQ(out->output, "here\n");
}

TEST_F(SandboxTest, AFurtherProgramThatIsNotThereIsSaidSo) {
  const auto out = net::run_blocking([](Driver& driver) -> Task<Result<>> {
    const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "beside"}));
    CO_TRY(co_await sandbox->start(sh("exec sleep 1000"), [](const Exit&) {}));
    const auto ran = co_await sandbox->run(testing::program({"/no/such"}), [](const Exit&) {});
    EXPECT_FALSE(ran);
    co_return Result<>{};
  }(*driver_));
  EXPECT_TRUE(out);
}

TEST_F(SandboxTest, AProgramThatNobodyReadsWaitsAndGoesOnWhenItIsReadAgain) {
  const auto out = net::run_blocking([](Driver& driver) -> Task<Result<std::string>> {
    const std::shared_ptr<Sandbox> sandbox = CO_TRY(co_await driver.open({.name = "slow"}));
    CO_TRY(co_await sandbox->start(sh("exec sleep 1000"), [](const Exit&) {}));
    Program much = sh("seq 1 200000");
    auto wanted = std::make_shared<std::atomic<bool>>(false);
    auto collected = std::make_shared<testing::Collected>();
    much.may_read = [wanted] { return wanted->load(); };
    much.on_output = collected->sink();
    net::Event ended;
    CO_TRY(co_await sandbox->run(std::move(much), [ended](const Exit&) mutable { ended.set(); }));
    EXPECT_FALSE(co_await ended.wait(std::chrono::milliseconds{200}));
    EXPECT_EQ(collected->output(), "");
    wanted->store(true);
    sandbox->resume();
    EXPECT_TRUE(co_await ended.wait(testing::kPatience));
    co_return collected->output();
  }(*driver_));
  ASSERT_TRUE(out);
  EXPECT_EQ(out->size(), 1288895U);
}

TEST_F(SandboxTest, AProgramThatIsNotThereIsSaidSo) {
  const Result<testing::Outcome> out =
      net::run_blocking(testing::run_once(*driver_, {.name = "none"}, testing::program({"/no/such"})));
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().code, ErrorCode::kValidation);
  EXPECT_THAT(out.error().message, HasSubstr("No such file"));
}

TEST_F(SandboxTest, AHiddenFolderIsThereAndEmpty) {
  const testing::Outcome out = run({.name = "hidden", .hidden = {"/usr/share"}},
                                   sh("ls -A /usr/share; chmod u+w /usr/share; echo x > /usr/share/x || echo refused"));
  EXPECT_EQ(out.output, "refused\n");
}

TEST_F(SandboxTest, AFolderThatIsNotThereIsSaidSo) {
  const Result<testing::Outcome> out = net::run_blocking(
      testing::run_once(*driver_, {.name = "none", .binds = {{.source = "/no/such", .target = "/x"}}}, sh("true")));
  ASSERT_FALSE(out);
  EXPECT_THAT(out.error().message, HasSubstr("/no/such"));
}

TEST_F(SandboxTest, AProgramBeyondItsBoundsIsRefused) {
  Program nul = sh("true");
  nul.env.emplace_back("A", std::string("b\0c", 3));
  Program twice = sh("true");
  twice.pipes = {5, 5};
  Program low = sh("true");
  low.pipes = {2};
  Program high = sh("true");
  high.pipes = {64};
  Program large = sh("true");
  for (int i = 0; i < 5; ++i) large.env.emplace_back("A", std::string(1 << 20, 'x'));
  for (Program* bad : {&nul, &twice, &low, &high, &large}) {
    const auto out = net::run_blocking(testing::run_once(*driver_, {.name = "bad"}, *bad));
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().code, ErrorCode::kValidation) << out.error().message;
  }
}

TEST(BubblewrapTest, AMissingProgramIsSaidInOneLine) {
  const auto driver = open_bubblewrap({.bwrap = "/no/such/bwrap"});
  ASSERT_FALSE(driver);
  EXPECT_EQ(driver.error().code, ErrorCode::kUnsupported);
  EXPECT_THAT(driver.error().message, HasSubstr("package bubblewrap"));
}

TEST(BubblewrapTest, AProgramThatCannotMakeSandboxesIsQuoted) {
  const auto driver = open_bubblewrap({.bwrap = "/bin/false"});
  ASSERT_FALSE(driver);
  EXPECT_EQ(driver.error().code, ErrorCode::kUnsupported);
}

}  // namespace
}  // namespace warifu::sandbox
