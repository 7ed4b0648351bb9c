#include "identity/organizations.h"

#include <fmt/format.h>

#include "identity/gather.h"
#include "identity/handshakes.h"
#include "identity/organization_policies.h"
#include "identity/tags.h"
#include "identity/test_world.h"

namespace warifu::identity {
namespace {

constexpr Timestamp kNow{1'783'165'130'000};
const std::string kDenyAll =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]})";
const std::string kDenyResource =
    R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]})";

class Organizations : public World {
 protected:
  Organization organization{.id = "o-aaaaaaaaaa", .management = "111111111111", .root = "r-ab12", .created = kNow};
  const AccountId c = *AccountId::parse("333333333333");

  Organizations() {
    expect_ok([&](store::Txn& txn) { return create_account(txn, {.id = c.str(), .name = "c"}); });
    expect_ok([&](store::Txn& txn) { return create_organization(txn, organization, kNow); });
  }
  void join(const AccountId& account, const std::string& parent = "r-ab12") {
    expect_ok([&](store::Txn& txn) {
      return add_member(txn, organization,
                        {.account = account.str(), .parent = parent, .invited = true, .joined = kNow});
    });
  }
  void unit(const std::string& id, const std::string& name, const std::string& parent) {
    expect_ok(
        [&](store::Txn& txn) { return create_unit(txn, organization, {.id = id, .name = name, .parent = parent}); });
  }
  void enable(GuardType type) {
    expect_ok([&](store::Txn& txn) { return enable_guards(txn, organization, type); });
    organization.enabled[static_cast<std::size_t>(type)] = true;
  }
  GuardPolicy guard(const std::string& id, const std::string& document = kDenyAll,
                    GuardType type = GuardType::kServiceControl) {
    GuardPolicy policy{.id = id, .name = "name of " + id, .type = type, .document = document};
    expect_ok([&](store::Txn& txn) { return create_guard(txn, organization, policy); });
    return policy;
  }
  std::string attach(const std::string& policy, const std::string& target) {
    return failure([&](store::Txn& txn) { return attach_guard(txn, organization, policy, target); });
  }
  std::string detach(const std::string& policy, const std::string& target) {
    return failure([&](store::Txn& txn) { return detach_guard(txn, organization, policy, target); });
  }
  std::optional<Guards> guards(const AccountId& account) {
    return read([&](store::Reader& reader) { return guards_of(reader, account); });
  }
  /// `target:policy,policy target:…`, root first.
  std::string levels(const AccountId& account, GuardType type = GuardType::kServiceControl) {
    std::string out;
    for (const GuardLevel& level : guards(account)->levels[static_cast<std::size_t>(type)]) {
      out += (out.empty() ? "" : " ") + level.target + ":";
      for (const GuardPolicy& policy : level.policies) out += (out.ends_with(":") ? "" : ",") + policy.id;
    }
    return out;
  }
  OrganizationsState state() {
    return read([&](store::Reader& reader) { return organizations_state(reader); });
  }
};

TEST_F(Organizations, AnAccountBelongsToOneAtATime) {
  EXPECT_TRUE(failure([&](store::Txn& txn) {
                return create_organization(txn, {.id = "o-bbbbbbbbbb", .management = a.str(), .root = "r-cd34"}, kNow);
              }).starts_with("AlreadyInOrganizationException: "));
  join(b);
  EXPECT_TRUE(failure([&](store::Txn& txn) {
                return add_member(txn, organization, {.account = b.str(), .parent = organization.root});
              }).starts_with("AlreadyInOrganizationException: "));
  EXPECT_EQ(read([&](store::Reader& r) { return require_organization(r, b); }).id, organization.id);
  EXPECT_EQ(failure([&](store::Txn& txn) { return require_organization(txn, c); }),
            "AWSOrganizationsNotInUseException: Your account is not a member of an organization.");
  EXPECT_EQ(failure([&](store::Txn& txn) { return require_member(txn, organization, c.str()); }),
            "AccountNotFoundException: You specified an account that doesn't exist.");
}

TEST_F(Organizations, IsDeletedOnlyWhenItsMembersAreGone) {
  join(b);
  unit("ou-ab12-11111111", "Work", organization.root);
  EXPECT_TRUE(failure([&](store::Txn& txn) {
                return delete_organization(txn, organization);
              }).starts_with("OrganizationNotEmptyException: "));
  expect_ok([&](store::Txn& txn) { return remove_member(txn, organization, b.str()); });
  EXPECT_FALSE(guards(b).has_value());
  expect_ok([&](store::Txn& txn) { return delete_organization(txn, organization); });
  EXPECT_FALSE(guards(a).has_value());
  EXPECT_FALSE(read([&](store::Reader& r) { return find_node(r, organization, organization.root); }).has_value());
  expect_ok([&](store::Txn& txn) {
    return create_organization(txn, {.id = "o-bbbbbbbbbb", .management = a.str(), .root = "r-cd34"}, kNow);
  });
}

TEST_F(Organizations, TheFirstAndTheLastOneMoveTheVersionOfEveryAccount) {
  const User user = make_user(b, "u");
  const auto says = [&] { return read([&](store::Reader& r) { return gather(r, b, user.id); })->organizations; };
  EXPECT_TRUE(says());
  const std::uint64_t before = version(b);
  expect_ok([&](store::Txn& txn) {
    return create_organization(txn, {.id = "o-bbbbbbbbbb", .management = c.str(), .root = "r-cd34"}, kNow);
  });
  EXPECT_EQ(version(b), before) << "a second one changes nothing that `gather` says";
  expect_ok([&](store::Txn& txn) { return delete_organization(txn, organization); });
  EXPECT_EQ(version(b), before);
  const Organization second = read([&](store::Reader& r) { return require_organization(r, c); });
  expect_ok([&](store::Txn& txn) { return delete_organization(txn, second); });
  EXPECT_GT(version(b), before);
  EXPECT_FALSE(says());
  EXPECT_EQ(state().count, 0U);
}

TEST_F(Organizations, EveryChangeThatLimitsMovesTheVersion) {
  std::uint64_t last = state().version;
  const auto moved = [&](std::string_view what) {
    const std::uint64_t now = state().version;
    EXPECT_GT(now, last) << what;
    last = now;
  };
  join(b), moved("join");
  unit("ou-ab12-11111111", "Work", organization.root), moved("unit");
  expect_ok(
      [&](store::Txn& txn) { return move_member(txn, organization, b.str(), organization.root, "ou-ab12-11111111"); });
  moved("move");
  enable(GuardType::kServiceControl), moved("enable");
  GuardPolicy policy = guard("p-1111111111");
  EXPECT_EQ(attach(policy.id, b.str()), "no error");
  moved("attach");
  policy.document = R"({"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"sqs:*","Resource":"*"}]})";
  expect_ok([&](store::Txn& txn) { return update_guard(txn, organization, policy); });
  moved("update");
  EXPECT_EQ(detach(policy.id, b.str()), "no error");
  moved("detach");
  expect_ok([&](store::Txn& txn) { return disable_guards(txn, organization, GuardType::kServiceControl); });
  moved("disable");
  expect_ok([&](store::Txn& txn) { return remove_member(txn, organization, b.str()); });
  moved("leave");
}

TEST_F(Organizations, PathsAndLevelsFollowTheTree) {
  unit("ou-ab12-11111111", "Work", organization.root);
  unit("ou-ab12-22222222", "Dev", "ou-ab12-11111111");
  join(b, "ou-ab12-22222222");
  EXPECT_EQ(guards(b)->path, "o-aaaaaaaaaa/r-ab12/ou-ab12-11111111/ou-ab12-22222222/");
  EXPECT_EQ(guards(a)->path, "o-aaaaaaaaaa/r-ab12/");
  EXPECT_TRUE(guards(a)->management);
  EXPECT_EQ(levels(b), "") << "no type is on";
  enable(GuardType::kServiceControl);
  EXPECT_EQ(levels(b),
            "r-ab12:p-FullAWSAccess ou-ab12-11111111:p-FullAWSAccess ou-ab12-22222222:p-FullAWSAccess "
            "222222222222:p-FullAWSAccess");
  EXPECT_EQ(levels(a), "") << "the management account is exempt";
  EXPECT_EQ(levels(b, GuardType::kResourceControl), "");
  guard("p-1111111111");
  EXPECT_EQ(attach("p-1111111111", "ou-ab12-11111111"), "no error");
  expect_ok(
      [&](store::Txn& txn) { return move_member(txn, organization, b.str(), "ou-ab12-22222222", "ou-ab12-11111111"); });
  EXPECT_EQ(levels(b),
            "r-ab12:p-FullAWSAccess ou-ab12-11111111:p-1111111111,p-FullAWSAccess 222222222222:p-FullAWSAccess");
  join(c);
  EXPECT_EQ(levels(c), "r-ab12:p-FullAWSAccess 333333333333:p-FullAWSAccess") << "who joins gets AWS's policy";
}

TEST_F(Organizations, UnitsAreNamedOnceUnderOneParentAndNestFiveDeep) {
  std::string parent = organization.root;
  for (int depth = 1; depth <= 5; ++depth) {
    const std::string id = fmt::format("ou-ab12-{0}{0}{0}{0}{0}{0}{0}{0}", depth);
    unit(id, "Same", parent);
    parent = id;
  }
  const auto make = [&](const std::string& name, const std::string& under) {
    return failure([&](store::Txn& txn) {
      return create_unit(txn, organization, {.id = "ou-ab12-99999999", .name = name, .parent = under});
    });
  };
  EXPECT_TRUE(make("Sixth", parent).starts_with("ConstraintViolationException: "));
  EXPECT_EQ(make("Same", organization.root),
            "DuplicateOrganizationalUnitException: An OU with the same name already exists.");
  EXPECT_EQ(make("x", "ou-ab12-00000000"), "ParentNotFoundException: You specified parent that doesn't exist.");
  const auto erase = [&](const std::string& id) {
    return failure([&](store::Txn& txn) { return delete_unit(txn, organization, id); });
  };
  EXPECT_TRUE(erase("ou-ab12-44444444").starts_with("OrganizationalUnitNotEmptyException: "));
  EXPECT_EQ(erase("ou-ab12-55555555"), "no error");
  EXPECT_TRUE(erase("ou-ab12-55555555").starts_with("OrganizationalUnitNotFoundException: "));
  EXPECT_TRUE(erase(organization.root).starts_with("OrganizationalUnitNotFoundException: ")) << "a root is no unit";
}

TEST_F(Organizations, AMoveNamesWhereTheAccountIs) {
  join(b);
  unit("ou-ab12-11111111", "Work", organization.root);
  const auto move = [&](const std::string& from, const std::string& to) {
    return failure([&](store::Txn& txn) { return move_member(txn, organization, b.str(), from, to); });
  };
  EXPECT_TRUE(move("ou-ab12-11111111", organization.root).starts_with("SourceParentNotFoundException: "));
  EXPECT_TRUE(move(organization.root, "ou-ab12-00000000").starts_with("DestinationParentNotFoundException: "));
  EXPECT_TRUE(move(organization.root, organization.root).starts_with("DuplicateAccountException: "));
  EXPECT_EQ(move(organization.root, "ou-ab12-11111111"), "no error");
}

TEST_F(Organizations, OneServiceControlPolicyAlwaysStaysAndFiveAreTheMost) {
  join(b);
  enable(GuardType::kServiceControl);
  EXPECT_TRUE(
      detach("p-FullAWSAccess", b.str()).starts_with("ConstraintViolationException: You cannot remove the last"));
  for (int i = 1; i <= 5; ++i) guard(fmt::format("p-{0}{0}{0}{0}{0}{0}{0}{0}", i));
  for (int i = 1; i <= 4; ++i) {
    EXPECT_EQ(attach(fmt::format("p-{0}{0}{0}{0}{0}{0}{0}{0}", i), b.str()), "no error") << i;
  }
  EXPECT_TRUE(attach("p-55555555", b.str()).starts_with("ConstraintViolationException: You have attached the maximum"));
  EXPECT_TRUE(attach("p-11111111", b.str()).starts_with("DuplicatePolicyAttachmentException: "));
  EXPECT_EQ(detach("p-FullAWSAccess", b.str()), "no error");
  EXPECT_TRUE(detach("p-FullAWSAccess", b.str()).starts_with("PolicyNotAttachedException: "));
  EXPECT_TRUE(attach("p-00000000", b.str()).starts_with("PolicyNotFoundException: "));
  EXPECT_TRUE(attach("p-55555555", c.str()).starts_with("TargetNotFoundException: ")) << "in no organization";
  EXPECT_TRUE(failure([&](store::Txn& txn) {
                return delete_guard(txn, organization, "p-11111111");
              }).starts_with("PolicyInUseException: "));
}

TEST_F(Organizations, AWSsResourceControlPolicyStays) {
  join(b);
  EXPECT_TRUE(attach("p-RCPFullAWSAccess", b.str()).starts_with("PolicyTypeNotEnabledException: "));
  enable(GuardType::kResourceControl);
  guard("p-11111111", kDenyResource, GuardType::kResourceControl);
  EXPECT_EQ(attach("p-11111111", b.str()), "no error");
  EXPECT_TRUE(detach("p-RCPFullAWSAccess", b.str()).starts_with("ConstraintViolationException: "));
  EXPECT_EQ(levels(b, GuardType::kResourceControl),
            "r-ab12:p-RCPFullAWSAccess 222222222222:p-11111111,p-RCPFullAWSAccess");
  expect_ok([&](store::Txn& txn) { return disable_guards(txn, organization, GuardType::kResourceControl); });
  EXPECT_EQ(levels(b, GuardType::kResourceControl), "");
  organization.enabled = {};
  enable(GuardType::kResourceControl);
  EXPECT_EQ(levels(b, GuardType::kResourceControl), "r-ab12:p-RCPFullAWSAccess 222222222222:p-RCPFullAWSAccess")
      << "what was attached before is not again";
}

TEST_F(Organizations, PoliciesNeedAllFeatures) {
  organization.all_features = false;
  EXPECT_TRUE(failure([&](store::Txn& txn) {
                return enable_guards(txn, organization, GuardType::kServiceControl);
              }).starts_with("PolicyTypeNotAvailableForOrganizationException: "));
}

TEST_F(Organizations, ResourceControlPoliciesOnlyDenyAndNameServices) {
  struct Case {
    std::string statement, says;
  };
  const std::vector<Case> cases = {
      {R"("Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*")", ""},
      {R"("Effect":"Deny","Principal":"*","Action":["sts:AssumeRole","kms:*"],"NotResource":"*")", ""},
      {R"("Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*")", "Effect must be Deny"},
      {R"("Effect":"Deny","Principal":"*","Action":"*","Resource":"*")", "does not name a service"},
      {R"("Effect":"Deny","Principal":"*","Action":"s?:*","Resource":"*")", "does not name a service"},
      {R"("Effect":"Deny","Principal":"*","NotAction":"s3:*","Resource":"*")", "NotAction"},
      {R"("Effect":"Deny","NotPrincipal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*")", "NotPrincipal"},
      {R"("Effect":"Deny","Principal":{"AWS":"111111111111"},"Action":"s3:*","Resource":"*")", "Principal must be *"},
      {R"("Effect":"Deny","Action":"s3:*","Resource":"*")", " "},
  };
  for (const Case& one : cases) {
    const std::string document = R"({"Version":"2012-10-17","Statement":[{)" + one.statement + "}]}";
    const Result<> checked = check_guard(document, GuardType::kResourceControl);
    if (one.says.empty()) {
      EXPECT_TRUE(checked.has_value()) << one.statement << checked.error().message;
      continue;
    }
    ASSERT_FALSE(checked.has_value()) << one.statement;
    EXPECT_EQ(checked.error().aws_name, "MalformedPolicyDocumentException");
    EXPECT_NE(checked.error().message.find(one.says), std::string::npos) << checked.error().message;
  }
  EXPECT_TRUE(check_guard(kAllowAll, GuardType::kServiceControl).has_value());
  EXPECT_FALSE(check_guard(kDenyResource, GuardType::kServiceControl).has_value()) << "no principal there";
}

TEST_F(Organizations, PoliciesHaveNamesOfTheirOwnAndAMostOfCharacters) {
  guard("p-11111111");
  const auto make = [&](GuardPolicy policy) {
    return failure([&](store::Txn& txn) { return create_guard(txn, organization, policy); });
  };
  EXPECT_TRUE(make({.id = "p-22222222", .name = "name of p-11111111", .document = kDenyAll})
                  .starts_with("DuplicatePolicyException: "));
  const std::string padded = kDenyAll + std::string(kGuardCharactersMax - kDenyAll.size(), ' ');
  EXPECT_EQ(make({.id = "p-33333333", .name = "full", .document = padded}), "no error");
  EXPECT_TRUE(make({.id = "p-44444444", .name = "over", .document = padded + " "})
                  .starts_with("ConstraintViolationException: "));
}

TEST_F(Organizations, ADeletedAccountLeavesAndAManagingOneStays) {
  join(b);
  EXPECT_TRUE(failure([&](store::Txn& txn) { return delete_account(txn, a); }).find("manages organization") !=
              std::string::npos);
  expect_ok([&](store::Txn& txn) { return delete_account(txn, b); });
  EXPECT_EQ(read([&](store::Reader& r) { return list_members(r, organization); }).size(), 1U);
  expect_ok([&](store::Txn& txn) { return delete_account(txn, a); });
  EXPECT_EQ(state().count, 0U);
}

TEST_F(Organizations, AnInvitationIsSeenByBothSidesAndClosesOnce) {
  const Handshake sent{.id = "h-1111111111",
                       .organization = organization.id,
                       .management = a.str(),
                       .account = b.str(),
                       .target = b.str(),
                       .requested = kNow,
                       .expires = kNow.plus_seconds(kInvitationSeconds)};
  expect_ok([&](store::Txn& txn) { return create_handshake(txn, sent, kNow); });
  Handshake again = sent;
  again.id = "h-2222222222";
  EXPECT_TRUE(failure([&](store::Txn& txn) {
                return create_handshake(txn, again, kNow);
              }).starts_with("DuplicateHandshakeException: "));
  const auto seen = [&](const AccountId& by, Timestamp when) {
    const auto found = read([&](store::Reader& r) { return find_handshake(r, sent.id, by, when); });
    return found ? std::optional(found->state) : std::nullopt;
  };
  EXPECT_EQ(seen(a, kNow), HandshakeState::kOpen);
  EXPECT_EQ(seen(b, kNow), HandshakeState::kOpen);
  EXPECT_EQ(seen(c, kNow), std::nullopt);
  EXPECT_EQ(seen(b, sent.expires), HandshakeState::kExpired);
  const auto close = [&](HandshakeState to, Timestamp when) {
    return failure([&](store::Txn& txn) -> Result<Handshake> {
      return close_handshake(txn, TRY(require_handshake(txn, sent.id, b, when)), to);
    });
  };
  EXPECT_TRUE(close(HandshakeState::kAccepted, sent.expires).starts_with("InvalidHandshakeTransitionException: "));
  EXPECT_EQ(close(HandshakeState::kDeclined, kNow), "no error");
  EXPECT_TRUE(close(HandshakeState::kDeclined, kNow).starts_with("HandshakeAlreadyInStateException: "));
  EXPECT_TRUE(close(HandshakeState::kAccepted, kNow).starts_with("InvalidHandshakeTransitionException: "));
  expect_ok([&](store::Txn& txn) { return create_handshake(txn, again, kNow); });
  EXPECT_EQ(read([&](store::Reader& r) { return handshakes_sent(r, a, kNow); }).size(), 2U);
  EXPECT_EQ(read([&](store::Reader& r) { return handshakes_received(r, b, kNow); }).size(), 2U);
}

TEST_F(Organizations, ArnsAndIdsHaveAWSsForms) {
  EXPECT_EQ(organization_arn(organization), "arn:aws:organizations::111111111111:organization/o-aaaaaaaaaa");
  struct Case {
    std::string id, arn;
  };
  for (const auto& [id, arn] : std::vector<Case>{
           {"r-ab12", "arn:aws:organizations::111111111111:root/o-aaaaaaaaaa/r-ab12"},
           {"ou-ab12-11111111", "arn:aws:organizations::111111111111:ou/o-aaaaaaaaaa/ou-ab12-11111111"},
           {"222222222222", "arn:aws:organizations::111111111111:account/o-aaaaaaaaaa/222222222222"},
           {"p-11111111", "arn:aws:organizations::111111111111:policy/o-aaaaaaaaaa/service_control_policy/p-11111111"},
           {"p-FullAWSAccess", "arn:aws:organizations::aws:policy/service_control_policy/p-FullAWSAccess"}}) {
    EXPECT_EQ(organization_entity_arn(organization, id), arn);
  }
  EXPECT_EQ(new_unit_id("r-ab12", random).substr(0, 8), "ou-ab12-");
  EXPECT_EQ(new_organization_id(random).size(), 12U);
}

}  // namespace
}  // namespace warifu::identity
