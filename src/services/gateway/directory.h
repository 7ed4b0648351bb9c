#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "services/gateway/gateways.h"
#include "services/gateway/targets_store.h"
#include "services/gateway/traffic_rules.h"
#include "store/store.h"

namespace warifu::services::gateway {

/// A target as one request can need it.
struct KnownTarget {
  TargetRow row;
  std::string catalogue;  // as `settle` left it; empty: none
};

/// A gateway with all that hangs on it, as of one version. Immutable; shared by requests and by what is compiled of it.
struct KnownGateway {
  GatewayPlace place;
  std::uint64_t version = 0;
  Gateway gateway;
  std::vector<KnownTarget> targets;  // in byte order of their ids, whatever their status
  std::vector<Rule> rules;           // lowest priority number first
  std::vector<RateLimit> rate_limits;
};

/// Gateways by id, read once for each version: a request costs one small read that its thread mostly has kept.
/// Thread-safe.
class Directory {
 public:
  /// Keeps at most `gateways_max` gateways.
  explicit Directory(std::size_t gateways_max = 1024);
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// nullptr: there is no such gateway. What `reader` sees, never older.
  [[nodiscard]] Result<std::shared_ptr<const KnownGateway>> find(store::Reader& reader, std::string_view id) const;

 private:
  struct Cache;
  std::unique_ptr<Cache> cache_;
};

}  // namespace warifu::services::gateway
