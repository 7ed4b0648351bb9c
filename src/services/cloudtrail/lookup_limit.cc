#include "services/cloudtrail/lookup_limit.h"

#include <algorithm>

#include <fmt/format.h>

namespace warifu::services::cloudtrail {

Result<> LookupLimit::take(const AccountId& account, const std::string& region, Timestamp now) {
  if (per_second_ <= 0) return {};
  const double most = std::max(1.0, per_second_ * kSavedSeconds);
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kPlacesMax) buckets_.clear();
  Bucket& bucket = buckets_.try_emplace(fmt::format("{} {}", account.str(), region), most, now).first->second;
  const double seconds = static_cast<double>(now.ms - bucket.at.ms) / 1000;
  if (seconds > 0) {
    bucket.left = std::min(most, bucket.left + seconds * per_second_);
    bucket.at = now;
  }
  if (bucket.left < 1) {
    return fail(Error{.code = ErrorCode::kThrottled,
                      .message = "Rate exceeded",
                      .aws_name = "ThrottlingException",
                      .reason = {},
                      .fields = {}});
  }
  bucket.left -= 1;
  return {};
}

}  // namespace warifu::services::cloudtrail
