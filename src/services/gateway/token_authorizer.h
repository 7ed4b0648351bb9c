#pragma once

#include <chrono>
#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "jwt/jwt.h"
#include "services/gateway/gateways.h"
#include "services/gateway/outbound.h"

/// CUSTOM_JWT: bearer tokens of an OpenID provider.
namespace warifu::services::gateway {

/// Whom a token names.
struct Bearer {
  std::string subject;  // `sub`
  std::string issuer;
  std::string token;   // as it came, for targets that it is passed on to
  json::Value claims;  // an object
};

/// Checks tokens against a gateway's configuration. Fetches the provider's discovery document and keys, keeps them for
/// kKeysTtl, and asks again sooner when a token names a key that is not known (rotation), at most every kKeysRetry.
/// Thread-safe.
class TokenAuthorizer {
 public:
  static constexpr std::chrono::seconds kKeysTtl{3600};
  static constexpr std::chrono::seconds kKeysRetry{10};

  TokenAuthorizer(Outbound& outbound, const Clock& clock) : outbound_(outbound), clock_(clock) {}

  /// The token of `Authorization: Bearer …`. A provider that cannot be reached refuses every token.
  [[nodiscard]] Task<std::expected<Bearer, jwt::Refusal>> check(m::CustomJWTAuthorizerConfiguration configuration,
                                                                std::string authorization);

 private:
  struct Provider {
    std::string issuer;
    std::shared_ptr<const jwt::KeySet> keys;
    Timestamp fetched;
  };
  Task<Result<Provider>> provider(std::string discovery_url, bool refresh);
  Result<Provider> remember(const std::string& discovery_url, Result<Provider> fetched);
  Task<Result<Provider>> fetch(std::string discovery_url);
  Task<Result<std::string>> get(std::string url);

  Outbound& outbound_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Provider> providers_;  // by discovery URL
  std::unordered_map<std::string, Timestamp> failed_;    // when it could last not be read
};

}  // namespace warifu::services::gateway
