#include "api/context.h"

#include <algorithm>

#include "wire/member.h"

namespace warifu::api {

using policy::key;

RequestKeys::RequestKeys(const http::Request& request, const Call& call, const wire::Operation& operation,
                         const wire::Permission& permission, const void* input, const Target& target)
    : request_(request), call_(call) {
  add_entity_keys(operation.context, target);
  add_entity_keys(permission.context, target);
  wire::each_context_value(operation, &permission, input, [this](const wire::ContextValue& value) {
    std::string name(value.key);
    name.append(value.suffix);
    if (!value.multivalued) {
      single_.emplace_back(std::move(name), value.value);
      return;
    }
    const auto found = std::ranges::find_if(many_, [&](const auto& entry) { return entry.first == name; });
    if (found != many_.end()) {
      found->second.push_back(value.value);
    } else {
      many_.emplace_back(std::move(name), std::vector{value.value});
    }
  });
}

void RequestKeys::add_entity_keys(std::span<const wire::ContextKey> keys, const Target& target) {
  if (target.boundary_arn.empty()) return;
  for (const wire::ContextKey& key : keys) {
    if (key.source == wire::ContextSource::kEntity) single_.emplace_back(key.key, target.boundary_arn);
  }
}

void RequestKeys::fill(policy::Context& context) const {
  context.set(key("aws:SourceIp"), request_.peer_ip);
  context.set_bool(key("aws:SecureTransport"), request_.secure);
  context.set_time(key("aws:CurrentTime"), call_.now());
  context.set_number(key("aws:EpochTime"), call_.now().seconds());
  context.set(key("aws:RequestedRegion"), call_.region());
  context.set_bool(key("aws:ViaAWSService"), false);
  if (const auto agent = request_.headers.get("user-agent")) context.set(key("aws:UserAgent"), *agent);
  if (const auto referer = request_.headers.get("referer")) context.set(key("aws:Referer"), *referer);
  for (const auto& [name, value] : single_) context.set(name, value);
  for (const auto& [name, values] : many_) context.set_many(name, values);
}

}  // namespace warifu::api
