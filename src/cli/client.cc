#include "cli/client.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/clock.h"
#include "net/client.h"
#include "sigv4/sign.h"

namespace warifu::cli {
namespace {

constexpr std::chrono::seconds kTimeout{30};

Result<sigv4::Credentials> management_credentials(const std::string& data) {
  const std::filesystem::path path = std::filesystem::path(data) / "management.json";
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return fail(unavailable(fmt::format(
        "cannot read {}: it is made by `warifu serve`; name the server's data folder with --data", path.string())));
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto parsed = json::parse(text);
  const auto key_id = parsed ? parsed->find_string("AccessKeyId") : std::nullopt;
  const auto secret = parsed ? parsed->find_string("SecretAccessKey") : std::nullopt;
  if (!key_id || !secret) return fail(unavailable(fmt::format("{} holds no credentials", path.string())));
  return sigv4::Credentials{
      .access_key_id = *key_id, .secret = crypto::SecretBytes::copy_of(*secret), .session_token = {}};
}

Error server_error(const http::Response& response) {
  const auto body = json::parse(response.body);
  const auto message = body ? body->find_string("message") : std::nullopt;
  return {.code = response.status == 409 ? ErrorCode::kConflict : ErrorCode::kUnavailable,
          .message = message.value_or(fmt::format("the server answered {}", response.status)),
          .aws_name = {},
          .reason = {},
          .fields = {}};
}

/// Where a request goes and how it is signed.
struct Route {
  std::string base;
  std::string ca_bundle;
  sigv4::SigningScope scope;
  std::string target{};  // X-Amz-Target, for services of AWS JSON
};

Result<json::Value> send(Route route, const sigv4::Credentials& credentials, std::string_view method,
                         std::string_view path, const json::Value& body) {
  while (route.base.ends_with('/')) route.base.pop_back();
  const std::string target = route.base + std::string(path);
  const net::Url url = TRY(net::Url::parse(target));

  http::Request request;
  request.method = std::string(method);
  request.target = url.target;
  request.headers.add("Host", url.authority());
  request.headers.add("Content-Type", route.target.empty() ? "application/json" : "application/x-amz-json-1.1");
  if (!route.target.empty()) request.headers.add("X-Amz-Target", route.target);
  if (!body.is_null()) request.body = body.dump();
  sigv4::sign(request, credentials, route.scope, SystemClock{}.now());

  net::ClientOptions options;
  options.ca_bundle_path = route.ca_bundle;
  const auto response = net::fetch_blocking(target, std::move(request), kTimeout, options);
  if (!response) {
    return fail(unavailable(fmt::format("no server answers at {}: {}", route.base, response.error().message)));
  }
  if (response->status >= 300) return fail(server_error(*response));
  if (response->body.empty()) return json::Value{};
  return json::parse(response->body);
}

}  // namespace

Result<json::Value> call(const Target& target, std::string_view method, std::string_view path,
                         const json::Value& body) {
  const sigv4::Credentials credentials = TRY(management_credentials(target.data));
  return send({.base = target.endpoint_url,
               .ca_bundle = target.ca_bundle,
               .scope = {.region = "us-east-1", .service = "warifu"}},
              credentials, method, path, body);
}

namespace {

Result<json::Value> send_as(const Caller& caller, std::string_view service, std::string target, std::string_view method,
                            std::string_view path, const json::Value& body) {
  const sigv4::Credentials credentials{
      .access_key_id = caller.access_key_id, .secret = caller.secret.clone(), .session_token = caller.session_token};
  return send({.base = caller.endpoint_url,
               .ca_bundle = caller.ca_bundle,
               .scope = {.region = caller.region, .service = std::string(service)},
               .target = std::move(target)},
              credentials, method, path, body);
}

}  // namespace

Result<json::Value> call_as(const Caller& caller, std::string_view service, std::string_view method,
                            std::string_view path, const json::Value& body) {
  return send_as(caller, service, {}, method, path, body);
}

Result<json::Value> call_target_as(const Caller& caller, std::string_view service, std::string_view target,
                                   const json::Value& body) {
  return send_as(caller, service, std::string(target), "POST", "/", body);
}

}  // namespace warifu::cli
