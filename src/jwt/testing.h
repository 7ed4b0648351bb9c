#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "base/encoding.h"
#include "crypto/signing_testing.h"

/// An issuer of tokens, for tests.
namespace warifu::jwt::testing {

class Issuer {
 public:
  explicit Issuer(std::string key_id = "k1") : key_id_(std::move(key_id)) {}

  [[nodiscard]] std::string jwk() const {
    return fmt::format(R"({{"kty":"RSA","use":"sig","alg":"RS256","kid":"{}","n":"{}","e":"{}"}})", key_id_,
                       base64url_encode(key_.number("n")), base64url_encode(key_.number("e")));
  }
  [[nodiscard]] std::string jwks() const { return fmt::format(R"({{"keys":[{}]}})", jwk()); }
  [[nodiscard]] std::string sign(std::string_view claims) const {
    return sign_as(fmt::format(R"({{"alg":"RS256","typ":"JWT","kid":"{}"}})", key_id_), claims);
  }
  [[nodiscard]] std::string sign_as(std::string_view header, std::string_view claims) const {
    const std::string part = base64url_encode(header) + "." + base64url_encode(claims);
    return part + "." + base64url_encode(key_.sign(EVP_sha256(), part));
  }

 private:
  std::string key_id_;
  crypto::testing::PrivateKey key_ = crypto::testing::PrivateKey::rsa();
};

}  // namespace warifu::jwt::testing
