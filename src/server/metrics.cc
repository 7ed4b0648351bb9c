#include "server/metrics.h"

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

namespace warifu::server {
namespace {

const prometheus::Histogram::BucketBoundaries kSeconds{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                       0.025,  0.05,    0.1,    0.5,   1,      5};

}  // namespace

struct Metrics::State {
  prometheus::Registry registry;
  prometheus::Family<prometheus::Counter>& requests = prometheus::BuildCounter()
                                                          .Name("warifu_requests_total")
                                                          .Help("Requests by service, operation and status")
                                                          .Register(registry);
  prometheus::Family<prometheus::Counter>& unauthenticated =
      prometheus::BuildCounter()
          .Name("warifu_unauthenticated_total")
          .Help("Requests whose sender could not be told, by service; the trail has no record of them")
          .Register(registry);
  prometheus::Family<prometheus::Histogram>& seconds = prometheus::BuildHistogram()
                                                           .Name("warifu_request_seconds")
                                                           .Help("Time from request to answer")
                                                           .Register(registry);
  prometheus::Family<prometheus::Gauge>& connections =
      prometheus::BuildGauge().Name("warifu_connections").Help("Connections by state").Register(registry);
  prometheus::Family<prometheus::Gauge>& transport =
      prometheus::BuildGauge()
          .Name("warifu_transport")
          .Help("Bytes, and requests that the transport itself refused, since start")
          .Register(registry);
};

Metrics::Metrics() : state_(std::make_unique<State>()) {}
Metrics::~Metrics() = default;

// Finding a series takes a lock and builds strings; each thread does it once a series. Operation names have static
// storage, so their addresses tell them apart.
void Metrics::record(const api::Report& report) {
  if (report.status >= 400 && report.principal_arn.empty()) {
    state_->unauthenticated.Add({{"service", std::string(report.service)}}).Increment();
  }
  using Series = std::pair<prometheus::Counter*, prometheus::Histogram*>;
  thread_local std::map<std::tuple<const State*, const char*, const char*, int>, Series> known;
  Series& series = known[{state_.get(), report.service.data(), report.operation.data(), report.status}];
  if (series.first == nullptr) {
    const std::string service(report.service);
    series.first = &state_->requests.Add({{"service", service},
                                          {"operation", std::string(report.operation)},
                                          {"status", std::to_string(report.status)}});
    series.second = &state_->seconds.Add({{"service", service}}, kSeconds);
  }
  series.first->Increment();
  series.second->Observe(static_cast<double>(report.duration_us) / 1e6);
}

std::string Metrics::render(const net::ServerMetrics& server) {
  const auto set = [](auto& family, const char* label, const char* name, std::uint64_t value) {
    family.Add({{label, name}}).Set(static_cast<double>(value));
  };
  set(state_->connections, "state", "open", server.connections_open);
  set(state_->connections, "state", "accepted", server.connections_total);
  set(state_->connections, "state", "refused", server.connections_refused);
  set(state_->transport, "kind", "bytes_in", server.bytes_in);
  set(state_->transport, "kind", "bytes_out", server.bytes_out);
  set(state_->transport, "kind", "parse_errors", server.parse_errors);
  set(state_->transport, "kind", "timeouts", server.timeouts);
  return prometheus::TextSerializer().Serialize(state_->registry.Collect());
}

}  // namespace warifu::server
