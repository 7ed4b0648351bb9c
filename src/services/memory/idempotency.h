#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "services/memory/event_rows.h"
#include "store/store.h"

/// clientTokens: the same token with the same request answers what the first call answered.
///
/// An event carries the digest of its token in its row, so that a token costs no key and lives as long as its event.
/// SDKs make a random UUID for each call that has none; only that very request, with its eventTimestamp, can come
/// again, so it is looked for among the events of its millisecond. Any other token was chosen by a program, which may
/// send it with another timestamp after a restart: it also gets a row, under which it is found wherever it led.
/// Control operations keep a row for kControlTokenMs.
namespace warifu::services::memory::idempotency {

/// Of the caller's own tokens: another account's equal token is another. Zeros for an empty token.
[[nodiscard]] TokenDigest event_token(const AccountId& caller, std::string_view token);

/// True for the version-4 UUIDs that SDKs make.
[[nodiscard]] bool made_for_one_request(std::string_view token);

/// The session of an event that names none but has a token: a replay must find the session of the first call. Looks
/// like any version-4 UUID.
[[nodiscard]] std::string derived_session(std::string_view memory_arn, std::string_view actor,
                                          const TokenDigest& token);

/// A control operation's token with what it is good for.
struct Claim {
  std::string key;      // digest of account, region, operation and token; empty: no token came
  std::string request;  // digest of the request
  Timestamp now;
};

/// `request` is any text that is equal for equal requests.
[[nodiscard]] Claim claim(std::string_view region, std::string_view operation, std::string_view token,
                          std::string_view request, Timestamp now);

/// What the first call with this token answered (a memory or session id); nullopt when there was none, or it is
/// forgotten. kValidation (IdempotentParameterMismatchException) when its request was another.
[[nodiscard]] Result<std::optional<std::string>> find(store::Reader& reader, const AccountId& account,
                                                      const Claim& claim);

/// Remembers the claim, and forgets a few old ones of the account.
[[nodiscard]] Result<> remember(store::Txn& txn, const AccountId& account, const Claim& claim,
                                std::string_view memory_id);

}  // namespace warifu::services::memory::idempotency
