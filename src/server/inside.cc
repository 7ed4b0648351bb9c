#include "server/inside.h"

#include <array>
#include <fstream>
#include <iterator>
#include <utility>

#include "net/client.h"
#include "net/local_ca.h"

namespace warifu::server {
namespace {

namespace fs = std::filesystem;

/// Where distributions keep the authorities that everybody believes.
constexpr auto kSystemBundles =
    std::to_array<const char*>({"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"});

std::string system_authorities() {
  for (const char* path : kSystemBundles) {
    std::ifstream file(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    if (text.empty()) continue;
    if (!text.ends_with('\n')) text += '\n';
    return text;
  }
  return {};
}

Result<std::string> bundle_with(const std::string& own, const fs::path& folder) {
  if (own.empty()) return std::string();
  std::error_code error;
  fs::create_directories(folder, error);
  const fs::path path = folder / "authorities.pem";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << system_authorities() << own;
  file.close();
  if (!file) return fail(unavailable("`" + path.string() + "` cannot be written"));
  return fs::absolute(path).string();
}

}  // namespace

Result<Inside> reach_from_inside(net::Server& server, const std::string& public_url, const std::string& tls_cert,
                                 const fs::path& folder) {
  const net::Url url = TRY(net::Url::parse(public_url));
  Inside inside{.serve = [&server](UniqueFd listening) { return server.attach(std::move(listening)); },
                .ca_bundle = {}};
  if (!url.secure) return inside;
  if (!tls_cert.empty()) {
    const std::string own = TRY(net::self_signed(tls_cert));
    inside.ca_bundle = TRY(bundle_with(own, folder));
    return inside;
  }
  const net::LocalCa ca = TRY(net::make_local_ca(folder / "tls", {url.host}));
  auto service = TRY(server.under(ca.server_cert.string(), ca.server_key.string()));
  inside.serve = [&server, service = std::move(service)](UniqueFd listening) {
    return server.attach(std::move(listening), service);
  };
  const std::string own = TRY(net::self_signed(ca.ca_cert));
  inside.ca_bundle = TRY(bundle_with(own, folder));
  return inside;
}

}  // namespace warifu::server
