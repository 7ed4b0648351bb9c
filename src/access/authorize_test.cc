#include "access/authorize.h"

#include <gtest/gtest.h>

#include "access/authenticate.h"
#include "identity/accounts.h"
#include "identity/policies.h"
#include "identity/resource_policies.h"
#include "identity/roles.h"
#include "identity/tags.h"
#include "identity/users.h"
#include "store/memory.h"

namespace warifu::access {
namespace {

constexpr std::string_view kMemory = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Shared-0123456789";
constexpr Timestamp kNow{1'783'165'130'000};

policy::Decision denial(policy::LayerKind layer, policy::Because because) {
  return {.allowed = false, .because = because, .layer = layer};
}

TEST(DenialMessage, IsAwssSentenceByteForByte) {
  struct Case {
    policy::LayerKind layer;
    policy::Because because;
    std::string end;
  };
  const auto silent = policy::Because::kNoAllow;
  const auto deny = policy::Because::kExplicitDeny;
  const std::string action = " allows the bedrock-agentcore:ListEvents action";
  const std::vector<Case> cases = {
      {policy::LayerKind::kIdentity, silent, " because no identity-based policy" + action},
      {policy::LayerKind::kResource, silent, " because no resource-based policy" + action},
      {policy::LayerKind::kBoundary, silent, " because no permissions boundary" + action},
      {policy::LayerKind::kSession, silent, " because no session policy" + action},
      {policy::LayerKind::kScp, silent, " because no service control policy" + action},
      {policy::LayerKind::kIdentity, deny, " with an explicit deny in an identity-based policy"},
      {policy::LayerKind::kResource, deny, " with an explicit deny in a resource-based policy"},
      {policy::LayerKind::kBoundary, deny, " with an explicit deny in a permissions boundary"},
      {policy::LayerKind::kSession, deny, " with an explicit deny in a session policy"},
      {policy::LayerKind::kScp, deny, " with an explicit deny in a service control policy"},
      {policy::LayerKind::kRcp, deny, " with an explicit deny in a resource control policy"},
  };
  const Ask ask{.action = "bedrock-agentcore:ListEvents", .resource = kMemory, .resource_account = "111111111111"};
  for (const Case& c : cases) {
    EXPECT_EQ(denial_message("arn:aws:sts::222222222222:assumed-role/R/s", ask, denial(c.layer, c.because)),
              "User: arn:aws:sts::222222222222:assumed-role/R/s is not authorized to perform: "
              "bedrock-agentcore:ListEvents on resource: " +
                  std::string(kMemory) + c.end);
  }
}

TEST(DenialMessage, OfATrustPolicyStopsBeforeTheReason) {
  const Ask ask{
      .action = "sts:AssumeRole", .resource = "arn:aws:iam::1:role/R", .resource_account = "1", .trust = true};
  EXPECT_EQ(
      denial_message("arn:aws:iam::2:user/u", ask, denial(policy::LayerKind::kTrust, policy::Because::kNoAllow)),
      "User: arn:aws:iam::2:user/u is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/R");
}

class AuthorizeTest : public ::testing::Test {
 protected:
  AuthorizeTest() {
    write([&](store::Txn& txn) -> Result<> {
      for (const AccountId& id : {owner, consumer}) {
        TRY(identity::create_account(txn, {.id = id.str(), .name = "n", .email = {}, .alias = {}, .created = kNow}));
        const identity::User user{.name = "u",
                                  .path = "/team/",
                                  .id = "AIDA" + id.str() + "AAAAA",
                                  .arn = {},
                                  .created = kNow,
                                  .boundary_arn = {}};
        TRY(identity::create_user(txn, id, user, {{"team", "red"}}));
      }
      return {};
    });
  }
  void write(const std::function<Result<>(store::Txn&)>& body) {
    const Result<> done = db->write_blocking(body);
    ASSERT_TRUE(done) << done.error().message;
  }
  Principal user(const AccountId& account) {
    const auto found = db->read([&](store::Reader& reader) { return identity::find_user(reader, account, "u"); });
    return user_principal(account, &**found, "AKIAEXAMPLEEXAMPLE12");
  }
  void put_inline(const AccountId& account, std::string_view document) {
    write([&](store::Txn& txn) {
      const identity::Holder holder{
          .kind = identity::EntityKind::kUser, .id = "AIDA" + account.str() + "AAAAA", .name = "u"};
      return identity::put_inline_policy(txn, account, holder, {.name = "p", .document = std::string(document)});
    });
  }
  void put_resource_policy(std::string_view document) {
    write([&](store::Txn& txn) { return identity::put_resource_policy(txn, owner, kMemory, document, kNow); });
  }
  Outcome ask(const Principal& principal) {
    const auto outcome = db->read([&](store::Reader& reader) -> Result<Outcome> {
      const auto subject = TRY(Subject::gather(reader, scope, principal));
      if (!subject) return fail(internal_error("gone"));
      return authorize(reader, *subject,
                       {.action = "bedrock-agentcore:ListEvents", .resource = kMemory, .resource_account = owner.str()},
                       {});
    });
    EXPECT_TRUE(outcome) << outcome.error().message;
    return outcome.value_or(Outcome{});
  }
  static std::string allow(std::string_view principal) {
    return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":)" + std::string(principal) +
           R"(,"Action":"bedrock-agentcore:ListEvents","Resource":")" + std::string(kMemory) + R"("}]})";
  }

  AccountId owner = *AccountId::parse("111111111111");
  AccountId consumer = *AccountId::parse("222222222222");
  std::unique_ptr<store::Db> db = store::open_memory();
  CacheScope scope;
  static constexpr std::string_view kIdentityAllow =
      R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"bedrock-agentcore:*","Resource":"*"}]})";
};

TEST_F(AuthorizeTest, AcrossAccountsBothHalvesMustAllow) {
  EXPECT_FALSE(ask(user(consumer)).decision.allowed);
  put_inline(consumer, kIdentityAllow);
  const Outcome half = ask(user(consumer));
  EXPECT_FALSE(half.decision.allowed);
  EXPECT_TRUE(half.message.ends_with("because no resource-based policy allows the bedrock-agentcore:ListEvents action"))
      << half.message;
  put_resource_policy(allow(R"({"AWS":"arn:aws:iam::222222222222:user/team/u"})"));
  EXPECT_TRUE(ask(user(consumer)).decision.allowed);
}

TEST_F(AuthorizeTest, TheResourceHalfAloneIsNotEnoughAcrossAccounts) {
  put_resource_policy(allow(R"({"AWS":"222222222222"})"));
  const Outcome outcome = ask(user(consumer));
  EXPECT_FALSE(outcome.decision.allowed);
  EXPECT_TRUE(outcome.message.find("no identity-based policy") != std::string::npos) << outcome.message;
}

TEST_F(AuthorizeTest, AChangedPolicyDecidesTheNextCall) {
  put_inline(owner, kIdentityAllow);
  EXPECT_TRUE(ask(user(owner)).decision.allowed);
  put_inline(owner, R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]})");
  const Outcome outcome = ask(user(owner));
  EXPECT_FALSE(outcome.decision.allowed);
  EXPECT_TRUE(outcome.message.ends_with("with an explicit deny in an identity-based policy")) << outcome.message;
}

TEST_F(AuthorizeTest, ADeletedUserIsNoPrincipalAnyMore) {
  const Principal principal = user(owner);
  write([&](store::Txn& txn) { return identity::delete_user(txn, owner, "u"); });
  const auto subject = db->read([&](store::Reader& reader) { return Subject::gather(reader, scope, principal); });
  ASSERT_TRUE(subject);
  EXPECT_FALSE(subject->has_value());
}

TEST_F(AuthorizeTest, TagsOfPrincipalAndResourceReachTheConditions) {
  put_inline(owner, R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*",
      "Condition":{"StringEquals":{"aws:ResourceTag/team":"${aws:PrincipalTag/team}"}}}]})");
  EXPECT_FALSE(ask(user(owner)).decision.allowed) << "an untagged resource has no such key";
  write([&](store::Txn& txn) { return identity::put_tags(txn, owner, kMemory, {{"Team", "red"}}); });
  EXPECT_TRUE(ask(user(owner)).decision.allowed);
  write([&](store::Txn& txn) { return identity::put_tags(txn, owner, kMemory, {{"Team", "blue"}}); });
  EXPECT_FALSE(ask(user(owner)).decision.allowed);
}

TEST_F(AuthorizeTest, ASessionPolicyLimitsAndAVanishedOneStillDoes) {
  put_inline(owner, kIdentityAllow);
  Principal principal = user(owner);
  principal.access_key_id = "ASIAEXAMPLEEXAMPLE12";
  principal.session = Session{.name = "s", .issued = kNow, .expires = kNow.plus_seconds(900)};
  EXPECT_TRUE(ask(principal).decision.allowed);
  principal.access_key_id = "ASIAEXAMPLEEXAMPLE13";
  principal.session->policy_arns = {"arn:aws:iam::111111111111:policy/Gone"};
  const Outcome outcome = ask(principal);
  EXPECT_FALSE(outcome.decision.allowed);
  EXPECT_TRUE(outcome.message.find("no session policy") != std::string::npos) << outcome.message;
}

TEST_F(AuthorizeTest, ARolesTrustPolicyDoesNotGrantManagingTheRole) {
  write([&](store::Txn& txn) {
    const identity::Role role{.name = "R",
                              .path = "/",
                              .id = "AROA222222222222AAAAA",
                              .arn = {},
                              .description = {},
                              .created = kNow,
                              .boundary_arn = {},
                              .linked_service = {}};
    return identity::create_role(txn, owner, role, R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow",
        "Principal":{"AWS":"arn:aws:iam::111111111111:user/team/u"},"Action":"sts:*"}]})",
                                 {});
  });
  const auto outcome = db->read([&](store::Reader& reader) -> Result<Outcome> {
    const Principal principal = user(owner);
    const auto subject = TRY(Subject::gather(reader, scope, principal));
    return authorize(
        reader, *subject,
        {.action = "sts:TagSession", .resource = "arn:aws:iam::111111111111:role/R", .resource_account = owner.str()},
        {});
  });
  ASSERT_TRUE(outcome) << outcome.error().message;
  EXPECT_FALSE(outcome->decision.allowed);
}

}  // namespace
}  // namespace warifu::access
