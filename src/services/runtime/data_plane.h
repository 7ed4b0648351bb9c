#pragma once

#include <memory>

#include "api/pipeline.h"
#include "base/http.h"
#include "net/destination.h"
#include "services/runtime/service.h"

namespace warifu::services::runtime {

/// What callers ask of agents: InvokeAgentRuntime, InvokeAgentRuntimeCommand, StopRuntimeSession, GetAgentCard, and the
/// metadata that tells clients where tokens come from. Every request proves, on the runtime's ARN and on its
/// endpoint's, that it may; only then is looked whether they are there. Thread-safe between `open` and `close`.
class DataPlane {
 public:
  /// `destinations`: where identity providers may lie. `service` outlives this.
  DataPlane(Service& service, net::DestinationPolicy destinations);
  ~DataPlane();
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;

  /// Before the first request. Both outlive this.
  void open(const api::Environment& environment, api::Pipeline& pipeline);
  [[nodiscard]] static bool takes(const http::Request& request);
  /// REQUIRES: takes(request), open.
  [[nodiscard]] Task<http::Response> serve(http::Request request);
  /// Closes connections. REQUIRES: no event loop of the server runs any more.
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warifu::services::runtime
