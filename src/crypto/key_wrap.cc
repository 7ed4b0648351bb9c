#include "crypto/key_wrap.h"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <climits>
#include <memory>

#include "base/check.h"

namespace warifu::crypto {
namespace {

constexpr std::size_t kWrappingKeyBytes = 32;
constexpr std::size_t kSemiblockBytes = 8;
constexpr std::size_t kKeyBytesMin = 16;

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

const EVP_CIPHER* algorithm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-WRAP", nullptr);
  CHECK(cipher != nullptr, "OpenSSL has no AES key wrap");
  return cipher;
}

/// The output, or nullopt when the integrity check fails.
std::optional<SecretBytes> run(bool wrap, std::span<const std::byte> wrapping_key, std::span<const std::byte> input) {
  CHECK(wrapping_key.size() == kWrappingKeyBytes);
  CHECK(input.size() <= INT_MAX - kSemiblockBytes);
  const Context context(EVP_CIPHER_CTX_new(), EVP_CIPHER_CTX_free);
  CHECK(context != nullptr);
  EVP_CIPHER_CTX_set_flags(context.get(), EVP_CIPHER_CTX_FLAG_WRAP_ALLOW);
  CHECK(EVP_CipherInit_ex2(context.get(), algorithm(), reinterpret_cast<const unsigned char*>(wrapping_key.data()),
                           nullptr, wrap ? 1 : 0, nullptr) == 1);
  SecretBytes out(input.size() + kSemiblockBytes);
  int n = 0;
  const int done =
      EVP_CipherUpdate(context.get(), reinterpret_cast<unsigned char*>(out.mutable_bytes().data()), &n,
                       reinterpret_cast<const unsigned char*>(input.data()), static_cast<int>(input.size()));
  if (done != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  return SecretBytes::copy_of(out.bytes().first(static_cast<std::size_t>(n)));
}

}  // namespace

SecretBytes wrap_key(std::span<const std::byte> wrapping_key, std::span<const std::byte> key) {
  CHECK(key.size() >= kKeyBytesMin && key.size() % kSemiblockBytes == 0);
  auto wrapped = run(true, wrapping_key, key);
  CHECK(wrapped.has_value());
  return std::move(*wrapped);
}

std::optional<SecretBytes> unwrap_key(std::span<const std::byte> wrapping_key, std::span<const std::byte> wrapped) {
  CHECK(wrapping_key.size() == kWrappingKeyBytes);
  if (wrapped.size() < kKeyBytesMin + kSemiblockBytes || wrapped.size() % kSemiblockBytes != 0) return std::nullopt;
  return run(false, wrapping_key, wrapped);
}

}  // namespace warifu::crypto
