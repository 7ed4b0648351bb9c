#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "base/check.h"
#include "base/encoding.h"
#include "sigv4/sign.h"
#include "sigv4/vectors_for_test.h"

namespace warifu::sigv4 {
namespace {

std::string text(const YAML::Node& node, const char* name) { return node[name] ? node[name].as<std::string>() : ""; }

http::Request request_from(const YAML::Node& node) {
  http::Request request;
  request.method = text(node, "method");
  request.target = text(node, "target");
  for (const YAML::Node& header : node["headers"])
    request.headers.add(header[0].as<std::string>(), header[1].as<std::string>());
  request.body = node["body_base64"] ? base64_decode(text(node, "body_base64")).value() : text(node, "body");
  return request;
}

Vector vector_from(const YAML::Node& node) {
  Vector v;
  v.name = text(node, "name");
  v.access_key_id = text(node, "access_key_id");
  v.secret = text(node, "secret");
  v.token = text(node, "token");
  v.region = text(node, "region");
  v.service = text(node, "service");
  v.canonical_request = text(node, "canonical_request");
  v.string_to_sign = text(node, "string_to_sign");
  v.signature = text(node, "signature");
  v.now = parse_iso8601_basic(text(node, "now")).value();
  v.presigned = text(node, "style") == "query";
  v.live = v.name.starts_with("botocore ");
  v.token_signed = !node["token_signed"] || node["token_signed"].as<bool>();
  v.expires = node["expires"] ? node["expires"].as<std::int64_t>() : 0;
  v.profile = profile_of(v.service);
  if (node["normalize"]) v.profile.normalize_path = node["normalize"].as<bool>();
  v.request = request_from(node);
  if (node["unsigned"]) v.unsigned_request = request_from(node["unsigned"]);
  return v;
}

}  // namespace

const std::vector<Vector>& all_vectors() {
  static const std::vector<Vector> vectors = [] {
    std::vector<Vector> out;
    for (const YAML::Node& node : YAML::LoadFile(WARIFU_SOURCE_DIR "/test/wire/sigv4/vectors.json")) {
      out.push_back(vector_from(node));
    }
    return out;
  }();
  return vectors;
}

const Vector& vector_named(std::string_view name) {
  for (const Vector& v : all_vectors()) {
    if (v.name == name) return v;
  }
  CHECK(false, "no such vector");
}

namespace {

std::string why(const AuthFailure& failure) { return failure.message; }

TEST(Vectors, are_all_there) {
  std::size_t live = 0;
  for (const Vector& v : all_vectors()) live += v.live ? 1 : 0;
  EXPECT_EQ(live, 64u);
  EXPECT_EQ(all_vectors().size() - live, 110u);
}

TEST(Vectors, parse_into_what_was_signed) {
  for (const Vector& v : all_vectors()) {
    const auto params = parse(v.request, v.now);
    ASSERT_TRUE(params.has_value()) << v.name << ": " << why(params.error());
    EXPECT_EQ(params->source, v.presigned ? Source::kQuery : Source::kHeader) << v.name;
    EXPECT_EQ(params->access_key_id, v.access_key_id) << v.name;
    EXPECT_EQ(params->scope.region, v.region) << v.name;
    EXPECT_EQ(params->scope.service, v.service) << v.name;
    EXPECT_EQ(params->signature, v.signature) << v.name;
    EXPECT_EQ(params->time, v.now) << v.name;
    if (!v.token.empty()) {
      EXPECT_EQ(params->session_token, v.token) << v.name;
    } else if (v.live) {
      EXPECT_EQ(params->session_token, std::nullopt) << v.name;
    }
    EXPECT_TRUE(check_scope(*params, v.service).has_value()) << v.name;
    EXPECT_EQ(claimed_service(v.request), v.service) << v.name;
  }
}

TEST(Vectors, canonicalise_byte_for_byte) {
  for (const Vector& v : all_vectors()) {
    const auto params = parse(v.request, v.now);
    ASSERT_TRUE(params.has_value()) << v.name;
    const std::string hash = v.canonical_request.substr(v.canonical_request.rfind('\n') + 1);
    const std::string canonical =
        canonical_request(v.request, *params, v.profile, hash, {.with_query_token = v.token_signed});
    EXPECT_EQ(canonical, v.canonical_request) << v.name;
    EXPECT_EQ(string_to_sign(*params, canonical), v.string_to_sign) << v.name;
  }
}

TEST(Vectors, verify) {
  for (const Vector& v : all_vectors()) {
    const auto params = parse(v.request, v.now);
    ASSERT_TRUE(params.has_value()) << v.name;
    const auto verified = verify(v.request, *params, v.key(), v.profile);
    EXPECT_TRUE(verified.has_value()) << v.name;
  }
}

TEST(Vectors, do_not_verify_under_another_key) {
  for (const Vector& v : all_vectors()) {
    const auto params = parse(v.request, v.now);
    ASSERT_TRUE(params.has_value()) << v.name;
    const auto key = SigningKey::derive(v.secret + "x", params->scope.date, v.region, v.service);
    const auto verified = verify(v.request, *params, key, v.profile);
    ASSERT_FALSE(verified.has_value()) << v.name;
    EXPECT_EQ(verified.error().kind, AuthFailureKind::kSignatureMismatch);
    EXPECT_EQ(verified.error().message, kSignatureMismatchText);
  }
}

TEST(Vectors, are_signed_alike_by_our_signer) {
  std::size_t compared = 0;
  for (const Vector& v : all_vectors()) {
    if (!v.unsigned_request || !v.profile.normalize_path || !v.token_signed) continue;
    // The suite signs Content-Length, which ours leaves to the HTTP layer, and declares the hash of a body.
    if (v.request.headers.get("content-length")) continue;
    http::Request request = *v.unsigned_request;
    const Credentials credentials{v.access_key_id, crypto::SecretBytes::copy_of(v.secret), v.token};
    if (v.presigned) {
      presign(request, credentials, {v.region, v.service}, v.now, v.expires);
      EXPECT_TRUE(request.target.ends_with("&X-Amz-Signature=" + v.signature)) << v.name;
    } else {
      sign(request, credentials, {v.region, v.service}, v.now);
      EXPECT_TRUE(request.headers.get("authorization")->ends_with("Signature=" + v.signature)) << v.name;
    }
    ++compared;
  }
  EXPECT_GT(compared, 50u);
}

}  // namespace
}  // namespace warifu::sigv4
