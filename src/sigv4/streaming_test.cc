#include "sigv4/streaming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "sigv4/verify.h"

namespace warifu::sigv4 {
namespace {

using Kind = AuthFailureKind;

constexpr std::string_view kSecret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const Timestamp kNow = parse_iso8601_basic("20130524T000000Z").value();
constexpr std::string_view kEnd = "\r\n";

SigningKey key() { return SigningKey::derive(kSecret, "20130524", "us-east-1", "s3"); }

struct Chunk {
  std::string data, signature;
};

std::string framed(const std::vector<Chunk>& chunks) {
  std::string body;
  for (const Chunk& c : chunks) {
    body += fmt::format("{:x};chunk-signature={}\r\n{}", c.data.size(), c.signature, c.data);
    if (!c.data.empty()) body += kEnd;
  }
  return body;
}

// "Example Calculations" of S3's page on signing chunked uploads: 66,560 bytes `a` in chunks of 64 KB and 1 KB.
http::Request documented() {
  http::Request request{.method = "PUT", .target = "/examplebucket/chunkObject.txt"};
  request.headers.add("Host", "s3.amazonaws.com");
  request.headers.add("x-amz-date", "20130524T000000Z");
  request.headers.add("x-amz-storage-class", "REDUCED_REDUNDANCY");
  request.headers.add(
      "Authorization",
      "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders="
      "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-"
      "storage-class,Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
  request.headers.add("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD");
  request.headers.add("Content-Encoding", "aws-chunked");
  request.headers.add("x-amz-decoded-content-length", "66560");
  request.headers.add("Content-Length", "66824");
  request.body = framed({{std::string(65536, 'a'), "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"},
                         {std::string(1024, 'a'), "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"},
                         {"", "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"}});
  request.body += kEnd;
  return request;
}

// The same with a trailer, from S3's page on trailing headers.
http::Request documented_trailer() {
  http::Request request = documented();
  const auto set = [&](std::string_view name, std::string value) {
    for (auto& field : request.headers.fields()) {
      if (iequals(field.first, name)) field.second = std::move(value);
    }
  };
  set("Authorization",
      "AWS4-HMAC-SHA256 "
      "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,SignedHeaders=content-encoding;host;"
      "x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class;x-amz-trailer,Signature="
      "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e");
  set("x-amz-content-sha256", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER");
  request.headers.add("x-amz-trailer", "x-amz-checksum-crc32c");
  request.body = framed({{std::string(65536, 'a'), "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2"},
                         {std::string(1024, 'a'), "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7"},
                         {"", "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992"}});
  request.body +=
      "x-amz-checksum-crc32c:sOO8/Q==\r\n"
      "x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n";
  return request;
}

Checked<StreamedBody> decoded(const http::Request& request) {
  const auto params = parse(request, kNow);
  EXPECT_TRUE(params.has_value()) << params.error().message;
  return decode_streaming(request, *params, key());
}

void expect_refused(const http::Request& request, Kind kind, std::string_view what) {
  const auto body = decoded(request);
  ASSERT_FALSE(body.has_value()) << what;
  EXPECT_EQ(body.error().kind, kind) << what << ": " << body.error().message;
}

TEST(Streaming, agrees_with_the_documented_example) {
  const http::Request request = documented();
  const auto params = parse(request, kNow);
  ASSERT_TRUE(params.has_value());
  EXPECT_TRUE(verify(request, *params, key(), kS3Profile).has_value());
  const auto body = decode_streaming(request, *params, key());
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->content, std::string(66560, 'a'));
  EXPECT_TRUE(body->trailers.fields().empty());
}

TEST(Streaming, agrees_with_the_documented_trailer) {
  const http::Request request = documented_trailer();
  const auto params = parse(request, kNow);
  ASSERT_TRUE(params.has_value());
  EXPECT_TRUE(verify(request, *params, key(), kS3Profile).has_value());
  const auto body = decode_streaming(request, *params, key());
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->content.size(), 66560u);
  EXPECT_EQ(body->trailers.get("x-amz-checksum-crc32c"), "sOO8/Q==");
}

TEST(Streaming, refuses_changed_data_signatures_order_and_keys) {
  http::Request request = documented();
  request.body[request.body.find("\r\n") + 100] = 'b';
  expect_refused(request, Kind::kSignatureMismatch, "changed data");

  request = documented();
  const std::size_t last = request.body.rfind("signature=") + 10;
  request.body[last] = request.body[last] == '0' ? '1' : '0';
  expect_refused(request, Kind::kSignatureMismatch, "changed last signature");

  request = documented();
  const std::size_t second = request.body.find("400;");
  const std::size_t end = request.body.find("0;chunk", second + 10);
  request.body.erase(second, end - second);
  expect_refused(request, Kind::kSignatureMismatch, "a chunk left out");

  request = documented();
  const auto params = parse(request, kNow);
  const auto other = SigningKey::derive("other", "20130524", "us-east-1", "s3");
  EXPECT_FALSE(decode_streaming(request, *params, other).has_value());
}

TEST(Streaming, refuses_changed_removed_and_unannounced_trailers) {
  http::Request request = documented_trailer();
  request.body.replace(request.body.find("sOO8"), 4, "sOO9");
  expect_refused(request, Kind::kSignatureMismatch, "a changed trailer");

  request = documented_trailer();
  request.body.erase(request.body.find("x-amz-checksum-crc32c"), 32);
  expect_refused(request, Kind::kSignatureMismatch, "no trailer");

  request = documented_trailer();
  const std::size_t at = request.body.find("x-amz-trailer-signature");
  request.body.erase(at, request.body.size() - at - 2);
  expect_refused(request, Kind::kSignatureMismatch, "no trailer signature");

  request = documented_trailer();
  std::erase_if(request.headers.fields(), [](const auto& field) { return field.first == "x-amz-trailer"; });
  expect_refused(request, Kind::kIncompleteSignature, "an unannounced trailer");

  request = documented_trailer();
  request.body.insert(request.body.size() - 2, "x-amz-checksum-crc32c:after\r\n");
  expect_refused(request, Kind::kIncompleteSignature, "a trailer after the signature");
}

TEST(Streaming, refuses_every_cut_and_every_appendix) {
  http::Request request = documented();
  const std::string whole = request.body;
  for (std::size_t size = whole.size() - 200; size < whole.size(); ++size) {
    request.body = whole.substr(0, size);
    EXPECT_FALSE(decoded(request).has_value()) << size;
  }
  request.body = whole + "x";
  expect_refused(request, Kind::kIncompleteSignature, "bytes after the end");
  request.body = "";
  expect_refused(request, Kind::kIncompleteSignature, "nothing");
}

TEST(Streaming, refuses_malformed_heads) {
  for (const char* body :
       {"zz;chunk-signature=a\r\n", "-1;chunk-signature=a\r\n", "0\r\n\r\n", ";chunk-signature=a\r\n\r\n",
        "0;other=a\r\n\r\n", "0x0;chunk-signature=a\r\n\r\n", "fffffffffffffffff;chunk-signature=a\r\n",
        "ffffffffffffffff;chunk-signature=a\r\nx", "6;chunk-signature=a\r\nabc\r\n", "\r\n"}) {
    http::Request request = documented();
    request.body = body;
    expect_refused(request, Kind::kIncompleteSignature, body);
  }
}

http::Request unsigned_trailer(std::string body, const char* length = "11") {
  http::Request request = documented();
  for (auto& [name, value] : request.headers.fields()) {
    if (name == "x-amz-content-sha256") value = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
    if (name == "x-amz-decoded-content-length") value = length;
  }
  request.headers.add("x-amz-trailer", "x-amz-checksum-crc32, x-amz-other");
  request.body = std::move(body);
  return request;
}

TEST(Streaming, reads_unsigned_chunks_and_their_trailers) {
  const auto body =
      decoded(unsigned_trailer("6\r\nhello \r\n5\r\nworld\r\n0\r\nX-Amz-Checksum-Crc32: DUoRhQ==\r\n\r\n"));
  ASSERT_TRUE(body.has_value()) << body.error().message;
  EXPECT_EQ(body->content, "hello world");
  EXPECT_EQ(body->trailers.get("x-amz-checksum-crc32"), "DUoRhQ==");
  EXPECT_TRUE(decoded(unsigned_trailer("0\r\n\r\n", "0")).has_value());
}

TEST(Streaming, refuses_unsigned_chunks_of_another_length_or_with_extensions) {
  expect_refused(unsigned_trailer("6\r\nhello \r\n0\r\n\r\n"), Kind::kIncompleteSignature, "shorter than declared");
  expect_refused(unsigned_trailer("b;chunk-signature=a\r\nhello world\r\n0\r\n\r\n"), Kind::kIncompleteSignature,
                 "an extension");
  expect_refused(unsigned_trailer("b\r\nhello worldX\r\n0\r\n\r\n"), Kind::kIncompleteSignature,
                 "longer than its head");
  expect_refused(unsigned_trailer("b\r\nhello world\r\n0\r\nnot-announced:1\r\n\r\n"), Kind::kIncompleteSignature,
                 "unannounced");
  expect_refused(unsigned_trailer("b\r\nhello world\r\n0\r\nnocolon\r\n\r\n"), Kind::kIncompleteSignature, "no colon");
  std::string many = "b\r\nhello world\r\n0\r\n";
  for (int i = 0; i < 33; ++i) many += "x-amz-other:1\r\n";
  expect_refused(unsigned_trailer(many + "\r\n"), Kind::kIncompleteSignature, "too many");
}

}  // namespace
}  // namespace warifu::sigv4
