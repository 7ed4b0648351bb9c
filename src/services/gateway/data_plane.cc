#include "services/gateway/data_plane.h"

#include <mutex>

#include "base/check.h"
#include "base/log.h"
#include "net/beside.h"
#include "openapi/openapi.h"
#include "services/gateway/endpoint.h"
#include "services/gateway/front_door.h"
#include "services/gateway/lambda_target.h"
#include "services/gateway/mcp_server_target.h"
#include "services/gateway/openapi_target.h"
#include "services/gateway/target_rows.h"

namespace warifu::services::gateway {
namespace {

struct Found {
  std::shared_ptr<const Target> target;
  bool gone = false;
};

Result<Found> find(store::Reader& reader, const WaitingTarget& waiting) {
  const auto place = gateways::parse_place(waiting.gateway_arn);
  if (!place) return Found{.target = nullptr, .gone = true};
  auto gateway = TRY(gateways::find(reader, *place));
  auto row = TRY(targets::find(reader, *place, waiting.target_id));
  if (!gateway || !row) return Found{.target = nullptr, .gone = true};
  const KnownGateway known{.place = *place, .version = 0, .gateway = std::move(*gateway)};
  return Found{.target = target_of(known, *row)};
}

Kinds make_kinds(const api::Environment& environment, Outbound& outbound) {
  Kinds kinds;
  kinds.lambda = make_lambda_kind(environment, outbound);
  kinds.mcp_server = make_mcp_server_kind(outbound);
  kinds.open_api = make_openapi_kind(outbound);
  return kinds;
}

/// What there is once the pipeline stands.
struct Open {
  Open(const api::Environment& environment, api::Pipeline& pipeline, const DataPlaneOptions& options,
       DataPlane::Services services)
      : env(environment),
        front_door(pipeline, environment, std::move(services)),
        outbound(make_outbound(environment, {.front_door = &front_door, .destinations = options.destinations})),
        shared{.environment = environment,
               .kinds = make_kinds(environment, *outbound),
               .offers = {},
               .search = {},
               .sessions = {environment.sealer, environment.random},
               .running = {},
               .throttle = {}},
        endpoint(pipeline, environment, shared, *outbound,
                 {.authorities = options.authorities, .domain = options.domain}) {}

  Task<> connect(WaitingTarget waiting) {
    auto found = env.db.read([&](store::Reader& reader) { return find(reader, waiting); });
    if (!found || found->gone) co_return;
    TargetKind* kind = shared.kinds.of(*found->target);
    Result<Catalogue> catalogue = fail(unavailable("This kind of target is not supported."));
    if (kind != nullptr) catalogue = co_await kind->discover(found->target);
    const Connected connected{.ok = catalogue.has_value(),
                              .reason = catalogue ? std::string() : catalogue.error().message,
                              .catalogue = catalogue ? write_catalogue(*catalogue) : std::string(),
                              .now = env.clock.now()};
    const auto settled = co_await env.db.write(
        [waiting, connected](store::Txn& txn) { return targets::settle(txn, waiting, connected); });
    if (!settled) log::error("a target's status cannot be written", {{"why", settled.error().message}});
  }

  const api::Environment& env;
  FrontDoor front_door;
  std::unique_ptr<ClosableOutbound> outbound;
  Shared shared;
  Endpoint endpoint;
};

}  // namespace

struct DataPlane::Impl final : public Connector {
  explicit Impl(DataPlaneOptions given) : options(std::move(given)) {}

  Result<> check(const m::TargetConfiguration& configuration) const override {
    if (!configuration.mcp) return {};
    for (const auto* document : {&configuration.mcp->open_api_schema, &configuration.mcp->smithy_model}) {
      if (*document && (*document)->inline_payload) (void)TRY(openapi::read(*(*document)->inline_payload));
    }
    return {};
  }

  void wanted(const WaitingTarget& waiting) override {
    std::lock_guard lock(mutex);
    if (!open) {
      early.push_back(waiting);
      return;
    }
    loop.spawn([this, waiting] { return open->connect(waiting); });
  }

  DataPlaneOptions options;
  std::mutex mutex;  // guards early, and open until it is set
  std::vector<WaitingTarget> early;
  std::unique_ptr<Open> open;
  net::BackgroundLoop loop;  // what runs there uses what stands above
};

DataPlane::DataPlane(DataPlaneOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
DataPlane::~DataPlane() { stop(); }

Connector& DataPlane::connector() { return *impl_; }

void DataPlane::open(const api::Environment& environment, api::Pipeline& pipeline, Services services) {
  std::vector<WaitingTarget> early;
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->open = std::make_unique<Open>(environment, pipeline, impl_->options, std::move(services));
    early.swap(impl_->early);
  }
  for (const WaitingTarget& waiting : early) impl_->wanted(waiting);
}

bool DataPlane::takes(const http::Request& request) const { return impl_->open->endpoint.takes(request); }

Task<http::Response> DataPlane::serve(http::Request request) { return impl_->open->endpoint.serve(std::move(request)); }

void DataPlane::resume() {
  const auto waiting = impl_->open->env.db.read([](store::Reader& reader) { return targets::waiting(reader); });
  if (!waiting) {
    log::warn("targets that wait cannot be read", {{"why", waiting.error().message}});
    return;
  }
  for (const WaitingTarget& one : *waiting) impl_->wanted(one);
}

void DataPlane::stop() {
  impl_->loop.stop();
  if (impl_->open) impl_->open->outbound->close();
}

}  // namespace warifu::services::gateway
