#include "crypto/hash.h"

#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu::crypto {
namespace {

constexpr std::size_t kBlockBytes = 64;
using Block = std::array<std::byte, kBlockBytes>;

/// OpenSSL's SHA-256 without its EVP layer, which costs more than the digest of a short text. Deprecated, since it
/// bypasses providers; it is there as long as OpenSSL 3 is.
class Digest {
 public:
  Digest() { CHECK(SHA256_Init(&context_) == 1); }

  Digest& add(std::span<const std::byte> bytes) {
    CHECK(SHA256_Update(&context_, bytes.data(), bytes.size()) == 1);
    return *this;
  }
  /// Wipes the context too.
  Sha256 finish() {
    Sha256 out;
    CHECK(SHA256_Final(reinterpret_cast<unsigned char*>(out.data()), &context_) == 1);
    return out;
  }

 private:
  SHA256_CTX context_;
};

Block padded(const Block& key, std::byte pad) {
  Block out = key;
  for (std::byte& b : out) b ^= pad;
  return out;
}

}  // namespace

Sha256 sha256(std::span<const std::byte> bytes) { return Digest().add(bytes).finish(); }

Sha256 sha256(std::string_view bytes) { return sha256(as_bytes(bytes)); }

std::string sha256_hex(std::string_view bytes) { return hex_encode(sha256(bytes)); }

// RFC 2104 on the plain digest: OpenSSL 3.0's EVP_MAC copies and allocates contexts at every key.
Sha256 hmac_sha256(std::span<const std::byte> key, std::span<const std::byte> message) {
  Block block{};
  if (key.size() > kBlockBytes) {
    std::ranges::copy(sha256(key), block.begin());
  } else {
    std::ranges::copy(key, block.begin());
  }
  Block inner = padded(block, std::byte{0x36});
  Block outer = padded(block, std::byte{0x5c});

  const Sha256 inner_hash = Digest().add(inner).add(message).finish();
  const Sha256 out = Digest().add(outer).add(inner_hash).finish();
  wipe(block);
  wipe(inner);
  wipe(outer);
  return out;
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
