#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "api/registry.h"
#include "api/resource_kinds.h"
#include "base/hop.h"
#include "hosting/code_store.h"
#include "services/runtime/runtimes.h"

/// The operations on agent runtimes, their versions and endpoints.
namespace warifu::services::runtime {

inline constexpr std::string_view kCodeService = "runtime";

/// Where code lies: S3, asked as who creates or updates the runtime.
using FetchCode =
    std::function<Task<Result<std::shared_ptr<const std::string>>>(api::Call& call, m::S3Location location)>;

/// What the handlers need beside their call. Immutable; shared by them.
struct Control {
  hosting::CodeStore* code = nullptr;
  Workers* workers = nullptr;
  FetchCode fetch;
  /// An endpoint is gone (empty: the runtime): its sessions end, and what they stored goes.
  std::function<void(const std::string& runtime_arn, const std::optional<std::string>& endpoint)> retire;
};
using ControlRef = std::shared_ptr<const Control>;

/// What archives of agents may be.
[[nodiscard]] const hosting::archive::Bounds& code_bounds();

/// Binds every handler below. Call once, before the server serves.
void bind_control(api::Registry& registry, Control control);

/// What tags and resource policies may hang on: runtimes and their endpoints.
[[nodiscard]] api::ResourceKind runtime_kind();

/// The runtime that a control plane call is about. kNotFound when the ARN that it was authorized on is of another
/// region or account than the call's.
[[nodiscard]] RuntimePlace place_of(const api::Call& call, std::string_view id);

// runtime_operations.cc
Task<Result<m::CreateAgentRuntimeOutput>> create_runtime(api::Call& call, m::CreateAgentRuntimeInput input,
                                                         ControlRef control);
Task<Result<m::GetAgentRuntimeOutput>> get_runtime(api::Call& call, m::GetAgentRuntimeInput input, ControlRef control);
Task<Result<m::ListAgentRuntimesOutput>> list_runtimes(api::Call& call, m::ListAgentRuntimesInput input,
                                                       ControlRef control);
Task<Result<m::ListAgentRuntimeVersionsOutput>> list_versions(api::Call& call, m::ListAgentRuntimeVersionsInput input,
                                                              ControlRef control);
Task<Result<m::UpdateAgentRuntimeOutput>> update_runtime(api::Call& call, m::UpdateAgentRuntimeInput input,
                                                         ControlRef control);
Task<Result<m::DeleteAgentRuntimeOutput>> delete_runtime(api::Call& call, m::DeleteAgentRuntimeInput input,
                                                         ControlRef control);

// endpoint_operations.cc
Task<Result<m::CreateAgentRuntimeEndpointOutput>> create_endpoint(api::Call& call,
                                                                  m::CreateAgentRuntimeEndpointInput input,
                                                                  ControlRef control);
Task<Result<m::GetAgentRuntimeEndpointOutput>> get_endpoint(api::Call& call, m::GetAgentRuntimeEndpointInput input,
                                                            ControlRef control);
Task<Result<m::ListAgentRuntimeEndpointsOutput>> list_endpoints(api::Call& call,
                                                                m::ListAgentRuntimeEndpointsInput input,
                                                                ControlRef control);
Task<Result<m::UpdateAgentRuntimeEndpointOutput>> update_endpoint(api::Call& call,
                                                                  m::UpdateAgentRuntimeEndpointInput input,
                                                                  ControlRef control);
Task<Result<m::DeleteAgentRuntimeEndpointOutput>> delete_endpoint(api::Call& call,
                                                                  m::DeleteAgentRuntimeEndpointInput input,
                                                                  ControlRef control);

}  // namespace warifu::services::runtime
