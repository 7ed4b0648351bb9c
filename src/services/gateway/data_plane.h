#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "api/pipeline.h"
#include "base/http.h"
#include "net/destination.h"
#include "services/gateway/targets_store.h"

namespace warifu::services::gateway {

struct DataPlaneOptions {
  net::DestinationPolicy destinations;   // where targets and identity providers may lie
  std::vector<std::string> authorities;  // `host[:port]` of this server, lower case
  std::string domain;                    // under which gateways have host names of their own; empty: none
};

/// Everything behind a gateway's URL: endpoint, targets, outbound connections, and the connecting of new targets.
/// Thread-safe between `open` and `stop`.
class DataPlane {
 public:
  explicit DataPlane(DataPlaneOptions options);
  ~DataPlane();
  DataPlane(const DataPlane&) = delete;
  DataPlane& operator=(const DataPlane&) = delete;

  /// Connects to targets for the control plane. Calls before `open` are kept until then.
  [[nodiscard]] Connector& connector();
  /// Answers requests to this server's services that are no gateways: the pipeline, and what stands beside it.
  using Services = std::function<Task<http::Response>(http::Request)>;

  /// Before the first request. `environment` and `pipeline` outlive this; `environment.client` is set. `services`:
  /// where targets find this server's own; empty: the pipeline. It must not lead back to gateways, which could call
  /// each other without an end.
  void open(const api::Environment& environment, api::Pipeline& pipeline, Services services = {});
  /// True when a request is for a gateway. REQUIRES: open.
  [[nodiscard]] bool takes(const http::Request& request) const;
  /// REQUIRES: takes(request).
  [[nodiscard]] Task<http::Response> serve(http::Request request);
  /// Connects to targets that waited when the server last ended.
  void resume();
  /// Ends background work and closes connections. REQUIRES: no event loop of the server runs any more.
  void stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warifu::services::gateway
