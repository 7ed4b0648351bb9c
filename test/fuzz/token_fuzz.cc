// What leaves the server sealed and comes back: paging tokens and session tokens. Arbitrary bytes never open; a token
// that was changed in any way never opens; an unchanged one gives back exactly what was sealed.
#include <cstddef>
#include <cstdint>
#include <string>

#include "access/session_token.h"
#include "base/check.h"
#include "vault/master_key.h"
#include "vault/sealer.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu;
  static const std::string key(vault::kMasterKeyBytes, 'k');
  static const auto sealer = vault::make_sealer(vault::master_key_from(crypto::SecretBytes::copy_of(key)));
  const std::string text(reinterpret_cast<const char*>(data), size);

  CHECK(!sealer->open("paging-token", text), "bytes of an attacker's own opened");
  CHECK(!access::open_session_token(text, "ASIAEXAMPLEEXAMPLE12", *sealer), "a made-up session token opened");

  const std::string token = sealer->seal("paging-token", text);
  CHECK(sealer->open("paging-token", token) == text, "a token does not give back what was sealed");
  CHECK(!sealer->open("sts-session-token", token), "a token opened for another purpose");
  if (size == 0) return 0;
  std::string changed = token;
  char& one = changed[data[0] % changed.size()];
  one = one == 'A' ? 'B' : 'A';
  CHECK(!sealer->open("paging-token", changed), "a changed token opened");
  return 0;
}
