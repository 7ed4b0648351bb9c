#include "server/options.h"

#include <fmt/format.h>

#include "net/destination.h"
#include "net/server.h"
#include "server/extracting.h"
#include "server/models.h"

namespace warifu::server {

Result<> check(const ServeOptions& options) {
  if (options.listen.empty()) return fail(validation_error("--listen names no address"));
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return fail(validation_error("--tls-cert and --tls-key go together"));
  }
  if (!options.function_networks.empty() && options.function_egress != "public") {
    return fail(validation_error("--function-allow-network needs --function-egress public"));
  }
  if (const auto policy = net::DestinationPolicy::from(options.function_networks); !policy) {
    return fail(validation_error("--function-allow-network: " + policy.error().message));
  }
  if (!options.domain.empty() && options.tls_cert.empty()) {
    return fail(validation_error("--domain gives gateways https URLs: give --tls-cert and --tls-key too"));
  }
  if (options.durability != "sync" && options.durability != "os") {
    return fail(validation_error(fmt::format("--durability is `sync` or `os`, not `{}`", options.durability)));
  }
  if (options.embedder != "auto" && options.embedder != "static") {
    return fail(validation_error(fmt::format("--embedder is `auto` or `static`, not `{}`", options.embedder)));
  }
  TRY(check_models(options));
  TRY(check_extracting(options));
  if (options.denial_wording != "truthful" && options.denial_wording != "aws") {
    return fail(
        validation_error(fmt::format("--denial-wording is `truthful` or `aws`, not `{}`", options.denial_wording)));
  }
  for (const std::string& text : options.listen) {
    const net::Endpoint endpoint = TRY(net::Endpoint::parse(text));
    if (endpoint.loopback()) continue;
    if (options.development) {
      return fail(validation_error(
          fmt::format("--dev opens accounts to anyone who reaches {}: it is for loopback only", text)));
    }
    if (options.tls_cert.empty() && !options.insecure) {
      return fail(validation_error(
          fmt::format("{} is reachable from other machines: give --tls-cert and --tls-key, or --insecure", text)));
    }
  }
  return {};
}

}  // namespace warifu::server
