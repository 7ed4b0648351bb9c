#pragma once

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <memory>
#include <string>
#include <string_view>

#include "base/check.h"
#include "crypto/public_key.h"

/// For tests of those who verify: the side that signs.
namespace warifu::crypto::testing {

/// A fresh key pair. Not thread-safe.
class PrivateKey {
 public:
  static PrivateKey rsa(unsigned bits = 2048) { return PrivateKey(EVP_RSA_gen(bits)); }
  static PrivateKey ec(const char* group) { return PrivateKey(EVP_EC_gen(group)); }
  static PrivateKey ed25519() { return PrivateKey(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")); }

  /// Big-endian integer of the public half: `n`, `e` (RSA), `qx`, `qy` (EC, padded to `bytes`).
  [[nodiscard]] std::string number(const char* name, int bytes = 0) const {
    BIGNUM* value = nullptr;
    CHECK(EVP_PKEY_get_bn_param(key_.get(), name, &value) == 1);
    std::string out(static_cast<std::size_t>(bytes == 0 ? BN_num_bytes(value) : bytes), '\0');
    CHECK(BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(out.size())) >= 0);
    BN_free(value);
    return out;
  }
  [[nodiscard]] std::string raw_public() const {
    std::string out(32, '\0');
    std::size_t size = out.size();
    CHECK(EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(out.data()), &size) == 1);
    return out;
  }
  /// A JWS signature; `half`: bytes of a coordinate (ECDSA), 0 for all others.
  [[nodiscard]] std::string sign(const EVP_MD* digest, std::string_view message, bool pss = false, int half = 0) const {
    EVP_MD_CTX* context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* padding = nullptr;
    CHECK(EVP_DigestSignInit(context, &padding, digest, nullptr, key_.get()) == 1);
    if (pss) {
      CHECK(EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1);
      CHECK(EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1);
    }
    std::string out(2048, '\0');
    std::size_t size = out.size();
    CHECK(EVP_DigestSign(context, reinterpret_cast<unsigned char*>(out.data()), &size,
                         reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1);
    EVP_MD_CTX_free(context);
    out.resize(size);
    return half == 0 ? out : raw_of(out, half);
  }

 private:
  explicit PrivateKey(EVP_PKEY* key) : key_(key, &EVP_PKEY_free) { CHECK(key != nullptr); }

  static std::string raw_of(const std::string& der, int half) {
    const auto* at = reinterpret_cast<const unsigned char*>(der.data());
    ECDSA_SIG* signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
    CHECK(signature != nullptr);
    std::string out(static_cast<std::size_t>(2 * half), '\0');
    auto* bytes = reinterpret_cast<unsigned char*>(out.data());
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_r(signature), bytes, half) == half);
    CHECK(BN_bn2binpad(ECDSA_SIG_get0_s(signature), bytes + half, half) == half);
    ECDSA_SIG_free(signature);
    return out;
  }

  std::shared_ptr<EVP_PKEY> key_;
};

}  // namespace warifu::crypto::testing
