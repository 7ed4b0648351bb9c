#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "policy/decide.h"
#include "policy/document.h"

/// Documents that mean harm, or nothing: a clear refusal that names the element, in bounded time, and never a decision
/// from half of one.
namespace warifu::policy {
namespace {

using ::testing::HasSubstr;

std::string repeated(std::string_view text, std::size_t times) {
  std::string out;
  for (std::size_t i = 0; i < times; ++i) out += text;
  return out;
}

std::string with(std::string_view elements) {
  return R"({"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"},{)" +
         std::string(elements) + "}]}";
}

TEST(BadInput, IsRefusedWithTheElementAtFault) {
  struct Case {
    std::string name, document, element, message;
  };
  const std::string good = R"("Effect":"Allow","Action":"s3:*","Resource":"*")";
  const std::vector<Case> cases = {
      {"nothing", "", "", "invalid Json"},
      {"not an object", "[]", "", "an object is needed"},
      {"no statement", R"({"Version":"2012-10-17"})", "Statement", "Missing required field Statement"},
      {"deep JSON", repeated("[", 100'000), "", "invalid Json"},
      {"deep JSON in its place", with(good + R"(,"Condition":)" + repeated(R"({"a":)", 200) + "1" + repeated("}", 200)),
       "", "invalid Json"},
      {"an element twice", with(good + R"(,"Effect":"Deny")"), "Statement[1]", "Duplicate element `Effect`"},
      {"an operator twice", with(good + R"(,"Condition":{"Bool":{"a:b":"true"},"Bool":{"a:b":"false"}})"),
       "Statement[1].Condition", "Duplicate element `Bool`"},
      {"a key twice", with(good + R"(,"Condition":{"Bool":{"a:b":"true","a:b":"false"}})"),
       "Statement[1].Condition.Bool", "Duplicate element `a:b`"},
      {"Statement twice", R"({"Statement":[],"Statement":[{}]})", "", "Duplicate element `Statement`"},
      {"an unknown element", with(good + R"(,"Resources":"*")"), "Statement[1]", "unknown element `Resources`"},
      {"an element in another case", with(R"("effect":"Allow","Action":"s3:*","Resource":"*")"), "Statement[1]",
       "unknown element `effect`"},
      {"an unknown element of the document", R"({"Version":"2012-10-17","Statment":[],"Statement":[]})", "",
       "unknown element `Statment`"},
      {"an unknown effect", with(R"("Effect":"allow","Action":"s3:*","Resource":"*")"), "Statement[1].Effect",
       "Invalid effect: allow"},
      {"a number for an action", with(R"("Effect":"Allow","Action":5,"Resource":"*")"), "Statement[1].Action",
       "a string is needed"},
      {"an object for a resource", with(R"("Effect":"Allow","Action":"s3:*","Resource":{})"), "Statement[1].Resource",
       "a string is needed"},
      {"null for a list", with(R"("Effect":"Allow","Action":null,"Resource":"*")"), "Statement[1].Action",
       "a string is needed"},
      {"an empty list", with(R"("Effect":"Allow","Action":[],"Resource":"*")"), "Statement[1].Action",
       "the list is empty"},
      {"a list in a list", with(R"("Effect":"Allow","Action":[["s3:*"]],"Resource":"*")"), "Statement[1].Action[0]",
       "a string is needed"},
      {"words for a number", with(good + R"(,"Condition":{"NumericEquals":{"a:b":"ten"}})"),
       "Statement[1].Condition.NumericEquals.a:b", "cannot read `ten`"},
      {"an exponent for a number", with(good + R"(,"Condition":{"NumericEquals":{"a:b":1e400}})"),
       "Statement[1].Condition.NumericEquals.a:b", "cannot read `1e400`"},
      {"an unknown operator", with(good + R"(,"Condition":{"StringIs":{"a:b":"c"}})"),
       "Statement[1].Condition.StringIs", "Invalid Condition type : StringIs."},
      {"an operator without keys", with(good + R"(,"Condition":{"Bool":{}})"), "Statement[1].Condition.Bool",
       "the operator has no condition key"},
      {"invalid UTF-8", with("\"Effect\":\"Allow\",\"Action\":\"s3:\xC3\x28\",\"Resource\":\"*\""), "", "invalid Json"},
      {"a lone surrogate", with(R"("Effect":"Allow","Action":"s3:\ud800","Resource":"*")"), "", "invalid Json"},
      {"something behind the document", R"({"Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]} x)", "",
       "invalid Json"},
      {"too long", with(good + R"(,"Sid":")" + repeated("a", 140'000) + "\""), "", "longer than 131072 bytes"},
      {"a pattern too long",
       with(R"("Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::)" + repeated("*a", 10'000) + "\""),
       "Statement[1].Resource", ""},
      {"too many variables",
       with(R"("Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::)" + repeated("${aws:username}", 17) + "\""),
       "Statement[1].Resource", ""},
  };
  for (const Case& c : cases) {
    const auto parsed = parse(c.document, Kind::kIdentity);
    ASSERT_FALSE(parsed) << c.name;
    EXPECT_THAT(parsed.error().message, HasSubstr(c.message)) << c.name;
    ASSERT_EQ(parsed.error().fields.size(), 1U) << c.name;
    EXPECT_EQ(parsed.error().fields[0].name, c.element) << c.name;
    EXPECT_FALSE(CompiledPolicy::compile(c.document, Kind::kIdentity)) << c.name;
  }
}

/// Far above what a laden machine needs, far below what a blow-up takes.
constexpr std::chrono::seconds kBound{20};

TEST(BadInput, TheWorstThatIsAcceptedStaysBounded) {
  const auto begun = std::chrono::steady_clock::now();
  const std::string worst = "arn:aws:s3:::" + repeated("*a", 2'000) + "b";
  const std::string twenty_kb = with(R"("Effect":"Allow","Action":"s3:*","Resource":[")" + worst + R"(",")" + worst +
                                     R"(",")" + worst + R"(",")" + worst + R"(",")" + worst + "\"]");
  std::string wide = R"({"Version":"2012-10-17","Statement":[)";
  for (int i = 0; i < 100; ++i) {
    std::string actions;
    for (int j = 0; j < 50; ++j) actions += (j == 0 ? "\"s3:*x" : ",\"s3:*x") + std::to_string(j) + "*y\"";
    wide += (i == 0 ? "" : ",") + std::string(R"({"Effect":"Allow","Action":[)") + actions + R"(],"Resource":"*"})";
  }
  wide += "]}";
  const auto first = CompiledPolicy::compile(twenty_kb, Kind::kIdentity);
  const auto second = CompiledPolicy::compile(wide, Kind::kIdentity);
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_TRUE(second) << second.error().message;
  const std::vector<std::shared_ptr<const CompiledPolicy>> policies = {*first, *second};
  const std::vector<Layer> layers = {{LayerKind::kIdentity, policies}};
  const Context context;
  const PrincipalView user{
      .kind = PrincipalKind::kUser, .account = "111111111111", .arn = "arn:aws:iam::111111111111:user/a"};
  const std::string resource = "arn:aws:s3:::" + repeated("a", 2'000);
  const std::string long_action = "s3:" + repeated("x", 200);
  for (int i = 0; i < 20; ++i) {
    const Request request{.principal = user,
                          .action = long_action,
                          .resource = resource,
                          .resource_account = "111111111111",
                          .context = context};
    EXPECT_TRUE(decide(layers, request).allowed) << "s3:* on *";
    const Request other{.principal = user,
                        .action = "sqs:SendMessage",
                        .resource = resource,
                        .resource_account = "111111111111",
                        .context = context};
    EXPECT_FALSE(decide(layers, other).allowed);
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kBound);
}

TEST(BadInput, FiveHundredPatternsInAHundredStatementsAreTooMuchTextOrFine) {
  const auto begun = std::chrono::steady_clock::now();
  const auto document = [](std::string_view pattern) {
    std::string text = R"({"Version":"2012-10-17","Statement":[)";
    for (int i = 0; i < 100; ++i) {
      text += (i == 0 ? "" : ",") + std::string(R"({"Effect":"Allow","Action":[)");
      for (int j = 0; j < 500; ++j) text += (j == 0 ? "\"" : ",\"") + std::string(pattern) + "\"";
      text += R"(],"Resource":"*"})";
    }
    return text + "]}";
  };
  const auto too_long = parse(document("s3:*"), Kind::kIdentity);
  ASSERT_FALSE(too_long);
  EXPECT_THAT(too_long.error().message, HasSubstr("longer than 131072 bytes"));
  EXPECT_FALSE(parse(document("*"), Kind::kIdentity)) << "200 kB";
  EXPECT_LT(std::chrono::steady_clock::now() - begun, kBound);
}

}  // namespace
}  // namespace warifu::policy
