#include "services/gateway/control_keys.h"

#include "store/keys.h"

namespace warifu::services::gateway::keys {
namespace {

std::string of_gateway(std::string_view kind, const GatewayPlace& place) {
  std::string key(kind);
  store::append_text(key, place.region);
  store::append_text(key, place.id);
  return key;
}

}  // namespace

std::string gateways(std::string_view region) {
  std::string key = "gateway/";
  store::append_text(key, region);
  return key;
}

std::string gateway(const GatewayPlace& place) { return gateways(place.region).append(place.id); }
std::string targets(const GatewayPlace& place) { return of_gateway("gateway-target/", place); }
std::string target(const GatewayPlace& place, std::string_view id) { return targets(place).append(id); }
std::string target_names(const GatewayPlace& place) { return of_gateway("gateway-target-name/", place); }
std::string target_name(const GatewayPlace& place, std::string_view name) { return target_names(place).append(name); }
std::string catalogues(const GatewayPlace& place) { return of_gateway("gateway-catalogue/", place); }
std::string catalogue(const GatewayPlace& place, std::string_view id) { return catalogues(place).append(id); }
std::string ended_sessions(const GatewayPlace& place) { return of_gateway("gateway-session-ended/", place); }
std::string ended_session(const GatewayPlace& place, std::string_view key) { return ended_sessions(place).append(key); }
std::string rules(const GatewayPlace& place) { return of_gateway("gateway-rule/", place); }
std::string rule(const GatewayPlace& place, std::string_view id) { return rules(place).append(id); }
std::string rate_limits(const GatewayPlace& place) { return of_gateway("gateway-rate-limit/", place); }
std::string rate_limit(const GatewayPlace& place, std::string_view id) { return rate_limits(place).append(id); }

std::string address(std::string_view id) { return std::string("gateway/").append(id); }
std::string waitings() { return "gateway-waiting/"; }

std::string waiting(std::string_view gateway_arn, std::string_view target_id) {
  std::string key = waitings();
  store::append_text(key, gateway_arn);
  key += target_id;
  return key;
}

}  // namespace warifu::services::gateway::keys
