#include "sigv4/signing_key.h"

#include <algorithm>
#include <array>
#include <functional>
#include <mutex>
#include <unordered_map>

#include "base/check.h"
#include "base/encoding.h"
#include "sigv4/auth_params.h"

namespace warifu::sigv4 {
namespace {

constexpr std::size_t kShards = 16;

/// The fields are separated by a byte that none of them can hold (they come from a header or a query value that was
/// split at slashes), so that no two ids share a text.
std::string text_of(const SigningKeyId& id) {
  std::string text;
  text.reserve(96);
  text.append(id.access_key_id).push_back('/');
  text.append(reinterpret_cast<const char*>(&id.secret_version), sizeof(id.secret_version));
  text.append(id.date).push_back('/');
  text.append(id.region).push_back('/');
  text.append(id.service);
  return text;
}

}  // namespace

SigningKey SigningKey::derive(std::string_view secret, std::string_view date, std::string_view region,
                              std::string_view service) {
  crypto::SecretBytes start = crypto::SecretBytes(4 + secret.size());
  std::ranges::copy(as_bytes("AWS4"), start.mutable_bytes().begin());
  std::ranges::copy(as_bytes(secret), start.mutable_bytes().begin() + 4);
  crypto::Sha256 key = crypto::hmac_sha256(start.bytes(), date);
  key = crypto::hmac_sha256(key, region);
  key = crypto::hmac_sha256(key, service);
  key = crypto::hmac_sha256(key, kTerminator);
  const SigningKey out(key);
  crypto::wipe(key);
  return out;
}

// Two generations: what is used moves to the young one, and when that is full the old one goes. It costs no list per
// entry and keeps whatever was used since the last turn.
struct SigningKeyCache::Shard {
  mutable std::mutex mutex;
  std::size_t generation_max = 0;
  std::unordered_map<std::string, SigningKey> young, old;

  void add(std::string text, const SigningKey& key) {
    if (young.size() >= generation_max) {
      old = std::move(young);
      young.clear();
    }
    young.insert_or_assign(std::move(text), key);
  }
};

SigningKeyCache::SigningKeyCache(std::size_t capacity) : shards_(std::make_unique<Shard[]>(kShards)) {
  CHECK(capacity >= 2);
  for (std::size_t i = 0; i < kShards; ++i)
    shards_[i].generation_max = std::max<std::size_t>(1, capacity / kShards / 2);
}

SigningKeyCache::~SigningKeyCache() = default;

std::optional<SigningKey> SigningKeyCache::find(const SigningKeyId& id) {
  std::string text = text_of(id);
  Shard& shard = shards_[std::hash<std::string>{}(text) % kShards];
  const std::lock_guard lock(shard.mutex);
  if (const auto it = shard.young.find(text); it != shard.young.end()) return it->second;
  const auto it = shard.old.find(text);
  if (it == shard.old.end()) return std::nullopt;
  const SigningKey key = it->second;
  shard.old.erase(it);
  shard.add(std::move(text), key);
  return key;
}

SigningKey SigningKeyCache::insert(const SigningKeyId& id, std::string_view secret) {
  const SigningKey key = SigningKey::derive(secret, id.date, id.region, id.service);
  std::string text = text_of(id);
  Shard& shard = shards_[std::hash<std::string>{}(text) % kShards];
  const std::lock_guard lock(shard.mutex);
  shard.add(std::move(text), key);
  return key;
}

std::size_t SigningKeyCache::size() const {
  std::size_t total = 0;
  for (std::size_t i = 0; i < kShards; ++i) {
    const std::lock_guard lock(shards_[i].mutex);
    total += shards_[i].young.size() + shards_[i].old.size();
  }
  return total;
}

}  // namespace warifu::sigv4
