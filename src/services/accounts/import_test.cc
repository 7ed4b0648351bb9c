#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "access/authenticate.h"
#include "api/testing.h"
#include "audit/denials.h"
#include "identity/gather.h"
#include "identity/roles.h"
#include "services/accounts/estate_file.h"
#include "services/accounts/operations.h"
#include "services/accounts/organization_file.h"
#include "services/accounts/why.h"

namespace warifu::services::accounts {
namespace {

using api::testing::body_of;
using ::testing::HasSubstr;

constexpr std::string_view kAccount = "444455556666";

/// `%` stands for what a case changes: `Path`, an ARN's account, a document.
constexpr std::string_view kDetails =
    R"({
  "UserDetailList": [{"Path": "/", "UserName": "ann", "UserId": "AIDAEXAMPLEEXAMPLE01",
    "Arn": "arn:aws:iam::444455556666:user/ann", "CreateDate": "2024-01-02T03:04:05+00:00", "GroupList": ["staff"],
    "AttachedManagedPolicies": [], "Tags": [{"Key": "team", "Value": "red"}]}],
  "GroupDetailList": [{"Path": "/", "GroupName": "staff", "GroupId": "AGPAEXAMPLEEXAMPLE01",
    "Arn": "arn:aws:iam::444455556666:group/staff", "CreateDate": "2024-01-02T03:04:05Z",
    "GroupPolicyList": [{"PolicyName": "read", "PolicyDocument": {"Version": "2012-10-17", "Statement": [
      {"Sid": "Mine", "Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "*",
       "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}]}}],
    "AttachedManagedPolicies": []}],
  "RoleDetailList": [{"Path": "/app/", "RoleName": "worker", "RoleId": "AROAEXAMPLEEXAMPLE01",
    "Arn": "arn:aws:iam::444455556666:role/app/worker", "CreateDate": 1704164645,
    "AssumeRolePolicyDocument": "%7B%22Version%22%3A%222012-10-17%22%2C%22Statement%22%3A%5B)"
    R"(%7B%22Effect%22%3A%22Allow%22%2C%22Principal%22%3A%7B%22AWS%22%3A)"
    R"(%22arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Felsewhere%22%7D%2C%22Action%22%3A%22sts%3AAssumeRole%22%7D%5D%7D",
    "RolePolicyList": [], "InstanceProfileList": [{"Path": "/", "InstanceProfileName": "box",
      "InstanceProfileId": "AIPAEXAMPLEEXAMPLE01", "Arn": "arn:aws:iam::444455556666:instance-profile/box",
      "CreateDate": "2024-01-02T03:04:05Z", "Roles": []}],
    "AttachedManagedPolicies": [{"PolicyName": "queue", "PolicyArn": "arn:aws:iam::444455556666:policy/queue"},
      {"PolicyName": "New", "PolicyArn": "arn:aws:iam::aws:policy/New"}],
    "PermissionsBoundary": {"PermissionsBoundaryType": "Policy",
      "PermissionsBoundaryArn": "arn:aws:iam::444455556666:policy/queue"}}],
  "Policies": [{"PolicyName": "queue", "PolicyId": "ANPAEXAMPLEEXAMPLE01", "Path": "/",
    "Arn": "arn:aws:iam::444455556666:policy/queue", "DefaultVersionId": "v7", "CreateDate": "2024-01-02T03:04:05Z",
    "UpdateDate": "2024-02-02T03:04:05Z", "PolicyVersionList": [
      {"VersionId": "v7", "IsDefaultVersion": true, "CreateDate": "2024-02-02T03:04:05Z", "Document":
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}},
      {"VersionId": "v3", "IsDefaultVersion": false, "CreateDate": "2024-01-02T03:04:05Z", "Document":
        {"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}}]},
    {"PolicyName": "New", "PolicyId": "ANPAEXAMPLEEXAMPLE02", "Path": "/", "Arn": "arn:aws:iam::aws:policy/New",
     "DefaultVersionId": "v2", "CreateDate": "2024-01-02T03:04:05Z", "PolicyVersionList": [
      {"VersionId": "v2", "IsDefaultVersion": true, "CreateDate": "2024-02-02T03:04:05Z", "Document":
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}}]},
    {"PolicyName": "Unused", "PolicyId": "ANPAEXAMPLEEXAMPLE03", "Path": "/", "Arn": "arn:aws:iam::aws:policy/Unused",
     "DefaultVersionId": "v2", "CreateDate": "2024-01-02T03:04:05Z", "PolicyVersionList": []}]})";

json::Value details() {
  auto value = json::parse(kDetails);
  EXPECT_TRUE(value.has_value());
  return value.value_or(json::Value{});
}

/// The file with `from` written as `to`.
json::Value changed(std::string_view from, std::string_view to) {
  std::string text(kDetails);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
  auto value = json::parse(text);
  EXPECT_TRUE(value.has_value()) << text;
  return value.value_or(json::Value{});
}

TEST(EstateFile, IsReadWholeButForAwssPoliciesThatNobodyHolds) {
  const auto read = read_estate(details());
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->account.str(), kAccount);
  const identity::Estate& estate = read->estate;
  ASSERT_EQ(estate.roles.size(), 1U);
  EXPECT_THAT(estate.roles[0].trust, HasSubstr("role/elsewhere"));
  EXPECT_EQ(estate.roles[0].role.created.seconds(), 1704164645);
  ASSERT_EQ(estate.policies.size(), 2U);
  EXPECT_EQ(estate.policies[0].versions.size(), 2U);
  EXPECT_EQ(estate.policies[0].policy.last_version, 7);
  EXPECT_TRUE(estate.policies[1].policy.aws_owned);
}

TEST(EstateFile, NamesTheElementAtFault) {
  struct Case {
    std::string_view from, to, message;
  };
  const Case cases[] = {
      {R"("UserName": "ann")", R"("UserNam": "ann")", "UserDetailList[0]: has no UserName"},
      {R"("UserName": "ann")", R"("UserName": 7)", "UserDetailList[0].UserName: is no text"},
      {R"("UserName": "ann")", R"("UserName": "")", "UserDetailList[0].UserName: is empty"},
      {R"("UserName": "ann")", R"("UserName": "a\u0000n")", "UserDetailList[0].UserName: holds a control character"},
      {R"("UserName": "ann")", R"("UserName": "bob")", "is not the ARN of User `bob` at `/`"},
      {R"("UserId": "AIDAEXAMPLEEXAMPLE01")", R"("UserId": "short")", "UserDetailList[0]: `short` is no unique id"},
      {R"("CreateDate": "2024-01-02T03:04:05+00:00")", R"("CreateDate": "soon")",
       "UserDetailList[0].CreateDate: is no"},
      {R"("GroupList": ["staff"])", R"("GroupList": "staff")", "UserDetailList[0].GroupList: is no list"},
      {R"("Effect": "Allow")", R"("Effect": "Perhaps")", "GroupDetailList[0].GroupPolicyList[0].PolicyDocument: "},
      {R"(444455556666:role/app/worker)", "444455556667:role/app/worker", "is of another account than 444455556666"},
      {R"("%7B%22Version)", R"("%7B%2)", "RoleDetailList[0].AssumeRolePolicyDocument: "},
      {R"("DefaultVersionId": "v7")", R"("DefaultVersionId": "v8")", "Policies[0].DefaultVersionId: is not among"},
      {R"("VersionId": "v3")", R"("VersionId": "three")", "Policies[0].PolicyVersionList[1].VersionId: `three` is no"},
      {R"("UserDetailList")", R"("IsTruncated": true, "UserDetailList")", "IsTruncated: the file holds the first page"},
      {R"("UserDetailList": [{)", R"("UserDetailList": [7, {)", "UserDetailList[0]: is no object"},
      {R"("Path": "/",)", R"("Path": "/", "Path": "/",)", "UserDetailList[0]: has `Path` twice"},
  };
  for (const Case& one : cases) {
    const auto read = read_estate(changed(one.from, one.to));
    ASSERT_FALSE(read) << one.to;
    EXPECT_EQ(read.error().code, ErrorCode::kValidation);
    EXPECT_THAT(read.error().message, HasSubstr(one.message));
  }
  EXPECT_THAT(read_estate(json::Value::object()).error().message, HasSubstr("no user, group, role or policy"));
  EXPECT_THAT(read_estate(json::Value::array()).error().message, HasSubstr("is no object"));
}

constexpr std::string_view kOrganization = R"({
  "Organization": {"Id": "o-abcdefghij", "MasterAccountId": "111122223333", "FeatureSet": "ALL"},
  "Roots": [{"Id": "r-ab12", "Name": "Root", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}],
  "OrganizationalUnits": [{"Id": "ou-ab12-22222222", "Name": "inner", "ParentId": "ou-ab12-11111111"},
                          {"Id": "ou-ab12-11111111", "Name": "outer", "ParentId": "r-ab12"}],
  "Accounts": [{"Id": "111122223333", "Name": "payer", "ParentId": "r-ab12"},
               {"Id": "444455556666", "Name": "app", "ParentId": "ou-ab12-22222222", "JoinedMethod": "INVITED"}],
  "Policies": [{"PolicySummary": {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY"},
                "Targets": [{"TargetId": "r-ab12"}, {"TargetId": "ou-ab12-11111111"}, {"TargetId": "111122223333"},
                            {"TargetId": "444455556666"}]},
               {"PolicySummary": {"Id": "p-onlysqs01", "Name": "OnlySqs", "Type": "SERVICE_CONTROL_POLICY"},
                "Content": "{\"Version\":\"2012-10-17\",\"Statement\":)"
                                           R"({\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\"}}",
                "Targets": ["ou-ab12-22222222"]}]})";

TEST(OrganizationFile, NamesTheElementAtFault) {
  struct Case {
    std::string_view from, to, message;
  };
  const Case cases[] = {
      {"o-abcdefghij", "x-abcdefghij", "Organization.Id: `x-abcdefghij` is no id of the form o-"},
      {R"("MasterAccountId": "111122223333")", R"("MasterAccountId": "1")", "Organization.MasterAccountId: `1` is no"},
      {R"("ParentId": "ou-ab12-11111111")", R"("ParentId": "ou-ab12-22222222")", "is neither the root nor a unit"},
      {R"({"Id": "111122223333", "Name": "payer", "ParentId": "r-ab12"},)", "", "lacks the management account"},
      {R"(\"Effect\")", R"(\"Efect\")", "Policies[1].Content: "},
      {R"("Id": "ou-ab12-22222222")", R"("Id": "ou-ab12-11111111")", "OrganizationalUnits"},
  };
  for (const Case& one : cases) {
    std::string text(kOrganization);
    const std::size_t at = text.find(one.from);
    ASSERT_NE(at, std::string::npos) << one.from;
    text.replace(at, one.from.size(), one.to);
    const auto file = json::parse(text);
    ASSERT_TRUE(file) << text;
    const auto read = read_organization(*file);
    ASSERT_FALSE(read) << one.to;
    EXPECT_THAT(read.error().message, HasSubstr(one.message));
  }
}

class ImportTest : public ::testing::Test {
 protected:
  http::Response send(const std::string& path, std::string_view member, const std::string& file) {
    return server.send(management, {.service = "warifu",
                                    .target = path,
                                    .body = "{\"" + std::string(member) + "\":" + file + "}",
                                    .headers = {{"Content-Type", "application/json"}}});
  }
  http::Response import_account(const std::string& file) { return send("/imports/account", "Details", file); }

  /// `allowed`, or the sentence of the denial.
  std::string asked(const std::string& principal, const std::string& action, const std::string& resource) {
    const http::Response answer = server.send(management, {.service = "warifu",
                                                           .target = "/explanations",
                                                           .body = R"({"Principal":")" + principal + R"(","Action":")" +
                                                                   action + R"(","Resource":")" + resource + R"("})",
                                                           .headers = {{"Content-Type", "application/json"}}});
    EXPECT_EQ(answer.status, 200) << answer.body;
    const json::Value body = body_of(answer);
    const json::Value* allowed = body.find("Allowed");
    return allowed != nullptr && allowed->as_bool() ? "allowed" : body.find_string("Message").value_or("?");
  }

  std::unique_ptr<store::Db> kept = store::open_memory();
  ManualClock clock{Timestamp{1'783'165'130'000}};
  audit::DenialBook book{*kept, clock};
  api::testing::TestServer server{[this](api::Registry& registry) {
    bind(registry);
    bind_why(registry, book);
  }};
  api::testing::Keys management = server.account(access::kManagementAccount);
};

const std::string kAnn = "arn:aws:iam::444455556666:user/ann";
const std::string kWorker = "arn:aws:iam::444455556666:role/app/worker";
const std::string kQueue = "arn:aws:sqs:us-east-1:444455556666:q";

TEST_F(ImportTest, DecidesAsTheRealAccountWould) {
  const http::Response made = import_account(std::string(kDetails));
  ASSERT_EQ(made.status, 200) << made.body;
  EXPECT_EQ(body_of(made).find_string("AccountId"), kAccount);
  EXPECT_EQ(asked(kAnn, "sqs:ReceiveMessage", kQueue), "allowed") << "by the group's policy and the user's tag";
  EXPECT_THAT(asked(kAnn, "sqs:DeleteMessage", kQueue), HasSubstr("no identity-based policy"));
  EXPECT_EQ(asked(kWorker, "sqs:DeleteMessage", kQueue), "allowed") << "by v7, not by v3 that denies";
  EXPECT_THAT(asked(kWorker, "s3:GetObject", "arn:aws:s3:::b/k"), HasSubstr("not authorized"));
}

TEST_F(ImportTest, MayBeRepeatedAndReplacesWhatItBrought) {
  ASSERT_EQ(import_account(std::string(kDetails)).status, 200);
  const http::Response again = import_account(std::string(kDetails));
  ASSERT_EQ(again.status, 200) << again.body;
  EXPECT_FALSE(body_of(again).find("Created")->as_bool());
  EXPECT_EQ(asked(kAnn, "sqs:ReceiveMessage", kQueue), "allowed");

  ASSERT_EQ(import_account(changed(R"("GroupList": ["staff"])", R"("GroupList": [])").dump()).status, 200);
  EXPECT_THAT(asked(kAnn, "sqs:ReceiveMessage", kQueue), HasSubstr("no identity-based policy"));
}

TEST_F(ImportTest, RefusesWholeWhatIsSomebodyElseHere) {
  ASSERT_EQ(import_account(std::string(kDetails)).status, 200);
  const http::Response other = import_account(changed("AIDAEXAMPLEEXAMPLE01", "AIDAEXAMPLEEXAMPLE99").dump());
  EXPECT_EQ(other.status, 409) << other.body;
  EXPECT_THAT(other.body, HasSubstr("user `ann` is here with the id AIDAEXAMPLEEXAMPLE01, not AIDAEXAMPLEEXAMPLE99"));

  std::string text(kDetails);
  for (std::size_t at = 0; (at = text.find("444455556666", at)) != std::string::npos;)
    text.replace(at, 12, "777788889999");
  const http::Response stolen = import_account(text);
  EXPECT_EQ(stolen.status, 409) << stolen.body;
  EXPECT_THAT(stolen.body, HasSubstr("is account 444455556666's here"));
  EXPECT_THAT(server.send(management, {.service = "warifu", .method = "GET", .target = "/accounts", .body = {}}).body,
              ::testing::Not(HasSubstr("777788889999")));
}

TEST_F(ImportTest, NamesAPolicyThatIsNowhere) {
  const http::Response answer =
      import_account(changed("arn:aws:iam::aws:policy/New\"}", "arn:aws:iam::aws:policy/Old\"}").dump());
  EXPECT_EQ(answer.status, 404) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("role `worker`: the attached policy arn:aws:iam::aws:policy/Old is neither"));
}

TEST_F(ImportTest, TakesResourcePoliciesAndNamesWhoseAccountIsNotThere) {
  ASSERT_EQ(import_account(std::string(kDetails)).status, 200);
  const std::string policy = R"({"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":")" + kAnn +
                             R"("},"Action":"sqs:DeleteMessage","Resource":"*"}})";
  const std::string map = "{\"" + kQueue + "\":" + policy + "}";
  const http::Response put = send("/imports/resource-policies", "Policies", map);
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(asked(kAnn, "sqs:DeleteMessage", kQueue), "allowed");

  const std::string elsewhere = R"([{"ResourceArn":"arn:aws:sqs:us-east-1:111122223333:q","Policy":{}}])";
  EXPECT_THAT(send("/imports/resource-policies", "Policies", elsewhere).body, HasSubstr("[0].Policy: "));
  const std::string bucket = R"({"arn:aws:s3:::b":)" + policy + "}";
  EXPECT_THAT(send("/imports/resource-policies", "Policies", bucket).body, HasSubstr("names no account: say whose"));
  const std::string absent = R"({"arn:aws:sqs:us-east-1:111122223333:q":)" + policy + "}";
  EXPECT_THAT(send("/imports/resource-policies", "Policies", absent).body, HasSubstr("111122223333 is not here"));
}

TEST_F(ImportTest, TakesAnOrganizationWhosePoliciesLimitItsMembers) {
  ASSERT_EQ(import_account(std::string(kDetails)).status, 200);
  for (int round = 0; round < 2; ++round) {
    const http::Response put = send("/imports/organization", "Organization", std::string(kOrganization));
    ASSERT_EQ(put.status, 200) << put.body;
    EXPECT_THAT(asked(kAnn, "sqs:ReceiveMessage", kQueue), HasSubstr("no service control policy"));
  }
  std::string renamed(kOrganization);
  renamed.replace(renamed.find("o-abcdefghij"), 12, "o-zzzzzzzzzz");
  const http::Response other = send("/imports/organization", "Organization", renamed);
  EXPECT_EQ(other.status, 409) << other.body;
  EXPECT_THAT(other.body, HasSubstr("111122223333 is in organization o-abcdefghij, not o-zzzzzzzzzz"));
}

/// Of that many users, who may all receive; every third role may not.
std::string crowd(std::size_t users, std::size_t roles) {
  const std::string policy = R"([{"PolicyName":"p","PolicyDocument":{"Version":"2012-10-17","Statement":)"
                             R"({"Sid":"Own","Effect":"Allow","Action":"sqs:ReceiveMessage","Resource":"*"}}}])";
  const auto named = [](std::string_view word, std::string_view prefix, std::size_t number) {
    const std::string name = fmt::format("{}{:05}", to_lower(word), number);
    return fmt::format(R"("Path":"/","{0}Name":"{1}","{0}Id":"{2}EXAMPLEEXAMP{3:05}","Arn":"arn:aws:iam::{4}:{5}/{1}",)"
                       R"("CreateDate":"2024-01-02T03:04:05Z")",
                       word, name, prefix, number, kAccount, to_lower(word));
  };
  std::string out = R"({"UserDetailList":[)";
  for (std::size_t i = 0; i < users; ++i) {
    out += fmt::format(R"({}{{{},"UserPolicyList":{}}})", i == 0 ? "" : ",", named("User", "AIDA", i), policy);
  }
  out += R"(],"RoleDetailList":[)";
  for (std::size_t i = 0; i < roles; ++i) {
    out += fmt::format(R"({}{{{},"AssumeRolePolicyDocument":{{"Version":"2012-10-17","Statement":{{"Effect":"Allow",)"
                       R"("Principal":{{"Service":"x.amazonaws.com"}},"Action":"sts:AssumeRole"}}}},)"
                       R"("RolePolicyList":{}}})",
                       i == 0 ? "" : ",", named("Role", "AROA", i), i % 3 == 0 ? "[]" : policy);
  }
  return out + "]}";
}

TEST_F(ImportTest, WhoCanAnswersPageByPageHoweverManyThereAre) {
  constexpr std::size_t kUsers = 1'020, kRoles = 60;
  ASSERT_EQ(import_account(crowd(kUsers, kRoles)).status, 200);
  std::vector<std::string> found;
  std::size_t pages = 0;
  for (std::optional<std::string> token = ""; token; ++pages) {
    const std::string next = token->empty() ? "" : R"(,"NextToken":")" + *token + "\"";
    const http::Response answer =
        server.send(management, {.service = "warifu",
                                 .target = "/who-can",
                                 .body = R"({"Action":"sqs:ReceiveMessage","Resource":")" + kQueue + "\"" + next + "}",
                                 .headers = {{"Content-Type", "application/json"}}});
    ASSERT_EQ(answer.status, 200) << answer.body;
    const json::Value body = body_of(answer);
    for (const json::Value& one : body.find("Principals")->items()) {
      if (one.find_string("Account") == kAccount) found.push_back(one.find_string("Arn").value_or("?"));
    }
    token = body.find_string("NextToken");
    ASSERT_LT(pages, 10U);
  }
  EXPECT_EQ(pages, 2U) << "a thousand a page";
  EXPECT_EQ(found.size(), 1 + kUsers + kRoles * 2 / 3) << "the root user too";
  EXPECT_EQ(std::set<std::string>(found.begin(), found.end()).size(), found.size()) << "nobody twice";
}

TEST_F(ImportTest, IsForTheManagementAlone) {
  const api::testing::Keys other = server.account("111111111111");
  EXPECT_EQ(server
                .send(other, {.service = "warifu",
                              .target = "/imports/account",
                              .body = "{\"Details\":" + std::string(kDetails) + "}",
                              .headers = {{"Content-Type", "application/json"}}})
                .status,
            403);
}

}  // namespace
}  // namespace warifu::services::accounts
