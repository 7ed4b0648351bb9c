#include "crypto/public_key.h"

#include <gtest/gtest.h>

#include "crypto/signing_testing.h"

namespace warifu::crypto {
namespace {

using testing::PrivateKey;
using Algorithm = SignatureAlgorithm;

constexpr std::string_view kMessage = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0";

PublicKey public_of(const PrivateKey& key) { return PublicKey::rsa(key.number("n"), key.number("e")).value(); }

TEST(PublicKey, KnowsTheAlgorithmsOfPublicKeysAndNoOthers) {
  for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}) {
    EXPECT_TRUE(signature_algorithm(name)) << name;
  }
  for (const char* name : {"none", "None", "", "HS256", "HS384", "HS512", "rs256", "RS256 ", "ES256K"}) {
    EXPECT_FALSE(signature_algorithm(name)) << name;
  }
}

TEST(PublicKey, VerifiesRsaOfEachDigestAndPaddingAndNoOther) {
  const PrivateKey key = PrivateKey::rsa();
  const PublicKey known = public_of(key);
  const struct {
    Algorithm algorithm;
    const EVP_MD* digest;
    bool pss;
  } cases[] = {{Algorithm::kRs256, EVP_sha256(), false}, {Algorithm::kRs384, EVP_sha384(), false},
               {Algorithm::kRs512, EVP_sha512(), false}, {Algorithm::kPs256, EVP_sha256(), true},
               {Algorithm::kPs384, EVP_sha384(), true},  {Algorithm::kPs512, EVP_sha512(), true}};
  for (const auto& signed_with : cases) {
    std::string signature = key.sign(signed_with.digest, kMessage, signed_with.pss);
    for (const auto& asked : cases) {
      EXPECT_EQ(known.verify(asked.algorithm, kMessage, signature), asked.algorithm == signed_with.algorithm);
    }
    EXPECT_FALSE(known.verify(Algorithm::kEs256, kMessage, signature));
    EXPECT_FALSE(known.verify(signed_with.algorithm, "another", signature));
    signature[10] = static_cast<char>(signature[10] ^ 1);
    EXPECT_FALSE(known.verify(signed_with.algorithm, kMessage, signature));
    EXPECT_FALSE(public_of(PrivateKey::rsa()).verify(signed_with.algorithm, kMessage, signature));
  }
  EXPECT_FALSE(known.verify(Algorithm::kRs256, kMessage, ""));
}

TEST(PublicKey, VerifiesEachCurveWithItsOwnAlgorithm) {
  const struct {
    Curve curve;
    const char* group;
    int half;
    Algorithm algorithm;
    const EVP_MD* digest;
  } cases[] = {{Curve::kP256, "P-256", 32, Algorithm::kEs256, EVP_sha256()},
               {Curve::kP384, "P-384", 48, Algorithm::kEs384, EVP_sha384()},
               {Curve::kP521, "P-521", 66, Algorithm::kEs512, EVP_sha512()}};
  for (const auto& c : cases) {
    const PrivateKey key = PrivateKey::ec(c.group);
    const auto known = PublicKey::ec(c.curve, key.number("qx", c.half), key.number("qy", c.half));
    ASSERT_TRUE(known);
    std::string signature = key.sign(c.digest, kMessage, false, c.half);
    EXPECT_TRUE(known->verify(c.algorithm, kMessage, signature));
    EXPECT_FALSE(known->verify(Algorithm::kRs256, kMessage, signature));
    EXPECT_FALSE(known->verify(c.algorithm, kMessage, signature.substr(1)));
    EXPECT_FALSE(known->verify(c.algorithm, kMessage, std::string(signature.size(), '\0')));
    signature.back() = static_cast<char>(signature.back() ^ 1);
    EXPECT_FALSE(known->verify(c.algorithm, kMessage, signature));
  }
}

TEST(PublicKey, VerifiesEd25519) {
  const PrivateKey key = PrivateKey::ed25519();
  const auto known = PublicKey::ed25519(key.raw_public());
  ASSERT_TRUE(known);
  const std::string signature = key.sign(nullptr, kMessage);
  EXPECT_TRUE(known->verify(Algorithm::kEdDsa, kMessage, signature));
  EXPECT_FALSE(known->verify(Algorithm::kEdDsa, "another", signature));
  EXPECT_FALSE(known->verify(Algorithm::kEs256, kMessage, signature));
}

TEST(PublicKey, RefusesKeysThatAreNone) {
  const PrivateKey small = PrivateKey::rsa(1024);
  EXPECT_FALSE(PublicKey::rsa(small.number("n"), small.number("e"))) << "1024 bits";
  const PrivateKey key = PrivateKey::rsa();
  EXPECT_FALSE(PublicKey::rsa(key.number("n"), std::string(1, '\x01'))) << "exponent 1 makes anything a signature";
  EXPECT_FALSE(PublicKey::rsa(key.number("n"), ""));
  EXPECT_FALSE(PublicKey::rsa("", key.number("e")));
  EXPECT_FALSE(PublicKey::rsa(std::string(4096, '\xff'), key.number("e"))) << "larger than we compute with";
  EXPECT_FALSE(PublicKey::ec(Curve::kP256, std::string(32, '\x01'), std::string(32, '\x01'))) << "not on the curve";
  EXPECT_FALSE(PublicKey::ec(Curve::kP256, std::string(31, '\x01'), std::string(32, '\x01')));
  EXPECT_FALSE(PublicKey::ed25519("short"));
}

}  // namespace
}  // namespace warifu::crypto
