#pragma once

#include <string>
#include <string_view>

#include "base/ids.h"
#include "services/memory/event_rows.h"

/// clientTokens of events: the same token with the same request answers what the first call answered.
///
/// An event carries the digest of its token in its row, so that a token costs no key and lives as long as its event.
/// SDKs make a random UUID for each call that has none; only that very request, with its eventTimestamp, can come
/// again, so it is looked for among the events of its millisecond. Any other token was chosen by a program, which may
/// send it with another timestamp after a restart: it also gets a row, under which it is found wherever it led.
/// Control operations have api/client_tokens.h.
namespace warifu::services::memory::idempotency {

/// Of the caller's own tokens: another account's equal token is another. Zeros for an empty token.
[[nodiscard]] TokenDigest event_token(const AccountId& caller, std::string_view token);

/// True for the version-4 UUIDs that SDKs make.
[[nodiscard]] bool made_for_one_request(std::string_view token);

/// The session of an event that names none but has a token: a replay must find the session of the first call. Looks
/// like any version-4 UUID.
[[nodiscard]] std::string derived_session(std::string_view memory_arn, std::string_view actor,
                                          const TokenDigest& token);

}  // namespace warifu::services::memory::idempotency
