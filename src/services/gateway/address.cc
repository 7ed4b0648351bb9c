#include "services/gateway/address.h"

#include "api/host.h"
#include "base/encoding.h"
#include "sigv4/verify.h"

namespace warifu::services::gateway {
namespace {

constexpr std::string_view kHostInfix = ".gateway.bedrock-agentcore.";
constexpr std::size_t kIdBytesMax = 128;

bool is_id(std::string_view text) {
  if (text.empty() || text.size() > kIdBytesMax) return false;
  for (const char c : text) {
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-')) return false;
  }
  return true;
}

/// `{region}.{domain}`: the region is one label.
bool ends_in(std::string_view rest, std::string_view domain) {
  if (domain.empty()) return false;
  const std::size_t dot = rest.find('.');
  return dot != std::string_view::npos && dot > 0 && rest.substr(dot + 1) == domain;
}

std::optional<Addressee> by_host(const http::Request& request, std::string path, std::string_view domain) {
  const auto host = request.headers.get("host");
  if (!host || host->find(kHostInfix) == std::string_view::npos) return std::nullopt;
  const std::string name = to_lower(api::without_port(*host));
  const std::size_t at = name.find(kHostInfix);
  if (at == std::string::npos) return std::nullopt;
  const std::string_view rest = std::string_view(name).substr(at + kHostInfix.size());
  if (!ends_in(rest, "amazonaws.com") && !ends_in(rest, domain)) return std::nullopt;
  const std::string id = name.substr(0, at);
  if (!is_id(id)) return std::nullopt;
  return Addressee{.gateway_id = id, .path = std::move(path), .by_host = true};
}

}  // namespace

std::optional<Addressee> addressee_of(const http::Request& request, std::string_view domain) {
  // The signature covers the normalised path: going by the raw one would let it serve for another gateway.
  std::string path = sigv4::normalized_path(request.path());
  if (!path.starts_with(kPathRoot)) return by_host(request, std::move(path), domain);
  const std::string_view rest = std::string_view(path).substr(kPathRoot.size());
  const std::size_t slash = rest.find('/');
  const std::string_view id = rest.substr(0, slash);
  // What is no id is no gateway either, and is refused as one that is not there.
  return Addressee{.gateway_id = is_id(id) ? std::string(id) : std::string("-"),
                   .path = slash == std::string_view::npos ? "/" : std::string(rest.substr(slash)),
                   .by_host = false};
}

}  // namespace warifu::services::gateway
