#include "net/destination.h"

#include <algorithm>
#include <array>

#include "base/check.h"

namespace warifu::net {
namespace {

/// IANA's special-purpose registries, multicast, and what tunnels IPv4 within IPv6.
constexpr std::array kSpecial = {
    "0.0.0.0/8",      "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24",   "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24",
    "203.0.113.0/24", "224.0.0.0/4",  "240.0.0.0/4",    "::/96",          "64:ff9b::/96",   "64:ff9b:1::/48",
    "100::/64",       "2001::/23",    "2001:db8::/32",  "2002::/16",      "3fff::/20",      "5f00::/16",
    "fc00::/7",       "fe80::/10",    "fec0::/10",      "ff00::/8"};

const std::vector<CidrBlock>& special() {
  static const std::vector<CidrBlock> blocks = [] {
    std::vector<CidrBlock> out;
    for (const char* text : kSpecial) {
      const auto block = CidrBlock::parse(text);
      CHECK(block.has_value(), text);
      out.push_back(*block);
    }
    return out;
  }();
  return blocks;
}

bool holds(const std::vector<CidrBlock>& blocks, const IpAddress& address) {
  return std::ranges::any_of(blocks, [&](const CidrBlock& block) { return block.contains(address); });
}

}  // namespace

bool is_public(const IpAddress& address) { return !holds(special(), address); }

Result<DestinationPolicy> DestinationPolicy::from(const std::vector<std::string>& allowed) {
  DestinationPolicy policy;
  for (const std::string& text : allowed) {
    const auto block = CidrBlock::parse(text);
    if (!block) return fail(validation_error("`" + text + "` is not a network (CIDR)"));
    policy.allowed_.push_back(*block);
  }
  return policy;
}

bool DestinationPolicy::allows(const IpAddress& address) const {
  return is_public(address) || holds(allowed_, address);
}

}  // namespace warifu::net
