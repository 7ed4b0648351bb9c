#include "services/accounts/why.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/testing.h"
#include "services/accounts/operations.h"
#include "services/iam/operations.h"
#include "services/sts/operations.h"

namespace warifu::server {
namespace {

using api::testing::body_of;
using api::testing::Keys;
using ::testing::HasSubstr;
using ::testing::Not;

const std::string kRole = "arn:aws:iam::111111111111:role/guarded";

class WhyTest : public ::testing::Test {
 protected:
  static api::PipelineOptions options(WhyTest& test, bool encoded) {
    api::PipelineOptions out;
    out.denials.encoded = encoded;
    out.denials.keep = [&test](audit::Denial denial) { test.book.note(std::move(denial)); };
    return out;
  }

  explicit WhyTest(bool encoded = false)
      : server(
            [this](api::Registry& registry) {
              services::accounts::bind_why(registry, book);
              services::iam::bind(registry);
              services::sts::bind(registry);
            },
            options(*this, encoded)) {
    // The book keeps rows of its own: it must know the same accounts.
    for (const char* id : {"111111111111", "222222222222"}) {
      const Result<> made = kept->write_blocking([&](store::Txn& txn) {
        return identity::create_account(txn, {.id = id, .name = "n", .email = {}, .alias = {}, .created = {}});
      });
      EXPECT_TRUE(made);
    }
    iam_call(
        owner, "CreateRole",
        {{"RoleName", "guarded"},
         {"AssumeRolePolicyDocument",
          R"({"Version":"2012-10-17","Statement":[{"Sid":"Named","Effect":"Allow","Principal":{"AWS":"222222222222"},)"
          R"("Action":"sts:AssumeRole","Condition":{"StringEquals":{"aws:SourceAccount":"222222222222"}}}]})"}});
  }

  http::Response query(const Keys& keys, const std::string& service, std::string body,
                       const std::vector<std::pair<std::string, std::string>>& parameters) {
    for (const auto& [name, value] : parameters) body += "&" + name + "=" + percent_encode(value);
    return server.send(keys, {.service = service,
                              .body = body,
                              .headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}}});
  }
  http::Response iam_call(const Keys& keys, const std::string& action,
                          const std::vector<std::pair<std::string, std::string>>& parameters) {
    http::Response response = query(keys, "iam", "Action=" + action + "&Version=2010-05-08", parameters);
    EXPECT_EQ(response.status, 200) << response.body;
    return response;
  }

  /// A refused AssumeRole across accounts; the response.
  http::Response refused() {
    http::Response response = query(caller, "sts", "Action=AssumeRole&Version=2011-06-15",
                                    {{"RoleArn", kRole}, {"RoleSessionName", "session"}});
    EXPECT_EQ(response.status, 403) << response.body;
    return response;
  }

  http::Response explain(const Keys& keys, const http::Response& denial) {
    const auto id = denial.headers.get("x-amzn-requestid");
    EXPECT_TRUE(id.has_value());
    return server.send(
        keys, {.service = "warifu", .method = "GET", .target = "/denials/" + std::string(id.value_or("")), .body = {}});
  }
  http::Response ask(const Keys& keys, const std::string& path, const std::string& body) {
    return server.send(
        keys, {.service = "warifu", .target = path, .body = body, .headers = {{"Content-Type", "application/json"}}});
  }

  /// An IAM user of the caller's account with this identity policy, and its keys.
  Keys user_with(const Keys& admin, const std::string& name, const std::string& statement) {
    iam_call(admin, "CreateUser", {{"UserName", name}});
    iam_call(admin, "PutUserPolicy",
             {{"UserName", name},
              {"PolicyName", "p"},
              {"PolicyDocument", R"({"Version":"2012-10-17","Statement":[)" + statement + "]}"}});
    const std::string made = iam_call(admin, "CreateAccessKey", {{"UserName", name}}).body;
    const auto field = [&](const std::string& element) {
      const std::size_t begin = made.find("<" + element + ">") + element.size() + 2;
      return made.substr(begin, made.find("</" + element + ">") - begin);
    };
    return {field("AccessKeyId"), field("SecretAccessKey"), {}};
  }

  std::unique_ptr<store::Db> kept = store::open_memory();
  ManualClock clock{Timestamp{1'783'165'130'000}};
  audit::DenialBook book{*kept, clock};
  api::testing::TestServer server;
  Keys owner = server.account("111111111111");
  Keys caller = server.account("222222222222");
};

TEST_F(WhyTest, EachSideIsToldItsHalfAndAStrangerNothing) {
  const Keys stranger = server.account("333333333333");
  const Keys management = server.account(access::kManagementAccount);
  const http::Response denial = refused();

  const http::Response owners = explain(owner, denial);
  ASSERT_EQ(owners.status, 200) << owners.body;
  EXPECT_THAT(owners.body, HasSubstr("aws:SourceAccount"));
  EXPECT_THAT(owners.body, HasSubstr("it is set only when a service calls on someone's behalf"));
  EXPECT_THAT(owners.body, HasSubstr("aws:PrincipalAccount is set here"));
  EXPECT_THAT(owners.body, Not(HasSubstr("user/admin"))) << "CloudTrail does not name another account's user";
  EXPECT_EQ(body_of(owners).find_string("View"), "owner");

  const http::Response callers = explain(caller, denial);
  ASSERT_EQ(callers.status, 200) << callers.body;
  EXPECT_EQ(body_of(callers).find_string("View"), "caller");
  EXPECT_EQ(body_of(callers).find_string("Operation"), "AssumeRole");
  EXPECT_THAT(callers.body, HasSubstr("user/admin"));
  EXPECT_THAT(callers.body, Not(HasSubstr("aws:SourceAccount"))) << "the owner's policy";

  for (const Keys& keys : {stranger, management}) {
    const http::Response none = explain(keys, denial);
    EXPECT_EQ(none.status, 404) << none.body;
    EXPECT_THAT(none.body, HasSubstr("no denial of that request id is kept for your account"));
  }
}

TEST_F(WhyTest, WithoutDecodeAuthorizationMessageNoIdExists) {
  const Keys reader = user_with(caller, "reader",
                                R"({"Effect":"Allow","Action":["sts:AssumeRole","iam:*","warifu:*"],"Resource":"*"})");
  const Keys decoder =
      user_with(caller, "decoder", R"({"Effect":"Allow","Action":"sts:DecodeAuthorizationMessage","Resource":"*"})");
  const http::Response denial = refused();
  const http::Response hidden = explain(reader, denial);
  EXPECT_EQ(hidden.status, 404);
  EXPECT_EQ(hidden.body, explain(caller, hidden).body) << "the same answer as for an id that is not there";
  EXPECT_EQ(explain(decoder, denial).status, 200);
}

TEST_F(WhyTest, PrincipalsThatAreKeptByIdAreShownByName) {
  iam_call(owner, "UpdateAssumeRolePolicy",
           {{"RoleName", "guarded"},
            {"PolicyDocument", R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",)"
                               R"("Principal":{"AWS":"arn:aws:iam::111111111111:user/admin"}}]})"}});
  const http::Response owners = explain(owner, refused());
  ASSERT_EQ(owners.status, 200) << owners.body;
  EXPECT_THAT(owners.body, HasSubstr("arn:aws:iam::111111111111:user/admin"));
  EXPECT_THAT(owners.body, Not(HasSubstr("is the id of another principal")));
}

TEST_F(WhyTest, AQuestionIsAnsweredWithoutACall) {
  const std::string ask_body = R"({"Principal":"arn:aws:iam::222222222222:user/admin","Action":"sts:AssumeRole",)"
                               R"("Resource":"arn:aws:iam::111111111111:role/guarded"})";
  const http::Response callers = ask(caller, "/explanations", ask_body);
  ASSERT_EQ(callers.status, 200) << callers.body;
  EXPECT_EQ(body_of(callers).find("Allowed")->as_bool(), false);
  EXPECT_THAT(callers.body, Not(HasSubstr("aws:SourceAccount")));
  EXPECT_EQ(ask(owner, "/explanations", ask_body).status, 403) << "another account's principal";

  const Keys management = server.account(access::kManagementAccount);
  const http::Response whole = ask(management, "/explanations", ask_body);
  ASSERT_EQ(whole.status, 200) << whole.body;
  EXPECT_THAT(whole.body, HasSubstr("aws:SourceAccount"));
  EXPECT_EQ(body_of(whole).find_string("View"), "whole");

  const std::string with_key =
      ask_body.substr(0, ask_body.size() - 1) + R"(,"Context":{"aws:SourceAccount":["222222222222"]}})";
  EXPECT_EQ(body_of(ask(management, "/explanations", with_key)).find("Allowed")->as_bool(), true);
  EXPECT_EQ(ask(management, "/explanations",
                R"({"Principal":"arn:aws:iam::222222222222:user/nobody","Action":"a:B","Resource":"*"})")
                .status,
            404);
}

TEST_F(WhyTest, WhoCanNamesPrincipalsAndTheirPath) {
  const Keys management = server.account(access::kManagementAccount);
  (void)user_with(caller, "reader", R"({"Sid":"Reads","Effect":"Allow","Action":"s3:GetObject","Resource":"*"})");
  const std::string body = R"({"Action":"s3:GetObject","Resource":"*"})";
  const http::Response own = ask(caller, "/who-can", body);
  ASSERT_EQ(own.status, 200) << own.body;
  EXPECT_THAT(own.body, HasSubstr("user/reader"));
  EXPECT_THAT(own.body, HasSubstr("inline policy p"));
  EXPECT_THAT(own.body, HasSubstr("Reads"));
  EXPECT_THAT(own.body, HasSubstr("arn:aws:iam::aws:policy/AdministratorAccess"));
  EXPECT_THAT(own.body, Not(HasSubstr("111111111111")));
  EXPECT_THAT(ask(management, "/who-can", body).body, HasSubstr("arn:aws:iam::111111111111:user/admin"));
  EXPECT_THAT(ask(management, "/who-can", R"({"Action":"s3:PutObject","Resource":"*"})").body,
              Not(HasSubstr("user/reader")));
}

class EncodedDenialTest : public WhyTest {
 protected:
  EncodedDenialTest() : WhyTest(true) {}
};

TEST_F(EncodedDenialTest, OpensForTheCallersAccountAlone) {
  const http::Response denial = refused();
  const std::string mark = " Encoded authorization failure message: ";
  const std::size_t at = denial.body.find(mark);
  ASSERT_NE(at, std::string::npos) << denial.body;
  const std::size_t begin = at + mark.size();
  const std::string blob = denial.body.substr(begin, denial.body.find('<', begin) - begin);
  EXPECT_LE(blob.size(), 10'240U);
  const http::Response opened =
      query(caller, "sts", "Action=DecodeAuthorizationMessage&Version=2011-06-15", {{"EncodedMessage", blob}});
  ASSERT_EQ(opened.status, 200) << opened.body;
  EXPECT_THAT(opened.body, HasSubstr("explicitDeny"));
  EXPECT_THAT(opened.body, HasSubstr("aws:PrincipalArn"));
  EXPECT_THAT(opened.body, Not(HasSubstr("aws:SourceAccount"))) << "the owner's policy";
  EXPECT_EQ(
      query(owner, "sts", "Action=DecodeAuthorizationMessage&Version=2011-06-15", {{"EncodedMessage", blob}}).status,
      400);
}

}  // namespace
}  // namespace warifu::server
