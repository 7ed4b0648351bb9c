#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"

namespace warifu::net {

/// An IP address as 16 bytes, IPv4 in its mapped form, so that both kinds compare alike.
struct IpAddress {
  std::array<std::uint8_t, 16> bytes{};

  /// nullopt unless `text` is an IPv4 or IPv6 address; a zone (`%eth0`) is not accepted.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  /// Canonical text; a mapped IPv4 address is written as IPv4.
  [[nodiscard]] std::string str() const;
  [[nodiscard]] bool is_v4() const;
  bool operator==(const IpAddress&) const = default;
};

/// A block of addresses. `10.0.0.0/8`, `fd00::/8`, or one address alone.
struct CidrBlock {
  IpAddress base;
  unsigned prefix_bits = 128;  // counted on the 16-byte form

  /// nullopt: not a block, or bits are set beyond the prefix (probably a typing error, and never harmless).
  [[nodiscard]] static std::optional<CidrBlock> parse(std::string_view text);
  [[nodiscard]] bool contains(const IpAddress& address) const;
};

/// What trusted proxies say of the client behind them. Immutable, thread-safe.
class ForwardedTrust {
 public:
  /// kValidation: an entry is not a CIDR block.
  [[nodiscard]] static Result<ForwardedTrust> from(const std::vector<std::string>& blocks);
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  [[nodiscard]] bool trusts(const IpAddress& address) const;

  /// Sets `peer_ip` and `secure` of `request`, which hold the socket's own, from X-Forwarded-For and
  /// X-Forwarded-Proto when the peer is trusted: the last address that no trusted proxy has, reading from the right.
  /// What does not read as an address ends the walk at the hop that reported it.
  void apply(http::Request& request) const;

 private:
  std::vector<CidrBlock> blocks_;
};

}  // namespace warifu::net
