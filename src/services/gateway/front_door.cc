#include "services/gateway/front_door.h"

#include "base/encoding.h"
#include "gen/model/services.h"

namespace warifu::services::gateway {

FrontDoor::FrontDoor(api::Pipeline& pipeline, const api::Environment& environment, Services services)
    : pipeline_(pipeline), services_(std::move(services)), router_(model::services()) {
  if (const auto url = net::Url::parse(environment.public_url)) authority_ = url->authority();
}

bool FrontDoor::leads_here(const net::Url& url) const {
  // What begins with an underscore is answered before the pipeline: gateways, health, metrics.
  if (url.authority() == authority_) return !url.target.starts_with("/_");
  if (!to_lower(url.host).ends_with(".amazonaws.com")) return false;
  const auto claim = hosts_.judge(url.host);
  return claim && claim->service && router_.service(*claim->service) != nullptr;
}

Task<http::Response> FrontDoor::serve(const net::Url& url, http::Request request) {
  request.target = url.target;
  request.secure = true;  // it never leaves this process
  if (!request.headers.get("host")) request.headers.add("Host", url.authority());
  return services_ ? services_(std::move(request)) : pipeline_.serve(std::move(request));
}

}  // namespace warifu::services::gateway
