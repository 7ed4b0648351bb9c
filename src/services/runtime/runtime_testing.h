#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/session_token.h"
#include "api/handler_testing.h"
#include "base/encoding.h"
#include "gen/sts/roles.h"
#include "identity/resource_policies.h"
#include "identity/roles.h"
#include "identity/users.h"
#include "services/runtime/control.h"
#include "services/runtime/data_plane.h"
#include "services/runtime/service.h"

/// For tests of agent runtimes: requests as clients send them, through the whole pipeline; nothing runs.
namespace warifu::services::runtime::testing {

using api::testing::Answer;
using api::testing::kAccountA;
using api::testing::kAccountB;

inline constexpr std::string_view kImage =
    R"({"containerConfiguration":{"containerUri":"111111111111.dkr.ecr.us-east-1.amazonaws.com/agent:1"}})";

/// Issues what the trust policy has let pass.
inline Task<Result<model::sts::AssumeRoleOutput>> assume_role(api::Call& call, model::sts::AssumeRoleInput input) {
  const access::Principal principal{.kind = access::PrincipalKind::kAssumedRole,
                                    .account = call.owner(),
                                    .arn = "arn:aws:sts::111111111111:assumed-role/Agent/" + input.role_session_name,
                                    .identity_arn = input.role_arn,
                                    .unique_id = "AROAAgent",
                                    .user_id = "AROAAgent:" + input.role_session_name,
                                    .name = "Agent",
                                    .access_key_id = {},
                                    .session = access::Session{.name = input.role_session_name,
                                                               .issued = call.now(),
                                                               .expires = call.now().plus_seconds(3600)},
                                    .service = {}};
  const auto made = access::issue(principal, call.environment().sealer, call.random());
  model::sts::AssumeRoleOutput out;
  out.credentials = model::sts::Credentials{.access_key_id = made.access_key_id,
                                            .secret_access_key = made.secret_access_key,
                                            .session_token = made.session_token,
                                            .expiration = made.expires};
  co_return out;
}

class RuntimeTest : public api::testing::HandlerTest {
 protected:
  RuntimeTest()
      : HandlerTest([](api::Registry& registry) {
          registry.bind(model::sts::ops::kAssumeRole, assume_role);
          bind_control(registry, {});
        }) {
    make_role("Agent", "bedrock-agentcore.amazonaws.com");
    auto opened = Service::open({.folder = folder_,
                                 .sessions = []() -> Result<agents::Sessions*> {
                                   return fail(Error{.code = ErrorCode::kUnsupported, .message = "nothing runs here"});
                                 }},
                                server.environment());
    CHECK(opened.has_value(), "a folder of our own");
    service = std::move(*opened);
    plane = std::make_unique<DataPlane>(*service, net::DestinationPolicy());
    plane->open(server.environment(), server.pipeline());
  }
  ~RuntimeTest() override {
    plane->close();
    service.reset();
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }

  void make_role(std::string name, std::string_view principal, std::string_view condition = "{}") {
    const std::string trust =
        fmt::format(R"({{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{{"Service":"{}"}},)"
                    R"("Action":"sts:AssumeRole","Condition":{}}}]}})",
                    principal, condition);
    const identity::Role role{.name = name, .path = "/", .id = "AROA" + name, .arn = {}, .created = {}};
    const Result<> made = server.db().write_blocking(
        [&](store::Txn& txn) { return identity::create_role(txn, *AccountId::parse(kAccountA), role, trust, {}); });
    CHECK(made.has_value(), "a role of a new name");
  }
  /// The members of a request that makes or updates a runtime; `more` is JSON after them.
  static std::string body_of(std::string_view name, std::string_view more = "", std::string_view role = "Agent") {
    const std::string named = name.empty() ? "" : fmt::format(R"("agentRuntimeName":"{}",)", name);
    return fmt::format(R"({{{}"agentRuntimeArtifact":{},"roleArn":"arn:aws:iam::111111111111:role/{}",)"
                       R"("networkConfiguration":{{"networkMode":"PUBLIC"}}{}}})",
                       named, kImage, role, more);
  }
  /// The id of a new runtime.
  std::string create(std::string_view name, std::string_view more = "") {
    const Answer made = call("PUT", "/runtimes/", body_of(name, more));
    EXPECT_EQ(made.status, 202) << made.message();
    return made.text("agentRuntimeId");
  }
  static std::string arn_of(std::string_view id) {
    return fmt::format("arn:aws:bedrock-agentcore:us-east-1:111111111111:runtime/{}", id);
  }
  static std::string endpoint_of(std::string_view id, std::string_view name = "DEFAULT") {
    return fmt::format("{}/runtime-endpoint/{}", arn_of(id), name);
  }

  /// The data plane's answer to a request that `keys` signs.
  http::Response send_to_agent(const api::testing::Keys& keys, const api::testing::Sent& sent) {
    http::Request request = api::testing::TestServer::unsigned_request(sent);
    const sigv4::Credentials credentials{.access_key_id = keys.access_key_id,
                                         .secret = crypto::SecretBytes::copy_of(keys.secret),
                                         .session_token = keys.session_token};
    sigv4::sign(request, credentials, {.region = sent.region, .service = sent.service},
                server.environment().clock.now());
    EXPECT_TRUE(DataPlane::takes(request)) << sent.target;
    return server.await(plane->serve(std::move(request)));
  }
  http::Response invoke(const api::testing::Keys& keys, const std::string& id,
                        std::vector<http::Headers::Field> headers = {}, std::string_view query = "") {
    return send_to_agent(keys, {.target = fmt::format("/runtimes/{}/invocations{}", percent_encode(arn_of(id)), query),
                                .body = "{}",
                                .headers = std::move(headers)});
  }
  void put_policy(const std::string& arn, const std::string& statement) {
    const Result<> put = server.db().write_blocking([&](store::Txn& txn) {
      return identity::put_resource_policy(txn, *AccountId::parse(kAccountA), arn,
                                           R"({"Version":"2012-10-17","Statement":[)" + statement + "]}", {});
    });
    ASSERT_TRUE(put) << put.error().message;
  }

  std::filesystem::path folder_ = [] {
    std::string name = "/tmp/warifu-runtime-XXXXXX";
    return std::filesystem::path(::mkdtemp(name.data()));
  }();
  std::unique_ptr<Service> service;
  std::unique_ptr<DataPlane> plane;
};

}  // namespace warifu::services::runtime::testing
