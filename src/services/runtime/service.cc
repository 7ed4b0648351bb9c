#include "services/runtime/service.h"

#include <fmt/format.h>

#include "api/client.h"
#include "base/encoding.h"
#include "base/log.h"
#include "services/runtime/control.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"

namespace warifu::services::runtime {
namespace {

constexpr std::size_t kPreparedMax = 1024;
constexpr std::string_view kFolderPrefix = "code-";
constexpr std::size_t kFolderSuffix = 12;

agents::Protocol protocol_of(const Runtime& runtime) {
  const std::string name = runtime.protocol_configuration ? runtime.protocol_configuration->server_protocol : "HTTP";
  if (name == "MCP") return agents::Protocol::kMcp;
  if (name == "A2A") return agents::Protocol::kA2a;
  return name == "AGUI" ? agents::Protocol::kAgui : agents::Protocol::kHttp;
}

std::vector<std::string> mounts_of(const Runtime& runtime) {
  std::vector<std::string> out;
  if (!runtime.filesystem_configurations) return out;
  for (const m::FilesystemConfiguration& one : *runtime.filesystem_configurations) {
    if (!one.session_storage) continue;
    out.push_back(one.session_storage->mount_path);
    if (out.back().ends_with('/')) out.back().pop_back();
  }
  return out;
}

}  // namespace

Result<std::unique_ptr<Service>> Service::open(ServiceOptions options, const api::Environment& environment) {
  auto service = std::unique_ptr<Service>(new Service(std::move(options), environment));
  // A fresh folder each time: emptying a large old one would be paid for by the start.
  service->folder_name_ = std::string(kFolderPrefix) + environment.random.text(kFolderSuffix, kAlphanumeric);
  std::error_code error;
  std::filesystem::create_directories(service->options_.folder, error);
  if (error)
    return fail(unavailable(fmt::format("cannot make {}: {}", service->options_.folder.string(), error.message())));
  std::filesystem::permissions(service->options_.folder, std::filesystem::perms(0711), error);
  service->code_ = TRY(hosting::CodeStore::open({.folder = service->options_.folder / service->folder_name_,
                                                 .service = kCodeService,
                                                 .bounds = code_bounds(),
                                                 // A session may go on for so long after its version was deleted.
                                                 .longest_run = std::chrono::seconds(kLifetimeMax + 60)},
                                                environment.db, service->workers_, environment.random));
  service->old_garbage_ = TRY(service->code_->garbage());
  return service;
}

Task<Result<agents::Sessions*>> Service::sessions() {
  if (agents::Sessions* made = made_) co_return made;
  auto found = co_await on(workers_, [this] { return options_.sessions(); });
  if (found) made_ = *found;
  co_return found;
}

hosting::LogDelivery& Service::logs() {
  const std::scoped_lock lock(mutex_);
  if (!logs_) {
    background_ = std::make_unique<Background>();
    logs_ =
        std::make_unique<hosting::LogDelivery>(environment_, *background_, [this](const hosting::LogTarget& target) {
          return assume({.owner = target.owner,
                         .region = target.region,
                         .role_arn = target.role_arn,
                         .runtime_arn = target.source_arn,
                         .session_name = "logs"});
        });
  }
  return *logs_;
}

Task<Result<api::RoleSession>> Service::assume(Role role) const {
  if (environment_.client == nullptr) co_return fail(unavailable("the server is starting"));
  api::RoleRequest request{.role_arn = std::move(role.role_arn),
                           .session_name = std::move(role.session_name),
                           .as = api::as_service(kServicePrincipal, role.runtime_arn, role.owner),
                           .region = std::move(role.region)};
  co_return co_await api::assume_role(*environment_.client, environment_, std::move(request));
}

Task<Result<agents::Credentials>> Service::credentials(Role role) const {
  auto session = CO_TRY(co_await assume(std::move(role)));
  co_return agents::Credentials{.access_key_id = std::move(session.credentials.access_key_id),
                                .secret_access_key = std::move(session.credentials.secret_access_key),
                                .session_token = std::move(session.credentials.session_token),
                                .expires = session.credentials.expires};
}

std::shared_ptr<agents::AgentVersion> Service::describe(const KnownRuntime& runtime,
                                                        const KnownRuntime::Serving& serving) {
  const RuntimePlace& place = runtime.place;
  const Runtime& shown = serving.version->shown;
  auto agent = std::make_shared<agents::AgentVersion>();
  agent->arn = place.arn;
  agent->endpoint = serving.endpoint.name;
  agent->version = shown.agent_runtime_version;
  agent->region = place.region;
  agent->account = place.owner.str();
  agent->protocol = protocol_of(shown);
  agent->environment = shown.environment_variables.value_or(std::map<std::string, std::string>{});
  // Where an agent says that it is reached: an A2A server's card names it.
  agent->environment.try_emplace(
      "AGENTCORE_RUNTIME_URL",
      fmt::format("{}/runtimes/{}/invocations/", environment_.public_url, percent_encode(place.arn)));
  agent->storage_mounts = mounts_of(shown);
  agent->idle_timeout =
      std::chrono::seconds(shown.lifecycle_configuration.idle_runtime_session_timeout.value_or(kIdleDefault));
  agent->lifetime_max = std::chrono::seconds(shown.lifecycle_configuration.max_lifetime.value_or(kLifetimeDefault));
  agent->role_arn = shown.role_arn;
  const Role role{.owner = place.owner,
                  .region = place.region,
                  .role_arn = shown.role_arn,
                  .runtime_arn = place.arn,
                  .session_name = place.id};
  agent->credentials = [this, role] { return credentials(role); };
  auto target = std::make_shared<hosting::LogTarget>(hosting::LogTarget{
      .owner = place.owner,
      .region = place.region,
      .role_arn = shown.role_arn,
      .source_arn = place.arn,
      .group = fmt::format("/aws/bedrock-agentcore/runtimes/{}-{}", place.id, serving.endpoint.name)});
  agent->log = [this, target](const std::string& stream, std::vector<agents::LogLine> lines) {
    std::vector<hosting::LogLine> out;
    out.reserve(lines.size());
    for (agents::LogLine& line : lines) out.push_back({.time = line.time, .message = std::move(line.message)});
    logs().add(target, stream, std::move(out));
  };
  return agent;
}

Task<Result<std::shared_ptr<const agents::AgentVersion>>> Service::agent(std::shared_ptr<const KnownRuntime> runtime,
                                                                         const KnownRuntime::Serving& serving) {
  const std::string key = fmt::format("{}\n{}\n{}", runtime->place.arn, serving.endpoint.name,
                                      serving.version->shown.agent_runtime_version);
  {
    const std::scoped_lock lock(mutex_);
    const auto found = prepared_.find(key);
    if (found != prepared_.end()) co_return found->second;
  }
  const auto& artifact = serving.version->shown.agent_runtime_artifact;
  if (!artifact || !artifact->code_configuration) {
    co_return fail(agent_failed("Container images need the docker driver, which this server does not have"));
  }
  auto agent = describe(*runtime, serving);
  agent->runtime = artifact->code_configuration->runtime;
  agent->entry_point = artifact->code_configuration->entry_point;
  agent->code_folder = CO_TRY(co_await code_->unpacked(runtime->place.owner, serving.version->code_id));
  const std::scoped_lock lock(mutex_);
  if (prepared_.size() >= kPreparedMax) prepared_.clear();
  prepared_.insert_or_assign(key, agent);
  co_return agent;
}

void Service::retire(const std::string& runtime_arn, const std::optional<std::string>& endpoint) {
  {
    const std::scoped_lock lock(mutex_);
    const std::string prefix = endpoint ? fmt::format("{}\n{}\n", runtime_arn, *endpoint) : runtime_arn + "\n";
    std::erase_if(prepared_, [&](const auto& entry) { return entry.first.starts_with(prefix); });
  }
  if (agents::Sessions* sessions = made_) sessions->retire(runtime_arn, endpoint, true);
}

void Service::sweep(const std::stop_token& stop) {
  if (const auto collected = code_->collect(old_garbage_, stop); !collected) {
    log::warn("old code could not be erased", {{"why", collected.error().message}});
  }
  std::error_code error;
  std::vector<std::filesystem::path> old;
  for (const auto& entry : std::filesystem::directory_iterator(options_.folder, error)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(kFolderPrefix) && name != folder_name_) old.push_back(entry.path());
  }
  for (const auto& path : old) {
    if (stop.stop_requested()) return;
    std::filesystem::remove_all(path, error);
  }
}

void Service::stop() {
  {
    const std::scoped_lock lock(mutex_);
    if (stopped_) return;
    stopped_ = true;
  }
  if (logs_) logs_->stop();
  workers_.join();
}

}  // namespace warifu::services::runtime
