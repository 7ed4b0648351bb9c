#include "access/authenticate.h"

#include <gtest/gtest.h>

#include "access/session_rules.h"
#include "access/session_token.h"
#include "base/encoding.h"
#include "identity/access_keys.h"
#include "identity/accounts.h"
#include "identity/users.h"
#include "store/memory.h"

namespace warifu::access {
namespace {

constexpr Timestamp kNow{1'783'165'130'000};

/// Keeps purposes apart, nothing more.
class PlainSealer final : public Sealer {
 public:
  [[nodiscard]] std::string seal(std::string_view purpose, std::string_view text) const override {
    return base64url_encode(std::string(purpose) + "\n" + std::string(text));
  }
  [[nodiscard]] std::optional<std::string> open(std::string_view purpose, std::string_view sealed) const override {
    const auto text = base64url_decode(sealed);
    if (!text || !text->starts_with(std::string(purpose) + "\n")) return std::nullopt;
    return text->substr(purpose.size() + 1);
  }
  [[nodiscard]] std::string derive(std::string_view, std::string_view text) const override {
    std::string out(text);
    out.resize(32, 'x');
    return out;
  }
};

class AuthenticateTest : public ::testing::Test {
 protected:
  AuthenticateTest() {
    const Result<> made = db->write_blocking([&](store::Txn& txn) -> Result<> {
      TRY(identity::create_account(txn, {.id = account.str(), .name = "n", .email = {}, .alias = {}, .created = kNow}));
      TRY(create_administrator(txn, account, "admin", "AIDAEXAMPLEEXAMPLE123", kNow));
      return identity::create_access_key(txn, account,
                                         {.id = "AKIAEXAMPLEEXAMPLE12",
                                          .user_id = "AIDAEXAMPLEEXAMPLE123",
                                          .secret = "s3cret",
                                          .active = true,
                                          .created = kNow});
    });
    EXPECT_TRUE(made) << made.error().message;
  }
  FoundCredential find(std::string_view key_id, std::string_view token = {}, bool development = false,
                       Timestamp now = kNow) {
    const auto found = db->read([&](store::Reader& reader) {
      return find_credential(reader, {.sealer = sealer, .development = development}, key_id, token, now);
    });
    EXPECT_TRUE(found);
    return *found;
  }
  Principal session_of_admin() {
    Principal principal = find("AKIAEXAMPLEEXAMPLE12")->principal;
    principal.session = Session{.name = "n",
                                .issued = kNow,
                                .expires = kNow.plus_seconds(900),
                                .tags = {{"a", "b"}},
                                .transitive_tags = {"a"},
                                .source_identity = "me",
                                .inline_policies = {"{}"},
                                .policy_arns = {"x"},
                                .mfa = true,
                                .chained = true};
    return principal;
  }

  AccountId account = *AccountId::parse("111111111111");
  std::unique_ptr<store::Db> db = store::open_memory();
  PlainSealer sealer;
  SeededRandom random{1};
};

TEST_F(AuthenticateTest, FindsTheUserBehindAKey) {
  const FoundCredential found = find("AKIAEXAMPLEEXAMPLE12");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, "s3cret");
  EXPECT_EQ(found->principal.arn, "arn:aws:iam::111111111111:user/admin");
  EXPECT_EQ(found->principal.kind, PrincipalKind::kUser);
}

TEST_F(AuthenticateTest, RefusesUnknownInactiveAndBareTemporaryKeys) {
  for (const std::string_view id : {"AKIANOSUCHKEYEXAMPLE", "ASIAEXAMPLEEXAMPLE12", "x", "111111111111", "test"}) {
    const FoundCredential found = find(id);
    ASSERT_FALSE(found) << id;
    EXPECT_EQ(found.error().kind, AuthFailureKind::kInvalidKeyId) << id;
    EXPECT_EQ(found.error().message, "The security token included in the request is invalid.") << id;
  }
  ASSERT_TRUE(db->write_blocking([&](store::Txn& txn) {
    return identity::set_access_key_active(txn, account, "AIDAEXAMPLEEXAMPLE123", "AKIAEXAMPLEEXAMPLE12", false);
  }));
  EXPECT_FALSE(find("AKIAEXAMPLEEXAMPLE12"));
}

TEST_F(AuthenticateTest, AKeptCredentialDiesWithItsKeyUserOrAccount) {
  const CacheScope scope;
  const auto find_kept = [&] {
    return *db->read([&](store::Reader& reader) {
      return find_credential(reader, {.sealer = sealer, .development = false, .scope = scope}, "AKIAEXAMPLEEXAMPLE12",
                             {}, kNow);
    });
  };
  const auto write = [&](const std::function<Result<>(store::Txn&)>& body) {
    const Result<> done = db->write_blocking(body);
    ASSERT_TRUE(done) << done.error().message;
  };
  const auto set_active = [&](bool active) {
    write([&](store::Txn& txn) {
      return identity::set_access_key_active(txn, account, "AIDAEXAMPLEEXAMPLE123", "AKIAEXAMPLEEXAMPLE12", active);
    });
  };
  EXPECT_TRUE(find_kept());
  set_active(false);
  EXPECT_FALSE(find_kept());
  set_active(true);
  EXPECT_TRUE(find_kept());
  write([&](store::Txn& txn) -> Result<> {
    TRY(identity::rename_user(txn, account, "admin", "boss", ""));
    return {};
  });
  EXPECT_EQ(find_kept()->principal.arn, "arn:aws:iam::111111111111:user/boss");
  write([&](store::Txn& txn) {
    return identity::delete_access_key(txn, account, "AIDAEXAMPLEEXAMPLE123", "AKIAEXAMPLEEXAMPLE12");
  });
  EXPECT_FALSE(find_kept());
  write([&](store::Txn& txn) {
    return identity::create_access_key(txn, account, {.id = "AKIAEXAMPLEEXAMPLE12", .user_id = "AIDAEXAMPLEEXAMPLE123",
                                                      .secret = "another", .active = true, .created = kNow});
  });
  EXPECT_EQ(find_kept()->secret, "another");
  write([&](store::Txn& txn) { return identity::delete_account(txn, account); });
  EXPECT_FALSE(find_kept());
}

TEST_F(AuthenticateTest, ASessionTokenBringsItsWholePrincipalBack) {
  const Principal principal = session_of_admin();
  const TemporaryCredentials made = issue(principal, sealer, random);
  EXPECT_EQ(made.secret_access_key.size(), 40U);
  const FoundCredential found = find(made.access_key_id, made.session_token);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->secret, made.secret_access_key);
  const Session& session = *found->principal.session;
  EXPECT_EQ(session.tags, principal.session->tags);
  EXPECT_EQ(session.transitive_tags, principal.session->transitive_tags);
  EXPECT_EQ(session.source_identity, "me");
  EXPECT_EQ(session.inline_policies, principal.session->inline_policies);
  EXPECT_EQ(session.policy_arns, principal.session->policy_arns);
  EXPECT_TRUE(session.mfa);
  EXPECT_TRUE(session.chained);
  EXPECT_EQ(account_of_temporary_key(made.access_key_id), account);
}

TEST_F(AuthenticateTest, TokensAreRefusedWhenDamagedExpiredOrOfAnotherKey) {
  const TemporaryCredentials one = issue(session_of_admin(), sealer, random);
  const TemporaryCredentials two = issue(session_of_admin(), sealer, random);
  EXPECT_EQ(find(one.access_key_id, two.session_token).error().kind, AuthFailureKind::kInvalidToken);
  EXPECT_EQ(find(one.access_key_id, "garbage").error().message,
            "The security token included in the request is invalid");
  EXPECT_EQ(find("AKIAEXAMPLEEXAMPLE12", one.session_token).error().kind, AuthFailureKind::kInvalidToken);
  EXPECT_TRUE(find(one.access_key_id, one.session_token, false, kNow.plus_seconds(899)));
  EXPECT_EQ(find(one.access_key_id, one.session_token, false, kNow.plus_seconds(900)).error().kind,
            AuthFailureKind::kExpiredToken);
  EXPECT_FALSE(find(one.access_key_id, std::string(kSessionTokenCharsMax + 1, 'a')));
}

TEST_F(AuthenticateTest, DevelopmentKeysWorkOnlyInDevelopmentAndNeverForManagement) {
  EXPECT_FALSE(find("333333333333", {}, true)) << "not before the account is made";
  const auto id = AccountId::parse("333333333333");
  ASSERT_TRUE(db->write_blocking(
      [&](store::Txn& txn) { return ensure_development_account(txn, *id, "AIDADEVELOPMENTUSER12", kNow); }));
  ASSERT_TRUE(find("333333333333", {}, true));
  EXPECT_EQ(find("333333333333", {}, true)->secret, "test");
  EXPECT_FALSE(find("333333333333", {}, false));
  EXPECT_FALSE(development_account(kManagementAccount));
  EXPECT_EQ(development_account("test")->str(), "000000000000");
  EXPECT_FALSE(development_account("AKIAEXAMPLEEXAMPLE12"));
}

TEST(SessionRules, AreAwss) {
  struct Case {
    PrincipalKind kind;
    bool session, mfa;
    std::string service, operation;
    bool forbidden;
  };
  const std::vector<Case> cases = {
      {PrincipalKind::kRoot, false, false, "sts", "AssumeRole", true},
      {PrincipalKind::kRoot, false, false, "sts", "GetSessionToken", false},
      {PrincipalKind::kUser, false, false, "iam", "ListUsers", false},
      {PrincipalKind::kUser, true, false, "iam", "ListUsers", true},
      {PrincipalKind::kUser, true, true, "iam", "ListUsers", false},
      {PrincipalKind::kUser, true, false, "sts", "AssumeRole", false},
      {PrincipalKind::kUser, true, false, "sts", "GetCallerIdentity", false},
      {PrincipalKind::kUser, true, false, "sts", "GetFederationToken", true},
      {PrincipalKind::kUser, true, false, "bedrock-agentcore", "ListMemories", false},
      {PrincipalKind::kAssumedRole, true, false, "sts", "AssumeRole", false},
      {PrincipalKind::kAssumedRole, true, false, "sts", "GetSessionToken", true},
      {PrincipalKind::kAssumedRole, true, false, "iam", "ListUsers", false},
      {PrincipalKind::kFederatedUser, true, true, "iam", "ListUsers", true},
      {PrincipalKind::kFederatedUser, true, false, "sts", "AssumeRole", true},
      {PrincipalKind::kFederatedUser, true, false, "sts", "GetCallerIdentity", false},
  };
  for (const Case& c : cases) {
    Principal principal{.kind = c.kind, .account = *AccountId::parse("111111111111")};
    if (c.session) principal.session = Session{.mfa = c.mfa};
    EXPECT_EQ(forbidden_to_session(principal, c.service, c.operation).has_value(), c.forbidden)
        << static_cast<int>(c.kind) << c.session << c.service << c.operation;
  }
}

}  // namespace
}  // namespace warifu::access
