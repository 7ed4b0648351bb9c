#include "crypto/public_key.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include <array>
#include <string>
#include <utility>
#include <vector>

namespace warifu::crypto {
namespace {

using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)>;
using BignumPtr = std::unique_ptr<BIGNUM, decltype(&BN_free)>;

constexpr std::pair<std::string_view, SignatureAlgorithm> kNames[] = {
    {"RS256", SignatureAlgorithm::kRs256}, {"RS384", SignatureAlgorithm::kRs384}, {"RS512", SignatureAlgorithm::kRs512},
    {"PS256", SignatureAlgorithm::kPs256}, {"PS384", SignatureAlgorithm::kPs384}, {"PS512", SignatureAlgorithm::kPs512},
    {"ES256", SignatureAlgorithm::kEs256}, {"ES384", SignatureAlgorithm::kEs384}, {"ES512", SignatureAlgorithm::kEs512},
    {"EdDSA", SignatureAlgorithm::kEdDsa},
};

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

BignumPtr number_of(std::string_view bytes) {
  return {BN_bin2bn(bytes_of(bytes), static_cast<int>(bytes.size()), nullptr), &BN_free};
}

EVP_PKEY* from_params(const char* type, OSSL_PARAM_BLD* build) {
  OSSL_PARAM* params = OSSL_PARAM_BLD_to_param(build);
  const ContextPtr context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr), &EVP_PKEY_CTX_free);
  EVP_PKEY* key = nullptr;
  if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
    key = nullptr;
  }
  OSSL_PARAM_free(params);
  return key;
}

const EVP_MD* digest_of(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kRs256:
    case SignatureAlgorithm::kPs256:
    case SignatureAlgorithm::kEs256:
      return EVP_sha256();
    case SignatureAlgorithm::kRs384:
    case SignatureAlgorithm::kPs384:
    case SignatureAlgorithm::kEs384:
      return EVP_sha384();
    case SignatureAlgorithm::kRs512:
    case SignatureAlgorithm::kPs512:
    case SignatureAlgorithm::kEs512:
      return EVP_sha512();
    case SignatureAlgorithm::kEdDsa:
      return nullptr;
  }
  return nullptr;
}

bool is_pss(SignatureAlgorithm algorithm) {
  return algorithm == SignatureAlgorithm::kPs256 || algorithm == SignatureAlgorithm::kPs384 ||
         algorithm == SignatureAlgorithm::kPs512;
}

std::size_t coordinate_bytes(Curve curve) {
  switch (curve) {
    case Curve::kP256:
      return 32;
    case Curve::kP384:
      return 48;
    case Curve::kP521:
      return 66;
  }
  return 0;
}

const char* group_name(Curve curve) {
  switch (curve) {
    case Curve::kP256:
      return "P-256";
    case Curve::kP384:
      return "P-384";
    case Curve::kP521:
      return "P-521";
  }
  return "";
}

/// R‖S of JWS as the DER sequence that OpenSSL reads; empty: not of the curve's length.
std::vector<unsigned char> der_of(std::string_view raw, std::size_t half) {
  if (raw.size() != 2 * half) return {};
  const std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> signature(ECDSA_SIG_new(), &ECDSA_SIG_free);
  BignumPtr r = number_of(raw.substr(0, half));
  BignumPtr s = number_of(raw.substr(half));
  if (!signature || !r || !s) return {};
  if (ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1) return {};
  (void)r.release();
  (void)s.release();
  unsigned char* out = nullptr;
  const int size = i2d_ECDSA_SIG(signature.get(), &out);
  if (size <= 0) return {};
  std::vector<unsigned char> der(out, out + size);
  OPENSSL_free(out);
  return der;
}

}  // namespace

std::optional<SignatureAlgorithm> signature_algorithm(std::string_view name) {
  for (const auto& [text, algorithm] : kNames) {
    if (text == name) return algorithm;
  }
  return std::nullopt;
}

PublicKey::PublicKey(Kind kind, evp_pkey_st* key) : kind_(kind), key_(key, &EVP_PKEY_free) {}

std::optional<PublicKey> PublicKey::rsa(std::string_view modulus, std::string_view exponent) {
  constexpr std::size_t kExponentBytesMax = 8;
  if (modulus.size() > kRsaBitsMax / 8 + 1 || exponent.empty() || exponent.size() > kExponentBytesMax) {
    return std::nullopt;
  }
  const BignumPtr n = number_of(modulus);
  const BignumPtr e = number_of(exponent);
  if (!n || !e || BN_num_bits(n.get()) < kRsaBitsMin || BN_num_bits(n.get()) > kRsaBitsMax) return std::nullopt;
  if (BN_is_odd(e.get()) == 0 || BN_is_one(e.get()) == 1 || BN_is_odd(n.get()) == 0) return std::nullopt;
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> build(OSSL_PARAM_BLD_new(),
                                                                              &OSSL_PARAM_BLD_free);
  if (!build || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1) {
    return std::nullopt;
  }
  EVP_PKEY* key = from_params("RSA", build.get());
  if (key == nullptr) return std::nullopt;
  return PublicKey(Kind::kRsa, key);
}

std::optional<PublicKey> PublicKey::ec(Curve curve, std::string_view x, std::string_view y) {
  const std::size_t bytes = coordinate_bytes(curve);
  if (x.size() != bytes || y.size() != bytes) return std::nullopt;
  const std::string point = std::string(1, '\x04') + std::string(x) + std::string(y);  // SEC 1 §2.3.3, uncompressed
  const std::unique_ptr<OSSL_PARAM_BLD, decltype(&OSSL_PARAM_BLD_free)> build(OSSL_PARAM_BLD_new(),
                                                                              &OSSL_PARAM_BLD_free);
  if (!build || OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, group_name(curve), 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size()) != 1) {
    return std::nullopt;
  }
  EVP_PKEY* key = from_params("EC", build.get());
  if (key == nullptr) return std::nullopt;
  const ContextPtr context(EVP_PKEY_CTX_new(key, nullptr), &EVP_PKEY_CTX_free);
  if (context == nullptr || EVP_PKEY_public_check(context.get()) != 1) {
    EVP_PKEY_free(key);
    return std::nullopt;
  }
  const Kind kind = curve == Curve::kP256 ? Kind::kP256 : curve == Curve::kP384 ? Kind::kP384 : Kind::kP521;
  return PublicKey(kind, key);
}

std::optional<PublicKey> PublicKey::ed25519(std::string_view bytes) {
  EVP_PKEY* key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes_of(bytes), bytes.size());
  if (key == nullptr) return std::nullopt;
  return PublicKey(Kind::kEd25519, key);
}

bool PublicKey::fits(SignatureAlgorithm algorithm) const {
  switch (algorithm) {
    case SignatureAlgorithm::kRs256:
    case SignatureAlgorithm::kRs384:
    case SignatureAlgorithm::kRs512:
    case SignatureAlgorithm::kPs256:
    case SignatureAlgorithm::kPs384:
    case SignatureAlgorithm::kPs512:
      return kind_ == Kind::kRsa;
    case SignatureAlgorithm::kEs256:
      return kind_ == Kind::kP256;
    case SignatureAlgorithm::kEs384:
      return kind_ == Kind::kP384;
    case SignatureAlgorithm::kEs512:
      return kind_ == Kind::kP521;
    case SignatureAlgorithm::kEdDsa:
      return kind_ == Kind::kEd25519;
  }
  return false;
}

bool PublicKey::verify(SignatureAlgorithm algorithm, std::string_view message, std::string_view signature) const {
  if (!fits(algorithm)) return false;
  std::vector<unsigned char> der;
  std::string_view presented = signature;
  if (kind_ == Kind::kP256 || kind_ == Kind::kP384 || kind_ == Kind::kP521) {
    const Curve curve = kind_ == Kind::kP256 ? Curve::kP256 : kind_ == Kind::kP384 ? Curve::kP384 : Curve::kP521;
    der = der_of(signature, coordinate_bytes(curve));
    if (der.empty()) return false;
    presented = {reinterpret_cast<const char*>(der.data()), der.size()};
  }
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_PKEY_CTX* padding = nullptr;
  if (!context || EVP_DigestVerifyInit(context.get(), &padding, digest_of(algorithm), nullptr, key_.get()) != 1) {
    return false;
  }
  if (is_pss(algorithm) && (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1 ||
                            EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1)) {
    return false;
  }
  return EVP_DigestVerify(context.get(), bytes_of(presented), presented.size(), bytes_of(message), message.size()) == 1;
}

}  // namespace warifu::crypto
