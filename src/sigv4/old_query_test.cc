#include "sigv4/old_query.h"

#include <gtest/gtest.h>

#include "base/encoding.h"
#include "crypto/digest.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

using Kind = AuthFailureKind;

constexpr std::string_view kSecret = "secret";
constexpr Timestamp kNow{1'700'000'000'000};
// Made by boto3 with Config(signature_version="s3") at 1700000000 for 600 s; the first with the session token
// `tok+en/=`.
constexpr std::string_view kGet =
    "/bucket/a%20b/%C3%BC.txt?response-content-type=text%2Fplain&versionId=v1&AWSAccessKeyId=AKIDEXAMPLE&Signature="
    "%2B5u220lFOh7MLOzLHBO3isqMgwc%3D&x-amz-security-token=tok%2Ben%2F%3D&Expires=1700000600";
constexpr std::string_view kPut =
    "/bucket/k?AWSAccessKeyId=AKIDEXAMPLE&Signature=sk%2BNnhIUgQqjrytT%2BB9sLm22%2FHc%3D&content-type=text%2Fplain"
    "&x-amz-meta-a=b&Expires=1700000600";

http::Request request_of(std::string method, std::string target) {
  http::Request request{.method = std::move(method), .target = std::move(target)};
  request.headers.add("Host", "127.0.0.1:4566");
  return request;
}

std::optional<Kind> refused(const http::Request& request, Timestamp now = kNow, std::string_view secret = kSecret) {
  if (!is_old_query(request)) return Kind::kIncompleteSignature;
  const auto params = parse_old_query(request, "us-east-1", now);
  if (!params) return params.error().kind;
  const auto verified = verify_old_query(request, *params, secret, request.path());
  return verified ? std::nullopt : std::optional(verified.error().kind);
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string out(text);
  const std::size_t at = out.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return out.replace(at, what.size(), by);
}

/// `target` with the right signature of whatever it says, as one who holds the secret would make it.
std::string resigned(std::string target) {
  const http::Request request = request_of("GET", target);
  const std::string text = old_string_to_sign(request, "1700000600", request.path());
  return target + "&Signature=" + percent_encode(base64_encode(crypto::hmac_sha1(kSecret, text)));
}

TEST(OldQuery, takes_what_boto3_signs) {
  EXPECT_EQ(refused(request_of("GET", std::string(kGet))), std::nullopt);
  EXPECT_EQ(refused(request_of("PUT", std::string(kPut))), std::nullopt);
  const http::Request request = request_of("GET", std::string(kGet));
  const auto params = parse_old_query(request, "eu-west-1", kNow);
  ASSERT_TRUE(params);
  EXPECT_EQ(params->access_key_id, "AKIDEXAMPLE");
  EXPECT_EQ(params->session_token.value_or(""), "tok+en/=");
  EXPECT_EQ(params->scope.service, "s3");
  EXPECT_EQ(params->scope.region, "eu-west-1");
  EXPECT_EQ(params->expires_seconds, 600);
}

TEST(OldQuery, refuses_whatever_was_not_signed) {
  EXPECT_EQ(refused(request_of("DELETE", std::string(kGet))), Kind::kSignatureMismatch);
  EXPECT_EQ(refused(request_of("GET", std::string(kGet)), kNow, "another"), Kind::kSignatureMismatch);
  const std::pair<std::string_view, std::string_view> changes[] = {
      {"a%20b", "a%20c"},
      {"/bucket/", "/bucket2/"},
      {"text%2Fplain", "text%2Fhtml"},
      {"versionId=v1", "versionId=v2"},
      {"versionId=v1&", ""},
      {"tok%2Ben", "tok%2Bon"},
      {"Expires=1700000600", "Expires=1700000601"},
      {"&Expires", "&acl&Expires"},
      {"&Expires", "&x-amz-acl=public-read&Expires"},
      {"&Expires", "&prefix=a&Expires"},     // not covered by the signature
      {"&Expires", "&list-type=2&Expires"},  // nor this
  };
  for (const auto& [what, by] : changes) {
    EXPECT_EQ(refused(request_of("GET", replaced(kGet, what, by))), Kind::kSignatureMismatch) << what << " " << by;
  }
  http::Request more = request_of("GET", std::string(kGet));
  more.headers.add("x-amz-acl", "public-read");
  EXPECT_EQ(refused(more), Kind::kSignatureMismatch);
}

TEST(OldQuery, takes_no_line_end_in_a_part_even_well_signed) {
  const std::string sound = "/bucket/k?AWSAccessKeyId=AKIDEXAMPLE&Expires=1700000600&x-amz-meta-a=b";
  EXPECT_EQ(refused(request_of("GET", resigned(sound))), std::nullopt);
  for (const char* end : {"%0A", "%0D", "%00", "%7F"}) {
    EXPECT_EQ(refused(request_of("GET", resigned(sound + end + "/bucket/other"))), Kind::kSignatureMismatch) << end;
    EXPECT_EQ(refused(request_of("GET", resigned(sound + "&response-content-type=a" + end))), Kind::kSignatureMismatch)
        << end;
  }
}

TEST(OldQuery, holds_from_now_to_its_expiry_and_no_longer_than_a_week) {
  const http::Request request = request_of("GET", std::string(kGet));
  EXPECT_EQ(refused(request, {1'700'000'600'000}), std::nullopt);
  EXPECT_EQ(refused(request, {1'700'000'601'000}), Kind::kMissingToken);
  EXPECT_EQ(refused(request, {1'700'000'600'000 - 604'801'000LL}), Kind::kIncompleteSignature);
}

TEST(OldQuery, is_one_only_with_each_part_once) {
  for (const char* part :
       {"AWSAccessKeyId=AKIDEXAMPLE", "Expires=1700000600", "Signature=x", "x-amz-security-token=t"}) {
    EXPECT_EQ(refused(request_of("GET", std::string(kGet) + "&" + part)), Kind::kIncompleteSignature) << part;
  }
  for (const char* expires : {"", "-1", "1e9", "1700000600x", "99999999999999999999"}) {
    EXPECT_EQ(refused(request_of("GET", replaced(kGet, "Expires=1700000600", std::string("Expires=") + expires))),
              Kind::kIncompleteSignature)
        << expires;
  }
  http::Request both = request_of("GET", std::string(kGet));
  both.headers.add("Authorization", "AWS4-HMAC-SHA256 Credential=a");
  EXPECT_FALSE(is_old_query(both));
  EXPECT_FALSE(is_old_query(request_of("GET", std::string(kGet) + "&X-Amz-Algorithm=AWS4-HMAC-SHA256")));
  EXPECT_FALSE(is_old_query(request_of("GET", "/bucket/k?AWSAccessKeyId=a&Expires=1")));
}

}  // namespace
}  // namespace warifu::sigv4
