#include "crypto/hash.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu::crypto {
namespace {

constexpr std::size_t kBlockBytes = 64;
using Block = std::array<std::byte, kBlockBytes>;

/// Fetched once: OpenSSL 3 looks an algorithm up by name, under a lock, at every implicit fetch.
const EVP_MD* sha256_algorithm() {
  static const EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  CHECK(algorithm != nullptr, "OpenSSL has no SHA-256");
  return algorithm;
}

/// One running digest per thread; `start` begins it anew.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new()) { CHECK(context_ != nullptr); }
  ~Digest() { EVP_MD_CTX_free(context_); }
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;

  void start() { CHECK(EVP_DigestInit_ex2(context_, sha256_algorithm(), nullptr) == 1); }
  void add(std::span<const std::byte> bytes) { CHECK(EVP_DigestUpdate(context_, bytes.data(), bytes.size()) == 1); }
  Sha256 finish() {
    Sha256 out;
    CHECK(EVP_DigestFinal_ex(context_, reinterpret_cast<unsigned char*>(out.data()), nullptr) == 1);
    return out;
  }

 private:
  EVP_MD_CTX* context_;
};

Digest& thread_digest() {
  thread_local Digest digest;
  return digest;
}

Block padded(const Block& key, std::byte pad) {
  Block out = key;
  for (std::byte& b : out) b ^= pad;
  return out;
}

}  // namespace

Sha256 sha256(std::span<const std::byte> bytes) {
  Digest& digest = thread_digest();
  digest.start();
  digest.add(bytes);
  return digest.finish();
}

Sha256 sha256(std::string_view bytes) { return sha256(as_bytes(bytes)); }

std::string sha256_hex(std::string_view bytes) { return hex_encode(sha256(bytes)); }

// RFC 2104 on the reused digest: OpenSSL 3.0's EVP_MAC copies and allocates contexts at every key.
Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  Block block{};
  if (key.size() > kBlockBytes) {
    std::ranges::copy(sha256(key), block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  Block inner = padded(block, std::byte{0x36});
  Block outer = padded(block, std::byte{0x5c});

  Digest& digest = thread_digest();
  digest.start();
  digest.add(inner);
  digest.add(message);
  const Sha256 inner_hash = digest.finish();
  digest.start();
  digest.add(outer);
  digest.add(inner_hash);
  wipe(block);
  wipe(inner);
  wipe(outer);
  return digest.finish();
}

Sha256 hmac_sha256(std::span<const std::byte> key, std::string_view message) {
  return hmac_sha256(key, as_bytes(message));
}

SecretBytes hkdf_sha256(std::span<const std::byte> key, std::span<const std::byte> salt, std::string_view info,
                        std::size_t size) {
  CHECK(size <= 255 * sizeof(Sha256));
  Sha256 extracted = hmac_sha256(salt, key);
  SecretBytes out(size);
  Sha256 round{};
  std::string message;
  for (std::size_t done = 0, counter = 1; done < size; ++counter) {
    message.assign(reinterpret_cast<const char*>(round.data()), done == 0 ? 0 : round.size());
    message.append(info);
    message.push_back(static_cast<char>(counter));
    round = hmac_sha256(extracted, message);
    const std::size_t n = std::min(size - done, round.size());
    std::copy_n(round.begin(), n, out.mutable_bytes().begin() + static_cast<std::ptrdiff_t>(done));
    done += n;
  }
  wipe(extracted);
  wipe(round);
  wipe(std::as_writable_bytes(std::span(message)));
  return out;
}

}  // namespace warifu::crypto
