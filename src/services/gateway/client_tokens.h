#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "store/store.h"

/// clientTokens of the gateway's control plane: the same token with the same request answers what the first call
/// answered, for kClientTokenMs.
namespace warifu::services::gateway::client_tokens {

/// A token with what it is good for. Value type.
struct Claim {
  std::string key;      // digest of region, operation, resource and token; empty: no token came
  std::string request;  // digest of the request
  Timestamp now;
};

/// `scope` is what the operation acts on; `request` any text that is equal for equal requests.
[[nodiscard]] Claim claim(std::string_view operation, std::string_view scope, std::string_view token,
                          std::string_view request, Timestamp now);

/// The id that the first call with this token made; nullopt when there was none, or it is forgotten. kValidation
/// (IdempotentParameterMismatchException) when its request was another.
[[nodiscard]] Result<std::optional<std::string>> find(store::Reader& reader, const AccountId& account,
                                                      const Claim& claim);
/// Remembers the claim, and forgets a few old ones of the account.
[[nodiscard]] Result<> remember(store::Txn& txn, const AccountId& account, const Claim& claim, std::string_view id);

}  // namespace warifu::services::gateway::client_tokens
