#include "services/credentials/tokens.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <mutex>
#include <unordered_map>

#include "base/encoding.h"
#include "json/value.h"
#include "net/client.h"
#include "store/keys.h"

namespace warifu::services::credentials {
namespace {

constexpr std::chrono::milliseconds kTimeout{10'000};
constexpr std::size_t kAnswerBytesMax = 256 * 1024;
constexpr std::size_t kShownMax = 300;
/// A token that ends sooner is not worth keeping, and one is not handed out in its last moments.
constexpr std::int64_t kSpareMs = 60'000;

struct Kept {
  std::string token;
  Timestamp expires;
};

std::string cache_key(const TokenRequest& request) {
  std::string key;
  store::append_text(key, request.provider_arn);
  store::append_u64(key, static_cast<std::uint64_t>(request.provider_updated.ms));
  for (const auto* list : {&request.scopes, &request.audiences, &request.resources}) {
    store::append_u64(key, list->size());
    for (const std::string& text : *list) store::append_text(key, text);
  }
  for (const auto& [name, value] : request.parameters) {
    store::append_text(key, name);
    store::append_text(key, value);
  }
  return key;
}

void add_field(std::string& form, std::string_view name, std::string_view value) {
  if (!form.empty()) form += '&';
  form += percent_encode(name) + "=" + percent_encode(value);
}

http::Request token_request(const TokenRequest& asked, bool in_body) {
  std::string form;
  add_field(form, "grant_type", "client_credentials");
  if (!asked.scopes.empty()) add_field(form, "scope", fmt::format("{}", fmt::join(asked.scopes, " ")));
  for (const std::string& audience : asked.audiences) add_field(form, "audience", audience);
  for (const std::string& resource : asked.resources) add_field(form, "resource", resource);
  for (const auto& [name, value] : asked.parameters) add_field(form, name, value);
  http::Request request;
  request.method = "POST";
  request.headers.add("Content-Type", "application/x-www-form-urlencoded");
  request.headers.add("Accept", "application/json");
  if (in_body) {
    add_field(form, "client_id", asked.client.client_id);
    add_field(form, "client_secret", asked.secret);
  } else {
    const std::string pair = percent_encode(asked.client.client_id) + ":" + percent_encode(asked.secret);
    request.headers.add("Authorization", "Basic " + base64_encode(pair));
  }
  request.body = std::move(form);
  return request;
}

/// What went wrong at the provider, worded for the caller; its answer may say more, bounded.
Error refused(int status, const http::Response& response) {
  const Result<json::Value> value = json::parse(response.body, {.bytes_max = kAnswerBytesMax});
  std::string why = value ? value->find_string("error").value_or("") : "";
  const std::string more = value ? value->find_string("error_description").value_or("") : "";
  if (!more.empty()) why += (why.empty() ? "" : ": ") + more;
  const bool plain = std::ranges::all_of(why, [](char c) { return c >= ' ' && c <= '~'; });
  return validation_error(fmt::format("the provider's token endpoint answered {}{}", status,
                                      why.empty() || !plain ? "" : " (" + why.substr(0, kShownMax) + ")"));
}

Error unreachable(const Error& error) {
  if (error.reason == net::kForbiddenAddress) {
    return validation_error("the provider lies at an address that this server may not connect to");
  }
  return unavailable(fmt::format("the provider cannot be reached: {}", error.message));
}

struct Endpoint {
  std::string url;
  bool in_body = false;
};

Result<Endpoint> discovered(const vendors::Client& client, const http::Response& response) {
  const auto bad = [] { return fail(validation_error("the provider's discovery document names no token_endpoint")); };
  if (response.status != 200) return bad();
  const Result<json::Value> value = json::parse(response.body, {.bytes_max = kAnswerBytesMax});
  if (!value) return bad();
  std::optional<std::string> url = value->find_string("token_endpoint");
  if (!url || !net::Url::parse(*url)) return bad();
  Endpoint endpoint{.url = *std::move(url), .in_body = client.in_body.value_or(false)};
  const json::Value* methods = value->find("token_endpoint_auth_methods_supported");
  if (client.in_body || methods == nullptr || !methods->is_array()) return endpoint;
  const auto supports = [&](std::string_view name) {
    return std::ranges::any_of(
        methods->items(), [&](const json::Value& method) { return method.is_string() && method.as_string() == name; });
  };
  endpoint.in_body = !supports("client_secret_basic") && supports("client_secret_post");
  return endpoint;
}

Result<Kept> read_token(const http::Response& response, Timestamp now) {
  if (response.status != 200) return fail(refused(response.status, response));
  const Result<json::Value> value = json::parse(response.body, {.bytes_max = kAnswerBytesMax});
  std::optional<std::string> token = value ? value->find_string("access_token") : std::nullopt;
  if (!token || token->empty()) return fail(validation_error("the provider's token endpoint answered no access_token"));
  const json::Value* lasts = value->find("expires_in");
  const std::int64_t seconds =
      lasts == nullptr ? 0 : std::clamp<std::int64_t>(lasts->as_int64().value_or(0), 0, 86'400);
  return Kept{.token = *std::move(token), .expires = {now.ms + seconds * 1000 - kSpareMs}};
}

}  // namespace

struct Tokens::Parts {
  Parts(net::DestinationPolicy policy, const Clock& clock, std::size_t max)
      : destinations(std::move(policy)),
        kept_max(max),
        client({.body_bytes_max = kAnswerBytesMax,
                .pool_max = 0,  // tokens are fetched rarely
                .may_connect = [this](const net::IpAddress& address) { return destinations.allows(address); }}),
        authorizer([this](std::string url, http::Request request, std::chrono::milliseconds timeout) {
          return client.fetch(std::move(url), std::move(request), timeout);
        }, clock) {}

  std::optional<std::string> find(const std::string& key, Timestamp now) {
    const std::scoped_lock lock(mutex);
    const auto found = kept.find(key);
    if (found == kept.end() || found->second.expires <= now) return std::nullopt;
    return found->second.token;
  }
  void keep(const std::string& key, const Kept& token, Timestamp now) {
    if (token.expires <= now) return;
    const std::scoped_lock lock(mutex);
    if (kept.size() >= kept_max) kept.clear();
    kept[key] = token;
  }
  Task<Result<Endpoint>> endpoint_of(vendors::Client of) {
    if (of.token_endpoint) co_return Endpoint{.url = *of.token_endpoint, .in_body = of.in_body.value_or(false)};
    if (!of.discovery_url) co_return fail(validation_error("the provider has no token endpoint"));
    http::Request request;
    request.method = "GET";
    request.headers.add("Accept", "application/json");
    const auto response = co_await client.fetch(*of.discovery_url, std::move(request), kTimeout);
    if (!response) co_return fail(unreachable(response.error()));
    co_return discovered(of, *response);
  }

  const net::DestinationPolicy destinations;
  const std::size_t kept_max;
  std::mutex mutex;
  std::unordered_map<std::string, Kept> kept;
  net::Client client;
  inbound::TokenAuthorizer authorizer;
};

Tokens::Tokens(net::DestinationPolicy destinations, const Clock& clock, std::size_t kept_max)
    : parts_(std::make_unique<Parts>(std::move(destinations), clock, kept_max)) {}
Tokens::~Tokens() = default;

inbound::TokenAuthorizer& Tokens::authorizer() { return parts_->authorizer; }

void Tokens::close() { parts_->client.close(); }

Task<Result<std::string>> Tokens::fetch(TokenRequest request, Timestamp now) {
  const std::string key = cache_key(request);
  if (!request.fresh) {
    if (std::optional<std::string> kept = parts_->find(key, now)) co_return *std::move(kept);
  }
  const Endpoint endpoint = CO_TRY(co_await parts_->endpoint_of(request.client));
  const auto response = co_await parts_->client.fetch(endpoint.url, token_request(request, endpoint.in_body), kTimeout);
  if (!response) co_return fail(unreachable(response.error()));
  Kept token = CO_TRY(read_token(*response, now));
  parts_->keep(key, token, now);
  co_return std::move(token.token);
}

}  // namespace warifu::services::credentials
