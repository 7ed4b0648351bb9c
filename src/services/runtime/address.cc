#include "services/runtime/address.h"

#include <array>

#include "base/encoding.h"
#include "sigv4/verify.h"

namespace warifu::services::runtime {
namespace {

constexpr std::string_view kRoot = "/runtimes/";
constexpr std::size_t kNameBytesMax = 512;

struct Route {
  std::string_view suffix, method;
  Verb verb;
};
// Longer ones first: one may end with another.
constexpr std::array<Route, 6> kRoutes{{
    {.suffix = "/invocations/.well-known/oauth-protected-resource", .method = "GET", .verb = Verb::kMetadata},
    {.suffix = "/invocations/.well-known/agent-card.json", .method = "GET", .verb = Verb::kCard},
    {.suffix = "/stopruntimesession", .method = "POST", .verb = Verb::kStop},
    {.suffix = "/invocations/", .method = "POST", .verb = Verb::kInvoke},
    {.suffix = "/invocations", .method = "POST", .verb = Verb::kInvoke},
    {.suffix = "/commands", .method = "POST", .verb = Verb::kCommand},
}};

/// One that has a slash is an ARN of a runtime and nothing below it: all else belongs to the control plane.
bool is_name(std::string_view name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return true;
  return name.starts_with("arn:") && name.find('/', slash + 1) == std::string_view::npos;
}

}  // namespace

std::optional<std::string> query_value(const http::Request& request, std::string_view name) {
  std::string_view query = request.query();
  while (!query.empty()) {
    const std::string_view parameter = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(parameter.size() + 1, query.size()));
    const std::size_t equals = parameter.find('=');
    const auto key = percent_decode(parameter.substr(0, equals));
    if (!key || !iequals(*key, name)) continue;
    return percent_decode(equals == std::string_view::npos ? std::string_view{} : parameter.substr(equals + 1));
  }
  return std::nullopt;
}

std::optional<Addressee> addressee_of(const http::Request& request) {
  if (!request.path().starts_with("/runtimes")) return std::nullopt;
  // The signature covers the normalised path: going by the raw one would let it serve for another runtime.
  const std::string path = sigv4::normalized_path(request.path());
  if (!path.starts_with(kRoot)) return std::nullopt;
  for (const Route& route : kRoutes) {
    if (request.method != route.method || !path.ends_with(route.suffix)) continue;
    if (path.size() <= kRoot.size() + route.suffix.size()) continue;
    const std::string_view raw =
        std::string_view(path).substr(kRoot.size(), path.size() - kRoot.size() - route.suffix.size());
    auto name = percent_decode(raw);
    if (!name || !is_name(*name)) return std::nullopt;
    Addressee addressee{.verb = route.verb, .runtime = *std::move(name)};
    if (auto qualifier = query_value(request, "qualifier"); qualifier && !qualifier->empty()) {
      addressee.qualifier = *std::move(qualifier);
    }
    if (auto account = query_value(request, "accountId")) addressee.account = *std::move(account);
    return addressee;
  }
  return std::nullopt;
}

}  // namespace warifu::services::runtime
