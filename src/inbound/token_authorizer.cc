#include "inbound/token_authorizer.h"

#include <fmt/format.h>

#include "base/encoding.h"
#include "base/log.h"

namespace warifu::inbound {
namespace {

constexpr std::chrono::milliseconds kFetchTimeout{10'000};
constexpr std::size_t kDocumentBytesMax = 1024 * 1024;
constexpr std::size_t kProvidersMax = 1024;

using Checked = std::expected<Bearer, jwt::Refusal>;

Checked refuse(std::string message) {
  return std::unexpected(jwt::Refusal{.insufficient_scope = false, .message = std::move(message)});
}

/// nullopt: not of the Bearer scheme (RFC 6750 §2.1).
std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view kScheme = "Bearer ";
  if (authorization.size() <= kScheme.size() || !iequals(authorization.substr(0, kScheme.size()), kScheme)) {
    return std::nullopt;
  }
  return authorization.substr(kScheme.size());
}

jwt::ClaimRule rule_of(const m::CustomClaimValidationType& claim) {
  using Operator = jwt::ClaimRule::Operator;
  const auto& match = claim.authorizing_claim_match_value;
  jwt::ClaimRule rule{.name = claim.inbound_token_claim_name,
                      .is_array = claim.inbound_token_claim_value_type == "STRING_ARRAY",
                      .comparison = Operator::kEquals,
                      .values = match.claim_match_value.match_value_string_list.value_or(std::vector<std::string>{})};
  if (match.claim_match_operator == "CONTAINS") rule.comparison = Operator::kContains;
  if (match.claim_match_operator == "CONTAINS_ANY") rule.comparison = Operator::kContainsAny;
  if (match.claim_match_value.match_value_string) rule.values.push_back(*match.claim_match_value.match_value_string);
  return rule;
}

jwt::Rules rules_of(const m::CustomJWTAuthorizerConfiguration& configuration, std::string issuer) {
  const auto none = std::vector<std::string>{};
  jwt::Rules rules{.issuer = std::move(issuer),
                   .audiences = configuration.allowed_audience.value_or(none),
                   .clients = configuration.allowed_clients.value_or(none),
                   .scopes = configuration.allowed_scopes.value_or(none),
                   .claims = {}};
  if (configuration.custom_claims) {
    for (const auto& claim : *configuration.custom_claims) rules.claims.push_back(rule_of(claim));
  }
  return rules;
}

}  // namespace

Task<Result<std::string>> TokenAuthorizer::get(std::string url) {
  http::Request request;
  request.method = "GET";
  request.headers.add("Accept", "application/json");
  auto response = co_await ask_(url, std::move(request), kFetchTimeout);
  if (!response) co_return fail(response.error());
  if (response->status != 200) co_return fail(unavailable(fmt::format("`{}` answered {}", url, response->status)));
  if (response->body.size() > kDocumentBytesMax) co_return fail(unavailable(fmt::format("`{}` is too long", url)));
  co_return std::move(response->body);
}

Task<Result<TokenAuthorizer::Provider>> TokenAuthorizer::fetch(std::string discovery_url) {
  const std::string document = CO_TRY(co_await get(discovery_url));
  const json::Value discovery = CO_TRY(json::parse(document));
  const auto issuer = discovery.find_string("issuer");
  const auto keys_url = discovery.find_string("jwks_uri");
  if (!issuer || issuer->empty() || !keys_url) {
    co_return fail(unavailable(fmt::format("`{}` names no issuer or keys", discovery_url)));
  }
  const std::string key_document = CO_TRY(co_await get(*keys_url));
  auto keys = CO_TRY(jwt::KeySet::parse(key_document));
  co_return Provider{
      .issuer = *issuer, .keys = std::make_shared<const jwt::KeySet>(std::move(keys)), .fetched = clock_.now()};
}

Result<TokenAuthorizer::Provider> TokenAuthorizer::remember(const std::string& discovery_url,
                                                            Result<Provider> fetched) {
  const std::lock_guard lock(mutex_);
  if (providers_.size() >= kProvidersMax) providers_.clear();
  if (failed_.size() >= kProvidersMax) failed_.clear();
  if (!fetched) {
    failed_[discovery_url] = clock_.now();
    return fetched;
  }
  failed_.erase(discovery_url);
  providers_.insert_or_assign(discovery_url, *fetched);
  return fetched;
}

Task<Result<TokenAuthorizer::Provider>> TokenAuthorizer::provider(std::string discovery_url, bool refresh) {
  std::optional<Provider> known;
  bool just_failed = false;
  {
    const std::lock_guard lock(mutex_);
    const auto found = providers_.find(discovery_url);
    if (found != providers_.end()) known = found->second;
    const auto failed = failed_.find(discovery_url);
    just_failed = failed != failed_.end() && clock_.now() < failed->second.plus_seconds(kKeysRetry.count());
  }
  const auto wanted = refresh ? kKeysRetry : kKeysTtl;
  if (known && clock_.now() < known->fetched.plus_seconds(wanted.count())) co_return *known;
  // Whoever sends tokens must not make us ask a provider that does not answer, again and again.
  Result<Provider> fetched = fail(unavailable("it did not answer a moment ago"));
  if (!just_failed) fetched = remember(discovery_url, co_await fetch(discovery_url));
  if (fetched) co_return fetched;
  if (!just_failed) {
    log::warn("an identity provider cannot be read", {{"url", discovery_url}, {"why", fetched.error().message}});
  }
  // Keys that were good an hour ago are better than none, as long as nobody asks for another one.
  if (known && !refresh && clock_.now() < known->fetched.plus_seconds(2 * kKeysTtl.count())) co_return *known;
  co_return fail(fetched.error());
}

Task<Checked> TokenAuthorizer::check(m::CustomJWTAuthorizerConfiguration configuration, std::string authorization) {
  const auto text = bearer_token(authorization);
  if (!text) co_return refuse("Missing Bearer token");
  const auto token = jwt::parse(*text);
  if (!token) co_return refuse("Invalid Bearer token: " + token.error().message);
  auto known = co_await provider(configuration.discovery_url, false);
  if (known && !known->keys->knows(*token)) known = co_await provider(configuration.discovery_url, true);
  if (!known) co_return refuse("Invalid Bearer token: the keys of its issuer cannot be read");
  if (!known->keys->verifies(*token)) co_return refuse("Invalid Bearer token: its signature does not hold");
  const auto checked = jwt::check(*token, rules_of(configuration, known->issuer), clock_.now());
  if (!checked && checked.error().insufficient_scope) co_return std::unexpected(checked.error());
  if (!checked) co_return refuse("Invalid Bearer token: " + checked.error().message);
  co_return Bearer{.subject = token->claims.find_string("sub").value_or(""),
                   .issuer = known->issuer,
                   .token = std::string(*text),
                   .claims = token->claims};
}

}  // namespace warifu::inbound
