#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/http.h"
#include "base/result.h"
#include "base/task.h"
#include "gen/agentcore/shared.h"
#include "jwt/jwt.h"

/// CUSTOM_JWT, of gateways and agent runtimes alike: bearer tokens of an OpenID provider.
namespace warifu::inbound {

namespace m = model::agentcore;

/// How an identity provider is asked; what may be reached is for whoever gives it to say.
using Fetch = std::function<Task<Result<http::Response>>(std::string url, http::Request request,
                                                         std::chrono::milliseconds timeout)>;

/// Whom a token names.
struct Bearer {
  std::string subject;  // `sub`
  std::string issuer;
  std::string token;   // as it came, for what it is passed on to
  json::Value claims;  // an object
};

/// Checks tokens against a configuration. Fetches the provider's discovery document and keys, keeps them for
/// kKeysTtl, and asks again sooner when a token names a key that is not known (rotation), at most every kKeysRetry.
/// Thread-safe.
class TokenAuthorizer {
 public:
  static constexpr std::chrono::seconds kKeysTtl{3600};
  static constexpr std::chrono::seconds kKeysRetry{10};

  TokenAuthorizer(Fetch fetch, const Clock& clock) : ask_(std::move(fetch)), clock_(clock) {}

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

  Fetch ask_;
  const Clock& clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Provider> providers_;  // by discovery URL
  std::unordered_map<std::string, Timestamp> failed_;    // when it could last not be read
};

}  // namespace warifu::inbound
