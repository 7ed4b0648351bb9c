#include "policy/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

namespace {
std::atomic<std::size_t> allocations = 0;
}

// Counted, so that a test can hold the promise that deciding allocates nothing.
void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  std::abort();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace warifu::policy {
namespace {

using Policies = std::vector<std::shared_ptr<const CompiledPolicy>>;

constexpr std::string_view kAccount = "111111111111";
const PrincipalView kAlice = {.kind = PrincipalKind::kUser,
                              .account = kAccount,
                              .arn = "arn:aws:iam::111111111111:user/alice",
                              .unique_id = "AIDAALICEALICEALICE1"};

std::shared_ptr<const CompiledPolicy> compiled(const std::string& statements, Kind kind = Kind::kIdentity) {
  auto policy = CompiledPolicy::compile(R"({"Version":"2012-10-17","Statement":[)" + statements + "]}", kind);
  EXPECT_TRUE(policy.has_value()) << policy.error().message;
  return policy ? *policy : nullptr;
}

Decision ask(std::span<const Layer> layers, const Context& context, const PrincipalView& principal = kAlice) {
  return decide(layers, {.principal = principal,
                         .action = "s3:GetObject",
                         .resource = "arn:aws:s3:us-east-1:111111111111:box/a",
                         .resource_account = kAccount,
                         .context = context});
}

const std::string kAllowAll = R"({"Effect":"Allow","Action":"*","Resource":"*"})";
const std::string kDenyGet = R"({"Sid":"no","Effect":"Deny","Action":"s3:Get*","Resource":"*"})";
const std::string kOther = R"({"Effect":"Allow","Action":"sqs:*","Resource":"*"})";

TEST(Decision, ThatNobodyMadeDenies) {
  const Decision decision;
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.because, Because::kNoAllow);
  EXPECT_FALSE(decision.statement.exists());
}

TEST(Decision, NamesTheStatementThatDenied) {
  const Context context;
  const Policies identity = {compiled(kAllowAll), compiled(kOther + "," + kAllowAll + "," + kDenyGet)};
  const Policies boundary = {compiled(kAllowAll)};
  const std::vector<Layer> layers = {{LayerKind::kBoundary, boundary}, {LayerKind::kIdentity, identity}};
  const Decision decision = ask(layers, context);
  EXPECT_EQ(decision.because, Because::kExplicitDeny);
  EXPECT_EQ(decision.layer, LayerKind::kIdentity);
  EXPECT_EQ(decision.statement, (StatementRef{.layer = 1, .policy = 1, .statement = 2}));
  EXPECT_EQ(identity[1]->sid(2), "no");
}

TEST(Decision, NamesTheStatementThatGranted) {
  const Context context;
  const Policies identity = {compiled(kOther), compiled(kOther + "," + kAllowAll)};
  const std::vector<Layer> layers = {{LayerKind::kIdentity, identity}};
  const Decision decision = ask(layers, context);
  EXPECT_TRUE(decision.allowed);
  EXPECT_EQ(decision.statement, (StatementRef{.layer = 0, .policy = 1, .statement = 1}));
}

TEST(Decision, ListsEveryLayerThatIsMissing) {
  const Context context;
  const Policies none;
  const std::vector<Layer> layers = {
      {LayerKind::kIdentity, none}, {LayerKind::kSession, none}, {LayerKind::kScp, none}};
  const Decision decision = ask(layers, context);
  EXPECT_EQ(decision.layer, LayerKind::kScp);
  EXPECT_TRUE(decision.missing.has(LayerKind::kIdentity));
  EXPECT_TRUE(decision.missing.has(LayerKind::kSession));
  EXPECT_TRUE(decision.missing.has(LayerKind::kScp));
  EXPECT_FALSE(decision.missing.has(LayerKind::kBoundary));
}

TEST(Decision, NeedsEachOfSeveralLayersOfOneKind) {
  const Context context;
  const Policies all = {compiled(kAllowAll)};
  const Policies other = {compiled(kOther)};
  for (const LayerKind kind : {LayerKind::kIdentity, LayerKind::kBoundary, LayerKind::kSession, LayerKind::kScp}) {
    const std::vector<Layer> both = {{LayerKind::kIdentity, all}, {kind, all}, {kind, other}};
    EXPECT_FALSE(ask(both, context).allowed);
    const std::vector<Layer> turned = {{LayerKind::kIdentity, all}, {kind, other}, {kind, all}};
    EXPECT_FALSE(ask(turned, context).allowed);
  }
}

TEST(Decision, IsNotOpenedByAnIdentityPolicyWhereAResourcePolicyBelongs) {
  const Context context;
  const Policies misplaced = {compiled(kAllowAll)};
  for (const LayerKind kind : {LayerKind::kResource, LayerKind::kTrust, LayerKind::kKey}) {
    const std::vector<Layer> layers = {{kind, misplaced}};
    EXPECT_FALSE(ask(layers, context).allowed);
    EXPECT_FALSE(ask(layers, context, PrincipalView{}).allowed);
  }
  const Policies misplaced_deny = {compiled(kDenyGet)};
  const std::vector<Layer> layers = {{LayerKind::kResource, misplaced_deny}};
  EXPECT_EQ(ask(layers, context).because, Because::kExplicitDeny);
}

TEST(Decision, IsRefusedToAPrincipalWithEmptyNames) {
  const Context context;
  const Policies all = {compiled(kAllowAll)};
  const std::vector<Layer> layers = {{LayerKind::kIdentity, all}};
  for (const PrincipalKind kind : {PrincipalKind::kRoot, PrincipalKind::kUser, PrincipalKind::kRoleSession,
                                   PrincipalKind::kFederatedUser, PrincipalKind::kService, PrincipalKind::kAnonymous}) {
    EXPECT_FALSE(ask(layers, context, PrincipalView{.kind = kind}).allowed);
  }
}

TEST(Decision, IsRefusedWhenTheQuestionIsIncomplete) {
  const Context context;
  const PrincipalView root = {
      .kind = PrincipalKind::kRoot, .account = kAccount, .arn = "arn:aws:iam::111111111111:root"};
  const std::string long_action = "s3:" + std::string(300, 'a');
  const auto allowed = [&](std::string_view action, std::string_view resource, std::string_view owner) {
    return decide({}, {.principal = root,
                       .action = action,
                       .resource = resource,
                       .resource_account = owner,
                       .context = context})
        .allowed;
  };
  EXPECT_TRUE(allowed("s3:Get", "*", kAccount));
  EXPECT_FALSE(allowed("s3:Get", "*", ""));
  EXPECT_FALSE(allowed("s3:Get", "", kAccount));
  EXPECT_FALSE(allowed("", "*", kAccount));
  EXPECT_FALSE(allowed(long_action, "*", kAccount));
}

TEST(Decision, DoesNotDependOnOrderOrDuplicates) {
  const Context context;
  const Policies forth = {compiled(kAllowAll), compiled(kDenyGet), compiled(kOther)};
  const Policies back = {compiled(kOther), compiled(kDenyGet), compiled(kDenyGet + "," + kAllowAll),
                         compiled(kAllowAll)};
  for (const Policies& policies : {forth, back}) {
    const std::vector<Layer> layers = {{LayerKind::kIdentity, policies}};
    EXPECT_EQ(ask(layers, context).because, Because::kExplicitDeny);
  }
}

TEST(Decision, AllocatesNothing) {
  const std::string resource_statement =
      R"({"Effect":"Allow","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"arn:aws:s3:*:*:b?x/*"})";
  const std::string rich =
      R"({"Effect":"Allow","Action":["S3:*Object","sqs:*"],)"
      R"("Resource":"arn:aws:s3:*:*:box/${aws:PrincipalTag/a long tag key, 'x'}*",)"
      R"("Condition":{"StringLike":{"aws:username":"*${aws:username}*"},)"
      R"("IpAddress":{"aws:SourceIp":["10.0.0.0/8","2001:db8::/32"]},)"
      R"("DateLessThan":{"aws:CurrentTime":"2030-01-01T00:00:00Z"},"NumericLessThan":{"aws:EpochTime":"99999999999"},)"
      R"("ArnLike":{"aws:PrincipalArn":"arn:aws:iam::*:user/*"},"Bool":{"aws:SecureTransport":"true"},)"
      R"("StringEqualsIgnoreCase":{"aws:userid":"aida${aws:username}"},"BinaryEquals":{"x:b":"QUJD"},)"
      R"("ForAllValues:StringEquals":{"aws:TagKeys":["a","b"]},"Null":{"aws:TokenIssueTime":"true"}}})";
  const Policies identity = {compiled(rich)};
  const Policies resource = {compiled(resource_statement, Kind::kResource)};
  const std::vector<Layer> layers = {{LayerKind::kIdentity, identity}, {LayerKind::kResource, resource}};
  const std::vector<std::string_view> tags = {"b", "a"};
  Context context;
  const auto build = [&] {
    context.clear();
    context.set(key("aws:username"), "alice");
    context.set(key("aws:userid"), "AIDAalice");
    context.set(key("aws:SourceIp"), "10.1.2.3");
    context.set_time(key("aws:CurrentTime"), Timestamp{1'783'165'130'534});
    context.set_number(key("aws:EpochTime"), 1'783'165'130);
    context.set(key("aws:PrincipalArn"), kAlice.arn);
    context.set_bool(key("aws:SecureTransport"), true);
    context.set("x:b", "QUJD");
    context.set_many(key("aws:TagKeys"), tags);
    context.set_tag("aws:PrincipalTag/", "a long tag key", "a");
    context.set_tag("aws:RequestTag/", "a tag key that no policy knows", "a");
  };
  build();
  ASSERT_TRUE(ask(layers, context).allowed);
  const std::size_t before = allocations;
  build();
  const bool allowed = ask(layers, context).allowed && decide(layers,
                                                              {.principal = kAlice,
                                                               .action = "s3:GetObject",
                                                               .resource = "arn:aws:s3:us-east-1:111111111111:box/a",
                                                               .resource_account = kAccount,
                                                               .context = context},
                                                              {.use_index = false})
                                                           .allowed;
  EXPECT_EQ(allocations, before);
  EXPECT_TRUE(allowed);
}

TEST(Decision, HasWordsForEveryLayer) {
  EXPECT_EQ(explicit_deny_words(LayerKind::kIdentity), "an identity-based policy");
  EXPECT_EQ(explicit_deny_words(LayerKind::kTrust), "the role trust policy");
  EXPECT_EQ(explicit_deny_words(LayerKind::kScp), "a service control policy");
  EXPECT_EQ(missing_words(LayerKind::kIdentity), "identity-based policy");
  EXPECT_EQ(missing_words(LayerKind::kResource), "resource-based policy");
  EXPECT_EQ(missing_words(LayerKind::kKey), "resource-based policy");
  EXPECT_EQ(missing_words(LayerKind::kBoundary), "permissions boundary");
  EXPECT_EQ(missing_words(LayerKind::kSession), "session policy");
  EXPECT_EQ(missing_words(LayerKind::kTrust), "role trust policy");
}

}  // namespace
}  // namespace warifu::policy
