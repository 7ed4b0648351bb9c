#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "agents/agents_testing.h"

namespace warifu::agents {
namespace {

using ::testing::HasSubstr;
using testing::SessionsTest;

constexpr const char* kWarm = R"(
began = time.time()
def credentials():
    base = "http://169.254.169.254/latest/"
    try:
        put = urllib.request.Request(base + "api/token", method="PUT",
                                     headers={"X-aws-ec2-metadata-token-ttl-seconds": "60"})
        token = urllib.request.urlopen(put).read().decode()
        get = urllib.request.Request(base + "meta-data/iam/security-credentials/AgentRole",
                                     headers={"X-aws-ec2-metadata-token": token})
        return json.loads(urllib.request.urlopen(get).read())["AccessKeyId"]
    except urllib.error.HTTPError as e:
        return "refused %d" % e.code
early = credentials()
print("came up", flush=True)
count = 0
def answer(self):
    global count
    count += 1
    asked = float(self.body() or "0")
    self.reply("%d %s %s %s" % (count, "warm" if began < asked else "cold", early, credentials()))
)";

std::size_t times(const std::string& text, const std::string& what) {
  std::size_t out = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++out;
  return out;
}

std::string now() { return std::to_string(static_cast<double>(SystemClock().now().ms) / 1000); }

class WarmTest : public SessionsTest {
 protected:
  /// Waits until so many sessions of `kWarm` have come up in all.
  bool came_up(std::size_t count) {
    return eventually([&] {
      clock_.advance_ms(150);  // what waits for company in the log goes on
      return times(logged(), "came up") >= count;
    });
  }
};

TEST_F(WarmTest, ANewSessionIsGivenOneThatIsReadyAndAnotherTakesItsPlace) {
  auto warm = agent(kWarm);
  warm->warm = 1;
  sessions_->keep_warm(warm);
  ASSERT_TRUE(came_up(1));
  EXPECT_TRUE(sessions_->list().empty());
  EXPECT_THAT(invoke(warm, "one", now()), HasSubstr("1 warm"));
  ASSERT_TRUE(came_up(2));
  EXPECT_THAT(invoke(warm, "two", now()), HasSubstr("1 warm"));
  EXPECT_THAT(invoke(warm, "one", now()), HasSubstr("2 warm"));
  EXPECT_EQ(sessions_->list().size(), 2U);
}

TEST_F(WarmTest, AnUnassignedSessionHasNoCredentialsAndAnAssignedOneDoes) {
  auto warm = agent(kWarm);
  warm->warm = 1;
  sessions_->keep_warm(warm);
  ASSERT_TRUE(came_up(1));
  EXPECT_EQ(credentials_asked_, 0);
  EXPECT_THAT(invoke(warm, "one", now()), HasSubstr("refused 404 ASIATEST1"));
}

TEST_F(WarmTest, ANewVersionTakesThePlaceOfTheOldOnesAndNoneIsKeptAtZero) {
  auto warm = agent(kWarm);
  warm->warm = 2;
  sessions_->keep_warm(warm);
  ASSERT_TRUE(came_up(2));
  auto newer = agent(kWarm);
  newer->version = "2";
  newer->warm = 1;
  sessions_->keep_warm(newer);
  ASSERT_TRUE(came_up(3));
  EXPECT_THAT(invoke(newer, "one", now()), HasSubstr("warm"));
  EXPECT_EQ(sessions_->list()[0].version, "2");
  auto none = std::make_shared<AgentVersion>(*newer);
  none->warm = 0;
  sessions_->keep_warm(none);
  stop(newer, "one");
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
}

TEST_F(WarmTest, AnAgentThatDoesNotComeUpIsNotTriedOverAndOver) {
  auto broken = agent_of({{"main.py", "print('came up', flush=True)\nimport no_such_module\n"}});
  broken->warm = 1;
  sessions_->keep_warm(broken);
  ASSERT_TRUE(came_up(1));
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
  const Result<std::string> out = try_invoke(broken, "one");
  ASSERT_FALSE(out);
  EXPECT_EQ(out.error().reason, kAgentExited);
  clock_.advance_ms(1000);
  EXPECT_LE(times(logged(), "came up"), 2U);
}

TEST_F(WarmTest, RetiringEndsThemToo) {
  auto warm = agent(kWarm);
  warm->warm = 2;
  sessions_->keep_warm(warm);
  ASSERT_TRUE(came_up(2));
  sessions_->retire(warm->arn, std::nullopt, false);
  EXPECT_TRUE(eventually([&] { return processes_left() == 0; }));
}

}  // namespace
}  // namespace warifu::agents
