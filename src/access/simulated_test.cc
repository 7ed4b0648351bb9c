#include "access/simulated.h"

#include <gmock/gmock.h>

#include <random>

#include "identity/resource_policies.h"
#include "identity/test_world.h"

namespace warifu::access {
namespace {

using ::testing::HasSubstr;

constexpr Timestamp kNow{1'783'165'130'000};
constexpr std::string_view kMemory = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/M-0123456789";
constexpr std::string_view kForeign = "arn:aws:bedrock-agentcore:us-east-1:222222222222:memory/M-0123456789";

std::string document(const std::string& statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + statement + "]}";
}

class SimulatedTest : public identity::World {
 protected:
  Outcome decide(std::string_view principal_arn, const std::string& action, const std::string& resource,
                 const SimulatedKeys& keys = {}) {
    return read([&](store::Reader& reader) -> Result<Outcome> {
      const auto principal = TRY(principal_of_arn(reader, principal_arn, kNow));
      if (!principal) return fail(not_found("nobody"));
      const auto outcome = TRY(simulate(reader, scope, *principal, {action, resource, keys, kNow}));
      return outcome ? Result<Outcome>(*outcome) : fail(not_found("nobody"));
    });
  }
  std::string arn_found(std::string_view arn) {
    const auto found = read([&](store::Reader& reader) { return principal_of_arn(reader, arn, kNow); });
    return found ? found->arn : "nobody";
  }
  void put_inline(const AccountId& account, const identity::Holder& holder, const std::string& name,
                  const std::string& text) {
    expect_ok([&](store::Txn& txn) {
      return identity::put_inline_policy(txn, account, holder, {.name = name, .document = text});
    });
  }

  CacheScope scope;
};

TEST_F(SimulatedTest, PrincipalsAreFoundByTheirArns) {
  make_user(a, "ann", "/team/");
  make_role(a, "reader");
  EXPECT_EQ(arn_found("arn:aws:iam::111111111111:user/team/ann"), "arn:aws:iam::111111111111:user/team/ann");
  EXPECT_EQ(arn_found("arn:aws:iam::111111111111:role/reader"),
            "arn:aws:sts::111111111111:assumed-role/reader/simulation");
  EXPECT_EQ(arn_found("arn:aws:sts::111111111111:assumed-role/reader/s"),
            "arn:aws:sts::111111111111:assumed-role/reader/s");
  EXPECT_EQ(arn_found("arn:aws:iam::111111111111:root"), "arn:aws:iam::111111111111:root");
  for (const char* nobody :
       {"arn:aws:iam::111111111111:user/ann", "arn:aws:iam::333333333333:root", "arn:aws:iam::111111111111:group/g",
        "arn:aws:sts::111111111111:assumed-role/reader", "arn:aws-cn:iam::111111111111:root", "ann", "", "*"}) {
    EXPECT_EQ(arn_found(nobody), "nobody") << nobody;
  }
}

TEST_F(SimulatedTest, DecisionsAreThoseOfRealCallsAndSayWhy) {
  const identity::User ann = make_user(a, "ann");
  put_inline(
      a, holder(ann), "reads",
      document(R"({"Effect":"Allow","Action":"s3:Get*","Resource":"arn:aws:s3:::${aws:username}/*",)"
               R"("Condition":{"Bool":{"aws:SecureTransport":"true"},"StringEquals":{"aws:SourceVpce":"vpce-1"}}})"));
  const std::string arn = ann.arn;
  const Outcome denied = decide(arn, "s3:GetObject", "arn:aws:s3:::ann/x");
  EXPECT_FALSE(denied.decision.allowed);
  ASSERT_TRUE(denied.evidence);
  EXPECT_EQ(denied.evidence->layers.at(0).policies.at(0).name, "inline policy reads");
  const Outcome allowed = decide(arn, "s3:GetObject", "arn:aws:s3:::ann/x", {{"aws:SourceVpce", {"vpce-1"}}});
  EXPECT_TRUE(allowed.decision.allowed);
  EXPECT_TRUE(allowed.evidence) << "asked for, so kept of an allow too";
}

TEST_F(SimulatedTest, AnotherAccountsPoliciesNeverChangeADecisionWithinOne) {
  const identity::User ann = make_user(a, "ann");
  const identity::Role reader = make_role(a, "reader");
  put_inline(a, holder(ann), "p", document(R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})"));
  put_inline(a, holder(reader), "p",
             document(R"({"Effect":"Allow","Action":"bedrock-agentcore:List*","Resource":"*"},)"
                      R"({"Effect":"Deny","Action":"s3:*","Resource":"*"})"));
  const std::vector<std::string> principals = {ann.arn, reader.arn, "arn:aws:iam::111111111111:root"};
  const std::vector<std::string> actions = {"s3:GetObject", "bedrock-agentcore:ListEvents", "iam:GetUser"};
  const auto decisions = [&] {
    std::vector<policy::Decision> all;
    for (const std::string& principal : principals) {
      for (const std::string& action : actions) {
        for (const std::string& resource : {std::string(kMemory), std::string("*")}) {
          all.push_back(decide(principal, action, resource).decision);
        }
      }
    }
    return all;
  };
  const std::vector<policy::Decision> before = decisions();
  // Names, actions and resources are those of the first account, effects whatever comes.
  const identity::User other = make_user(b, "ann");
  const identity::Role other_role = make_role(b, "reader");
  std::mt19937_64 chance(5);
  for (int i = 0; i < 40; ++i) {
    const std::string effect = chance() % 2 == 0 ? "Allow" : "Deny";
    const std::string& action = actions[chance() % actions.size()];
    const std::string statement = R"({"Effect":")" + effect + R"(","Action":")" + action + R"(","Resource":"*"})";
    const std::string shared =
        R"({"Effect":")" + effect + R"(","Principal":"*","Action":"*","Resource":")" + std::string(kMemory) + R"("})";
    put_inline(b, chance() % 2 == 0 ? holder(other) : holder(other_role), "p" + std::to_string(i % 3),
               document(statement));
    expect_ok([&](store::Txn& txn) {
      const std::string_view arn = chance() % 2 == 0 ? kMemory : kForeign;
      return identity::put_resource_policy(txn, b, arn, document(shared), kNow);
    });
    ASSERT_EQ(decisions(), before) << statement;
  }
  // The same statement in the account itself does change them.
  put_inline(a, holder(ann), "p", document(R"({"Effect":"Deny","Action":"s3:*","Resource":"*"})"));
  EXPECT_NE(decisions(), before);
}

TEST(DenialWording, AwsMisleadsInOnePlaceOnly) {
  const std::string endpoint = "arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/r/runtime-endpoint/DEFAULT";
  const std::string caller = "arn:aws:sts::222222222222:assumed-role/R/s";
  const auto message = [&](const std::string& resource, const std::string& principal, policy::LayerKind layer) {
    const Ask ask{.action = "bedrock-agentcore:X", .resource = resource, .resource_account = "111111111111"};
    const policy::Decision decision{.layer = layer};
    EXPECT_THAT(denial_message(principal, ask, decision),
                HasSubstr(std::string(policy::missing_words(layer)) + " allows"));
    return denial_message(principal, ask, decision, DenialWording::kAws);
  };
  using enum policy::LayerKind;
  EXPECT_THAT(message(endpoint, caller, kIdentity), HasSubstr("because no resource-based policy allows"));
  EXPECT_THAT(message(endpoint, caller, kBoundary), HasSubstr("because no permissions boundary allows"));
  EXPECT_THAT(message(std::string(kMemory), caller, kIdentity), HasSubstr("because no identity-based policy allows"));
  EXPECT_THAT(message(endpoint, "arn:aws:iam::111111111111:user/u", kIdentity),
              HasSubstr("because no identity-based policy allows"));
}

}  // namespace
}  // namespace warifu::access
