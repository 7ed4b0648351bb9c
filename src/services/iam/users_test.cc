#include <gmock/gmock.h>

#include "identity/access_keys.h"
#include "services/iam/test_iam.h"

namespace warifu::services::iam {
namespace {

using UsersTest = IamTest;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(UsersTest, AUserIsMadeShownAndDeleted) {
  const Answer made =
      ok("CreateUser",
         {{"UserName", "alice"}, {"Path", "/x/"}, {"Tags.member.1.Key", "team"}, {"Tags.member.1.Value", "red"}});
  EXPECT_EQ(made.field("Arn"), "arn:aws:iam::111111111111:user/x/alice");
  EXPECT_THAT(made.field("UserId"), ::testing::MatchesRegex("AIDA[A-Z2-7]{17}"));
  EXPECT_EQ(made.field("CreateDate"), "2026-07-04T11:38:50Z");
  const Answer shown = ok("GetUser", {{"UserName", "alice"}});
  EXPECT_EQ(shown.field("UserId"), made.field("UserId"));
  EXPECT_EQ(shown.field("Key") + "=" + shown.field("Value"), "team=red");
  EXPECT_THAT(shown.response.body, HasSubstr("xmlns=\"https://iam.amazonaws.com/doc/2010-05-08/\""));
  ok("DeleteUser", {{"UserName", "alice"}});
  EXPECT_EQ(fails("GetUser", {{"UserName", "alice"}}), "404 NoSuchEntity: The user with name alice cannot be found.");
}

TEST_F(UsersTest, WithoutANameTheCallingUserIsMeant) {
  EXPECT_EQ(ok("GetUser").field("Arn"), "arn:aws:iam::111111111111:user/admin");
  EXPECT_EQ(ok("ListAccessKeys").field("UserName"), "admin");
  EXPECT_EQ(ok("ListAccessKeys").field("AccessKeyId"), admin.access_key_id);
}

TEST_F(UsersTest, NamesAndConflictsHaveAwssTexts) {
  ok("CreateUser", {{"UserName", "alice"}});
  EXPECT_EQ(fails("CreateUser", {{"UserName", "Alice"}}),
            "409 EntityAlreadyExists: User with name Alice already exists.");
  EXPECT_THAT(fails("CreateUser", {{"UserName", "a b"}}), ::testing::StartsWith("400 ValidationError: 1 validation"));
  EXPECT_THAT(fails("CreateUser", {{"UserName", std::string(65, 'a')}}), ::testing::StartsWith("400 ValidationError"));
  EXPECT_EQ(fails("CreateUser", {{"UserName", "b"},
                                 {"Tags.member.1.Key", "k"},
                                 {"Tags.member.1.Value", "1"},
                                 {"Tags.member.2.Key", "K"},
                                 {"Tags.member.2.Value", "2"}}),
            "400 InvalidInput: Duplicate tag keys found. Please note that Tag keys are case insensitive.");
  ok("CreateAccessKey", {{"UserName", "alice"}});
  EXPECT_EQ(fails("DeleteUser", {{"UserName", "alice"}}),
            "409 DeleteConflict: Cannot delete entity, must delete access keys first.");
}

TEST_F(UsersTest, ListingsGoOnAtTheirMarker) {
  for (const char* name : {"u1", "u2", "u3"}) ok("CreateUser", {{"UserName", name}, {"Path", "/team/"}});
  const Answer first = ok("ListUsers", {{"PathPrefix", "/team/"}, {"MaxItems", "2"}});
  EXPECT_EQ(first.count("UserName"), 2U);
  EXPECT_EQ(first.field("IsTruncated"), "true");
  const Answer second =
      ok("ListUsers", {{"PathPrefix", "/team/"}, {"MaxItems", "2"}, {"Marker", first.field("Marker")}});
  EXPECT_EQ(second.field("UserName"), "u3");
  EXPECT_EQ(second.field("IsTruncated"), "false");
  EXPECT_EQ(second.count("Marker"), 0U);
  EXPECT_EQ(fails("ListUsers", {{"Marker", "forged"}}), "400 ValidationError: Invalid Marker.");
}

TEST_F(UsersTest, ANewKeySignsUntilItIsSwitchedOff) {
  ok("CreateUser", {{"UserName", "alice"}});
  const Answer made = ok("CreateAccessKey", {{"UserName", "alice"}});
  const api::testing::Keys keys{made.field("AccessKeyId"), made.field("SecretAccessKey"), {}};
  EXPECT_EQ(keys.secret.size(), 40U);
  EXPECT_EQ(call_as(keys, "GetUser").response.status, 403) << "no policy allows it";
  ok("AttachUserPolicy", {{"UserName", "alice"}, {"PolicyArn", "arn:aws:iam::aws:policy/IAMReadOnlyAccess"}});
  EXPECT_EQ(call_as(keys, "GetUser").field("UserName"), "alice");
  ok("UpdateAccessKey", {{"UserName", "alice"}, {"AccessKeyId", keys.access_key_id}, {"Status", "Inactive"}});
  EXPECT_EQ(call_as(keys, "GetUser").field("Code"), "InvalidClientTokenId");
  EXPECT_EQ(ok("ListAccessKeys", {{"UserName", "alice"}}).field("Status"), "Inactive");
  EXPECT_THAT(ok("ListAccessKeys", {{"UserName", "alice"}}).response.body, Not(HasSubstr(keys.secret)));
  ok("DeleteAccessKey", {{"UserName", "alice"}, {"AccessKeyId", keys.access_key_id}});
  EXPECT_EQ(fails("DeleteAccessKey", {{"UserName", "alice"}, {"AccessKeyId", keys.access_key_id}}),
            "404 NoSuchEntity: The Access Key with id " + keys.access_key_id + " cannot be found.");
}

TEST_F(UsersTest, TheThirdKeyIsOneTooMany) {
  ok("CreateUser", {{"UserName", "alice"}});
  for (int i = 0; i < 2; ++i) ok("CreateAccessKey", {{"UserName", "alice"}});
  EXPECT_EQ(fails("CreateAccessKey", {{"UserName", "alice"}}),
            "409 LimitExceeded: Cannot exceed quota for AccessKeysPerUser: 2");
}

TEST_F(UsersTest, LastUseOfAKeyIsShownWhereThereWasOne) {
  ok("CreateUser", {{"UserName", "alice"}});
  const std::string id = ok("CreateAccessKey", {{"UserName", "alice"}}).field("AccessKeyId");
  EXPECT_EQ(ok("GetAccessKeyLastUsed", {{"AccessKeyId", id}}).field("ServiceName"), "N/A");
  const auto account = AccountId::parse("111111111111");
  ASSERT_TRUE(server.db().write_blocking([&](store::Txn& txn) {
    return identity::note_used(txn, *account, id, {Timestamp{1'783'165'130'000}, "sts", "us-east-1"});
  }));
  const Answer used = ok("GetAccessKeyLastUsed", {{"AccessKeyId", id}});
  EXPECT_EQ(used.field("UserName") + used.field("ServiceName") + used.field("LastUsedDate"),
            "alicests2026-07-04T11:38:50Z");
}

TEST_F(UsersTest, KeysOfAnotherAccountDoNotExistHere) {
  const api::testing::Keys other = server.account("222222222222");
  const Answer answer = call("GetAccessKeyLastUsed", {{"AccessKeyId", other.access_key_id}});
  EXPECT_NE(answer.response.status, 200);
  EXPECT_THAT(answer.response.body, Not(HasSubstr("admin</UserName>")));
}

TEST_F(UsersTest, GroupsHoldUsersAndTheirPolicies) {
  ok("CreateUser", {{"UserName", "alice"}});
  const Answer made = ok("CreateGroup", {{"GroupName", "staff"}});
  EXPECT_EQ(made.field("Arn"), "arn:aws:iam::111111111111:group/staff");
  ok("AddUserToGroup", {{"GroupName", "staff"}, {"UserName", "alice"}});
  EXPECT_EQ(ok("GetGroup", {{"GroupName", "staff"}}).field("UserName"), "alice");
  EXPECT_EQ(ok("ListGroupsForUser", {{"UserName", "alice"}}).field("GroupName"), "staff");
  EXPECT_EQ(ok("ListGroups").count("GroupName"), 1U);
  ok("PutGroupPolicy", {{"GroupName", "staff"}, {"PolicyName", "p"}, {"PolicyDocument", kAllow}});
  EXPECT_EQ(ok("GetGroupPolicy", {{"GroupName", "staff"}, {"PolicyName", "p"}}).document("PolicyDocument"), kAllow);
  ok("AttachGroupPolicy", {{"GroupName", "staff"}, {"PolicyArn", kReadOnlyArn}});
  EXPECT_EQ(ok("ListAttachedGroupPolicies", {{"GroupName", "staff"}}).field("PolicyName"), "ReadOnlyAccess");
  EXPECT_EQ(fails("DeleteGroup", {{"GroupName", "staff"}}),
            "409 DeleteConflict: Cannot delete entity, must remove users from group first.");
  ok("RemoveUserFromGroup", {{"GroupName", "staff"}, {"UserName", "alice"}});
  ok("DetachGroupPolicy", {{"GroupName", "staff"}, {"PolicyArn", kReadOnlyArn}});
  ok("DeleteGroupPolicy", {{"GroupName", "staff"}, {"PolicyName", "p"}});
  ok("UpdateGroup", {{"GroupName", "staff"}, {"NewGroupName", "crew"}});
  ok("DeleteGroup", {{"GroupName", "crew"}});
  EXPECT_EQ(fails("GetGroup", {{"GroupName", "crew"}}), "404 NoSuchEntity: The group with name crew cannot be found.");
}

TEST_F(UsersTest, ARenamedUserIsFoundUnderTheNewNameOnly) {
  const std::string id = ok("CreateUser", {{"UserName", "alice"}}).field("UserId");
  ok("UpdateUser", {{"UserName", "alice"}, {"NewUserName", "alicia"}, {"NewPath", "/y/"}});
  const Answer shown = ok("GetUser", {{"UserName", "alicia"}});
  EXPECT_EQ(shown.field("UserId"), id);
  EXPECT_EQ(shown.field("Arn"), "arn:aws:iam::111111111111:user/y/alicia");
}

}  // namespace
}  // namespace warifu::services::iam
