#include <charconv>

#include "net/address.h"
#include "net/server.h"

namespace warifu::net {

Result<Endpoint> Endpoint::parse(std::string_view text) {
  const auto bad = [&] { return fail(validation_error("`" + std::string(text) + "` is not HOST:PORT")); };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad();
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);

  Endpoint endpoint;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  if (error != std::errc{} || end != port.data() + port.size()) return bad();

  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*") host = "0.0.0.0";
  const std::optional<IpAddress> address = IpAddress::parse(host);
  if (!address || bracketed != (host.find(':') != std::string_view::npos)) return bad();
  endpoint.host = host;
  return endpoint;
}

std::string Endpoint::str() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

bool Endpoint::loopback() const {
  static const CidrBlock kV4 = *CidrBlock::parse("127.0.0.0/8");
  static const CidrBlock kV6 = *CidrBlock::parse("::1");
  const std::optional<IpAddress> address = IpAddress::parse(host);
  return address && (kV4.contains(*address) || kV6.contains(*address));
}

}  // namespace warifu::net
