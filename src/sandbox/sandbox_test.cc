#include "sandbox/sandbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace warifu::sandbox
