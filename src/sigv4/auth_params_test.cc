#include "sigv4/auth_params.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::sigv4 {
namespace {

using Kind = AuthFailureKind;

constexpr std::string_view kSigned = "host;x-amz-date";
const Timestamp kNow = parse_iso8601_basic("20150830T123600Z").value();

http::Request header_request(std::string authorization, std::string date = "20150830T123600Z") {
  http::Request request{.method = "GET", .target = "/"};
  request.headers.add("Host", "example.amazonaws.com");
  if (!date.empty()) request.headers.add("X-Amz-Date", std::move(date));
  request.headers.add("Authorization", std::move(authorization));
  return request;
}

std::string authorization(std::string_view credential = "AKID/20150830/us-east-1/service/aws4_request",
                          std::string_view signed_headers = kSigned) {
  return "AWS4-HMAC-SHA256 Credential=" + std::string(credential) + ", SignedHeaders=" + std::string(signed_headers) +
         ", Signature=abc";
}

http::Request query_request(std::string query) {
  http::Request request{.method = "GET", .target = "/?" + std::move(query)};
  request.headers.add("Host", "example.amazonaws.com");
  return request;
}

constexpr const char* kQuery =
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20150830%2Fus-east-1%2Fservice%2Faws4_request"
    "&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=abc";

bool parses(const http::Request& request, Timestamp now = kNow) { return parse(request, now).has_value(); }

void expect_refused(const http::Request& request, Kind kind, std::string_view message) {
  const auto params = parse(request, kNow);
  ASSERT_FALSE(params.has_value()) << message;
  EXPECT_EQ(params.error().kind, kind) << message;
  EXPECT_EQ(params.error().message, message);
}

TEST(Parse, reads_a_header) {
  http::Request request =
      header_request(authorization("AKID/20150830/us-east-1/service/aws4_request", "host;x-amz-date"));
  request.headers.add("X-Amz-Security-Token", " token ");
  request.headers.add("X-Amz-Content-Sha256", "0123");
  const auto params = parse(request, kNow);
  ASSERT_TRUE(params.has_value());
  EXPECT_EQ(params->source, Source::kHeader);
  EXPECT_EQ(params->access_key_id, "AKID");
  EXPECT_EQ(params->scope.date, "20150830");
  EXPECT_EQ(params->scope.region, "us-east-1");
  EXPECT_EQ(params->scope.service, "service");
  EXPECT_EQ(params->scope.terminator, "aws4_request");
  EXPECT_THAT(params->signed_headers, testing::ElementsAre("host", "x-amz-date"));
  EXPECT_EQ(params->signature, "abc");
  EXPECT_EQ(params->session_token, "token");
  EXPECT_FALSE(params->session_token_in_query);
  EXPECT_EQ(params->payload, Payload::kDeclaredHash);
  EXPECT_EQ(params->declared_hash, "0123");
}

TEST(Parse, reads_a_query_whose_views_survive_a_move) {
  const http::Request request = query_request(std::string(kQuery) + "&X-Amz-Security-Token=a%2Fb%3D&X-Amz-Expires=77");
  auto parsed = parse(request, kNow);
  ASSERT_TRUE(parsed.has_value());
  const AuthParams params = std::move(*parsed);
  EXPECT_EQ(params.source, Source::kQuery);
  EXPECT_EQ(params.access_key_id, "AKID");
  EXPECT_EQ(params.scope.service, "service");
  EXPECT_EQ(params.session_token, "a/b=");
  EXPECT_TRUE(params.session_token_in_query);
  EXPECT_EQ(params.expires_seconds, 77);
  EXPECT_EQ(params.payload, Payload::kBody);
}

TEST(Parse, takes_the_parts_in_any_order_and_spacing_and_the_last_of_two) {
  const auto request = header_request(
      "AWS4-HMAC-SHA256   Signature=no,SignedHeaders=host ,Signature=yes,\t"
      "Credential=AKID/20150830/us-east-1/service/aws4_request,");
  const auto params = parse(request, kNow);
  ASSERT_TRUE(params.has_value()) << params.error().message;
  EXPECT_EQ(params->signature, "yes");
  EXPECT_EQ(params->signed_headers_text, "host");
}

TEST(Parse, takes_a_date_header_where_no_amz_date_is) {
  for (const char* date : {"20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT"}) {
    http::Request request = header_request(authorization(), "");
    request.headers.add("Date", date);
    const auto params = parse(request, kNow);
    ASSERT_TRUE(params.has_value()) << date;
    EXPECT_EQ(params->amz_date, "20150830T123600Z");
  }
}

TEST(Parse, refuses_a_request_without_authentication) {
  expect_refused({.method = "GET", .target = "/"}, Kind::kMissingToken, "Request is missing Authentication Token");
  expect_refused({.method = "GET", .target = "/?a=b"}, Kind::kMissingToken, "Request is missing Authentication Token");
  expect_refused(header_request("  "), Kind::kMissingToken, "Request is missing Authentication Token");
  expect_refused(query_request("X-Amz-Algorithm=AWS4-HMAC-SHA512&X-Amz-Signature=a"), Kind::kMissingToken,
                 "Request is missing Authentication Token");
}

TEST(Parse, refuses_broken_escapes_in_the_query_first) {
  struct Case {
    const char *query, *message;
  };
  const Case cases[] = {{"a=%", "Incomplete trailing escape % sequence"},
                        {"a=%4", "Incomplete trailing escape % sequence"},
                        {"a=%4&b=1", "Incomplete trailing escape % sequence"},
                        {"%", "Incomplete trailing escape % sequence"},
                        {"a=%41%zz", "Illegal hex character in escape % pattern: %zz"},
                        {"%g0=1", "Illegal hex character in escape % pattern: %g0"}};
  for (const Case& c : cases) {
    expect_refused({.method = "GET", .target = std::string("/?") + c.query}, Kind::kMalformedQuery, c.message);
    http::Request request = header_request("nonsense");
    request.target = std::string("/?") + c.query;
    expect_refused(request, Kind::kMalformedQuery, c.message);
  }
}

TEST(Parse, refuses_header_and_query_together_and_two_headers) {
  http::Request both = query_request(kQuery);
  both.headers.add("Authorization", authorization());
  expect_refused(both, Kind::kBothHeaderAndQuery,
                 "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  http::Request bearer = query_request("X-Amz-Algorithm=x");
  bearer.headers.add("Authorization", "Bearer token");
  expect_refused(bearer, Kind::kBothHeaderAndQuery,
                 "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.");
  http::Request twice = header_request(authorization());
  twice.headers.add("authorization", authorization());
  expect_refused(twice, Kind::kIncompleteSignature, "Found more than one 'Authorization' HTTP header.");
}

TEST(Parse, refuses_malformed_headers_with_the_exact_text) {
  expect_refused(header_request("Bearer x"), Kind::kIncompleteSignature, "Unsupported AWS 'algorithm': 'Bearer'.");
  expect_refused(header_request("AWS4-HMAC-SHA512 Credential=a"), Kind::kIncompleteSignature,
                 "Unsupported AWS 'algorithm': 'AWS4-HMAC-SHA512'.");
  expect_refused(header_request("AWS4-HMAC-SHA256 Credential=a, oops"), Kind::kIncompleteSignature,
                 "'oops' not a valid key=value pair (missing equal-sign) in Authorization header: "
                 "'AWS4-HMAC-SHA256 Credential=a, oops'");
  expect_refused(
      header_request("AWS4-HMAC-SHA256", ""), Kind::kIncompleteSignature,
      "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. "
      "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either "
      "a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256");
  expect_refused(header_request("AWS4-HMAC-SHA256 Credential=a, SignedHeaders=b"), Kind::kIncompleteSignature,
                 "Authorization header requires 'Signature' parameter. Authorization=AWS4-HMAC-SHA256");
  // Names are exact.
  expect_refused(header_request("AWS4-HMAC-SHA256 credential=a, SignedHeaders=b, Signature=c"),
                 Kind::kIncompleteSignature,
                 "Authorization header requires 'Credential' parameter. Authorization=AWS4-HMAC-SHA256");
}

TEST(Parse, refuses_missing_query_parameters_with_the_exact_text) {
  expect_refused(
      query_request("X-Amz-Algorithm=AWS4-HMAC-SHA256"), Kind::kIncompleteSignature,
      "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include "
      "'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'. AWS query-string "
      "parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.");
}

TEST(Parse, takes_the_first_of_two_query_parameters) {
  const http::Request request = query_request(std::string(kQuery) + "&X-Amz-Signature=second");
  const auto params = parse(request, kNow);
  ASSERT_TRUE(params.has_value());
  EXPECT_EQ(params->signature, "abc");
}

TEST(Parse, refuses_lives_outside_a_second_to_a_week) {
  const std::string query = std::string(kQuery) + "&X-Amz-Expires=";
  EXPECT_TRUE(parses(query_request(query + "1")));
  EXPECT_TRUE(parses(query_request(query + "604800")));
  expect_refused(query_request(query + "604801"), Kind::kIncompleteSignature,
                 "X-Amz-Expires must be less than a week (in seconds) that is 604800");
  expect_refused(query_request(query + "99999999999999999999"), Kind::kIncompleteSignature,
                 "X-Amz-Expires must be less than a week (in seconds) that is 604800");
  expect_refused(query_request(query + "0"), Kind::kIncompleteSignature, "X-Amz-Expires must be positive");
  expect_refused(query_request(query + "-5"), Kind::kIncompleteSignature, "X-Amz-Expires must be positive");
  expect_refused(query_request(query), Kind::kIncompleteSignature, "X-Amz-Expires should be a number");
  expect_refused(query_request(query + "60s"), Kind::kIncompleteSignature, "X-Amz-Expires should be a number");
}

TEST(Parse, requires_host_among_the_signed_headers) {
  constexpr const char* kText = "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.";
  const char* credential = "AKID/20150830/us-east-1/service/aws4_request";
  for (const char* names : {"x-amz-date", "", "hosts;x-amz-date", "HOST"}) {
    expect_refused(header_request(authorization(credential, names)), Kind::kSignatureMismatch, kText);
  }
}

TEST(Parse, bounds_the_signed_headers) {
  const auto names = [](std::size_t count) {
    std::string text = "host";
    for (std::size_t i = 1; i < count; ++i) text += ";a";
    return text;
  };
  const char* credential = "AKID/20150830/us-east-1/service/aws4_request";
  EXPECT_TRUE(parses(header_request(authorization(credential, names(kSignedHeadersMax)))));
  EXPECT_FALSE(parses(header_request(authorization(credential, names(kSignedHeadersMax + 1)))));
}

TEST(Parse, refuses_dates_of_another_form) {
  for (const char* date : {"2015-08-30T12:36:00Z", "20150830T123600", "20151330T123600Z", "", "Sunday"}) {
    http::Request request = header_request(authorization(), "x");
    request.headers.fields()[1].second = date;
    expect_refused(request, Kind::kIncompleteSignature,
                   "Date must be in ISO-8601 'basic format'. Got '" + std::string(date) +
                       "'. See http://en.wikipedia.org/wiki/ISO_8601");
  }
  http::Request twice = header_request(authorization());
  twice.headers.add("x-amz-date", "20150830T123600Z");
  expect_refused(twice, Kind::kIncompleteSignature,
                 "Date must be in ISO-8601 'basic format'. Got '20150830T123600Z,20150830T123600Z'. See "
                 "http://en.wikipedia.org/wiki/ISO_8601");
}

TEST(Parse, accepts_fifteen_minutes_and_refuses_one_second_more) {
  EXPECT_TRUE(parses(header_request(authorization(), "20150830T122100Z")));
  EXPECT_TRUE(parses(header_request(authorization(), "20150830T125100Z")));
  expect_refused(
      header_request(authorization(), "20150830T122059Z"), Kind::kSkewed,
      "Signature expired: 20150830T122059Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)");
  expect_refused(
      header_request(authorization(), "20150830T125101Z"), Kind::kSkewed,
      "Signature not yet current: 20150830T125101Z is still later than 20150830T125100Z (20150830T123600Z + 15 min.)");
}

TEST(Parse, lets_a_presigned_url_live_as_long_as_it_says) {
  const http::Request hour = query_request(std::string(kQuery) + "&X-Amz-Expires=3600");
  EXPECT_TRUE(parses(hour, kNow.plus_seconds(3600)));
  const auto late = parse(hour, kNow.plus_seconds(3601));
  ASSERT_FALSE(late.has_value());
  EXPECT_EQ(late.error().message,
            "Signature expired: 20150830T123600Z is now earlier than 20150830T123601Z (20150830T133601Z - 60 min.)");
  EXPECT_FALSE(parses(query_request(std::string(kQuery) + "&X-Amz-Expires=10"), kNow.plus_seconds(11)));
  // Without a life of its own it has that of any request.
  EXPECT_TRUE(parses(query_request(kQuery), kNow.plus_seconds(900)));
  EXPECT_FALSE(parses(query_request(kQuery), kNow.plus_seconds(901)));
}

TEST(Parse, refuses_credentials_of_other_than_five_parts) {
  for (const char* text :
       {"", "AKID", "AKID/20150830/us-east-1/service", "AKID/20150830/us-east-1/service/aws4_request/x"}) {
    expect_refused(
        header_request(authorization(text)), Kind::kIncompleteSignature,
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" +
            std::string(text) + "'");
  }
}

TEST(Parse, reports_the_first_fault_in_the_documented_order) {
  // Each request has all the later faults too.
  expect_refused(header_request("AWS5 oops", "bad"), Kind::kIncompleteSignature,
                 "Unsupported AWS 'algorithm': 'AWS5'.");
  expect_refused(header_request("AWS4-HMAC-SHA256 Credential=a, Signature=b, SignedHeaders=c", "bad"),
                 Kind::kSignatureMismatch, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.");
  expect_refused(header_request(authorization("a"), "bad"), Kind::kIncompleteSignature,
                 "Date must be in ISO-8601 'basic format'. Got 'bad'. See http://en.wikipedia.org/wiki/ISO_8601");
  expect_refused(
      header_request(authorization("a"), "20150829T000000Z"), Kind::kSkewed,
      "Signature expired: 20150829T000000Z is now earlier than 20150830T122100Z (20150830T123600Z - 15 min.)");
}

TEST(Parse, refuses_two_session_tokens) {
  http::Request request = header_request(authorization());
  request.headers.add("X-Amz-Security-Token", "one");
  request.headers.add("x-amz-security-token", "two");
  expect_refused(request, Kind::kInvalidToken, "The security token included in the request is invalid");
}

TEST(Parse, tells_the_payload_modes_apart) {
  const std::pair<const char*, Payload> cases[] = {
      {"UNSIGNED-PAYLOAD", Payload::kUnsigned},
      {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD", Payload::kStreaming},
      {"STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", Payload::kStreamingTrailer},
      {"STREAMING-UNSIGNED-PAYLOAD-TRAILER", Payload::kStreamingUnsignedTrailer},
      {"unsigned-payload", Payload::kDeclaredHash},
      {"", Payload::kDeclaredHash}};
  for (const auto& [value, payload] : cases) {
    http::Request request = header_request(authorization());
    request.headers.add("x-amz-content-sha256", value);
    EXPECT_EQ(parse(request, kNow)->payload, payload) << value;
  }
  const http::Request silent = header_request(authorization());
  EXPECT_EQ(parse(silent, kNow)->payload, Payload::kBody);
}

TEST(CheckScope, joins_every_complaint) {
  const auto request = header_request(authorization("AKID/20150829/nowhere/other/aws3_request"));
  const auto params = parse(request, kNow);
  ASSERT_TRUE(params.has_value());
  const auto checked = check_scope(*params, "sts");
  ASSERT_FALSE(checked.has_value());
  EXPECT_EQ(checked.error().kind, Kind::kSignatureMismatch);
  EXPECT_EQ(
      checked.error().message,
      "Credential should be scoped to a valid region, not 'nowhere'. Credential should be scoped to correct service: "
      "'sts'. Credential should be scoped with a valid terminator: 'aws4_request', not 'aws3_request'. Date in "
      "Credential "
      "scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20150829' != '20150830', from "
      "'20150830T123600Z'.");
}

TEST(IsRegionName, knows_the_form) {
  for (const char* name :
       {"us-east-1", "us-gov-west-1", "ap-southeast-10", "us-iso-east-1", "eusc-de-east-1", "me-central-1"}) {
    EXPECT_TRUE(is_region_name(name)) << name;
  }
  for (const char* name :
       {"", "us", "us-east", "us-east-", "us-east-1a", "-us-east-1", "US-EAST-1", "us east 1", "us--east-1",
        "us-east-1-", "*", "us-east-1/x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbb-1"}) {
    EXPECT_FALSE(is_region_name(name)) << name;
  }
}

TEST(ClaimedService, reads_what_it_can) {
  EXPECT_EQ(claimed_service(header_request(authorization())), "service");
  EXPECT_EQ(claimed_service(header_request("x Credential=a/b/c/kms", "")), "kms");
  EXPECT_EQ(claimed_service(query_request(kQuery)), "service");
  EXPECT_EQ(claimed_service(query_request("X-Amz-Credential=%")), std::nullopt);
  EXPECT_EQ(claimed_service(header_request("Bearer x")), std::nullopt);
  EXPECT_EQ(claimed_service(header_request("x Credential=a/b")), std::nullopt);
  EXPECT_EQ(claimed_service({.method = "GET", .target = "/"}), std::nullopt);
}

}  // namespace
}  // namespace warifu::sigv4
