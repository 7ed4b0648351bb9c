#include "crypto/secret.h"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <climits>
#include <cstring>

#include "base/check.h"
#include "base/encoding.h"

namespace warifu::crypto {

void wipe(std::span<std::byte> bytes) {
  if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

SecretBytes SecretBytes::copy_of(std::span<const std::byte> bytes) {
  SecretBytes secret;
  secret.bytes_.assign(bytes.begin(), bytes.end());
  return secret;
}

SecretBytes SecretBytes::copy_of(std::string_view text) { return copy_of(as_bytes(text)); }

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe(bytes_);
  bytes_ = std::move(other.bytes_);
  other.bytes_.clear();
  return *this;
}

SecretBytes::~SecretBytes() { wipe(bytes_); }

std::string_view SecretBytes::reveal() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }

bool constant_time_equal(std::span<const std::byte> a, std::span<const std::byte> b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

bool constant_time_equal(std::string_view a, std::string_view b) {
  return constant_time_equal(as_bytes(a), as_bytes(b));
}

void random_bytes(std::span<std::byte> out) {
  CHECK(out.size() <= INT_MAX);
  CHECK(RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) == 1,
        "the random generator failed");
}

SecretBytes random_secret(std::size_t size) {
  SecretBytes secret(size);
  random_bytes(secret.mutable_bytes());
  return secret;
}

}  // namespace warifu::crypto
