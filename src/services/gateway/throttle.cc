#include "services/gateway/throttle.h"

#include <algorithm>
#include <cmath>

namespace warifu::services::gateway {
namespace {

constexpr std::size_t kBucketsMax = 100'000;
constexpr std::string_view kJwtClaim = "$.context.jwt.";

double period_ms(const m::RateConfig& config) { return config.period == "minute" ? 60'000 : 1000; }

/// The entry of a limit that is for these values: the one with the fewest wildcards.
const m::LimitEntry* entry_for(const RateLimit& limit, const std::vector<std::string>& values) {
  const m::LimitEntry* best = nullptr;
  std::size_t fewest = 0;
  for (const m::LimitEntry& entry : limit.entries) {
    std::size_t wildcards = 0;
    bool matches = true;
    for (std::size_t i = 0; i < limit.dimension_keys.size() && matches; ++i) {
      const auto wanted = entry.dimensions.find(limit.dimension_keys[i]);
      const bool wildcard = wanted == entry.dimensions.end() || wanted->second == "*";
      matches = wildcard || wanted->second == values[i];
      wildcards += wildcard ? 1 : 0;
    }
    if (!matches || (best != nullptr && wildcards >= fewest)) continue;
    best = &entry;
    fewest = wildcards;
  }
  return best;
}

std::optional<std::vector<std::string>> values_of(const RateLimit& limit, const Dimensions& of) {
  std::vector<std::string> out;
  for (const std::string& key : limit.dimension_keys) {
    auto value = dimension(key, of);
    if (!value) return std::nullopt;
    out.push_back(std::move(*value));
  }
  return out;
}

}  // namespace

std::optional<std::string> dimension(std::string_view key, const Dimensions& of) {
  const auto present = [](std::string text) { return text.empty() ? std::nullopt : std::optional(std::move(text)); };
  if (key == "targetName") return present(of.target_name);
  if (key == "toolName") return present(of.tool_name);
  if (of.guest == nullptr) return std::nullopt;
  const access::Principal& principal = of.guest->visit.principal;
  const bool proven = principal.kind != access::PrincipalKind::kAnonymous;
  if (key == "$.context.iam.principal" && proven) return present(principal.arn);
  if (key == "$.context.iam.sourceIdentity" && proven && principal.session) {
    return present(principal.session->source_identity);
  }
  if (!key.starts_with(kJwtClaim)) return std::nullopt;
  return of.guest->claims.find_string(key.substr(kJwtClaim.size()));
}

std::optional<std::int64_t> Throttle::take(const KnownGateway& gateway, const Dimensions& of, Timestamp now) {
  if (gateway.rate_limits.empty()) return std::nullopt;
  const std::lock_guard lock(mutex_);
  if (buckets_.size() >= kBucketsMax) buckets_.clear();
  std::vector<Bucket*> wanted;
  for (const RateLimit& limit : gateway.rate_limits) {
    const auto values = values_of(limit, of);
    const m::LimitEntry* entry = values ? entry_for(limit, *values) : nullptr;
    if (entry == nullptr || !entry->requests) continue;
    for (const m::RateConfig& config : *entry->requests) {
      if (config.rate <= 0) return static_cast<std::int64_t>(period_ms(config) / 1000);
      std::string key = gateway.place.arn + "\n" + limit.rate_limit_id + "\n" + config.period;
      for (const std::string& value : *values) key += "\n" + value;
      Bucket& bucket = buckets_[key];
      if (bucket.rate != config.rate) bucket = {.left = config.rate, .at = now, .rate = config.rate};
      const double gained = static_cast<double>(now.ms - bucket.at.ms) * config.rate / period_ms(config);
      bucket.left = std::min(config.rate, bucket.left + std::max(0.0, gained));
      bucket.at = now;
      if (bucket.left < 1) {
        const double wait_ms = (1 - bucket.left) * period_ms(config) / config.rate;
        return std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(wait_ms / 1000)));
      }
      wanted.push_back(&bucket);
    }
  }
  for (Bucket* bucket : wanted) bucket->left -= 1;
  return std::nullopt;
}

}  // namespace warifu::services::gateway
