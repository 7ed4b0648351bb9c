#include <algorithm>

#include "base/encoding.h"
#include "mcp/envelope.h"
#include "net/address.h"

namespace warifu::mcp {
namespace {

/// The host of `host[:port]`, brackets off, lower case.
std::string host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    return to_lower(authority.substr(1, end == std::string_view::npos ? end : end - 1));
  }
  return to_lower(authority.substr(0, authority.find(':')));
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  const std::optional<net::IpAddress> address = net::IpAddress::parse(host);
  if (!address) return false;
  static const net::CidrBlock kV4 = *net::CidrBlock::parse("127.0.0.0/8");
  static const net::CidrBlock kV6 = *net::CidrBlock::parse("::1");
  return kV4.contains(*address) || kV6.contains(*address);
}

bool is_ours(std::string_view authority, const std::vector<std::string>& authorities) {
  return std::ranges::find(authorities, to_lower(authority)) != authorities.end();
}

}  // namespace

bool origin_allowed(const http::Request& request, const std::vector<std::string>& authorities) {
  const bool local = is_loopback(request.local_host);
  const auto trusted = [&](std::string_view authority) {
    return is_ours(authority, authorities) || (local && is_loopback(host_of(authority)));
  };
  if (const auto host = request.headers.get("host"); local && host && !trusted(*host)) return false;
  if (request.headers.count("origin") > 1) return false;
  const auto origin = request.headers.get("origin");
  if (!origin) return true;
  const std::size_t scheme = origin->find("://");
  return scheme != std::string_view::npos && trusted(origin->substr(scheme + 3));
}

http::Response foreign_origin() {
  const Message refused = error({}, {.code = rpc::kInvalidRequest, .message = "Origin or Host is not allowed here"});
  return reply_text(403, print(refused));
}

}  // namespace warifu::mcp
