#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <unordered_map>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"

namespace warifu::services::cloudtrail {

/// How often an account may look into its trail, in each region: so many times a second, and what ten seconds of rest
/// save up at once. AWS allows two a second. Thread-safe.
class LookupLimit {
 public:
  /// `per_second` 0: no limit.
  explicit LookupLimit(double per_second) : per_second_(per_second) {}

  /// ThrottlingException when the account has looked too often. A clock that goes back gives nothing.
  [[nodiscard]] Result<> take(const AccountId& account, const std::string& region, Timestamp now);

 private:
  static constexpr double kSavedSeconds = 10;
  static constexpr std::size_t kPlacesMax =
      10'000;  // remembered; then all are forgotten, which gives a little too much

  struct Bucket {
    double left;
    Timestamp at;
  };

  const double per_second_;
  std::mutex mutex_;
  std::unordered_map<std::string, Bucket> buckets_;  // under mutex_
};

}  // namespace warifu::services::cloudtrail
