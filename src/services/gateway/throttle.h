#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "services/gateway/admission.h"
#include "services/gateway/directory.h"

/// Rate limits of gateways: of requests. Limits of tokens and connections concern inference, which is not here.
namespace warifu::services::gateway {

/// What of a request limits can tell apart.
struct Dimensions {
  std::string target_name, tool_name;  // empty: the request is for none
  const Guest* guest = nullptr;
};

/// The value of a dimension key (`targetName`, `$.context.iam.principal`, `$.context.jwt.<claim>` …); nullopt: the
/// request has none, so that a limit on it does not concern it.
[[nodiscard]] std::optional<std::string> dimension(std::string_view key, const Dimensions& of);

/// Counts requests: a bucket for each limit and each combination of values that it tells apart, full at `rate`, filled
/// again evenly over its period. Counts of this process; they begin anew when it starts or the limit changes.
/// Thread-safe.
class Throttle {
 public:
  /// Takes one request from every bucket that concerns it. Seconds to wait when one of them is empty, and then none is
  /// touched; nullopt: go ahead.
  [[nodiscard]] std::optional<std::int64_t> take(const KnownGateway& gateway, const Dimensions& of, Timestamp now);

 private:
  struct Bucket {
    double left = 0;
    Timestamp at;
    double rate = 0;
  };
  std::mutex mutex_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace warifu::services::gateway
