#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "crypto/aead.h"
#include "vault/master_key.h"

namespace warifu::vault {

/// Seals short texts that travel through a caller's hands (paging tokens, session tokens): they can neither be read
/// nor changed there, nor used for another purpose. Thread-safe; keep one for each purpose.
class TextSealer {
 public:
  TextSealer(const MasterKey& master_key, std::string_view purpose);

  /// Base 64 for URLs, without padding. Never the same twice. `context` is not in the token, and must be the same
  /// when it is opened: whom or what the token is for.
  [[nodiscard]] std::string seal(std::string_view text, std::string_view context = {}) const;
  /// nullopt when the token was changed, cut, made for another purpose or context, or under another master key.
  [[nodiscard]] std::optional<std::string> open(std::string_view token, std::string_view context = {}) const;

 private:
  crypto::Aead aead_;
};

/// As TextSealer, once: derives the key at each call.
[[nodiscard]] std::string seal_text(const MasterKey& master_key, std::string_view purpose, std::string_view text);
[[nodiscard]] std::optional<std::string> open_text(const MasterKey& master_key, std::string_view purpose,
                                                   std::string_view token);

}  // namespace warifu::vault
