#include "vault/text_sealer.h"

#include "base/encoding.h"

namespace warifu::vault {

TextSealer::TextSealer(const MasterKey& master_key, std::string_view purpose)
    : aead_(master_key.derive(std::string("text/") + std::string(purpose))) {}

std::string TextSealer::seal(std::string_view text, std::string_view context) const {
  return base64url_encode(aead_.seal(text, context));
}

std::optional<std::string> TextSealer::open(std::string_view token, std::string_view context) const {
  const auto sealed = base64url_decode(token);
  if (!sealed) return std::nullopt;
  return aead_.open(*sealed, context);
}

std::string seal_text(const MasterKey& master_key, std::string_view purpose, std::string_view text) {
  return TextSealer(master_key, purpose).seal(text);
}

std::optional<std::string> open_text(const MasterKey& master_key, std::string_view purpose, std::string_view token) {
  return TextSealer(master_key, purpose).open(token);
}

}  // namespace warifu::vault
