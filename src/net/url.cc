#include <algorithm>
#include <charconv>

#include "net/client.h"

namespace warifu::net {
namespace {

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_ipv6_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

constexpr std::uint16_t default_port(bool secure) { return secure ? 443 : 80; }

/// `host`, `host:port`, `[v6]`, `[v6]:port` into `url`; false when it is none of these.
bool parse_authority(std::string_view authority, Url& url) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return false;
    url.host = authority.substr(1, end - 1);
    if (!std::ranges::all_of(url.host, is_ipv6_char)) return false;
    authority.remove_prefix(end + 1);
    if (!authority.empty() && !authority.starts_with(':')) return false;
    port = authority;
  } else {
    const std::size_t colon = std::min(authority.find(':'), authority.size());
    url.host = authority.substr(0, colon);
    if (!std::ranges::all_of(url.host, is_host_char)) return false;
    port = authority.substr(colon);
  }
  if (url.host.empty()) return false;
  if (port.empty()) return true;
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  return error == std::errc{} && end == port.data() + port.size() && url.port != 0;
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const auto bad = [&] { return fail(validation_error("`" + std::string(text) + "` is not an http or https URL")); };
  if (!std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7f; })) return bad();
  const std::size_t scheme_bytes = text.find("://");
  if (scheme_bytes == std::string_view::npos) return bad();
  const std::string scheme = to_lower(text.substr(0, scheme_bytes));
  if (scheme != "http" && scheme != "https") return bad();

  Url url{.secure = scheme == "https"};
  url.port = default_port(url.secure);
  const std::string_view rest = text.substr(scheme_bytes + 3);
  const std::size_t authority_end = std::min(rest.find_first_of("/?#"), rest.size());
  if (!parse_authority(rest.substr(0, authority_end), url)) return bad();
  const std::string_view target = rest.substr(authority_end, rest.find('#') - authority_end);
  url.target = target.starts_with('/') ? std::string(target) : "/" + std::string(target);
  return url;
}

std::string Url::authority() const {
  const bool v6 = host.find(':') != std::string::npos;
  const std::string name = v6 ? "[" + host + "]" : host;
  return port == default_port(secure) ? name : name + ":" + std::to_string(port);
}

}  // namespace warifu::net
