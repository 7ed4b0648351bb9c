#include "net/http_parser.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/limits.h"

namespace warifu::net {
namespace {

/// Scans and parses as a connection does: the status of the refusal, or 200.
int status_of(std::string_view bytes, http::Request* out = nullptr, Framing* framing_out = nullptr) {
  HeadScanner scanner;
  const HeadScanner::State state = scanner.scan(bytes);
  if (state == HeadScanner::State::kBareLineFeed) return 400;
  if (state == HeadScanner::State::kNeedMore) return 0;
  http::Request request;
  Framing framing;
  const std::optional<Refusal> refusal = parse_request_head(bytes.substr(0, scanner.bytes()), request, framing);
  if (out != nullptr) *out = std::move(request);
  if (framing_out != nullptr) *framing_out = framing;
  return refusal ? refusal->status : 200;
}

TEST(HttpParserTest, ReadsARequestWithItsFieldsInOrderAndUntouched) {
  http::Request request;
  Framing framing;
  ASSERT_EQ(status_of("PATCH /a%2Fb/c?x=%41&y HTTP/1.1\r\nHost: h:80\r\nX-One:  two words \t\r\nx-one:\r\n\r\n",
                      &request, &framing),
            200);
  EXPECT_EQ(request.method, "PATCH");
  EXPECT_EQ(request.target, "/a%2Fb/c?x=%41&y");
  EXPECT_THAT(request.headers.fields(),
              testing::ElementsAre(testing::Pair("Host", "h:80"), testing::Pair("X-One", "two words"),
                                   testing::Pair("x-one", "")));
  EXPECT_TRUE(framing.keep_alive);
  EXPECT_FALSE(framing.chunked);
  EXPECT_FALSE(framing.content_length.has_value());
}

struct Case {
  std::string_view name;
  std::string bytes;
  int status;
};

std::string with(std::string_view field) { return "POST / HTTP/1.1\r\nHost: h\r\n" + std::string(field) + "\r\n"; }

TEST(HttpParserTest, RefusesWhatTwoParsersCouldReadInTwoWays) {
  const std::vector<Case> cases = {
      {"both framings", with("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"both framings, other order", with("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n"), 400},
      {"two lengths that differ", with("Content-Length: 3\r\nContent-Length: 4\r\n"), 400},
      {"two lengths that agree", with("Content-Length: 3\r\nContent-Length: 3\r\n"), 400},
      {"a list of lengths", with("Content-Length: 3, 3\r\n"), 400},
      {"a signed length", with("Content-Length: +3\r\n"), 400},
      {"a negative length", with("Content-Length: -3\r\n"), 400},
      {"a hexadecimal length", with("Content-Length: 0x3\r\n"), 400},
      {"an empty length", with("Content-Length: \r\n"), 400},
      {"a length past 64 bits", with("Content-Length: 99999999999999999999\r\n"), 400},
      {"two transfer codings", with("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {"a coding list", with("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {"an unknown coding", with("Transfer-Encoding: identity\r\n"), 501},
      {"a disguised coding",
       with("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400},
      {"a coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"white space before the colon", with("Content-Length : 3\r\n"), 400},
      {"white space before a name", with(" Content-Length: 3\r\n"), 400},
      {"a folded field", with("X-A: b\r\n c\r\n"), 400},
      {"a folded first field", "GET / HTTP/1.1\r\n Host: h\r\n\r\n", 400},
      {"a field without a colon", with("X-A\r\n"), 400},
      {"a field without a name", with(": b\r\n"), 400},
      {"a control in a name",
       with("X\x01"
            "A: b\r\n"),
       400},
      {"a bracket in a name", with("X(A): b\r\n"), 400},
      {"a non-ASCII name", with("X\xc3\xa9: b\r\n"), 400},
      {"a NUL in a value", with(std::string("X-A: b\0c\r\n", 10)), 400},
      {"a bare CR in a value", with("X-A: b\rc\r\n"), 400},
      {"a bare CR before the line end", with("X-A: b\r\r\n"), 400},
      {"a DEL in a value", with("X-A: b\x7f\r\n"), 400},
      {"a bare LF line", "GET / HTTP/1.1\nHost: h\n\n", 400},
      {"a bare LF in the fields", with("X-A: b\nX-B: c\r\n"), 400},
  };
  for (const Case& c : cases) EXPECT_EQ(status_of(c.bytes), c.status) << c.name;
}

TEST(HttpParserTest, RefusesStartLinesTargetsAndHostsThatAreMalformed) {
  const std::vector<Case> cases = {
      {"no host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"two hosts", with("Host: other\r\n"), 400},
      {"a host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"a host with user info", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"a host with a space", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"HTTP/1.0 with two hosts", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: h\r\n\r\n", 505},
      {"HTTP/0.9", "GET /\r\n\r\n", 400},
      {"a lower-case protocol", "GET / http/1.1\r\nHost: h\r\n\r\n", 400},
      {"no target", "GET HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"an empty target", "GET  HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a space in the target", "GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a tab as separator", "GET\t/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a fragment", "GET /a#b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"raw UTF-8 in the target", "GET /\xc3\xa9 HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a relative target", "GET a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"an authority target", "CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", 400},
      {"an asterisk for GET", "GET * HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"another scheme", "GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute-form for another host", "GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"absolute-form without authority", "GET http:///a HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"a bad method", "G(T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"trailing space after the version", "GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400},
      {"an unknown expectation", with("Expect: the-worst\r\n"), 417},
      {"a target past its limit", "GET /" + std::string(kTargetBytesMax, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n", 414},
  };
  for (const Case& c : cases) EXPECT_EQ(status_of(c.bytes), c.status) << c.name;
}

TEST(HttpParserTest, AcceptsWhatTheRfcAllows) {
  const std::vector<std::pair<std::string_view, std::string>> cases = {
      {"OPTIONS asterisk", "OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"HTTP/1.0 without host", "GET / HTTP/1.0\r\n\r\n"},
      {"an IPv6 host", "GET / HTTP/1.1\r\nHost: [::1]:4566\r\n\r\n"},
      {"an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
      {"a tab in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: a\tb\r\n\r\n"},
      {"obs-text in a value", "GET / HTTP/1.1\r\nHost: h\r\nX: \xc3\xa9\r\n\r\n"},
      {"coding in any case", "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: ChUnKeD\r\n\r\n"},
      {"braces in the target", "GET /{a}?q=<b>|\"c\" HTTP/1.1\r\nHost: h\r\n\r\n"},
      {"a target at its limit", "GET /" + std::string(kTargetBytesMax - 1, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n"},
  };
  for (const auto& [name, bytes] : cases) EXPECT_EQ(status_of(bytes), 200) << name;
}

TEST(HttpParserTest, BringsAnAbsoluteTargetToOriginForm) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"http://h/a?b", "/a?b"}, {"HTTPS://H/", "/"}, {"http://h", "/"}, {"http://h?b=c", "/?b=c"}};
  for (const auto& [target, origin] : cases) {
    http::Request request;
    ASSERT_EQ(status_of("GET " + target + " HTTP/1.1\r\nHost: h\r\n\r\n", &request), 200) << target;
    EXPECT_EQ(request.target, origin);
  }
}

TEST(HttpParserTest, KnowsWhetherTheConnectionStays) {
  struct Case {
    std::string head;
    bool keep_alive;
  };
  const std::vector<Case> cases = {
      {"GET / HTTP/1.1\r\nHost: h\r\n\r\n", true},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: X-A ,CLOSE\r\n\r\n", false},
      {"GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false},
      {"GET / HTTP/1.0\r\n\r\n", false},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
  };
  for (const Case& c : cases) {
    Framing framing;
    ASSERT_EQ(status_of(c.head, nullptr, &framing), 200) << c.head;
    EXPECT_EQ(framing.keep_alive, c.keep_alive) << c.head;
  }
}

TEST(HttpParserTest, FindsTheEndOfAHeadHoweverItArrives) {
  const std::string head = "GET / HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n";
  const std::string bytes = head + "next";
  HeadScanner scanner;
  for (std::size_t n = 1; n < head.size(); ++n) {
    ASSERT_EQ(scanner.scan(std::string_view(bytes).substr(0, n)), HeadScanner::State::kNeedMore) << n;
  }
  ASSERT_EQ(scanner.scan(bytes), HeadScanner::State::kDone);
  EXPECT_EQ(scanner.bytes(), head.size());
  EXPECT_EQ(scanner.lines(), 3U);
}

ChunkDecoder::State decode_in_steps(std::string_view bytes, std::size_t step, std::size_t body_max, std::string& body,
                                    std::size_t& rest) {
  ChunkDecoder decoder;
  ChunkDecoder::State state = ChunkDecoder::State::kNeedMore;
  while (!bytes.empty() && state == ChunkDecoder::State::kNeedMore) {
    const std::size_t n = std::min(step, bytes.size());
    std::string_view piece = bytes.substr(0, n);
    state = decoder.decode(piece, body, body_max);
    bytes.remove_prefix(n - piece.size());
  }
  rest = bytes.size();
  return state;
}

TEST(ChunkDecoderTest, JudgesABodyAlikeHoweverItArrives) {
  using State = ChunkDecoder::State;
  struct Case {
    std::string_view bytes;
    State state;
    std::string_view body;
    std::size_t rest = 0;
  };
  const std::vector<Case> cases = {
      {"0\r\n\r\n", State::kDone, ""},
      {"000\r\n\r\n", State::kDone, ""},
      {"5\r\nhello\r\n0\r\n\r\n", State::kDone, "hello"},
      {"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET", State::kDone, "hello world", 3},
      {"A\r\n0123456789\r\n0\r\n\r\n", State::kDone, "0123456789"},
      {"a;name=\"v\";b\r\n0123456789\r\n0;x\r\n\r\n", State::kDone, "0123456789"},
      {"1 ;x\r\na\r\n0\r\n\r\n", State::kDone, "a"},
      {"1\r\na\r\n0\r\nTrailer: one\r\nOther: two\r\n\r\n", State::kDone, "a"},
      {"5\r\nhel", State::kNeedMore, "hel"},
      {"0\r\n\r", State::kNeedMore, ""},
      {"\r\n", State::kBad, ""},
      {";x\r\n", State::kBad, ""},
      {"g\r\n", State::kBad, ""},
      {"0x5\r\n", State::kBad, ""},
      {"-1\r\n", State::kBad, ""},
      {" 1\r\na\r\n", State::kBad, ""},
      {"1 \r\na\r\n", State::kBad, ""},
      {"1 2\r\na\r\n", State::kBad, ""},
      {"1\na\r\n", State::kBad, ""},
      {"1\r\r\na\r\n", State::kBad, ""},
      {"1;x\ny\r\na\r\n", State::kBad, ""},
      {"1;x\ry\r\na\r\n", State::kBad, ""},
      {"1\r\nab\r\n", State::kBad, "a"},
      {"1\r\na\n", State::kBad, "a"},
      {"1\r\na\r\r\n", State::kBad, "a"},
      {"0\r\nT: a\n\r\n", State::kBad, ""},
      {"0\r\nT: a\rb\r\n\r\n", State::kBad, ""},
      {"0000000000000001\r\n", State::kBad, ""},
      {"ffffffffffffffff\r\n", State::kBad, ""},
      {"fffffffffffffff\r\n", State::kTooLarge, ""},
      {"11\r\n0123456789abcdef0\r\n", State::kTooLarge, ""},
      {"10\r\n0123456789abcdef\r\n0\r\n\r\n", State::kDone, "0123456789abcdef"},
      {"10\r\n0123456789abcdef\r\n1\r\n", State::kTooLarge, "0123456789abcdef"},
  };
  constexpr std::size_t kBodyMax = 16;
  for (const Case& c : cases) {
    for (const std::size_t step : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{1000}}) {
      std::string body;
      std::size_t rest = 0;
      EXPECT_EQ(decode_in_steps(c.bytes, step, kBodyMax, body, rest), c.state) << c.bytes << " by " << step;
      EXPECT_EQ(body, c.body) << c.bytes << " by " << step;
      if (c.state == State::kDone) EXPECT_EQ(rest, c.rest) << c.bytes << " by " << step;
    }
  }
}

TEST(ChunkDecoderTest, BoundsExtensionsAndTrailers) {
  const auto decode = [](const std::string& bytes) {
    std::string body;
    std::size_t rest = 0;
    return decode_in_steps(bytes, bytes.size(), 16, body, rest);
  };
  const std::string end = "\r\na\r\n0\r\n\r\n";
  // The limit counts the whole size line, `1;` and CRLF among it.
  EXPECT_EQ(decode("1;" + std::string(kChunkHeaderBytesMax - 4, 'x') + end), ChunkDecoder::State::kDone);
  EXPECT_EQ(decode("1;" + std::string(kChunkHeaderBytesMax - 3, 'x') + end), ChunkDecoder::State::kBad);
  const auto trailer = [](std::size_t n) { return "0\r\nT:" + std::string(n, 'x') + "\r\n\r\n"; };
  EXPECT_EQ(decode(trailer(kChunkHeaderBytesMax - 4)), ChunkDecoder::State::kDone);
  EXPECT_EQ(decode(trailer(kChunkHeaderBytesMax - 3)), ChunkDecoder::State::kBad);
}

TEST(HttpParserTest, ReadsResponseHeads) {
  const auto parse = [](std::string_view head, http::Response& response, Framing& framing) {
    return !parse_response_head(head, response, framing).has_value();
  };
  for (const std::string_view bad :
       {"HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/2 200 OK\r\n\r\n", "SSH-2.0-x\r\n\r\n",
        "HTTP/1.1 099 X\r\n\r\n", "HTTP/1.1 600 X\r\n\r\n", "HTTP/1.1  200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    http::Response response;
    Framing framing;
    EXPECT_FALSE(parse(bad, response, framing)) << bad;
  }
  http::Response response;
  Framing framing;
  ASSERT_TRUE(parse("HTTP/1.1 404\r\nContent-Length: 7\r\nA: b\r\n\r\n", response, framing));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(framing.content_length, 7U);
  EXPECT_EQ(response.headers.get("a"), "b");
}

}  // namespace
}  // namespace warifu::net
