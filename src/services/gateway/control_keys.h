#pragma once

#include <string>
#include <string_view>

#include "services/gateway/gateways.h"

/// The keys of the control plane's rows; `docs/storage.md` gives the same table byte by byte. Pure functions.
namespace warifu::services::gateway::keys {

// In partition `account/<owner>`.
[[nodiscard]] std::string gateways(std::string_view region);                       // gateway/ region
[[nodiscard]] std::string gateway(const GatewayPlace& place);                      // gateway/ region id
[[nodiscard]] std::string targets(const GatewayPlace& place);                      // gateway-target/ region gateway
[[nodiscard]] std::string target(const GatewayPlace& place, std::string_view id);  // … id
[[nodiscard]] std::string target_names(const GatewayPlace& place);  // gateway-target-name/ region gateway
[[nodiscard]] std::string target_name(const GatewayPlace& place, std::string_view name);  // … name
[[nodiscard]] std::string catalogues(const GatewayPlace& place);  // gateway-catalogue/ region gateway
[[nodiscard]] std::string catalogue(const GatewayPlace& place, std::string_view id);
[[nodiscard]] std::string rules(const GatewayPlace& place);  // gateway-rule/ region gateway
[[nodiscard]] std::string rule(const GatewayPlace& place, std::string_view id);
[[nodiscard]] std::string rate_limits(const GatewayPlace& place);  // gateway-rate-limit/ region gateway
[[nodiscard]] std::string rate_limit(const GatewayPlace& place, std::string_view id);
[[nodiscard]] std::string ended_sessions(const GatewayPlace& place);  // gateway-session-ended/ region gateway
[[nodiscard]] std::string ended_session(const GatewayPlace& place, std::string_view key);  // … key

// In partition `system`.
[[nodiscard]] std::string address(std::string_view id);                                       // gateway/ id
[[nodiscard]] std::string waitings();                                                         // gateway-waiting/
[[nodiscard]] std::string waiting(std::string_view gateway_arn, std::string_view target_id);  // … arn target

}  // namespace warifu::services::gateway::keys
