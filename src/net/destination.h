#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/address.h"

namespace warifu::net {

/// `reason` of an error that means: the address is not one to connect to.
inline constexpr std::string_view kForbiddenAddress = "ForbiddenAddress";

/// True for addresses of the public Internet: no private, loopback, link-local, shared, documentation, benchmark,
/// multicast or reserved ones, nor IPv6 forms that carry an IPv4 address inside (IANA special-purpose registries).
[[nodiscard]] bool is_public(const IpAddress& address);

/// Where requests that users cause may go: public addresses, and the networks that the operator allowed. Against
/// server-side request forgery. Immutable, thread-safe.
class DestinationPolicy {
 public:
  DestinationPolicy() = default;
  /// kValidation: an entry is no CIDR block.
  [[nodiscard]] static Result<DestinationPolicy> from(const std::vector<std::string>& allowed);
  [[nodiscard]] bool allows(const IpAddress& address) const;

 private:
  std::vector<CidrBlock> allowed_;
};

}  // namespace warifu::net
