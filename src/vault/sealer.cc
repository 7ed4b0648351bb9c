#include "vault/sealer.h"

#include <atomic>
#include <string>
#include <type_traits>

#include "base/encoding.h"
#include "crypto/aead.h"
#include "crypto/hash.h"

namespace warifu::vault {
namespace {

constexpr int kPurposesMax = 64;

struct PurposeKeys {
  PurposeKeys(const MasterKey& master_key, std::string_view name)
      : purpose(name), aead(master_key.derive("text/" + purpose)), mac(master_key.derive("digest/" + purpose)) {}

  const std::string purpose;
  const crypto::Aead aead;
  const crypto::SecretBytes mac;
  PurposeKeys* next = nullptr;
};

class MasterSealer final : public Sealer {
 public:
  explicit MasterSealer(std::shared_ptr<const MasterKey> master_key) : master_key_(std::move(master_key)) {}
  ~MasterSealer() override {
    for (PurposeKeys* keys = first_.load(); keys != nullptr;) {
      const std::unique_ptr<PurposeKeys> owned(keys);
      keys = owned->next;
    }
  }
  MasterSealer(const MasterSealer&) = delete;
  MasterSealer& operator=(const MasterSealer&) = delete;

  std::string seal(std::string_view purpose, std::string_view text) const override {
    return with(purpose, [&](const PurposeKeys& keys) { return base64url_encode(keys.aead.seal(text, {})); });
  }

  std::optional<std::string> open(std::string_view purpose, std::string_view sealed) const override {
    const auto bytes = base64url_decode(sealed);
    if (!bytes) return std::nullopt;
    return with(purpose, [&](const PurposeKeys& keys) { return keys.aead.open(*bytes, {}); });
  }

  std::string derive(std::string_view purpose, std::string_view text) const override {
    return with(purpose, [&](const PurposeKeys& keys) {
      const crypto::Sha256 digest = crypto::hmac_sha256(keys.mac.bytes(), text);
      return std::string(reinterpret_cast<const char*>(digest.data()), digest.size());
    });
  }

 private:
  // The list only grows, so that it is read without a lock.
  template <class Use>
  std::invoke_result_t<Use, const PurposeKeys&> with(std::string_view purpose, const Use& use) const {
    int count = 0;
    for (const PurposeKeys* keys = first_.load(); keys != nullptr; keys = keys->next, ++count) {
      if (keys->purpose == purpose) return use(*keys);
    }
    auto fresh = std::make_unique<PurposeKeys>(*master_key_, purpose);
    if (count >= kPurposesMax) return use(*fresh);
    fresh->next = first_.load();
    while (!first_.compare_exchange_weak(fresh->next, fresh.get())) {
    }
    return use(*fresh.release());
  }

  const std::shared_ptr<const MasterKey> master_key_;
  mutable std::atomic<PurposeKeys*> first_ = nullptr;
};

}  // namespace

std::unique_ptr<Sealer> make_sealer(std::shared_ptr<const MasterKey> master_key) {
  return std::make_unique<MasterSealer>(std::move(master_key));
}

}  // namespace warifu::vault
