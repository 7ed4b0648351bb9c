#include <gtest/gtest.h>

#include "access/authenticate.h"
#include "access/authorize.h"
#include "identity/accounts.h"
#include "identity/policies.h"
#include "identity/resource_policies.h"
#include "identity/users.h"
#include "store/memory.h"

/// What a session may be allowed, apart from the user behind it.
namespace warifu::access {
namespace {

constexpr std::string_view kMemory = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Shared-0123456789";
constexpr std::string_view kUserId = "AIDAUSERUSERUSERUSERU";
constexpr Timestamp kNow{1'783'165'130'000};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() {
    write([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_account(
          txn, {.id = account.str(), .name = "n", .email = {}, .alias = {}, .created = kNow}));
      return identity::create_user(txn, account,
                                   {.name = "u", .path = "/", .id = std::string(kUserId), .arn = {}, .created = kNow,
                                    .boundary_arn = {}},
                                   {{"team", "red"}});
    });
  }
  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> done = db->write_blocking(body);
    ASSERT_TRUE(done) << done.error().message;
  }
  void put_inline(std::string_view statement) {
    write([&](store::Txn& txn) {
      return identity::put_inline_policy(
          txn, account, {identity::EntityKind::kUser, std::string(kUserId), "u"},
          {.name = "p", .document = R"({"Version":"2012-10-17","Statement":[)" + std::string(statement) + "]}"});
    });
  }
  Principal session_of(PrincipalKind kind, std::string_view arn) {
    const auto found = db->read([&](store::Reader& reader) { return identity::find_user(reader, account, "u"); });
    Principal principal = user_principal(account, &**found, "ASIAEXAMPLEEXAMPLE12");
    principal.kind = kind;
    principal.arn = arn;
    principal.session = Session{.name = "s", .issued = kNow, .expires = kNow.plus_seconds(900)};
    return principal;
  }
  Outcome ask(const Principal& principal) {
    const auto outcome = db->read([&](store::Reader& reader) -> Result<Outcome> {
      const auto subject = TRY(Subject::gather(reader, scope, principal));
      if (!subject) return fail(internal_error("gone"));
      return authorize(reader, *subject,
                       {.action = "bedrock-agentcore:ListEvents", .resource = kMemory,
                        .resource_account = account.str()},
                       {});
    });
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(Outcome{});
  }

  const AccountId account = *AccountId::parse("111111111111");
  std::unique_ptr<store::Db> db = store::open_memory();
  CacheScope scope;
};

TEST_F(SessionTest, AFederatedUserHasOnlyWhatItsPoliciesShareWithItsUsers) {
  put_inline(R"({"Effect":"Allow","Action":"bedrock-agentcore:*","Resource":"*"})");
  Principal guest = session_of(PrincipalKind::kFederatedUser, "arn:aws:sts::111111111111:federated-user/guest");
  const Outcome none = ask(guest);
  EXPECT_FALSE(none.decision.allowed);
  EXPECT_NE(none.message.find("no session policy"), std::string::npos) << none.message;
  guest.access_key_id = "ASIAEXAMPLEEXAMPLE13";
  guest.session->inline_policies = {
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]})"};
  EXPECT_TRUE(ask(guest).decision.allowed);
}

TEST_F(SessionTest, ASessionTagTakesThePlaceOfItsUsersWhateverItsSpelling) {
  put_inline(R"({"Effect":"Allow","Action":"*","Resource":"*",
                 "Condition":{"StringEquals":{"aws:PrincipalTag/team":"red"}}})");
  Principal session = session_of(PrincipalKind::kUser, "arn:aws:iam::111111111111:user/u");
  EXPECT_TRUE(ask(session).decision.allowed);
  session.session->tags = {{"TEAM", "blue"}};
  EXPECT_FALSE(ask(session).decision.allowed);
}

TEST_F(SessionTest, TwoSessionsWithOneKeyIdDoNotShareTheirPolicies) {
  put_inline(R"({"Effect":"Allow","Action":"*","Resource":"*"})");
  const auto with = [&](std::string_view effect, Timestamp issued) {
    Principal session = session_of(PrincipalKind::kUser, "arn:aws:iam::111111111111:user/u");
    session.session->issued = issued;
    session.session->inline_policies = {R"({"Version":"2012-10-17","Statement":[{"Effect":")" + std::string(effect) +
                                        R"(","Action":"*","Resource":"*"}]})"};
    return session;
  };
  EXPECT_TRUE(ask(with("Allow", kNow)).decision.allowed);
  EXPECT_FALSE(ask(with("Deny", kNow.plus_seconds(1))).decision.allowed);
}

}  // namespace
}  // namespace warifu::access
