#include "mcp/envelope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace warifu::mcp {
namespace {

using ::testing::HasSubstr;

json::Value parsed(std::string_view text) { return json::parse(text).value(); }

ServerProfile profile() {
  return {.server_info = parsed(R"({"name":"g","version":"1"})"),
          .capabilities = parsed(R"({"tools":{}})"),
          .instructions = "be kind",
          .versions = {all_versions().begin(), all_versions().end()},
          .sessions = false,
          .streaming = true};
}

using Fields = std::vector<std::pair<std::string, std::string>>;

http::Request post(std::string body, const Fields& fields = {}) {
  http::Request request{.method = "POST", .target = "/mcp", .body = std::move(body)};
  request.headers.add("Content-Type", "application/json");
  request.headers.add("Accept", "application/json, text/event-stream");
  for (const auto& [name, value] : fields) request.headers.add(name, value);
  return request;
}

struct Verdict {
  int status = 200;
  int code = 0;
  std::string id;
  std::string message;
};

Verdict judge(const http::Request& request, const ServerProfile& server = profile()) {
  const auto envelope = open_envelope(request, server);
  if (envelope) return {};
  const Message answer = read_body(envelope.error().body)->messages.at(0);
  return {envelope.error().status, answer.error.code, answer.id ? answer.id->text() : "", answer.error.message};
}

constexpr std::string_view kMeta = R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
                                   R"("io.modelcontextprotocol/clientCapabilities":{"sampling":{}}})";

std::string call(std::string_view method, std::string_view params) {
  return R"({"jsonrpc":"2.0","id":5,"method":")" + std::string(method) + R"(","params":{)" + std::string(params) + "}}";
}
Fields modern(std::string_view method) {
  return {{"MCP-Protocol-Version", "2026-07-28"}, {"Mcp-Method", std::string(method)}};
}
Fields modern(std::string_view method, std::string_view name) {
  Fields fields = modern(method);
  fields.emplace_back("Mcp-Name", std::string(name));
  return fields;
}

TEST(Envelope, OfEachVersionIsTold) {
  const std::string list = R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})";
  EXPECT_EQ(open_envelope(post(list), profile())->version, Version::k2025_03_26);
  for (const Version version : {Version::k2025_03_26, Version::k2025_06_18, Version::k2025_11_25}) {
    const auto envelope = open_envelope(post(list, {{"mcp-protocol-version", std::string(name(version))}}), profile());
    ASSERT_TRUE(envelope) << name(version);
    EXPECT_EQ(envelope->version, version);
    EXPECT_FALSE(envelope->handshake);
  }
  const auto envelope = open_envelope(post(call("tools/list", kMeta), modern("tools/list")), profile());
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->version, Version::k2026_07_28);
  EXPECT_NE(envelope->client_capabilities.find("sampling"), nullptr);
}

TEST(Envelope, OfTheHandshakeCarriesWhatWasSettled) {
  const auto shaken = [](std::string_view version) {
    return open_envelope(
        post(call("initialize", R"("protocolVersion":")" + std::string(version) +
                                    R"(","capabilities":{"elicitation":{}},"clientInfo":{"name":"c"})")),
        profile());
  };
  EXPECT_EQ(shaken("2025-06-18")->version, Version::k2025_06_18);
  EXPECT_EQ(shaken("2024-11-05")->version, Version::k2025_11_25);
  EXPECT_EQ(shaken("2026-07-28")->version, Version::k2025_11_25) << "that one has no handshake";
  EXPECT_TRUE(shaken("2025-06-18")->handshake);
  EXPECT_NE(shaken("2025-06-18")->client_capabilities.find("elicitation"), nullptr);
  EXPECT_EQ(shaken("2025-06-18")->client_info.find_string("name"), "c");
}

TEST(Envelope, RefusesMediaTypesThatItCannotTakeOrGive) {
  http::Request request = post(call("ping", ""));
  request.headers.fields()[0].second = "text/plain";
  EXPECT_EQ(judge(request).status, 415);
  request.headers.fields()[0].second = "Application/JSON; charset=utf-8";
  EXPECT_EQ(judge(request).status, 200);
  request.headers.fields()[1].second = "text/html";
  EXPECT_EQ(judge(request).status, 406);
  for (const std::string_view accept : {"*/*", "application/json", "text/event-stream;q=0.5, text/html"}) {
    request.headers.fields()[1].second = accept;
    EXPECT_EQ(judge(request).status, 200) << accept;
    EXPECT_EQ(open_envelope(request, profile())->may_stream, accept.starts_with("text/"));
  }
}

struct Refused {
  std::string_view why;
  std::string method;
  std::string params;
  Fields fields;
  int status;
  int code;
};

std::vector<Refused> stateless_faults() {
  const std::string meta(kMeta);
  return {
      {"no _meta", "server/discover", "", modern("server/discover"), 400, rpc::kInvalidParams},
      {"no version in _meta", "tools/list", R"("_meta":{"io.modelcontextprotocol/clientCapabilities":{}})",
       modern("tools/list"), 400, rpc::kInvalidParams},
      {"no capabilities", "tools/list", R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"})",
       modern("tools/list"), 400, rpc::kInvalidParams},
      {"no version header", "tools/list", meta, {{"Mcp-Method", "tools/list"}}, 400, rpc::kHeaderMismatch},
      {"contradicted version",
       "tools/list",
       meta,
       {{"MCP-Protocol-Version", "2025-11-25"}, {"Mcp-Method", "tools/list"}},
       400,
       rpc::kHeaderMismatch},
      {"unknown version", "tools/list", "", {{"MCP-Protocol-Version", "v999"}}, 400, rpc::kUnsupportedVersion},
      {"no method header", "tools/list", meta, {{"MCP-Protocol-Version", "2026-07-28"}}, 400, rpc::kHeaderMismatch},
      {"contradicted method", "tools/list", meta, modern("tools/call"), 400, rpc::kHeaderMismatch},
      {"no name header", "tools/call", R"("name":"x",)" + meta, modern("tools/call"), 400, rpc::kHeaderMismatch},
      {"contradicted name", "tools/call", R"("name":"x",)" + meta, modern("tools/call", "y"), 400,
       rpc::kHeaderMismatch},
      {"contradicted uri", "resources/read", R"("uri":"a:b",)" + meta, modern("resources/read", "a:c"), 400,
       rpc::kHeaderMismatch},
      {"broken base64", "tools/call", R"("name":"x",)" + meta, modern("tools/call", "=?base64?!?="), 400,
       rpc::kHeaderMismatch},
      {"initialize", "initialize", meta, modern("initialize"), 404, rpc::kMethodNotFound},
      {"ping", "ping", meta, modern("ping"), 404, rpc::kMethodNotFound},
  };
}

TEST(Envelope, OfAStatelessRequestMustAgreeWithItsBody) {
  for (const Refused& fault : stateless_faults()) {
    const Verdict verdict = judge(post(call(fault.method, fault.params), fault.fields));
    EXPECT_EQ(verdict.status, fault.status) << fault.why;
    EXPECT_EQ(verdict.code, fault.code) << fault.why;
    EXPECT_EQ(verdict.id, "5") << fault.why;
  }
}

TEST(Envelope, OfAStatelessRequestTakesEncodedNamesAndIgnoresSessions) {
  const std::string params = R"("name":"größe",)" + std::string(kMeta);
  Fields fields = modern("tools/call", encode_header_value("größe"));
  fields.emplace_back("Mcp-Session-Id", "left-over");
  const auto envelope = open_envelope(post(call("tools/call", params), fields), profile());
  ASSERT_TRUE(envelope);
  EXPECT_EQ(envelope->session_id, "");
}

TEST(Envelope, UnknownVersionIsAnsweredWithThoseThatAreSpoken) {
  ServerProfile server = profile();
  server.versions = {Version::k2025_11_25};
  const auto envelope = open_envelope(post(call("tools/list", kMeta), modern("tools/list")), server);
  ASSERT_FALSE(envelope);
  const Message answer = read_body(envelope.error().body)->messages.at(0);
  EXPECT_EQ(answer.error.code, rpc::kUnsupportedVersion);
  EXPECT_EQ(answer.error.data.dump(), R"({"supported":["2025-11-25"],"requested":"2026-07-28"})");
}

TEST(Envelope, BatchesAreOfOneVersionOnly) {
  const std::string batch = R"([{"jsonrpc":"2.0","id":1,"method":"tools/list"},{"jsonrpc":"2.0","method":"n"}])";
  EXPECT_EQ(open_envelope(post(batch), profile())->messages.size(), 2U);
  EXPECT_EQ(judge(post(batch, {{"MCP-Protocol-Version", "2025-06-18"}})).code, rpc::kInvalidRequest);
  EXPECT_EQ(judge(post(batch, {{"MCP-Protocol-Version", "2026-07-28"}})).code, rpc::kInvalidRequest);
}

TEST(Envelope, ASessionIsNeededWhereSessionsAreOn) {
  ServerProfile server = profile();
  server.sessions = true;
  const Fields version = {{"MCP-Protocol-Version", "2025-11-25"}};
  EXPECT_EQ(judge(post(call("tools/list", ""), version), server).status, 400);
  EXPECT_EQ(judge(post(call("initialize", R"("protocolVersion":"2025-11-25")")), server).status, 200);
  Fields with = version;
  with.emplace_back("Mcp-Session-Id", "s1");
  EXPECT_EQ(open_envelope(post(call("tools/list", ""), with), server)->session_id, "s1");
  with.emplace_back("Mcp-Session-Id", "s2");
  EXPECT_EQ(judge(post(call("tools/list", ""), with), server).status, 400) << "two sessions";
  EXPECT_EQ(judge(post(call("tools/list", kMeta), modern("tools/list")), server).status, 200) << "stateless";
}

TEST(Envelope, ErrorsGoOutUnderTheStatusOfTheirVersion) {
  EXPECT_EQ(error_status(Version::k2025_11_25, rpc::kMethodNotFound), 200);
  EXPECT_EQ(error_status(Version::k2026_07_28, rpc::kMethodNotFound), 404);
  EXPECT_EQ(error_status(Version::k2026_07_28, rpc::kMissingClientCapability), 400);
  EXPECT_EQ(error_status(Version::k2026_07_28, rpc::kInvalidParams), 200);
}

TEST(Envelope, ResultsFitTheirReader) {
  const json::Value info = parsed(R"({"name":"g","version":"1"})");
  json::Value result = parsed(R"({"tools":[]})");
  fit_result(result, Version::k2026_07_28, "tools/list", {.ttl_ms = 9, .shared = true}, info);
  EXPECT_EQ(result.dump(), R"({"tools":[],"resultType":"complete","ttlMs":9,"cacheScope":"public",)"
                           R"("_meta":{"io.modelcontextprotocol/serverInfo":{"name":"g","version":"1"}}})");
  fit_result(result, Version::k2025_11_25, "tools/list", {}, info);
  EXPECT_EQ(result.find("resultType"), nullptr);
  EXPECT_EQ(result.find("ttlMs"), nullptr);
  json::Value asking = parsed(R"({"resultType":"input_required","inputRequests":{}})");
  fit_result(asking, Version::k2026_07_28, "resources/read", {}, json::Value());
  EXPECT_EQ(asking.dump(), R"({"resultType":"input_required","inputRequests":{}})");
}

TEST(HeaderValue, ComesBackAsItWas) {
  for (const std::string_view value : {"us-west1", "", " padded ", "line1\nline2", "=?base64?x?=", "日本", "a b"})
    EXPECT_EQ(decode_header_value(encode_header_value(value)), value);
  EXPECT_EQ(encode_header_value("Hello, 世界"), "=?base64?SGVsbG8sIOS4lueVjA==?=");
  EXPECT_EQ(encode_header_value("us-west1"), "us-west1");
  EXPECT_EQ(decode_header_value("=?base64?/w==?="), std::nullopt) << "not UTF-8";
  EXPECT_EQ(decode_header_value("gr\xc3\xb6\xc3\x9f"), std::nullopt);
}

TEST(ParamHeader, MustSayWhatTheArgumentSays) {
  const json::Value schema = parsed(R"({"properties":{"region":{"type":"string","x-mcp-header":"Region"},)"
                                    R"("o":{"properties":{"n":{"type":"integer","x-mcp-header":"N"}}}}})");
  const auto fits = [&](const Fields& fields, std::string_view arguments) {
    return !check_param_headers(post("{}", fields), schema, parsed(arguments));
  };
  EXPECT_TRUE(fits({}, "{}"));
  EXPECT_TRUE(fits({}, R"({"region":null})"));
  EXPECT_TRUE(fits({{"mcp-param-region", "eu"}}, R"({"region":"eu"})"));
  EXPECT_TRUE(fits({{"Mcp-Param-N", "42.0"}}, R"({"o":{"n":42}})"));
  EXPECT_FALSE(fits({}, R"({"region":"eu"})"));
  EXPECT_FALSE(fits({{"Mcp-Param-Region", "us"}}, R"({"region":"eu"})"));
  EXPECT_FALSE(fits({{"Mcp-Param-Region", "us"}}, "{}"));
  EXPECT_FALSE(fits({{"Mcp-Param-N", "43"}}, R"({"o":{"n":42}})"));
  EXPECT_FALSE(fits({{"Mcp-Param-Region", "eu"}, {"Mcp-Param-Region", "us"}}, R"({"region":"eu"})"));
}

TEST(ParamHeader, IsMadeOfTheArgument) {
  const json::Value schema = parsed(R"({"properties":{"region":{"x-mcp-header":"Region"},"bad":{"x-mcp-header":"a b"},)"
                                    R"("o":{"properties":{"n":{"x-mcp-header":"N"}}}}})");
  const http::Headers made = param_headers(schema, parsed(R"({"region":"größe","bad":"x","o":{"n":42},"z":1})"));
  ASSERT_EQ(made.fields().size(), 2U);
  EXPECT_EQ(made.get("Mcp-Param-N"), "42");
  EXPECT_EQ(decode_header_value(*made.get("Mcp-Param-Region")), "größe");
  EXPECT_TRUE(param_headers(schema, parsed(R"({"region":null})")).fields().empty());
}

TEST(Origin, OfAnotherSiteIsRefused) {
  struct Case {
    std::string_view at, host, origin;
    bool allowed;
  };
  for (const Case& c : std::vector<Case>{
           {"127.0.0.1", "127.0.0.1:4566", "", true},
           {"127.0.0.1", "localhost:4566", "http://localhost:6274", true},
           {"::1", "[::1]:4566", "http://[::1]:1", true},
           {"127.0.0.1", "evil.example.com", "", false},
           {"127.0.0.1", "localhost:4566", "http://evil.example.com", false},
           {"127.0.0.1", "localhost:4566", "null", false},
           {"127.0.0.1", "gw.example.org", "https://gw.example.org", true},
           {"10.1.2.3", "whatever", "", true},
           {"10.1.2.3", "gw.example.org", "https://GW.example.org", true},
           {"10.1.2.3", "gw.example.org", "https://evil.example.com", false},
           {"10.1.2.3", "gw.example.org", "http://localhost", false},
       }) {
    http::Request request = post("{}", {{"Host", std::string(c.host)}});
    if (!c.origin.empty()) request.headers.add("Origin", std::string(c.origin));
    request.local_host = c.at;
    EXPECT_EQ(origin_allowed(request, {"gw.example.org"}), c.allowed) << c.at << " " << c.host << " " << c.origin;
  }
  EXPECT_EQ(foreign_origin().status, 403);
}

TEST(Session, IsEndedByADeleteThatNamesIt) {
  ServerProfile server = profile();
  http::Request request{.method = "DELETE"};
  request.headers.add("Mcp-Session-Id", "s1");
  EXPECT_EQ(session_delete(request, server), std::nullopt);
  server.sessions = true;
  EXPECT_EQ(session_delete(request, server), "s1");
  request.method = "GET";
  EXPECT_EQ(session_delete(request, server), std::nullopt);
  EXPECT_EQ(wrong_method().status, 405);
}

TEST(Discovery, SaysWhatTheHandshakeSays) {
  EXPECT_EQ(discover_result(profile()).dump(),
            R"({"supportedVersions":["2025-03-26","2025-06-18","2025-11-25","2026-07-28"],)"
            R"("capabilities":{"tools":{}},"serverInfo":{"name":"g","version":"1"},"instructions":"be kind"})");
  EXPECT_EQ(initialize_result(profile(), Version::k2025_06_18).dump(),
            R"({"protocolVersion":"2025-06-18","capabilities":{"tools":{}},)"
            R"("serverInfo":{"name":"g","version":"1"},"instructions":"be kind"})");
}

}  // namespace
}  // namespace warifu::mcp
