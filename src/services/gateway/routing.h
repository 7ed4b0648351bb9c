#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "access/principal.h"
#include "services/gateway/traffic_rules.h"

/// Which target a request to an HTTP target goes to. Pure. Source: the service's page on gateway rules.
namespace warifu::services::gateway::routing {

/// Weights of a split sum to it.
inline constexpr std::uint32_t kDraws = 100;

/// What rules look at.
struct Traveller {
  const access::Principal& principal;  // rules on principals match IAM's alone, never a token's subject
  std::string_view target;             // the target that the path names
  std::string_view path;               // `/{target}/…`
};

/// The name of the target that `traveller` goes to: what the first rule says whose conditions all hold, in order of
/// priority; without one, the target that it named. `draw`, uniform below kDraws, decides between the parts of a split.
/// A role's session matches by its own ARN and by its role's.
[[nodiscard]] std::string route(std::span<const Rule> rules, const Traveller& traveller, std::uint32_t draw);

}  // namespace warifu::services::gateway::routing
