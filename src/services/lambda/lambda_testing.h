#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "access/session_token.h"
#include "api/testing.h"
#include "gen/sts/roles.h"
#include "identity/roles.h"
#include "services/lambda/operations.h"

/// For tests of the handlers: the whole pipeline, functions that are C++ instead of processes, and an sts:AssumeRole
/// that issues what the trust policy has let pass.
namespace warifu::services::lambda::testing {

inline constexpr std::string_view kA = "111111111111";
inline constexpr std::string_view kB = "222222222222";

/// CRC-32 as zip has it (ISO 3309).
inline std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = ~0U;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

/// One entry of a made archive; `mode` as Unix has it, 0: a plain file.
struct Entry {
  std::string name;
  std::string content;
  std::uint32_t mode = 0100644;
};

/// A zip archive without compression, byte by byte, so that it can hold what no tool would pack.
inline std::string zip_of(const std::vector<Entry>& entries) {
  std::string out;
  std::string directory;
  const auto u16 = [](std::string& to, std::size_t n) {
    to.push_back(static_cast<char>(n & 0xff));
    to.push_back(static_cast<char>(n >> 8U & 0xff));
  };
  const auto u32 = [&](std::string& to, std::size_t n) { u16(to, n & 0xffff), u16(to, n >> 16U); };
  for (const Entry& entry : entries) {
    const std::size_t at = out.size();
    std::string common;
    u16(common, 20), u16(common, 0), u16(common, 0), u16(common, 0), u16(common, 0x21);
    u32(common, crc32(entry.content)), u32(common, entry.content.size()), u32(common, entry.content.size());
    u16(common, entry.name.size()), u16(common, 0);
    out.append("PK\3\4").append(common).append(entry.name).append(entry.content);
    directory.append("PK\1\2");
    u16(directory, 0x031e);
    directory.append(common);
    u16(directory, 0), u16(directory, 0), u16(directory, 0), u32(directory, std::size_t{entry.mode} << 16U);
    u32(directory, at);
    directory.append(entry.name);
  }
  const std::size_t start = out.size();
  out.append(directory).append("PK\5\6");
  u16(out, 0), u16(out, 0), u16(out, entries.size()), u16(out, entries.size());
  u32(out, directory.size()), u32(out, start), u16(out, 0);
  return out;
}

inline std::string simple_zip(std::string_view code = "def handler(event, context): return event") {
  return zip_of({{.name = "lambda_function.py", .content = std::string(code)}});
}

/// Functions as C++.
class FakeRunner final : public Runner {
 public:
  std::function<Result<InvokeResult>(const FunctionVersion&, const Invocation&)> run =
      [](const FunctionVersion& function, const Invocation& invocation) -> Result<InvokeResult> {
    return InvokeResult{
        .payload = invocation.payload, .executed_version = function.version, .log_tail = "START\nEND\n"};
  };
  std::string missing_runtime;  // choose fails for it

  Task<Result<InvokeResult>> invoke(std::shared_ptr<const FunctionVersion> function, Invocation invocation) override {
    co_return run(*function, invocation);
  }
  Result<RuntimeChoice> choose(std::string_view runtime) override {
    if (runtime == missing_runtime) {
      return fail({.code = ErrorCode::kUnsupported, .message = "no interpreter for it on this machine"});
    }
    return RuntimeChoice{.program = "/usr/bin/python3", .prefix = {}, .note = {}};
  }
  void retire(const std::string&) override {}
};

struct Answer {
  int status = 0;
  std::string error;
  json::Value body;
  http::Response response;

  [[nodiscard]] std::string text(std::string_view name) const {
    const json::Value* value = body.find(name);
    return value == nullptr ? "" : value->is_string() ? value->as_string() : value->dump();
  }
  [[nodiscard]] std::string message() const {
    return body.find("message") != nullptr ? text("message") : text("Message");
  }
  [[nodiscard]] std::string header(std::string_view name) const {
    return std::string(response.headers.get(name).value_or(""));
  }
};

class LambdaTest : public ::testing::Test {
 protected:
  ~LambdaTest() override {
    service->stop();
    std::filesystem::remove_all(folder);
  }

  Answer call(const api::testing::Keys& keys, std::string method, std::string target, std::string body = "",
              std::vector<http::Headers::Field> headers = {}) {
    Answer answer{.response = server.send(keys, {.service = "lambda",
                                                 .method = std::move(method),
                                                 .target = std::move(target),
                                                 .body = std::move(body),
                                                 .headers = std::move(headers)})};
    answer.status = answer.response.status;
    answer.error = answer.header("x-amzn-ErrorType");
    if (auto parsed = json::parse(answer.response.body)) answer.body = std::move(*parsed);
    return answer;
  }
  Answer call(std::string method, std::string target, std::string body = "",
              std::vector<http::Headers::Field> headers = {}) {
    return call(a, std::move(method), std::move(target), std::move(body), std::move(headers));
  }
  /// CreateFunction's body; `more`: JSON after its members.
  static std::string creation(std::string_view name, std::string_view more = "", std::string_view zip = simple_zip(),
                              std::string_view role = "arn:aws:iam::111111111111:role/Runs") {
    return fmt::format(
        R"({{"FunctionName":"{}","Runtime":"python3.12","Handler":"lambda_function.handler","Role":"{}",)"
        R"("Code":{{"ZipFile":"{}"}}{}}})",
        name, role, base64_encode(zip), more);
  }
  Answer create(std::string_view name = "echo", std::string_view more = "") {
    return call("POST", "/2015-03-31/functions", creation(name, more));
  }
  Answer invoke(std::string_view name, std::string body = "{}", std::vector<http::Headers::Field> headers = {}) {
    return call("POST", fmt::format("/2015-03-31/functions/{}/invocations", name), std::move(body), std::move(headers));
  }

  /// A role of account A that `trusted` may assume.
  void make_role(const std::string& name, const std::string& trusted) {
    const AccountId account = *AccountId::parse(kA);
    const identity::Role role{.name = name,
                              .path = "/",
                              .id = identity::new_unique_id(identity::EntityKind::kRole, server.environment().random),
                              .created = server.clock().now()};
    const std::string trust =
        fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"sts:AssumeRole",)"
                    R"("Principal":{{"Service":"{}"}}}}]}})",
                    trusted);
    const Result<> made = server.db().write_blocking(
        [&](store::Txn& txn) -> Result<> { return identity::create_role(txn, account, role, trust, {}); });
    ASSERT_TRUE(made.has_value()) << made.error().message;
  }

  static Task<Result<model::sts::AssumeRoleOutput>> assume(api::Call& call, model::sts::AssumeRoleInput input) {
    const access::Principal principal{.kind = access::PrincipalKind::kAssumedRole,
                                      .account = call.owner(),
                                      .arn = "arn:aws:sts::111111111111:assumed-role/Runs/" + input.role_session_name,
                                      .identity_arn = input.role_arn,
                                      .unique_id = "AROARunsAAAAAAAAAAAAA",
                                      .user_id = "AROARunsAAAAAAAAAAAAA:s",
                                      .name = "Runs",
                                      .access_key_id = {},
                                      .session = access::Session{.name = input.role_session_name,
                                                                 .issued = call.now(),
                                                                 .expires = call.now().plus_seconds(3600)},
                                      .service = {}};
    const auto made = access::issue(principal, call.environment().sealer, call.random());
    model::sts::AssumeRoleOutput output;
    output.credentials = model::sts::Credentials{.access_key_id = made.access_key_id,
                                                 .secret_access_key = made.secret_access_key,
                                                 .session_token = made.session_token,
                                                 .expiration = made.expires};
    co_return output;
  }

  FakeRunner runner;
  std::filesystem::path folder = [] {
    std::string name = "/tmp/warifu-lambda-XXXXXX";
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  std::unique_ptr<Service> service;
  api::testing::TestServer server{[this](api::Registry& registry) {
    auto opened = Service::open({.folder = folder, .event_retry = std::chrono::milliseconds(1)}, server.environment());
    CHECK(opened.has_value(), "a folder of our own");
    service = std::move(*opened);
    service->run_with(runner);
    bind(registry, *service);
    registry.bind(model::sts::ops::kAssumeRole, assume);
  }};
  api::testing::Keys a = server.account(kA);

  void SetUp() override { make_role("Runs", "lambda.amazonaws.com"); }
};

}  // namespace warifu::services::lambda::testing
