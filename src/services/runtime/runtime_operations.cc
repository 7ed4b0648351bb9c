#include <fmt/format.h>

#include <filesystem>

#include "api/client.h"
#include "api/client_tokens.h"
#include "identity/tags.h"
#include "identity/workloads.h"
#include "services/runtime/control.h"
#include "services/runtime/errors.h"
#include "services/runtime/limits.h"
#include "services/runtime/runtime_rules.h"

namespace warifu::services::runtime {
namespace {

namespace ops = m::ops;
namespace tokens = api::client_tokens;

/// What Create and Update set alike. REQUIRES: Input has the members of both.
template <class Input>
void configure(Runtime& runtime, const Input& input) {
  runtime.agent_runtime_artifact = input.agent_runtime_artifact;
  runtime.role_arn = input.role_arn;
  runtime.network_configuration = input.network_configuration;
  runtime.description = input.description;
  runtime.authorizer_configuration = input.authorizer_configuration;
  runtime.request_header_configuration = input.request_header_configuration;
  runtime.protocol_configuration = input.protocol_configuration;
  runtime.hooks_configuration = input.hooks_configuration;
  runtime.environment_variables = input.environment_variables;
  runtime.filesystem_configurations = input.filesystem_configurations;
  runtime.capacity_provider_configuration = input.capacity_provider_configuration;
  runtime.platform_version = input.platform_version;
  runtime.allowed_ports = input.allowed_ports;
  runtime.resource_configurations = input.resource_configurations;
  if (input.lifecycle_configuration) runtime.lifecycle_configuration = *input.lifecycle_configuration;
  m::LifecycleConfiguration& lifecycle = runtime.lifecycle_configuration;
  if (!lifecycle.idle_runtime_session_timeout) {
    lifecycle.idle_runtime_session_timeout = std::min(kIdleDefault, lifecycle.max_lifetime.value_or(kIdleDefault));
  }
  if (!lifecycle.max_lifetime) lifecycle.max_lifetime = kLifetimeDefault;
}

Runtime blank(const RuntimePlace& place, std::string name, Timestamp created, Timestamp now) {
  Runtime runtime{.agent_runtime_arn = place.arn,
                  .agent_runtime_name = std::move(name),
                  .agent_runtime_id = place.id,
                  .created_at = created,
                  .last_updated_at = now,
                  .status = std::string(kReady)};
  runtime.workload_identity_details = m::WorkloadIdentityDetails{
      .workload_identity_arn = identity::workload_identity_arn(place.owner, place.region, place.id)};
  runtime.metadata_configuration = m::RuntimeMetadataConfiguration{.require_mmdsv2 = true};
  return runtime;
}

/// The role may be assumed by the service for this runtime.
Task<Result<>> check_role(const api::Call& call, RuntimePlace place, std::string role_arn) {
  const api::Client* client = call.environment().client;
  if (client == nullptr) co_return fail(unavailable("the server is starting"));
  api::RoleRequest request{.role_arn = role_arn,
                           .session_name = "validation",
                           .as = api::as_service(kServicePrincipal, place.arn, place.owner),
                           .region = place.region};
  const auto session = co_await api::assume_role(*client, call.environment(), std::move(request));
  if (session) co_return Result<>{};
  const ErrorCode code = session.error().code;
  const bool refused =
      code == ErrorCode::kAccessDenied || code == ErrorCode::kNotFound || code == ErrorCode::kValidation;
  co_return fail(refused ? role_not_assumable(role_arn) : session.error());
}

/// Keeps the code that `runtime` names, so that its version stays what it is; answers its id, empty for an image. What
/// is wrong with it is said before anything of the runtime is written.
Task<Result<std::string>> keep_code(api::Call& call, ControlRef control, AccountId owner,
                                    m::AgentRuntimeArtifact artifact) {
  if (!artifact.code_configuration) co_return std::string();
  const m::CodeConfiguration& code = *artifact.code_configuration;
  if (!control->fetch || control->code == nullptr) co_return fail(unsupported_member("codeConfiguration"));
  if (!code.code.s3) co_return fail(invalid_field("agentRuntimeArtifact.codeConfiguration.code", "s3 is required"));
  auto zip = CO_TRY(co_await control->fetch(call, *code.code.s3));
  if (zip->size() > kZipBytesMax) {
    co_return fail(invalid_field("agentRuntimeArtifact.codeConfiguration.code",
                                 fmt::format("Zipped size must be smaller than {} bytes", kZipBytesMax)));
  }
  std::string code_id = CO_TRY(co_await control->code->put(owner, zip));
  const auto folder = co_await control->code->unpacked(owner, code_id);
  std::error_code ignored;
  const bool there =
      folder && std::filesystem::is_regular_file(std::filesystem::path(*folder) / code.entry_point.back(), ignored);
  if (there) co_return code_id;
  CO_TRY(co_await control->code->erase(owner, code_id));
  if (!folder) co_return fail(folder.error());
  co_return fail(invalid_field("agentRuntimeArtifact.codeConfiguration.entryPoint",
                               fmt::format("entry point `{}` is not in the archive", code.entry_point.back())));
}

Endpoint default_endpoint(const RuntimePlace& place, const Version& version, std::string id) {
  return {.live_version = version.shown.agent_runtime_version,
          .target_version = version.shown.agent_runtime_version,
          .agent_runtime_endpoint_arn = place.endpoint_arn(kDefaultEndpoint),
          .agent_runtime_arn = place.arn,
          .status = std::string(kReady),
          .created_at = version.shown.last_updated_at,
          .last_updated_at = version.shown.last_updated_at,
          .name = std::string(kDefaultEndpoint),
          .id = std::move(id)};
}

Result<> insert(store::Txn& txn, const RuntimePlace& place, const Version& version, const Endpoint& endpoint,
                const identity::Tags& tags) {
  const std::string& name = version.shown.agent_runtime_name;
  if (TRY(runtimes::name_taken(txn, place.owner, place.region, name))) {
    return fail(conflict(fmt::format("An agent runtime with name '{}' already exists in this account", name)));
  }
  const auto all = TRY(runtimes::ids(txn, place.owner, place.region, {}, kRuntimesMax));
  if (all.size() >= kRuntimesMax) {
    return fail(quota_exceeded(fmt::format("an account has at most {} agent runtimes", kRuntimesMax)));
  }
  if (!version.code_id.empty()) TRY(hosting::CodeStore::adopt(txn, kCodeService, place.owner, version.code_id));
  TRY(runtimes::put_version(txn, place, 1, version));
  TRY(runtimes::put_endpoint(txn, place, endpoint));
  if (!tags.empty()) TRY(identity::put_tags(txn, place.owner, place.arn, tags));
  return identity::put_workload_identity(txn, place.owner, place.region,
                                         {.name = place.id,
                                          .return_urls = {},
                                          .managed_by = place.arn,
                                          .created = version.shown.created_at,
                                          .updated = version.shown.created_at});
}

/// DEFAULT follows the newest version.
Result<> follow(store::Txn& txn, const RuntimePlace& place, const Version& version) {
  Endpoint endpoint = TRY(runtimes::require_endpoint(txn, place, kDefaultEndpoint));
  endpoint.live_version = endpoint.target_version = version.shown.agent_runtime_version;
  endpoint.last_updated_at = version.shown.last_updated_at;
  return runtimes::put_endpoint(txn, place, endpoint);
}

m::AgentRuntime summary_of(const Runtime& runtime) {
  return {.agent_runtime_arn = runtime.agent_runtime_arn,
          .agent_runtime_id = runtime.agent_runtime_id,
          .agent_runtime_version = runtime.agent_runtime_version,
          .agent_runtime_name = runtime.agent_runtime_name,
          .description = runtime.description,
          .last_updated_at = runtime.last_updated_at,
          .status = runtime.status};
}

m::CreateAgentRuntimeOutput created(const Runtime& runtime) {
  return {.agent_runtime_arn = runtime.agent_runtime_arn,
          .workload_identity_details = runtime.workload_identity_details,
          .agent_runtime_id = runtime.agent_runtime_id,
          .agent_runtime_version = runtime.agent_runtime_version,
          .created_at = runtime.created_at,
          .status = runtime.status};
}

m::UpdateAgentRuntimeOutput updated(const Runtime& runtime) {
  return {.agent_runtime_arn = runtime.agent_runtime_arn,
          .agent_runtime_id = runtime.agent_runtime_id,
          .workload_identity_details = runtime.workload_identity_details,
          .agent_runtime_version = runtime.agent_runtime_version,
          .created_at = runtime.created_at,
          .last_updated_at = runtime.last_updated_at,
          .status = runtime.status};
}

/// What the first call with this token made, as long as it is there.
Result<std::optional<Version>> made_before(store::Reader& reader, const AccountId& owner, std::string_view region,
                                           const tokens::Claim& claim) {
  const std::optional<std::string> first = TRY(tokens::find(reader, owner, claim));
  if (!first) return std::optional<Version>();
  const std::size_t colon = first->find(':');
  const RuntimePlace place = runtimes::new_place(owner, region, first->substr(0, colon));
  return runtimes::find_version(reader, place, runtimes::version_number(std::string_view(*first).substr(colon + 1)));
}

/// An endpoint that serves the version; empty: none does.
Result<std::string> server_of(store::Reader& reader, const RuntimePlace& place, std::string_view version) {
  for (const Endpoint& endpoint : TRY(runtimes::endpoints(reader, place))) {
    if (endpoint.live_version == version || endpoint.target_version == version) return endpoint.name;
  }
  return std::string();
}

Result<std::vector<std::string>> erase_version(store::Txn& txn, const RuntimePlace& place, std::uint32_t number) {
  const Version version = TRY(runtimes::require_version(txn, place, number));
  const std::string server = TRY(server_of(txn, place, version.shown.agent_runtime_version));
  if (!server.empty()) {
    return fail(
        conflict(fmt::format("Version {} of agent runtime {} is served by endpoint {}", number, place.id, server)));
  }
  TRY(runtimes::erase_version(txn, place, number));
  if (version.code_id.empty()) return std::vector<std::string>();
  TRY(hosting::CodeStore::discard(txn, kCodeService, place.owner, version.code_id));
  return std::vector<std::string>{version.code_id};
}

Result<std::vector<std::string>> erase_runtime(store::Txn& txn, const RuntimePlace& place) {
  (void)TRY(runtimes::require_newest(txn, place));
  const auto endpoints = TRY(runtimes::endpoints(txn, place));
  if (endpoints.size() > 1) {
    return fail(conflict(fmt::format("Agent runtime {} has {} endpoint{} beside DEFAULT: delete them before it",
                                     place.id, endpoints.size() - 1, endpoints.size() == 2 ? "" : "s")));
  }
  return runtimes::erase(txn, place);
}

}  // namespace

Task<Result<m::CreateAgentRuntimeOutput>> create_runtime(api::Call& call, m::CreateAgentRuntimeInput input,
                                                         ControlRef control) {
  const tokens::Claim claim = tokens::claim_of(call, ops::kCreateAgentRuntime, call.region(), input);
  const auto before = CO_TRY(
      call.db().read([&](store::Reader& reader) { return made_before(reader, call.account(), call.region(), claim); }));
  if (before) co_return created(before->shown);
  const RuntimePlace place = place_of(call, runtimes::new_id(input.agent_runtime_name, call.random()));
  Version version{.shown = blank(place, input.agent_runtime_name, call.now(), call.now()), .code_id = {}};
  version.shown.agent_runtime_version = "1";
  configure(version.shown, input);
  CO_TRY(runtime_rules::check(version.shown, place.owner));
  const identity::Tags tags =
      CO_TRY(identity::requested_tags(input.tags.value_or(std::map<std::string, std::string>{}), "tags"));
  CO_TRY(co_await check_role(call, place, input.role_arn));
  version.code_id = CO_TRY(co_await keep_code(call, control, place.owner, input.agent_runtime_artifact));
  const Endpoint endpoint = default_endpoint(place, version, runtimes::new_id(kDefaultEndpoint, call.random()));
  const auto body = [place, version, endpoint, claim, tags](store::Txn& txn) -> Result<Version> {
    if (auto first = TRY(made_before(txn, place.owner, place.region, claim))) return *std::move(first);
    TRY(insert(txn, place, version, endpoint, tags));
    TRY(tokens::remember(txn, place.owner, claim, place.id + ":1"));
    return version;
  };
  const Version made = CO_TRY(co_await call.db().write(body));
  co_return created(made.shown);
}

Task<Result<m::GetAgentRuntimeOutput>> get_runtime(api::Call& call, m::GetAgentRuntimeInput input, ControlRef) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  const auto body = [&](store::Reader& reader) -> Result<Version> {
    std::uint32_t number = TRY(runtimes::require_newest(reader, place));
    if (input.agent_runtime_version) number = runtimes::version_number(*input.agent_runtime_version);
    return runtimes::require_version(reader, place, number);
  };
  Version version = CO_TRY(call.db().read(body));
  co_return std::move(version.shown);
}

Task<Result<m::ListAgentRuntimesOutput>> list_runtimes(api::Call& call, m::ListAgentRuntimesInput input, ControlRef) {
  std::string after;
  if (input.next_token) after = CO_TRY(call.page_position(*input.next_token));
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const auto body = [&](store::Reader& reader) -> Result<m::ListAgentRuntimesOutput> {
    m::ListAgentRuntimesOutput output;
    auto ids = TRY(runtimes::ids(reader, call.account(), call.region(), after, limit + 1));
    const bool more = ids.size() > limit;
    if (more) ids.pop_back();
    for (const std::string& id : ids) {
      const RuntimePlace place = place_of(call, id);
      const std::uint32_t number = TRY(runtimes::require_newest(reader, place));
      const Version version = TRY(runtimes::require_version(reader, place, number));
      output.agent_runtimes.push_back(summary_of(version.shown));
    }
    if (more) output.next_token = call.page_token(ids.back());
    return output;
  };
  co_return call.db().read(body);
}

Task<Result<m::ListAgentRuntimeVersionsOutput>> list_versions(api::Call& call, m::ListAgentRuntimeVersionsInput input,
                                                              ControlRef) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  std::uint32_t after = 0;
  if (input.next_token) {
    const std::string position = CO_TRY(call.page_position(*input.next_token));
    after = runtimes::version_number(position);
  }
  const auto limit = static_cast<std::size_t>(input.max_results.value_or(kPageDefault));
  const auto body = [&](store::Reader& reader) -> Result<m::ListAgentRuntimeVersionsOutput> {
    (void)TRY(runtimes::require_newest(reader, place));
    m::ListAgentRuntimeVersionsOutput output;
    auto found = TRY(runtimes::versions(reader, place, after, limit + 1));
    const bool more = found.size() > limit;
    if (more) found.pop_back();
    for (const Version& version : found) output.agent_runtimes.push_back(summary_of(version.shown));
    if (more) output.next_token = call.page_token(found.back().shown.agent_runtime_version);
    return output;
  };
  co_return call.db().read(body);
}

Task<Result<m::UpdateAgentRuntimeOutput>> update_runtime(api::Call& call, m::UpdateAgentRuntimeInput input,
                                                         ControlRef control) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  const tokens::Claim claim = tokens::claim_of(call, ops::kUpdateAgentRuntime, place.arn, input);
  const auto look = [&](store::Reader& reader) -> Result<std::pair<std::optional<Version>, Version>> {
    const std::uint32_t number = TRY(runtimes::require_newest(reader, place));
    Version newest = TRY(runtimes::require_version(reader, place, number));
    return std::pair{TRY(made_before(reader, place.owner, place.region, claim)), std::move(newest)};
  };
  const auto [before, newest] = CO_TRY(call.db().read(look));
  if (before) co_return updated(before->shown);
  Version version{.shown = blank(place, newest.shown.agent_runtime_name, newest.shown.created_at, call.now()),
                  .code_id = {}};
  configure(version.shown, input);
  if (input.metadata_configuration) version.shown.metadata_configuration = input.metadata_configuration;
  CO_TRY(runtime_rules::check(version.shown, place.owner));
  CO_TRY(co_await check_role(call, place, input.role_arn));
  version.code_id = CO_TRY(co_await keep_code(call, control, place.owner, input.agent_runtime_artifact));
  const auto body = [place, version, claim](store::Txn& txn) -> Result<Version> {
    if (auto first = TRY(made_before(txn, place.owner, place.region, claim))) return *std::move(first);
    const std::uint32_t number = TRY(runtimes::require_newest(txn, place)) + 1;
    if (number > kVersionsMax) {
      return fail(quota_exceeded(fmt::format("an agent runtime has at most {} versions", kVersionsMax)));
    }
    Version numbered = version;
    numbered.shown.agent_runtime_version = std::to_string(number);
    if (!version.code_id.empty()) TRY(hosting::CodeStore::adopt(txn, kCodeService, place.owner, version.code_id));
    TRY(runtimes::put_version(txn, place, number, numbered));
    TRY(follow(txn, place, numbered));
    TRY(tokens::remember(txn, place.owner, claim, fmt::format("{}:{}", place.id, number)));
    return numbered;
  };
  const Version made = CO_TRY(co_await call.db().write(body));
  co_return updated(made.shown);
}

Task<Result<m::DeleteAgentRuntimeOutput>> delete_runtime(api::Call& call, m::DeleteAgentRuntimeInput input,
                                                         ControlRef control) {
  const RuntimePlace place = place_of(call, input.agent_runtime_id);
  const std::optional<std::string> version = input.agent_runtime_version;
  const auto body = [place, version](store::Txn& txn) -> Result<std::vector<std::string>> {
    if (version) return erase_version(txn, place, runtimes::version_number(*version));
    return erase_runtime(txn, place);
  };
  const std::vector<std::string> codes = CO_TRY(co_await call.db().write(body));
  if (control->retire && !version) control->retire(place.arn, std::nullopt);
  for (const std::string& code_id : codes) CO_TRY(co_await control->code->erase(place.owner, code_id));
  co_return m::DeleteAgentRuntimeOutput{
      .status = "DELETING", .agent_runtime_id = place.id, .agent_runtime_version = version};
}

}  // namespace warifu::services::runtime
