// Tokens and key documents from outside: nothing that arrives crashes, and no token of arbitrary bytes is ever verified
// by a key that signed none.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/encoding.h"
#include "jwt/jwt.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // A 2048-bit modulus of which nobody has the factors: π's bits would do as well.
  static const auto keys = jwt::KeySet::parse(R"({"keys":[{"kty":"RSA","kid":"k","e":"AQAB","n":")" +
                                              base64url_encode(std::string(255, '\xd3') + "\x8f") + R"("}]})");
  CHECK(keys && keys->size() == 1);
  const auto token = jwt::parse(text);
  if (token) {
    CHECK(!keys->verifies(*token), "a made-up token was verified");
    const jwt::Rules rules{.issuer = "i", .audiences = {"a"}, .clients = {}, .scopes = {"s"}, .claims = {}};
    (void)jwt::check(*token, rules, {1'800'000'000'000});
  }
  (void)jwt::KeySet::parse(text);
  return 0;
}
