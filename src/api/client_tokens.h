#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/call.h"
#include "base/ids.h"
#include "base/time.h"
#include "store/store.h"
#include "wire/operation.h"
#include "wire/stored.h"

/// clientTokens of every service: the same token with the same request does what it did once, and answers with the id
/// that the first call made, for kKeptMs. Rows lie in the account's partition, under digests: no token is stored.
///
///   const auto claim = api::client_tokens::claim_of(call, m::ops::kCreateThing, call.region(), input);
///   … in the transaction:
///   if (const auto first = TRY(api::client_tokens::find(txn, account, claim))) return answer_of(*first);
///   TRY(insert(…));
///   TRY(api::client_tokens::remember(txn, account, claim, thing.id));
namespace warifu::api::client_tokens {

/// Ours: how long a clientToken is remembered.
inline constexpr std::int64_t kKeptMs = 24LL * 60 * 60 * 1000;

/// A token with what it is good for. Value type.
struct Claim {
  std::string key;      // digest of operation, scope and token; empty: no token came, nothing is found or remembered
  std::string request;  // digest of the request
  Timestamp now;
};

/// `operation` is its name, with more where one account's tokens must be kept apart; `scope` where the token counts: a
/// region for what is made in one, the ARN of what is acted on. `request` is any text that is equal for equal requests.
[[nodiscard]] Claim claim(std::string_view operation, std::string_view scope, std::string_view token,
                          std::string_view request, Timestamp now);

/// The claim of a request as it came, its `clientToken` apart. Members of the path, the query and headers do not count:
/// `scope` names what is acted on. REQUIRES: Input has an optional `client_token`.
template <class Input, class Output>
[[nodiscard]] Claim claim_of(const Call& call, const wire::TypedOperation<Input, Output>& typed, std::string_view scope,
                             const Input& input) {
  if (!input.client_token) return {.key = {}, .request = {}, .now = call.now()};
  Input request = input;
  request.client_token.reset();
  return claim(typed.operation->name, scope, *input.client_token, wire::to_json(*typed.operation->input, &request),
               call.now());
}

/// The id that the first call with this token made; nullopt when there was none, or it is forgotten. kValidation
/// (IdempotentParameterMismatchException) when its request was another.
[[nodiscard]] Result<std::optional<std::string>> find(store::Reader& reader, const AccountId& account,
                                                      const Claim& claim);

/// Remembers the claim, and forgets a few old ones of the account.
[[nodiscard]] Result<> remember(store::Txn& txn, const AccountId& account, const Claim& claim, std::string_view id);

/// What a token that came before with another request is told.
[[nodiscard]] Error mismatch();

}  // namespace warifu::api::client_tokens
