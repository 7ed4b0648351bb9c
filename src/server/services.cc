#include "server/services.h"

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <mutex>

#include "base/encoding.h"
#include "base/log.h"
#include "search/onnx_embedder.h"
#include "server/endpoint_embedder.h"
#include "server/models.h"
#include "services/accessanalyzer/operations.h"
#include "services/accounts/operations.h"
#include "services/credentials/operations.h"
#include "services/gateway/control.h"
#include "services/iam/operations.h"
#include "services/memory/operations.h"
#include "services/memory/record_operations.h"
#include "services/memory/reembedding.h"
#include "services/memory/sweep.h"
#include "services/organizations/operations.h"
#include "services/runtime/control.h"
#include "services/sts/operations.h"

namespace warifu::server {
namespace {

constexpr std::string_view kStatic = "static";
constexpr std::string_view kInstalledModel = "models/current";  // where `warifu model install` puts it
constexpr std::chrono::minutes kSweepEvery{10};
constexpr std::size_t kSweepBatches = 10;  // transactions between two looks at whether the server stops

void sweep_deleted_memories(store::Db& db, const std::stop_token& stop) {
  namespace sweep = services::memory::sweep;
  while (!stop.stop_requested()) {
    const auto marked = db.read([](store::Reader& reader) { return sweep::marked_memories(reader, 1); });
    if (marked && marked->empty()) return;
    const Result<> swept = marked ? sweep::run_blocking(db, kSweepBatches) : std::unexpected(marked.error());
    if (swept) continue;
    log::warn("deleted memories could not be swept", {{"why", swept.error().message}});
    return;
  }
}

}  // namespace

Result<std::unique_ptr<services::memory::LongTerm>> make_long_term(const ServeOptions& options) {
  std::vector<std::unique_ptr<search::Embedder>> embedders;
  if (const auto endpoint = TRY(embedding_endpoint(options))) {
    embedders.push_back(TRY(open_endpoint_embedder(*endpoint)));
  } else if (options.embedder != kStatic) {
    const std::filesystem::path folder = std::filesystem::path(options.data) / kInstalledModel;
    if (std::filesystem::exists(folder)) embedders.push_back(TRY(search::open_embedder(folder)));
  }
  embedders.push_back(search::static_embedder());
  const std::size_t bytes = options.index_mb << 20U;
  return std::make_unique<services::memory::LongTerm>(
      std::move(embedders),
      services::memory::LongTermOptions{.index = {.bytes_max = bytes, .memory_bytes_max = bytes / 2}});
}

Result<services::gateway::DataPlaneOptions> gateway_options(const ServeOptions& options) {
  services::gateway::DataPlaneOptions out;
  out.destinations = TRY(net::DestinationPolicy::from(options.gateway_networks));
  for (const std::string& name : options.hosts) out.authorities.push_back(to_lower(name));
  std::string_view url = options.public_url;
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  if (!url.empty()) out.authorities.push_back(to_lower(url.substr(0, url.find('/'))));
  out.domain = options.domain;
  return out;
}

Result<std::unique_ptr<services::credentials::Tokens>> make_tokens(const ServeOptions& options, const Clock& clock) {
  return std::make_unique<services::credentials::Tokens>(TRY(net::DestinationPolicy::from(options.gateway_networks)),
                                                         clock);
}

void bind_services(api::Registry& registry, services::memory::LongTerm& long_term,
                   services::memory::extraction::Notices& extraction, services::gateway::Control gateways,
                   services::credentials::Tokens& tokens) {
  services::accessanalyzer::bind(registry);
  services::accounts::bind(registry);
  services::iam::bind(registry);
  services::gateway::bind_control(registry, std::move(gateways));
  services::credentials::bind(registry, tokens);
  api::ResourceKinds kinds = services::credentials::resource_kinds();
  kinds.push_back(services::gateway::gateway_kind());
  kinds.push_back(services::runtime::runtime_kind());
  services::memory::bind(registry, &extraction, std::move(kinds));
  services::memory::bind_records(registry, long_term);
  services::organizations::bind(registry);
  services::sts::bind(registry);
}

void run_background_work(store::Db& db, search::Embedder& embedder, const Clock& clock, const std::stop_token& stop) {
  sweep_deleted_memories(db, stop);
  services::memory::reembed_memories(db, embedder, stop);
  std::mutex mutex;
  std::unique_lock lock(mutex);
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    const auto erased = services::memory::sweep::expired_records(db, clock.now(), kSweepBatches, stop);
    if (!erased) log::warn("expired records could not be erased", {{"why", erased.error().message}});
    if (erased && *erased > 0) log::info("expired records were erased", {{"records", std::to_string(*erased)}});
    never.wait_for(lock, stop, kSweepEvery, [] { return false; });
  }
}

}  // namespace warifu::server
