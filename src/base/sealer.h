#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace warifu {

/// Seals short texts that leave the server and come back: paging tokens, session tokens, encoded messages. What comes
/// back is exactly what was sealed here, under the same purpose, or nothing. Implementations (`vault`) are thread-safe.
class Sealer {
 public:
  virtual ~Sealer() = default;
  /// Authenticated encryption under a key of that purpose; URL-safe text.
  [[nodiscard]] virtual std::string seal(std::string_view purpose, std::string_view text) const = 0;
  /// nullopt when `sealed` was not made by `seal` of this server with the same purpose.
  [[nodiscard]] virtual std::optional<std::string> open(std::string_view purpose, std::string_view sealed) const = 0;
  /// A key-dependent digest (32 bytes) for secrets that are derived rather than stored.
  [[nodiscard]] virtual std::string derive(std::string_view purpose, std::string_view text) const = 0;
};

}  // namespace warifu
