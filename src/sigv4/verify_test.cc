#include "sigv4/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "sigv4/sign.h"

namespace warifu::sigv4 {
namespace {

using Kind = AuthFailureKind;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const Timestamp kNow = parse_iso8601_basic("20150830T123600Z").value();

Credentials credentials(std::string token = "") {
  return {"AKIDEXAMPLE", crypto::SecretBytes::copy_of(kSecret), std::move(token)};
}

http::Request request_to(std::string target, std::string body = "", std::string host = "localhost:4566") {
  http::Request request{.method = "POST", .target = std::move(target), .body = std::move(body)};
  request.headers.add("Host", std::move(host));
  return request;
}

std::optional<AuthFailure> refused(const http::Request& request, const Profile& profile = kStandardProfile,
                                   Timestamp now = kNow) {
  const auto params = parse(request, now);
  if (!params) return params.error();
  const auto key = SigningKey::derive(kSecret, params->scope.date, params->scope.region, params->scope.service);
  const auto verified = verify(request, *params, key, profile);
  return verified ? std::nullopt : std::optional(verified.error());
}

void expect_accepted(const http::Request& request, const Profile& profile = kStandardProfile) {
  const auto failure = refused(request, profile);
  EXPECT_FALSE(failure.has_value()) << request.target << ": " << failure->message;
}

void expect_mismatch(const http::Request& request, const Profile& profile = kStandardProfile) {
  const auto failure = refused(request, profile);
  ASSERT_TRUE(failure.has_value()) << request.target;
  EXPECT_EQ(failure->kind, Kind::kSignatureMismatch) << failure->message;
  EXPECT_EQ(failure->message, kSignatureMismatchText);
}

http::Request signed_request(std::string target, std::string body = "", const char* service = "bedrock-agentcore",
                             std::string token = "") {
  http::Request request = request_to(std::move(target), std::move(body));
  sign(request, credentials(std::move(token)), {"us-east-1", service}, kNow);
  return request;
}

TEST(Verify, accepts_what_sign_signs) {
  for (const char* target : {"/", "", "/a/b?x=1&x=0&y", "/memories/arn%3Aaws%3Ax/events/0%23a", "/a//b/../c/",
                             "/?q=a+b&%C3%BC=%2F", "/~a_b-c.d", "/a?", "/a?&&x=1&", "/%zz"}) {
    expect_accepted(signed_request(target, "body"));
    expect_accepted(signed_request(target, "body", "s3"), kS3Profile);
    expect_accepted(signed_request(target, "", "sts", "a token"));
    http::Request presigned = request_to(target);
    presign(presigned, credentials("to/ken=+"), {"us-east-1", "sts"}, kNow, 60);
    expect_accepted(presigned);
    presigned = request_to(target);
    presign(presigned, credentials(), {"us-east-1", "s3"}, kNow, 60);
    expect_accepted(presigned, kS3Profile);
  }
}

TEST(Verify, takes_plus_and_percent_20_in_a_query_alike_and_any_order) {
  http::Request request = signed_request("/?b=x%20y&a=1");
  request.target = "/?a=1&b=x+y";
  expect_accepted(request);
  request.target = "/?a=1&b=x%2By";
  expect_mismatch(request);
}

TEST(Verify, encodes_paths_twice_but_for_s3) {
  const auto line = [](const char* target, const Profile& profile) {
    const http::Request request = request_to(target);
    const std::string text = canonical_request(request, AuthParams{}, profile, "");
    return text.substr(5, text.find('\n', 5) - 5);
  };
  EXPECT_EQ(line("/a%3Ab/c d", kStandardProfile), "/a%253Ab/c%20d");
  EXPECT_EQ(line("/a%3Ab/c d", kS3Profile), "/a%3Ab/c%20d");
  EXPECT_EQ(line("/a:b/%41%2f%C3%BC", kS3Profile), "/a%3Ab/A%2F%C3%BC");
  EXPECT_EQ(line("/a//b/./../c", kS3Profile), "/a//b/./../c");
  EXPECT_EQ(line("/a//b/./../c", kStandardProfile), "/a/c");
  EXPECT_EQ(line("/%2e%2e/a", kStandardProfile), "/%252e%252e/a");
  EXPECT_EQ(line("", kStandardProfile), "/");
  EXPECT_EQ(line("/100%", kS3Profile), "/100%25");
}

TEST(NormalizedPath, resolves_dots_and_drops_empty_segments) {
  const std::pair<const char*, const char*> cases[] = {{"/", "/"},
                                                       {"", "/"},
                                                       {"//", "/"},
                                                       {"/a", "/a"},
                                                       {"/a/", "/a/"},
                                                       {"/a/b/..", "/a"},
                                                       {"/a/./b", "/a/b"},
                                                       {"/../..", "/"},
                                                       {"/a/../..//b/", "/b/"},
                                                       {"/a/..", "/"},
                                                       {"/a/../", "/"},
                                                       {"/...", "/..."},
                                                       {"/a%2F..%2Fb", "/a%2F..%2Fb"},
                                                       {"/.a/b.", "/.a/b."}};
  for (const auto& [raw, normal] : cases) EXPECT_EQ(normalized_path(raw), normal) << raw;
}

TEST(Verify, a_signature_covers_the_normalised_path_that_callers_must_route_by) {
  http::Request request = signed_request("/memories/m/events");
  request.target = "/x/../memories//m/./events";
  expect_accepted(request);
  EXPECT_EQ(normalized_path(request.path()), "/memories/m/events");
}

TEST(Verify, takes_a_session_token_added_after_signing) {
  http::Request request = signed_request("/a");
  request.headers.add("X-Amz-Security-Token", "late");
  expect_accepted(request);
  http::Request presigned = request_to("/a?b=c");
  presign(presigned, credentials(), {"us-east-1", "sts"}, kNow, 60);
  presigned.target += "&X-Amz-Security-Token=late";
  expect_accepted(presigned);
}

TEST(Verify, takes_host_signed_without_its_port) {
  http::Request request = request_to("/a", "", "localhost");
  sign(request, credentials(), {"us-east-1", "sts"}, kNow);
  request.headers.fields()[0].second = "localhost:4566";
  expect_accepted(request);
  request.headers.fields()[0].second = "other:4566";
  expect_mismatch(request);
  request.headers.fields()[0].second = "localhost:x";
  expect_mismatch(request);

  http::Request with_port = request_to("/a", "", "localhost:4566");
  sign(with_port, credentials(), {"us-east-1", "sts"}, kNow);
  with_port.headers.fields()[0].second = "localhost:4567";
  expect_mismatch(with_port);
  with_port.headers.fields()[0].second = "localhost";
  expect_mismatch(with_port);
}

TEST(Verify, reads_header_names_without_case_and_folds_white_space) {
  http::Request request = request_to("/a");
  request.headers.add("X-Amz-Meta-Note", "one two");
  sign(request, credentials(), {"us-east-1", "s3"}, kNow);
  request.headers.fields()[1] = {"x-AMZ-meta-NOTE", "  one \t  two  "};
  expect_accepted(request, kS3Profile);
  request.headers.fields()[1].second = "onetwo";
  expect_mismatch(request, kS3Profile);
}

TEST(Verify, refuses_signed_header_names_in_upper_case_or_absent) {
  for (const char* names : {"Host;x-amz-date;host", "host;x-amz-date;absent", "host;;x-amz-date"}) {
    http::Request request = signed_request("/a");
    std::string& value = request.headers.fields().back().second;
    value.replace(value.find("host;x-amz-date"), 15, names);
    expect_mismatch(request);
  }
}

TEST(Verify, refuses_a_declared_hash_that_is_not_the_bodys) {
  const std::string right = crypto::sha256_hex("body");
  for (const std::string& declared : {crypto::sha256_hex("other"), std::string(64, '0'), std::string("x")}) {
    http::Request request = request_to("/a", "body");
    request.headers.add("X-Amz-Content-Sha256", declared);
    sign(request, credentials(), {"us-east-1", "s3"}, kNow);
    expect_mismatch(request, kS3Profile);
  }
  http::Request request = request_to("/a", "body");
  request.headers.add("X-Amz-Content-Sha256", right);
  sign(request, credentials(), {"us-east-1", "sts"}, kNow);
  expect_accepted(request);
  request.headers.add("X-Amz-Content-Sha256", right);
  expect_mismatch(request);
}

TEST(Verify, takes_unsigned_payloads_from_s3_alone) {
  for (const char* mode : {"UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
                           "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"}) {
    http::Request s3 = request_to("/a", "body");
    s3.headers.add("X-Amz-Content-Sha256", mode);
    sign(s3, credentials(), {"us-east-1", "s3"}, kNow);
    expect_accepted(s3, kS3Profile);
    http::Request other = request_to("/a", "body");
    other.headers.add("X-Amz-Content-Sha256", mode);
    sign(other, credentials(), {"us-east-1", "bedrock-agentcore"}, kNow);
    expect_mismatch(other, profile_of("bedrock-agentcore"));
  }
  EXPECT_TRUE(profile_of("s3").unsigned_payload);
  for (const char* service : {"sts", "iam", "bedrock-agentcore", "kms", "S3", "s3x", ""}) {
    EXPECT_FALSE(profile_of(service).unsigned_payload) << service;
  }
}

TEST(Verify, a_presigned_url_covers_the_body_but_for_s3) {
  http::Request sts = request_to("/", "body");
  presign(sts, credentials(), {"us-east-1", "sts"}, kNow, 60);
  expect_accepted(sts);
  sts.body = "other";
  expect_mismatch(sts);
  http::Request s3 = request_to("/a", "body");
  presign(s3, credentials(), {"us-east-1", "s3"}, kNow, 60);
  s3.body = "other";
  expect_accepted(s3, kS3Profile);
}

TEST(Verify, a_presigned_url_may_declare_its_payload) {
  http::Request request = request_to("/a?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD", "body");
  presign(request, credentials(), {"us-east-1", "s3"}, kNow, 60);
  expect_accepted(request, kS3Profile);
  expect_mismatch(request, kStandardProfile);
}

TEST(Verify, refuses_requests_without_exactly_one_host) {
  http::Request request = signed_request("/a");
  request.headers.fields().erase(request.headers.fields().begin());
  expect_mismatch(request);
  request = signed_request("/a");
  request.headers.add("host", "localhost:4566");
  expect_mismatch(request);
  // One signed value that two headers would add up to.
  request = request_to("/a", "", "localhost,other");
  sign(request, credentials(), {"us-east-1", "sts"}, kNow);
  request.headers.fields()[0].second = "localhost";
  request.headers.add("Host", "other");
  expect_mismatch(request);
}

TEST(SigningKeyTest, derives_as_the_documentation_shows) {
  // AWS General Reference, "Examples of how to derive a signing key".
  EXPECT_EQ(hex_encode(SigningKey::derive(kSecret, "20150830", "us-east-1", "iam").bytes()),
            "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigningKeyCacheTest, finds_what_was_inserted_under_the_whole_id_only) {
  SigningKeyCache cache;
  const SigningKeyId id{"AKID", 7, "20150830", "us-east-1", "iam"};
  EXPECT_FALSE(cache.find(id).has_value());
  const SigningKey key = cache.insert(id, kSecret);
  ASSERT_TRUE(cache.find(id).has_value());
  EXPECT_TRUE(crypto::constant_time_equal(cache.find(id)->bytes(), key.bytes()));
  EXPECT_TRUE(
      crypto::constant_time_equal(key.bytes(), SigningKey::derive(kSecret, "20150830", "us-east-1", "iam").bytes()));
  for (const SigningKeyId& other : {SigningKeyId{"AKIX", 7, "20150830", "us-east-1", "iam"},
                                    SigningKeyId{"AKID", 8, "20150830", "us-east-1", "iam"},
                                    SigningKeyId{"AKID", 7, "20150831", "us-east-1", "iam"},
                                    SigningKeyId{"AKID", 7, "20150830", "us-east-2", "iam"},
                                    SigningKeyId{"AKID", 7, "20150830", "us-east-1", "sts"}}) {
    EXPECT_FALSE(cache.find(other).has_value());
  }
}

TEST(SigningKeyCacheTest, stays_within_its_capacity_and_keeps_what_is_used) {
  SigningKeyCache cache(64);
  const SigningKeyId used{"USED", 1, "20150830", "us-east-1", "iam"};
  (void)cache.insert(used, kSecret);
  for (int i = 0; i < 2000; ++i) {
    const std::string name = "KEY" + std::to_string(i);
    (void)cache.insert({name, 1, "20150830", "us-east-1", "iam"}, "secret");
    EXPECT_TRUE(cache.find(used).has_value()) << i;
    EXPECT_LE(cache.size(), 64u);
  }
}

TEST(SigningKeyCacheTest, is_shared_between_threads) {
  SigningKeyCache cache(128);
  std::atomic<int> wrong = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 500; ++i) {
          const std::string name = "KEY" + std::to_string(i % 50);
          const SigningKeyId id{name, 1, "20150830", "us-east-1", "iam"};
          const auto found = cache.find(id);
          const SigningKey key = found ? *found : cache.insert(id, name);
          const SigningKey expected = SigningKey::derive(name, id.date, id.region, id.service);
          if (!crypto::constant_time_equal(key.bytes(), expected.bytes())) ++wrong;
        }
      });
    }
  }
  EXPECT_EQ(wrong, 0);
}

TEST(SignDeathTest, refuses_to_sign_without_a_host) {
  http::Request request{.method = "GET", .target = "/"};
  EXPECT_DEATH(sign(request, credentials(), {"us-east-1", "sts"}, kNow), "invariant broken");
}

}  // namespace
}  // namespace warifu::sigv4
