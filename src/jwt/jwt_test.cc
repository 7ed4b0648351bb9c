#include "jwt/jwt.h"

#include <gtest/gtest.h>

#include "jwt/testing.h"

namespace warifu::jwt {
namespace {

using testing::Issuer;

constexpr Timestamp kNow{1'800'000'000'000};
constexpr std::string_view kGood =
    R"({"iss":"https://id.example","sub":"alice","aud":"tools","client_id":"c1","scope":"read write",)"
    R"("exp":1800000300,"nbf":1799999990,"iat":1799999990,"team":"blue","groups":["dev","ops"]})";

const Issuer& issuer() {
  static const Issuer one;
  return one;
}

Rules rules() { return {.issuer = "https://id.example", .audiences = {}, .clients = {}, .scopes = {}, .claims = {}}; }

/// A payload with one member replaced, or added.
std::string with(std::string_view name, std::string_view value) {
  auto claims = json::parse(kGood).value();
  std::erase_if(claims.members(), [&](const auto& member) { return member.first == name; });
  if (!value.empty()) claims.set(std::string(name), json::parse(value).value());
  return claims.dump();
}

std::string refusal(std::string_view claims, const Rules& wanted) {
  const auto token = parse(issuer().sign(claims));
  if (!token) return "unreadable: " + token.error().message;
  const auto checked = check(*token, wanted, kNow);
  return checked ? "" : checked.error().message;
}

TEST(Jwt, AcceptsAGoodToken) {
  const auto keys = KeySet::parse(issuer().jwks());
  const auto token = parse(issuer().sign(kGood));
  ASSERT_TRUE(keys && token);
  EXPECT_TRUE(keys->verifies(*token));
  EXPECT_TRUE(check(*token, rules(), kNow));
  EXPECT_EQ(token->claims.find_string("sub"), "alice");
}

TEST(Jwt, DoesNotReadWhatIsNotSignedWithAPublicKey) {
  const std::string payload = base64url_encode(kGood);
  const auto of = [&](std::string_view header) { return base64url_encode(header) + "." + payload + ".c2ln"; };
  const std::string cases[] = {of(R"({"alg":"none"})"),
                               of(R"({"alg":"None"})"),
                               of(R"({"alg":"HS256"})"),
                               of("{}"),
                               of(R"({"alg":7})"),
                               of("[]"),
                               of(R"({"alg":"none","alg":"RS256"})"),
                               of(R"({"alg":"RS256","crit":["b64"],"b64":false})"),
                               base64url_encode(R"({"alg":"none"})") + "." + payload + ".",
                               base64url_encode(R"({"alg":"RS256"})") + "." + payload + ".",
                               "",
                               ".",
                               "..",
                               "a.b",
                               "a.b.c",
                               "a.b.c.d",
                               std::string(kTokenBytesMax + 1, 'a')};
  for (const std::string& text : cases) EXPECT_FALSE(parse(text)) << text.substr(0, 60);
  EXPECT_FALSE(parse(issuer().sign(R"({"sub":"a","sub":"b"})"))) << "a claim twice";
  EXPECT_FALSE(parse(issuer().sign("[1]")));
  EXPECT_FALSE(parse(issuer().sign(kGood) + "="));
}

TEST(Jwt, ASignatureOfAnotherKeyOrOverOtherBytesIsNone) {
  const auto keys = KeySet::parse(issuer().jwks()).value();
  const Issuer stranger;  // the same key id
  EXPECT_FALSE(keys.verifies(parse(stranger.sign(kGood)).value()));
  std::string text = issuer().sign(kGood);
  const std::string other = base64url_encode(with("sub", R"("mallory")"));
  const std::size_t first = text.find('.');
  const std::size_t second = text.find('.', first + 1);
  EXPECT_FALSE(keys.verifies(parse(text.substr(0, first + 1) + other + text.substr(second)).value()));
  const auto renamed = parse(issuer().sign_as(R"({"alg":"RS256","kid":"k2"})", kGood)).value();
  EXPECT_FALSE(keys.knows(renamed));
  EXPECT_FALSE(keys.verifies(renamed)) << "a kid that the set does not have";
  EXPECT_TRUE(keys.verifies(parse(issuer().sign_as(R"({"alg":"RS256"})", kGood)).value())) << "no kid: any key";
  EXPECT_FALSE(keys.verifies(parse(issuer().sign_as(R"({"alg":"RS512","kid":"k1"})", kGood)).value()))
      << "the key is for RS256 only";
}

TEST(Jwt, ChecksDatesWithAMinuteOfLeeway) {
  const struct {
    std::string claims;
    std::string why;
  } cases[] = {{with("exp", ""), "the token has no `exp`"},
               {with("exp", "1799999941"), ""},
               {with("exp", "1799999940"), "the token has expired"},
               {with("exp", "\"1800000300\""), "the token's `exp` is not a number"},
               {with("nbf", "1800000060"), ""},
               {with("nbf", "1800000061"), "the token is not valid yet"},
               {with("iat", "1800000061"), "the token was issued in the future"},
               {with("iat", ""), ""},
               {with("exp", "1800000300.5"), ""}};
  for (const auto& c : cases) EXPECT_EQ(refusal(c.claims, rules()), c.why) << c.claims;
}

TEST(Jwt, EachRuleIsMetOrTheTokenIsRefused) {
  const auto audience = [](std::vector<std::string> names) {
    Rules r = rules();
    r.audiences = std::move(names);
    return r;
  };
  const auto client = [](std::vector<std::string> names) {
    Rules r = rules();
    r.clients = std::move(names);
    return r;
  };
  const auto claim = [](ClaimRule rule) {
    Rules r = rules();
    r.claims = {std::move(rule)};
    return r;
  };
  using Op = ClaimRule::Operator;
  const struct {
    std::string claims;
    Rules wanted;
    std::string why;
  } cases[] = {
      {with("iss", R"("https://id.example/")"), rules(), "the token is of another issuer"},
      {with("iss", ""), rules(), "the token is of another issuer"},
      {std::string(kGood), audience({"other", "tools"}), ""},
      {std::string(kGood), audience({"other"}), "the token is for another audience"},
      {with("aud", R"(["x","tools"])"), audience({"tools"}), ""},
      {with("aud", R"("tools other")"), audience({"tools"}), "the token is for another audience"},
      {with("aud", ""), audience({"tools"}), "the token is for another audience"},
      {std::string(kGood), client({"c0", "c1"}), ""},
      {with("client_id", ""), client({"c1"}), "the token is of a client that is not allowed"},
      {with("client_id", ""), client({""}), ""},
      {std::string(kGood), claim({.name = "team", .is_array = false, .comparison = Op::kEquals, .values = {"blue"}}),
       ""},
      {std::string(kGood), claim({.name = "team", .is_array = false, .comparison = Op::kEquals, .values = {"red"}}),
       "the token's claim `team` does not match"},
      {std::string(kGood), claim({.name = "team", .is_array = true, .comparison = Op::kContains, .values = {"blue"}}),
       "the token's claim `team` does not match"},
      {std::string(kGood), claim({.name = "groups", .is_array = true, .comparison = Op::kContains, .values = {"ops"}}),
       ""},
      {std::string(kGood),
       claim({.name = "groups", .is_array = true, .comparison = Op::kContainsAny, .values = {"root", "dev"}}), ""},
      {std::string(kGood),
       claim({.name = "groups", .is_array = true, .comparison = Op::kContainsAny, .values = {"root"}}),
       "the token's claim `groups` does not match"},
      {std::string(kGood), claim({.name = "groups", .is_array = false, .comparison = Op::kEquals, .values = {"dev"}}),
       "the token's claim `groups` does not match"},
      {std::string(kGood), claim({.name = "team", .is_array = false, .comparison = Op::kEquals, .values = {}}),
       "the token's claim `team` does not match"}};
  for (const auto& c : cases) EXPECT_EQ(refusal(c.claims, c.wanted), c.why) << c.claims;
}

TEST(Jwt, AMissingScopeIsToldApart) {
  Rules wanted = rules();
  wanted.scopes = {"admin", "write"};
  const auto scoped = [&](std::string_view claims) {
    return check(parse(issuer().sign(claims)).value(), wanted, kNow);
  };
  EXPECT_TRUE(scoped(kGood));
  EXPECT_TRUE(scoped(with("scope", R"("x  write ")")));
  for (const auto& claims : {with("scope", ""), with("scope", R"("writer read")"), with("scope", "7")}) {
    const auto checked = scoped(claims);
    ASSERT_FALSE(checked) << claims;
    EXPECT_TRUE(checked.error().insufficient_scope);
  }
  const auto expired = check(parse(issuer().sign(with("exp", "1"))).value(), wanted, kNow);
  EXPECT_FALSE(expired.error().insufficient_scope);
}

TEST(Jwt, ReadsKeySetsAndLeavesOutWhatItCannotUse) {
  const std::string jwk = issuer().jwk();
  const auto count = [](std::string_view text) { return KeySet::parse(text).value().size(); };
  EXPECT_EQ(count(R"({"keys":[]})"), 0u);
  EXPECT_EQ(
      count(R"({"keys":[)" + jwk + R"(,{"kty":"oct","k":"c2VjcmV0"},{"kty":"RSA"},{"kty":"EC","crv":"P-256"},7]})"),
      1u);
  EXPECT_EQ(count(R"({"keys":[{"kty":"RSA","use":"enc","n":"AQAB","e":"AQAB"}]})"), 0u);
  for (const char* bad : {"", "{}", "[]", R"({"keys":{}})"}) EXPECT_FALSE(KeySet::parse(bad)) << bad;
}

}  // namespace
}  // namespace warifu::jwt
