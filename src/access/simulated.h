#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/authorize.h"
#include "access/principal.h"
#include "base/result.h"
#include "store/store.h"

/// Questions that nobody asks for real: what would be decided if a principal called.
namespace warifu::access {

/// The principal that `arn` names, as it would call: an account's root, a user, a role (as a session of it called
/// `simulation`) or a role's session. nullopt: there is none such.
[[nodiscard]] Result<std::optional<Principal>> principal_of_arn(store::Reader& reader, std::string_view arn,
                                                                Timestamp now);

/// Condition keys by name.
using SimulatedKeys = std::map<std::string, std::vector<std::string>>;

struct SimulatedAsk {
  std::string action, resource;
  const SimulatedKeys& keys;
  Timestamp now;
};

/// Decides as `authorize` does for a real call, and keeps the evidence. Keys that every call has and that are not given
/// (time, transport, region of the resource) are set; the rest is absent. nullopt: the principal is gone.
[[nodiscard]] Result<std::optional<Outcome>> simulate(store::Reader& reader, const CacheScope& scope,
                                                      const Principal& principal, const SimulatedAsk& asked);

}  // namespace warifu::access
