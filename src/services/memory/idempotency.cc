#include "services/memory/idempotency.h"

#include <algorithm>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/keys.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::idempotency {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kForgottenAtOnce = 8;
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

struct Row {
  Timestamp expires;
  std::string request;
  std::string memory_id;
};

std::string encode(const Row& row) {
  std::string bytes;
  append_number(bytes, kFormat);
  append_number(bytes, static_cast<std::uint64_t>(row.expires.ms));
  append_text(bytes, row.request);
  append_text(bytes, row.memory_id);
  return bytes;
}

Result<Row> decode(std::string_view bytes) {
  ByteReader reader(bytes);
  const auto format = reader.number<std::uint8_t>();
  Row row{.expires = {static_cast<std::int64_t>(reader.number<std::uint64_t>())},
          .request = std::string(reader.text()),
          .memory_id = std::string(reader.text())};
  if (!reader.ok() || format != kFormat) return fail(bad_row("memory token"));
  return row;
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

Claim claim(std::string_view region, std::string_view operation, std::string_view token, std::string_view request,
            Timestamp now) {
  if (token.empty()) return {.now = now};
  return {.key = digest_of({"control", region, operation, token}), .request = digest_of({request}), .now = now};
}

Result<std::optional<std::string>> find(store::Reader& reader, const AccountId& account, const Claim& claim) {
  if (claim.key.empty()) return std::optional<std::string>();
  const store::Partition partition = store::Partition::account(account);
  const std::optional<std::string> bytes = TRY(reader.get(partition, keys::control_token(claim.key)));
  if (!bytes) return std::optional<std::string>();
  Row row = TRY(decode(*bytes));
  if (row.expires <= claim.now) return std::optional<std::string>();
  if (row.request != claim.request) return fail(token_mismatch());
  return std::move(row.memory_id);
}

Result<> remember(store::Txn& txn, const AccountId& account, const Claim& claim, std::string_view memory_id) {
  if (claim.key.empty()) return {};
  const store::Partition partition = store::Partition::account(account);
  // Digests are evenly spread, so looking at our neighbours reaches every old row in time.
  store::Range range = store::prefix_range(keys::control_tokens());
  range.begin = keys::control_token(claim.key);
  std::vector<std::string> old;
  std::size_t seen = 0;
  TRY(txn.scan(partition, range, [&](std::string_view key, std::string_view bytes) {
    const Result<Row> row = decode(bytes);
    if (row && row->expires <= claim.now) old.emplace_back(key);
    return ++seen < kForgottenAtOnce;
  }));
  for (const std::string& key : old) TRY(txn.erase(partition, key));

  const Row row{
      .expires = {claim.now.ms + kControlTokenMs}, .request = claim.request, .memory_id = std::string(memory_id)};
  return txn.put(partition, keys::control_token(claim.key), encode(row));
}

}  // namespace warifu::services::memory::idempotency
