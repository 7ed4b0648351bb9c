#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "inbound/token_authorizer.h"
#include "net/destination.h"
#include "services/credentials/vendors.h"

namespace warifu::services::credentials {

/// A token of the client-credentials grant (RFC 6749 §4.4), asked for as one provider.
struct TokenRequest {
  std::string provider_arn;
  Timestamp provider_updated;  // a changed provider is another
  vendors::Client client;
  std::string secret;
  std::vector<std::string> scopes, audiences, resources;
  std::map<std::string, std::string> parameters;
  bool fresh = false;  // forceAuthentication: not the one that is kept
};

/// Fetches access tokens from providers' token endpoints, found by discovery where they are not given, and keeps each
/// until shortly before it ends. Addresses that `destinations` does not allow are not connected to, redirects not
/// followed, answers bounded. Thread-safe; tokens are kept in memory alone.
class Tokens {
 public:
  Tokens(net::DestinationPolicy destinations, const Clock& clock, std::size_t kept_max = 1024);
  ~Tokens();
  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;

  /// kValidation: the provider refuses, answers nonsense, or lies at an address that is not allowed; kUnavailable: it
  /// does not answer.
  [[nodiscard]] Task<Result<std::string>> fetch(TokenRequest request, Timestamp now);

  /// Who proves users' tokens; providers are asked under the same rules.
  [[nodiscard]] inbound::TokenAuthorizer& authorizer();

  /// Closes connections. REQUIRES: no thread runs the event loops that they belong to.
  void close();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace warifu::services::credentials
