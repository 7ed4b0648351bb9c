#pragma once

#include <memory>
#include <string>

#include "api/pipeline.h"
#include "net/server.h"

namespace warifu::server {

/// Counts requests by service, operation and status, and times them; rendered in Prometheus' text format. Labels come
/// from the model, never from a request, so their number is bounded. Thread-safe.
class Metrics {
 public:
  Metrics();
  ~Metrics();

  void record(const api::Report& report);
  /// The exposition, with the connection counters of `server` in it.
  [[nodiscard]] std::string render(const net::ServerMetrics& server);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace warifu::server
