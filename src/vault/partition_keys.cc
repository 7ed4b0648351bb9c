#include "vault/partition_keys.h"

#include <functional>

#include "base/check.h"

namespace warifu::vault {
namespace {

constexpr char kFormat = 1;

}  // namespace

std::string PartitionKeys::seal(std::string_view value, std::string_view aad) const {
  const Versioned& newest = versions.back();
  std::string sealed;
  sealed.reserve(kValueHeaderBytes + value.size() + crypto::kAeadOverheadBytes);
  sealed.push_back(kFormat);
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    sealed.push_back(static_cast<char>((newest.version >> (shift - 8)) & 0xff));
  }
  newest.aead.seal_append(value, aad, sealed);
  return sealed;
}

const crypto::Aead* PartitionKeys::key_of(std::string_view sealed) const {
  if (sealed.size() < kValueHeaderBytes || sealed[0] != kFormat) return nullptr;
  std::uint32_t version = 0;
  for (const char c : sealed.substr(1, 4)) version = version << 8 | static_cast<unsigned char>(c);
  for (const Versioned& candidate : versions) {
    if (candidate.version == version) return &candidate.aead;
  }
  return nullptr;
}

KeyCache::~KeyCache() {
  for (std::atomic<Node*>& bucket : buckets_) {
    for (Node* node = bucket.load(); node != nullptr;) {
      const std::unique_ptr<Node> owned(node);
      node = owned->next;
    }
  }
}

const PartitionKeys* KeyCache::find(std::string_view partition) const {
  const std::size_t bucket = std::hash<std::string_view>{}(partition) % kBuckets;
  for (const Node* node = buckets_[bucket].load(std::memory_order_acquire); node != nullptr; node = node->next) {
    if (node->keys->partition == partition) return node->keys.get();
  }
  return nullptr;
}

bool KeyCache::insert(std::shared_ptr<const PartitionKeys> keys) {
  // Two threads that resolve the same partition at once may both add it: the same keys twice do no harm.
  if (entries_.fetch_add(1) >= kEntriesMax) {
    entries_.fetch_sub(1);
    return false;
  }
  std::atomic<Node*>& bucket = buckets_[std::hash<std::string_view>{}(keys->partition) % kBuckets];
  auto node = std::make_unique<Node>(std::move(keys), bucket.load());
  while (!bucket.compare_exchange_weak(node->next, node.get())) {
  }
  (void)node.release();
  return true;
}

}  // namespace warifu::vault
