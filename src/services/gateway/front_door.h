#pragma once

#include <functional>
#include <string>

#include "api/host.h"
#include "api/pipeline.h"
#include "net/client.h"
#include "wire/route.h"

namespace warifu::services::gateway {

/// This server's own services, as a client finds them: whatever a target asks of them comes in by the same door as
/// everybody's, signature, authorization and audit, but without a socket. Thread-safe; its parts outlive it.
class FrontDoor {
 public:
  /// Who answers, when it is not the pipeline alone.
  using Services = std::function<Task<http::Response>(http::Request)>;

  FrontDoor(api::Pipeline& pipeline, const api::Environment& environment, Services services = {});

  /// True for the AWS name of a service that is served here, and for the server's public URL but for what is no AWS API
  /// there.
  [[nodiscard]] bool leads_here(const net::Url& url) const;
  /// Answers `request`, to `url`, as if it had come over a socket from nowhere that has an address.
  [[nodiscard]] Task<http::Response> serve(const net::Url& url, http::Request request);

 private:
  api::Pipeline& pipeline_;
  const Services services_;
  const wire::Router router_;
  const api::HostPolicy hosts_{{}};
  std::string authority_;
};

}  // namespace warifu::services::gateway
