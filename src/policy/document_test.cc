#include "policy/document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace warifu::policy {
namespace {

using testing::HasSubstr;

struct Refusal {
  Kind kind;
  std::string document;
  std::string path;     // of the element named
  std::string message;  // a part of it
};

std::string identity(const std::string& statement) {
  return R"({"Version":"2012-10-17","Statement":[)" + statement + "]}";
}

const std::string kAllow = R"({"Effect":"Allow","Action":"s3:*","Resource":"*"})";
std::string with_action(const std::string& action) {
  return identity(R"({"Effect":"Allow","Action":)" + action + R"(,"Resource":"*"})");
}
std::string with_resource(const std::string& resource) {
  return identity(R"({"Effect":"Allow","Action":"s3:*","Resource":)" + resource + "}");
}
std::string with_condition(const std::string& condition) {
  return identity(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":)" + condition + "}");
}
std::string with_principal(const std::string& principal) {
  return identity(R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":)" + principal + "}");
}

constexpr Kind kId = Kind::kIdentity;
constexpr Kind kTrust = Kind::kTrust;
constexpr Kind kResource = Kind::kResource;
const std::vector<Refusal> kRefusals = {
    {kId, "", "", "invalid Json"},
    {kId, "{", "", "invalid Json"},
    {kId, "[]", "", "an object is needed"},
    {kId, R"({"Version":"2012-10-17"})", "Statement", "Missing required field Statement"},
    {kId, R"({"Version":"2012-10-17","Statement":[]})", "Statement", "empty"},
    {kId, R"({"Version":"2012-10-17","Statement":"x"})", "Statement", "an object is needed"},
    {kId, R"({"Version":"2012-10-18","Statement":[]})", "Version", "valid version string"},
    {kId, R"({"Version":2012,"Statement":[]})", "Version", "a string is needed"},
    {kId, R"({"version":"2012-10-17","Statement":[]})", "", "unknown element `version`"},
    {kId, R"({"Version":"2012-10-17","Version":"2008-10-17","Statement":[]})", "", "Duplicate element `Version`"},
    {kId, identity(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","Resources":"*"})"), "Statement[0]",
     "unknown element `Resources`"},
    {kId, identity(R"({"Effect":"Allow","Effect":"Deny","Action":"s3:*","Resource":"*"})"), "Statement[0]",
     "Duplicate element `Effect`"},
    {kId, identity(R"({"Action":"s3:*","Resource":"*"})"), "Statement[0].Effect", "Missing required field Effect"},
    {kId, identity(R"({"Effect":"allow","Action":"s3:*","Resource":"*"})"), "Statement[0].Effect", "Invalid effect"},
    {kId, identity(R"({"Effect":"Allow","Resource":"*"})"), "Statement[0].Action", "must contain actions"},
    {kId,
     identity(R"({"Effect":"Allow","Action":"s3:*","NotAction":"s3:*")"
              R"(,"Resource":"*"})"),
     "Statement[0]", "both"},
    {kId, identity(R"({"Effect":"Allow","Action":"s3:*"})"), "Statement[0].Resource", "must contain resources"},
    {kId, identity(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"})"), "Statement[0]", "both"},
    {kId, identity(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"})"), "Statement[0].Principal",
     "should not specify a principal"},
    {kId, identity(kAllow + "," + R"({"Sid":"a b","Effect":"Allow","Action":"s3:*","Resource":"*"})"),
     "Statement[1].Sid", "alpha-numeric"},
    {kId,
     identity(R"({"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},)"
              R"({"Sid":"a","Effect":"Deny","Action":"s3:*","Resource":"*"})"),
     "Statement", "must be unique"},
    {kId, with_action("[]"), "Statement[0].Action", "empty"},
    {kId, with_action("7"), "Statement[0].Action", "a string is needed"},
    {kId, with_action(R"(["s3:*", null])"), "Statement[0].Action[1]", "a string is needed"},
    {kId, with_action(R"("GetObject")"), "Statement[0].Action", "prefaced by a vendor"},
    {kId, with_action(R"("s3:")"), "Statement[0].Action", "prefaced by a vendor"},
    {kId, with_action(R"(":Get")"), "Statement[0].Action", "prefaced by a vendor"},
    {kId, with_action(R"("s3:a:b")"), "Statement[0].Action", "one colon"},
    {kId, with_action("\"s3:" + std::string(5'000, 'a') + "\""), "Statement[0].Action", "4096"},
    {kId, with_resource("[]"), "Statement[0].Resource", "empty"},
    {kId, with_resource(R"("")"), "Statement[0].Resource", "ARN format"},
    {kId, with_resource(R"("box/a")"), "Statement[0].Resource", "ARN format"},
    {kId, with_resource(R"("arn:aws")"), "Statement[0].Resource", "vendor must be fully qualified"},
    {kId, with_resource(R"("arn:")"), "Statement[0].Resource", "vendor must be fully qualified"},
    {kId, with_resource(R"("arn:*")"), "Statement[0].Resource", "vendor must be fully qualified"},
    {kId, with_resource(R"("arn:aws:s*:::box")"), "Statement[0].Resource", "vendor must be fully qualified"},
    {kId, with_resource(R"("arn:aws::::box")"), "Statement[0].Resource", "vendor must be fully qualified"},
    {kId, with_resource(R"("arn:aws:s3:::")"), "Statement[0].Resource", "ARN format"},
    {kId, with_resource(R"("arn:aws:s3::${aws:PrincipalAccount}:box")"), "Statement[0].Resource",
     "outside of the resource portion"},
    {kId, with_resource(R"("arn:aws:s3:::${aws:username")"), "Statement[0].Resource", "malformed policy variable"},
    {kId, with_resource(R"("arn:aws:s3:::${}")"), "Statement[0].Resource", "policy variable"},
    {kId, with_resource(R"("arn:aws:s3:::${a:b, x}")"), "Statement[0].Resource", "malformed default"},
    {kId, with_resource(R"("arn:aws:s3:::${a:b, 'x'")"), "Statement[0].Resource", "malformed default"},
    {kId, with_resource(R"("arn:aws:s3:::${a:${b:c}}")"), "Statement[0].Resource", "malformed policy variable"},
    {kId, with_condition("[]"), "Statement[0].Condition", "an object is needed"},
    {kId, with_condition(R"({"StringEqual":{"aws:username":"a"}})"), "Statement[0].Condition.StringEqual",
     "Invalid Condition type"},
    {kId, with_condition(R"({"stringEquals":{"aws:username":"a"}})"), "Statement[0].Condition.stringEquals",
     "Invalid Condition type"},
    {kId, with_condition(R"({"NullIfExists":{"aws:username":"true"}})"), "Statement[0].Condition.NullIfExists",
     "Invalid Condition type"},
    {kId, with_condition(R"({"ForAllValues:Null":{"aws:username":"true"}})"),
     "Statement[0].Condition.ForAllValues:Null", "Invalid"},
    {kId, with_condition(R"({"ForAllValues:ForAnyValue:StringLike":{"a:b":"c"}})"),
     "Statement[0].Condition.ForAllValues:ForAnyValue:StringLike", "Invalid"},
    {kId, with_condition(R"({"StringEquals":{}})"), "Statement[0].Condition.StringEquals", "no condition key"},
    {kId, with_condition(R"({"StringEquals":{"aws:username":[]}})"), "Statement[0].Condition.StringEquals.aws:username",
     "empty"},
    {kId, with_condition(R"({"StringEquals":{"aws:username":{}}})"), "Statement[0].Condition.StringEquals.aws:username",
     "a string is needed"},
    {kId, with_condition(R"({"StringEquals":{"username":"a"}})"), "Statement[0].Condition.StringEquals.username",
     "prefaced by a vendor"},
    {kId, with_condition(R"({"StringEquals":{"a:b":"1","a:b":"2"}})"), "Statement[0].Condition.StringEquals",
     "Duplicate element `a:b`"},
    {kId, with_condition(R"({"NumericEquals":{"a:b":"1e5"}})"), "Statement[0].Condition.NumericEquals.a:b",
     "cannot read `1e5`"},
    {kId, with_condition(R"({"DateLessThan":{"a:b":"tomorrow"}})"), "Statement[0].Condition.DateLessThan.a:b",
     "cannot read"},
    {kId, with_condition(R"({"DateLessThan":{"a:b":"2026-02-30"}})"), "Statement[0].Condition.DateLessThan.a:b",
     "cannot read"},
    {kId, with_condition(R"({"Bool":{"a:b":"yes"}})"), "Statement[0].Condition.Bool.a:b", "cannot read"},
    {kId, with_condition(R"({"BinaryEquals":{"a:b":"###"}})"), "Statement[0].Condition.BinaryEquals.a:b",
     "cannot read"},
    {kId, with_condition(R"({"IpAddress":{"a:b":"10.0.0.0/33"}})"), "Statement[0].Condition.IpAddress.a:b",
     "cannot read"},
    {kId, with_condition(R"({"IpAddress":{"a:b":"10.0.0"}})"), "Statement[0].Condition.IpAddress.a:b", "cannot read"},
    {kId, with_condition(R"({"IpAddress":{"a:b":"${aws:SourceIp}"}})"), "Statement[0].Condition.IpAddress.a:b",
     "cannot read"},
    {kTrust, identity(R"({"Effect":"Allow","Action":"sts:AssumeRole"})"), "Statement[0].Principal",
     "Missing required field Principal"},
    {kTrust, identity(R"({"Effect":"Allow","Action":"sts:AssumeRole","Principal":"*","Resource":"*"})"),
     "Statement[0].Resource", "prohibited field Resource"},
    {kTrust, identity(R"({"Effect":"Allow","Action":"sts:AssumeRole","NotPrincipal":{"AWS":"111111111111"}})"),
     "Statement[0].NotPrincipal", "prohibited field NotPrincipal"},
    {kTrust, identity(R"({"Effect":"Allow","NotAction":"sts:AssumeRole","Principal":"*"})"), "Statement[0].NotAction",
     "prohibited"},
    {kTrust, identity(R"({"Effect":"Allow","Action":"s3:Get","Principal":"*"})"), "Statement[0].Action",
     "may only specify STS"},
    {kTrust, identity(R"({"Effect":"Allow","Action":"*","Principal":"*"})"), "Statement[0].Action",
     "may only specify STS"},
    {kTrust, with_principal("{}"), "Statement[0].Principal", "cannot be empty"},
    {kTrust, with_principal(R"("arn:aws:iam::111111111111:root")"), "Statement[0].Principal", "Invalid principal"},
    {kTrust, with_principal(R"({"AWS":[]})"), "Statement[0].Principal.AWS", "empty"},
    {kTrust, with_principal(R"({"Aws":"*"})"), "Statement[0].Principal", "unknown principal type `Aws`"},
    {kTrust, with_principal(R"({"AWS":"arn:aws:iam::111111111111:role/app-*"})"), "Statement[0].Principal.AWS",
     R"(Invalid principal in policy: "AWS":"arn:aws:iam::111111111111:role/app-*")"},
    {kTrust, with_principal(R"({"AWS":"arn:aws:sts::111111111111:assumed-role/App/*"})"), "Statement[0].Principal.AWS",
     "Invalid principal"},
    {kTrust, with_principal(R"({"AWS":"arn:aws:iam::111111111111:group/g"})"), "Statement[0].Principal.AWS",
     "Invalid principal"},
    {kTrust, with_principal(R"({"AWS":"11111111111"})"), "Statement[0].Principal.AWS", "Invalid principal"},
    {kTrust, with_principal(R"({"AWS":""})"), "Statement[0].Principal.AWS", "Invalid principal"},
    {kTrust, with_principal(R"({"Service":"*"})"), "Statement[0].Principal.Service", "Invalid principal"},
    {kTrust, with_principal(R"({"Federated":"*"})"), "Statement[0].Principal.Federated", "Invalid principal"},
    {kResource, identity(kAllow), "Statement[0].Principal", "Missing required field Principal"},
    {kResource, identity(R"({"Effect":"Allow","Action":"s3:*","Principal":"*","Resource":"arn:aws:s3"})"),
     "Statement[0].Resource", "ARN format"},
    {Kind::kBoundary, identity(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","Principal":"*"})"),
     "Statement[0].Principal", "principal"},
    {Kind::kSession, identity(R"({"Effect":"Allow","Action":"s3:*","Resource":"*","NotPrincipal":"*"})"),
     "Statement[0].NotPrincipal", "principal"},
};

TEST(PolicyDocument, IsRefusedWithItsElementNamed) {
  for (const Refusal& refusal : kRefusals) {
    SCOPED_TRACE(refusal.document.substr(0, 300));
    const auto policy = parse(refusal.document, refusal.kind);
    ASSERT_FALSE(policy.has_value());
    EXPECT_EQ(policy.error().code, ErrorCode::kValidation);
    EXPECT_THAT(policy.error().message, HasSubstr(refusal.message));
    ASSERT_EQ(policy.error().fields.size(), 1U);
    EXPECT_EQ(policy.error().fields[0].name, refusal.path);
  }
}

TEST(PolicyDocument, IsAcceptedInEveryForm) {
  const std::vector<std::pair<Kind, std::string>> documents = {
      {Kind::kIdentity, R"({"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}})"},
      {Kind::kIdentity, with_resource(R"(["arn:aws:s3:::${aws:username}/*", "arn:aws:s3:::a${*}${?}${$}"])")},
      {Kind::kIdentity, with_resource(R"("arn:aws:s3:::${aws:PrincipalTag/a b, 'x y'}")")},
      {Kind::kIdentity, with_resource(R"("arn:aws:bedrock-agentcore")")},
      {Kind::kIdentity, with_condition(R"({"Bool":{"aws:SecureTransport":true},"NumericLessThan":{"x:n":[1,2.5]}})")},
      {Kind::kIdentity, with_condition("{}")},
      {Kind::kIdentity, R"({"Version":"2008-10-17","Id":"x","Statement":[{"Effect":"Deny","NotAction":"iam:*")"
                        R"(,"NotResource":"arn:aws:s3:::${not"}]})"},
      {Kind::kTrust,
       with_principal(R"({"AWS":["111111111111","arn:aws:iam::111111111111:root","AIDAABCDEFGHIJKLMNOP","*"]})")},
      {Kind::kTrust, with_principal(R"({"AWS":"arn:aws:sts::111111111111:assumed-role/R/S"})")},
      {Kind::kTrust, with_principal(R"({"Service":["ec2.amazonaws.com"],"Federated":"accounts.google.com"})")},
      {Kind::kTrust, with_principal(R"({"Federated":"arn:aws:iam::111111111111:oidc-provider/token.x.com/id/ABC"})")},
      {Kind::kResource,
       identity(R"({"Sid":"Enable IAM User Permissions","Effect":"Allow")"
                R"(,"Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"kms:*","Resource":"*"})")},
      {Kind::kScp, identity(R"({"Effect":"Deny","Action":"*","Resource":"*"})")},
  };
  for (const auto& [kind, document] : documents) {
    const auto policy = parse(document, kind);
    EXPECT_TRUE(policy.has_value()) << document << "\n" << policy.error().message;
  }
}

TEST(PolicyDocument, ShowsItsStatementsAsWritten) {
  const auto policy = parse(
      R"({"Version":"2012-10-17","Id":"p","Statement":[{"Sid":"one two","Effect":"Deny")"
      R"(,"NotPrincipal":{"AWS":["*","111111111111"],"Service":"a.b"},)"
      R"("Action":["s3:Get*"],"NotResource":"arn:aws:s3:::b","Condition":{"Bool":{"aws:SecureTransport":false}}}]})",
      Kind::kResource);
  ASSERT_TRUE(policy.has_value());
  EXPECT_EQ(policy->id(), "p");
  const Statement& statement = policy->statements().at(0);
  EXPECT_EQ(statement.sid, "one two");
  EXPECT_EQ(statement.effect, Effect::kDeny);
  EXPECT_TRUE(statement.not_principal && statement.not_resource && !statement.not_action);
  ASSERT_EQ(statement.principals.size(), 3U);
  EXPECT_EQ(statement.principals[0].type, PrincipalType::kAnyone);
  EXPECT_EQ(statement.principals[1].value, "111111111111");
  EXPECT_EQ(statement.principals[2].type, PrincipalType::kService);
  EXPECT_THAT(statement.actions, testing::ElementsAre("s3:Get*"));
  EXPECT_THAT(statement.resources, testing::ElementsAre("arn:aws:s3:::b"));
  ASSERT_EQ(statement.conditions.size(), 1U);
  EXPECT_THAT(statement.conditions[0].values, testing::ElementsAre("false"));
}

TEST(PolicyDocument, IsBounded) {
  const auto statements = [](std::size_t count) {
    std::string list = kAllow;
    for (std::size_t i = 1; i < count; ++i) list += "," + kAllow;
    return identity(list);
  };
  EXPECT_TRUE(parse(statements(kStatementsMax), Kind::kIdentity).has_value());
  EXPECT_FALSE(parse(statements(kStatementsMax + 1), Kind::kIdentity).has_value());

  const std::string document = identity(kAllow);
  EXPECT_TRUE(parse(document + std::string(kDocumentBytesMax - document.size(), ' '), Kind::kIdentity).has_value());
  EXPECT_FALSE(
      parse(document + std::string(kDocumentBytesMax - document.size() + 1, ' '), Kind::kIdentity).has_value());

  const auto variables = [](std::size_t count) {
    std::string text = "\"arn:aws:s3:::";
    for (std::size_t i = 0; i < count; ++i) text += "${a:b}";
    return with_resource(text + "\"");
  };
  EXPECT_TRUE(parse(variables(kVariablesPerPatternMax), Kind::kIdentity).has_value());
  EXPECT_FALSE(parse(variables(kVariablesPerPatternMax + 1), Kind::kIdentity).has_value());

  const auto pattern = [](std::size_t bytes) {
    return with_resource("\"" + std::string("arn:aws:s3:::") + std::string(bytes - 13, 'a') + "\"");
  };
  EXPECT_TRUE(parse(pattern(kPatternBytesMax), Kind::kIdentity).has_value());
  EXPECT_FALSE(parse(pattern(kPatternBytesMax + 1), Kind::kIdentity).has_value());
}

TEST(MapPrincipals, RewritesEveryValueButTheStar) {
  const std::string document =
      R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":["arn:a","*"],"Service":"s.com"},"Action":"x:y"},)"
      R"({"Effect":"Deny","NotPrincipal":{"AWS":"arn:b"},"Condition":{"StringEquals":{"a:Principal":"arn:a"}}}]})";
  const auto mapped = map_principals(document, [](PrincipalType type, std::string_view value) -> Result<std::string> {
    return (type == PrincipalType::kAws ? "id-" : "svc-") + std::string(value);
  });
  ASSERT_TRUE(mapped.has_value());
  EXPECT_EQ(
      *mapped,
      R"({"Statement":[{"Effect":"Allow","Principal":{"AWS":["id-arn:a","*"],"Service":"svc-s.com"},"Action":"x:y"},)"
      R"({"Effect":"Deny","NotPrincipal":{"AWS":"id-arn:b"},"Condition":{"StringEquals":{"a:Principal":"arn:a"}}}]})");
}

TEST(MapPrincipals, EndsWithTheFirstError) {
  const auto mapped =
      map_principals(R"({"Statement":{"Principal":{"AWS":"gone"}}})",
                     [](PrincipalType, std::string_view) -> Result<std::string> { return fail(not_found("gone")); });
  ASSERT_FALSE(mapped.has_value());
  EXPECT_EQ(mapped.error().code, ErrorCode::kNotFound);
}

}  // namespace
}  // namespace warifu::policy
