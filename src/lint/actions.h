#pragma once

#include <span>
#include <string_view>

namespace warifu::lint {

/// Every action that a service has: names without the service, parted by single spaces, sorted.
struct ServiceActions {
  std::string_view service, actions;
};

/// The services whose actions are known; of others nothing is said. Immutable.
[[nodiscard]] std::span<const ServiceActions> services();

}  // namespace warifu::lint
