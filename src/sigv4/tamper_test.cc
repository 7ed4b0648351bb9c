// Every request that botocore signed is accepted as it is, and refused in every changed form.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/encoding.h"
#include "sigv4/streaming.h"
#include "sigv4/vectors_for_test.h"

namespace warifu::sigv4 {
namespace {

using Kind = AuthFailureKind;

/// What a server does: parse, look at the scope, derive the key of the claimed scope from the secret, verify.
std::optional<AuthFailure> refused(const Vector& v, const http::Request& request, Timestamp now) {
  const auto params = parse(request, now);
  if (!params) return params.error();
  if (const auto scoped = check_scope(*params, v.service); !scoped) return scoped.error();
  const auto key = SigningKey::derive(v.secret, params->scope.date, params->scope.region, params->scope.service);
  if (const auto verified = verify(request, *params, key, v.profile); !verified) return verified.error();
  if (params->payload < Payload::kStreaming) return std::nullopt;
  const auto body = decode_streaming(request, *params, key);
  return body ? std::nullopt : std::optional(body.error());
}

void expect_mismatch(const Vector& v, const http::Request& request, const std::string& what) {
  const auto failure = refused(v, request, v.now);
  ASSERT_TRUE(failure.has_value()) << v.name << ": accepted with " << what;
  EXPECT_EQ(failure->kind, Kind::kSignatureMismatch) << v.name << ": " << what;
  EXPECT_EQ(failure->message, kSignatureMismatchText) << v.name << ": " << what;
}

void for_each_live(const std::function<void(const Vector&)>& visit) {
  for (const Vector& v : all_vectors()) {
    if (v.live) visit(v);
  }
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from << " in " << text;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

/// The request with `from` replaced wherever its authentication stands.
http::Request with_auth(const Vector& v, std::string_view from, std::string_view to) {
  http::Request request = v.request;
  if (v.presigned) {
    request.target = replaced(request.target, from, to);
  } else {
    for (auto& [name, value] : request.headers.fields()) {
      if (name == "Authorization") value = replaced(value, from, to);
    }
  }
  return request;
}

std::string scope_text(const Vector& v, std::string_view separator) {
  const std::string s(separator);
  return s + iso8601_basic(v.now).substr(0, 8) + s + v.region + s + v.service + s + "aws4_request";
}

TEST(Tampering, untouched_requests_are_accepted) {
  for_each_live([](const Vector& v) {
    const auto failure = refused(v, v.request, v.now);
    EXPECT_FALSE(failure.has_value()) << v.name << ": " << (failure ? failure->message : "");
  });
}

TEST(Tampering, another_method_is_refused) {
  for_each_live([](const Vector& v) {
    for (const char* method : {"GET", "POST", "PUT", "DELETE", "PATCH", "get", ""}) {
      if (v.request.method == method) continue;
      http::Request request = v.request;
      request.method = method;
      expect_mismatch(v, request, std::string("method ") + method);
    }
  });
}

TEST(Tampering, every_changed_character_of_the_path_is_refused) {
  for_each_live([](const Vector& v) {
    const std::size_t length = v.request.path().size();
    for (std::size_t i = 1; i < length; ++i) {
      http::Request request = v.request;
      if (request.target[i] == '%' || request.target[i] == '/') continue;
      request.target[i] = request.target[i] == '0' ? '1' : '0';
      expect_mismatch(v, request, "path " + request.target);
    }
    http::Request request = v.request;
    request.target.insert(length, "/x");
    expect_mismatch(v, request, "a longer path");
    request.target = "/x" + v.request.target;
    expect_mismatch(v, request, "a path before");
  });
}

TEST(Tampering, a_label_that_decodes_alike_is_refused_where_paths_are_encoded_twice) {
  const Vector& v = vector_named("botocore GetEvent by ARN, long-term");
  for (const auto& [from, to] :
       {std::pair{"%3A", ":"}, {"%2F", "/"}, {"%23", "#"}, {"%3A", "%3a"}, {"sessions", "%73essions"}}) {
    http::Request request = v.request;
    request.target = replaced(request.target, from, to);
    expect_mismatch(v, request, request.target);
  }
}

TEST(Tampering, added_changed_and_removed_query_parameters_are_refused) {
  for_each_live([](const Vector& v) {
    http::Request request = v.request;
    const bool query = !v.request.query().empty();
    request.target += query ? "&added=1" : "?added=1";
    expect_mismatch(v, request, "an added parameter");
    request.target = v.request.target + (query ? "&added" : "?added");
    expect_mismatch(v, request, "an added parameter without a value");
    if (!query || v.presigned) return;
    request.target = v.request.target + "x";
    expect_mismatch(v, request, "a changed parameter");
    request.target = std::string(v.request.path());
    expect_mismatch(v, request, "no query");
  });
}

TEST(Tampering, changed_removed_and_doubled_signed_headers_are_refused) {
  for_each_live([](const Vector& v) {
    const auto params = parse(v.request, v.now);
    for (const std::string_view name : params->signed_headers) {
      if (name == "x-amz-date" || name == "x-amz-security-token") continue;  // refused for what they are, see below
      http::Request changed = v.request, removed = v.request, doubled = v.request;
      for (auto& [field, value] : changed.headers.fields()) {
        if (iequals(field, name)) value += "x";
      }
      std::erase_if(removed.headers.fields(), [&](const auto& field) { return iequals(field.first, name); });
      doubled.headers.add(std::string(name), "x");
      expect_mismatch(v, changed, "changed " + std::string(name));
      expect_mismatch(v, removed, "without " + std::string(name));
      expect_mismatch(v, doubled, "doubled " + std::string(name));
    }
  });
}

TEST(Tampering, a_changed_session_token_is_refused) {
  for_each_live([](const Vector& v) {
    if (v.token.empty() || v.presigned) return;
    http::Request request = v.request;
    for (auto& [field, value] : request.headers.fields()) {
      if (iequals(field, "x-amz-security-token")) value[5] = value[5] == 'A' ? 'B' : 'A';
    }
    expect_mismatch(v, request, "another token");
  });
}

TEST(Tampering, every_changed_byte_of_the_body_is_refused) {
  for_each_live([](const Vector& v) {
    const auto params = parse(v.request, v.now);
    if (params->payload != Payload::kBody && params->payload != Payload::kDeclaredHash) return;
    if (params->payload == Payload::kBody && v.presigned && v.profile.unsigned_payload) return;
    http::Request request = v.request;
    for (std::size_t i = 0; i < v.request.body.size(); ++i) {
      request.body[i] = static_cast<char>(request.body[i] ^ 1);
      expect_mismatch(v, request, "body byte " + std::to_string(i));
      request.body[i] = v.request.body[i];
    }
    request.body += " ";
    expect_mismatch(v, request, "a longer body");
  });
}

TEST(Tampering, every_changed_digit_of_the_signature_is_refused) {
  for_each_live([](const Vector& v) {
    for (std::size_t i = 0; i < v.signature.size(); ++i) {
      std::string changed = v.signature;
      changed[i] = changed[i] == '0' ? '1' : '0';
      expect_mismatch(v, with_auth(v, v.signature, changed), "signature " + changed);
    }
    expect_mismatch(v, with_auth(v, v.signature, ""), "no signature");
    expect_mismatch(v, with_auth(v, v.signature, v.signature.substr(0, 63)), "a shorter signature");
    std::string upper = v.signature;
    for (char& c : upper) c = static_cast<char>(c >= 'a' ? c - 32 : c);
    expect_mismatch(v, with_auth(v, v.signature, upper), "an upper-case signature");
  });
}

TEST(Tampering, another_scope_is_refused) {
  for_each_live([](const Vector& v) {
    const std::string s = v.presigned ? "%2F" : "/";
    const std::string scope = scope_text(v, s);
    const std::string day = iso8601_basic(v.now).substr(0, 8);
    const auto with_scope = [&](const std::string& to) { return refused(v, with_auth(v, scope, to), v.now); };
    expect_mismatch(v, with_auth(v, scope, s + day + s + "eu-west-3" + s + v.service + s + "aws4_request"),
                    "another region");

    const auto service = with_scope(s + day + s + v.region + s + "other" + s + "aws4_request");
    ASSERT_TRUE(service.has_value());
    EXPECT_EQ(service->kind, Kind::kSignatureMismatch);
    EXPECT_EQ(service->message, "Credential should be scoped to correct service: '" + v.service + "'.");

    const auto terminator = with_scope(s + day + s + v.region + s + v.service + s + "aws5_request");
    ASSERT_TRUE(terminator.has_value());
    EXPECT_EQ(terminator->kind, Kind::kSignatureMismatch);
    EXPECT_EQ(terminator->message,
              "Credential should be scoped with a valid terminator: 'aws4_request', not 'aws5_request'.");

    const auto date = with_scope(s + "20260703" + s + v.region + s + v.service + s + "aws4_request");
    ASSERT_TRUE(date.has_value());
    EXPECT_EQ(date->kind, Kind::kSignatureMismatch);
    EXPECT_EQ(date->message,
              "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '20260703' != "
              "'20260704', from '20260704T113850Z'.");
  });
}

http::Request with_date(const Vector& v, std::string_view date) {
  http::Request request = v.request;
  if (v.presigned) {
    request.target = replaced(request.target, "X-Amz-Date=20260704T113850Z", "X-Amz-Date=" + std::string(date));
  } else {
    for (auto& [field, value] : request.headers.fields()) {
      if (iequals(field, "x-amz-date")) value = date;
    }
  }
  return request;
}

TEST(Tampering, another_date_is_refused) {
  for_each_live([](const Vector& v) {
    expect_mismatch(v, with_date(v, "20260704T113851Z"), "a second later");
    expect_mismatch(v, with_date(v, "20260704T113849Z"), "a second earlier");
    const auto future = refused(v, with_date(v, "20260704T115351Z"), v.now);
    ASSERT_TRUE(future.has_value()) << v.name;
    EXPECT_EQ(future->kind, Kind::kSkewed) << v.name;
    const auto malformed = refused(v, with_date(v, "2026-07-04T11:38:50Z"), v.now);
    ASSERT_TRUE(malformed.has_value()) << v.name;
    EXPECT_EQ(malformed->kind, Kind::kIncompleteSignature) << v.name;
  });
}

TEST(Tampering, a_request_replayed_after_its_window_is_refused) {
  for_each_live([](const Vector& v) {
    const std::int64_t window = parse(v.request, v.now)->expires_seconds;
    EXPECT_FALSE(refused(v, v.request, v.now.plus_seconds(window)).has_value()) << v.name;
    const auto late = refused(v, v.request, v.now.plus_seconds(window + 1));
    ASSERT_TRUE(late.has_value()) << v.name;
    EXPECT_EQ(late->kind, Kind::kSkewed) << v.name;
    EXPECT_FALSE(refused(v, v.request, v.now.plus_seconds(-kSkewSecondsMax)).has_value()) << v.name;
    const auto early = refused(v, v.request, v.now.plus_seconds(-kSkewSecondsMax - 1));
    ASSERT_TRUE(early.has_value()) << v.name;
    EXPECT_EQ(early->kind, Kind::kSkewed) << v.name;
  });
}

TEST(Tampering, a_longer_life_of_a_presigned_url_is_refused) {
  const Vector& v = vector_named("botocore presigned GetCallerIdentity GET, long-term");
  http::Request request = v.request;
  request.target = replaced(request.target, "X-Amz-Expires=60", "X-Amz-Expires=6000");
  expect_mismatch(v, request, "a longer life");
}

TEST(Tampering, an_added_unsigned_amz_header_is_refused) {
  for_each_live([](const Vector& v) {
    for (const char* name : {"x-amz-meta-note", "X-AMZ-Acl", "x-amz-target", "x-amz-content-sha256x", "x-amz-"}) {
      http::Request request = v.request;
      request.headers.add(name, "x");
      expect_mismatch(v, request, std::string("added ") + name);
    }
    http::Request request = v.request;
    request.headers.add("x-amzn-trace-id", "Root=1");
    request.headers.add("x-forwarded-for", "127.0.0.1");
    EXPECT_FALSE(refused(v, request, v.now).has_value()) << v.name;
  });
}

}  // namespace
}  // namespace warifu::sigv4
