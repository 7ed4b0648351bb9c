#include "api/host.h"

#include <algorithm>

#include "base/encoding.h"

namespace warifu::api {
namespace {

constexpr std::string_view kAwsSuffix = ".amazonaws.com";
constexpr std::string_view kS3 = "s3";
constexpr std::string_view kLocal = ".localhost";

bool is_loopback_name(std::string_view name) {
  if (name == "localhost" || name.ends_with(".localhost") || name == "::1") return true;
  if (!name.starts_with("127.")) return false;
  return std::ranges::all_of(name, [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

bool looks_like_region(std::string_view label) {
  return std::ranges::count(label, '-') >= 2 && !label.empty() && label.back() >= '0' && label.back() <= '9';
}

/// `bedrock-agentcore.us-east-1.amazonaws.com`, `<gateway id>.gateway.bedrock-agentcore.<region>.…`, `sts.…`.
HostClaim claim_of_aws_name(std::string_view name, std::string_view suffix) {
  name.remove_suffix(suffix.size());
  HostClaim claim;
  const std::size_t last_dot = name.rfind('.');
  const std::string_view last = last_dot == std::string_view::npos ? name : name.substr(last_dot + 1);
  if (looks_like_region(last)) {
    claim.region = std::string(last);
    name = last_dot == std::string_view::npos ? std::string_view{} : name.substr(0, last_dot);
  }
  std::string_view service = name.substr(name.rfind('.') == std::string_view::npos ? 0 : name.rfind('.') + 1);
  // Both planes of AgentCore sign as one service.
  if (service == "bedrock-agentcore-control") service = "bedrock-agentcore";
  if (service == "bedrock-runtime") service = "bedrock";
  claim.service = std::string(service);
  if (service == kS3 && name.size() > service.size()) claim.bucket = name.substr(0, name.size() - service.size() - 1);
  return claim;
}

/// `bucket.<own name>`, `bucket.s3.<own name>`, `bucket.s3.<region>.<own name>`, `s3.<own name>`; `before` is what
/// stands before the own name and its dot.
HostClaim claim_below(std::string_view before) {
  HostClaim claim;
  const std::size_t dot = before.rfind('.');
  const std::string_view last = before.substr(dot == std::string_view::npos ? 0 : dot + 1);
  std::string_view rest = before;
  if (looks_like_region(last) && dot != std::string_view::npos) {
    const std::string_view above = before.substr(0, dot);
    if (above == kS3 || above.ends_with(".s3")) {
      claim.region = std::string(last);
      rest = above;
    }
  }
  if (rest == kS3) {
    rest = {};
  } else if (rest.ends_with(".s3")) {
    rest.remove_suffix(3);
  }
  if (!rest.empty()) claim.bucket = std::string(rest);
  return claim;
}

}  // namespace

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t end = host.find(']');
    return end == std::string_view::npos ? std::string_view{} : host.substr(1, end - 1);
  }
  const std::size_t colon = host.find(':');
  return host.substr(0, colon);
}

bool from_foreign_page(const http::Headers& headers) {
  const std::size_t origins = headers.count("origin");
  if (origins == 0) return headers.get("sec-fetch-site") == "cross-site";
  std::string_view origin = *headers.get("origin");
  const std::size_t scheme = origin.find("://");
  if (origins > 1 || scheme == std::string_view::npos) return true;
  origin.remove_prefix(scheme + 3);
  return !is_loopback_name(to_lower(without_port(origin)));
}

HostPolicy::HostPolicy(std::vector<std::string> extra, std::string domain)
    : extra_(std::move(extra)), domain_(domain.empty() ? domain : "." + to_lower(domain)) {
  for (std::string& name : extra_) name = to_lower(without_port(name));
}

std::optional<HostClaim> HostPolicy::judge(std::string_view host) const {
  const std::string name = to_lower(without_port(host));
  if (name.empty()) return std::nullopt;
  if (is_loopback_name(name)) {
    HostClaim claim;
    if (name.ends_with(kLocal)) claim = claim_below(std::string_view(name).substr(0, name.size() - kLocal.size()));
    claim.loopback = true;
    return claim;
  }
  if (std::ranges::find(extra_, name) != extra_.end()) return HostClaim{};
  if (name.ends_with(kAwsSuffix)) return claim_of_aws_name(name, kAwsSuffix);
  if (!domain_.empty() && name.ends_with(domain_)) return claim_of_aws_name(name, domain_);
  for (const std::string& own : extra_) {
    if (own.empty() || !name.ends_with(own) || name[name.size() - own.size() - 1] != '.') continue;
    if (std::ranges::all_of(own, [](char c) { return c == '.' || (c >= '0' && c <= '9'); })) continue;
    HostClaim claim = claim_below(std::string_view(name).substr(0, name.size() - own.size() - 1));
    claim.service = kS3;
    return claim;
  }
  return std::nullopt;
}

}  // namespace warifu::api
