#include "services/memory/idempotency.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "services/memory/bytes.h"

namespace warifu::services::memory::idempotency {
namespace {

constexpr std::size_t kUuidSize = 36;

/// Counted, so that no two lists of texts have the same bytes.
std::string digest_of(std::initializer_list<std::string_view> texts) {
  std::string bytes;
  for (const std::string_view text : texts) {
    append_number(bytes, static_cast<std::uint64_t>(text.size()));
    bytes += text;
  }
  const crypto::Sha256 digest = crypto::sha256(bytes);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

bool is_lower_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

TokenDigest event_token(const AccountId& caller, std::string_view token) {
  TokenDigest digest{};
  if (token.empty()) return digest;
  const std::string full = digest_of({"event", caller.str(), token});
  std::copy_n(full.begin(), digest.size(), digest.begin());
  return digest;
}

bool made_for_one_request(std::string_view token) {
  if (token.size() != kUuidSize || token[14] != '4') return false;
  for (std::size_t i = 0; i < token.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? token[i] != '-' : !is_lower_hex(token[i])) return false;
  }
  return std::string_view("89ab").contains(token[19]);
}

std::string derived_session(std::string_view memory_arn, std::string_view actor, const TokenDigest& token) {
  const std::string digest = digest_of({"session", memory_arn, actor, {token.data(), token.size()}});
  std::string uuid = hex_encode(as_bytes(digest).first(16));
  uuid[12] = '4';
  uuid[16] = "89ab"[static_cast<unsigned char>(digest[16]) & 3];
  for (const std::size_t at : {20UZ, 16UZ, 12UZ, 8UZ}) uuid.insert(at, 1, '-');
  return uuid;
}

}  // namespace warifu::services::memory::idempotency
