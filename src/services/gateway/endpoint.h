#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "base/http.h"
#include "services/gateway/address.h"
#include "services/gateway/desk.h"
#include "services/gateway/http_target.h"
#include "services/gateway/interceptors.h"

namespace warifu::services::gateway {

struct EndpointOptions {
  std::vector<std::string> authorities;  // `host[:port]`, lower case: whose pages may call from a browser
  std::string domain;                    // of `{id}.gateway.bedrock-agentcore.{region}.{domain}`; empty: none
};

/// The data plane's front: every request to a gateway. Thread-safe; its parts outlive it.
///
/// A gateway that does not exist answers as one that refuses. A refusal is a JSON-RPC error with the whole sentence,
/// and the request's own id where that can be read; its `x-amzn-RequestId` is what `warifu explain` knows.
class Endpoint {
 public:
  Endpoint(api::Pipeline& pipeline, const api::Environment& environment, Shared& shared, Outbound& outbound,
           EndpointOptions options);

  /// True when `request` is for a gateway: it does not take the pipeline's own way then.
  [[nodiscard]] bool takes(const http::Request& request) const;
  /// REQUIRES: takes(request).
  [[nodiscard]] Task<http::Response> serve(http::Request request);

 private:
  struct Visitor;
  Task<http::Response> answer(http::Request request, Addressee addressee);
  Task<http::Response> admitted(std::shared_ptr<Visitor> visitor);
  Task<http::Response> forward(std::shared_ptr<Visitor> visitor, std::shared_ptr<const Target> target,
                               std::string below);
  Task<http::Response> serve_mcp(std::shared_ptr<Visitor> visitor);
  Task<http::Response> serve_intercepted(std::shared_ptr<Visitor> visitor);
  Task<http::Response> serve_post(std::shared_ptr<Visitor> visitor);
  Task<http::Response> serve_messages(std::shared_ptr<Visitor> visitor, std::shared_ptr<Exchange> exchange);
  Task<http::Response> serve_one(std::shared_ptr<Visitor> visitor, std::shared_ptr<Exchange> exchange);
  std::optional<http::Response> enter_session(const Visitor& visitor, Exchange& exchange);
  std::optional<ClientSession> session_of(const Visitor& visitor, std::string_view id) const;
  Task<std::optional<http::Response>> end_session(std::shared_ptr<Visitor> visitor);
  http::Response refused(const http::Request& request, const TurnedAway& away) const;
  std::optional<http::Response> metadata(const http::Request& request, const Addressee& addressee,
                                         const KnownGateway* gateway) const;
  std::string base_url(const KnownGateway& gateway) const;
  std::string metadata_url(const KnownGateway& gateway) const;

  api::Pipeline& pipeline_;
  const api::Environment& environment_;
  Shared& shared_;
  Directory directory_;
  inbound::TokenAuthorizer tokens_;
  Admission admission_;
  HttpTargets http_;
  Interceptors interceptors_;
  EndpointOptions options_;
};

}  // namespace warifu::services::gateway
