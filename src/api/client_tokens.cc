#include "api/client_tokens.h"

#include <initializer_list>
#include <vector>

#include "crypto/hash.h"
#include "store/keys.h"

namespace warifu::api::client_tokens {
namespace {

constexpr std::string_view kPrefix = "client-token/";
constexpr std::size_t kForgottenAtOnce = 8;
constexpr std::size_t kDigest = crypto::Sha256{}.size();

/// Ended one by one, so that no two lists of texts have the same bytes.
std::string digest_of(std::initializer_list<std::string_view> texts) {
  std::string bytes;
  for (const std::string_view text : texts) store::append_text(bytes, text);
  const crypto::Sha256 digest = crypto::sha256(bytes);
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

std::string key_of(const Claim& claim) { return std::string(kPrefix) + claim.key; }

struct Row {
  Timestamp expires;
  std::string_view request, id;
};

Result<Row> decode(std::string_view bytes) {
  const std::optional<std::uint64_t> expires = store::take_u64(bytes);
  if (!expires || bytes.size() < kDigest) return std::unexpected(internal_error("client token row does not parse"));
  return Row{.expires = {static_cast<std::int64_t>(*expires)},
             .request = bytes.substr(0, kDigest),
             .id = bytes.substr(kDigest)};
}

/// Digests are evenly spread, so looking at the claim's neighbours reaches every old row in time.
Result<> forget_neighbours(store::Txn& txn, const store::Partition& partition, const Claim& claim) {
  store::Range range = store::prefix_range(kPrefix);
  range.begin = key_of(claim);
  std::vector<std::string> old;
  std::size_t seen = 0;
  TRY(txn.scan(partition, range, [&](std::string_view key, std::string_view bytes) {
    const Result<Row> row = decode(bytes);
    if (row && row->expires <= claim.now) old.emplace_back(key);
    return ++seen < kForgottenAtOnce;
  }));
  for (const std::string& key : old) TRY(txn.erase(partition, key));
  return {};
}

}  // namespace

Error mismatch() {
  return {.code = ErrorCode::kValidation,
          .message = "clientToken was used before with different parameters",
          .reason = "IdempotentParameterMismatchException",
          .fields = {{.name = "clientToken", .message = "used before with different parameters"}}};
}

Claim claim(std::string_view operation, std::string_view scope, std::string_view token, std::string_view request,
            Timestamp now) {
  if (token.empty()) return {.key = {}, .request = {}, .now = now};
  return {.key = digest_of({operation, scope, token}), .request = digest_of({request}), .now = now};
}

Result<std::optional<std::string>> find(store::Reader& reader, const AccountId& account, const Claim& claim) {
  if (claim.key.empty()) return std::optional<std::string>();
  const std::optional<std::string> bytes = TRY(reader.get(store::Partition::account(account), key_of(claim)));
  if (!bytes) return std::optional<std::string>();
  const Row row = TRY(decode(*bytes));
  if (row.expires <= claim.now) return std::optional<std::string>();
  if (row.request != claim.request) return std::unexpected(mismatch());
  return std::string(row.id);
}

Result<> remember(store::Txn& txn, const AccountId& account, const Claim& claim, std::string_view id) {
  if (claim.key.empty()) return {};
  const store::Partition partition = store::Partition::account(account);
  TRY(forget_neighbours(txn, partition, claim));
  std::string bytes;
  store::append_u64(bytes, static_cast<std::uint64_t>(claim.now.ms + kKeptMs));
  bytes += claim.request;
  bytes += id;
  return txn.put(partition, key_of(claim), bytes);
}

}  // namespace warifu::api::client_tokens
