#pragma once

#include <string>
#include <utility>
#include <vector>

#include "agents/sessions.h"
#include "base/result.h"
#include "sandbox/interpreters.h"
#include "sandbox/sandbox.h"

namespace warifu::agents {

/// Where instance metadata is served inside every session.
inline constexpr const char* kMetadataHost = "169.254.169.254";
inline constexpr std::uint16_t kMetadataPort = 80;

/// Where the proxy for what lies outside is, inside.
inline constexpr const char* kProxyHost = "127.0.0.1";
inline constexpr std::uint16_t kProxyPort = 3128;

/// The public URL, as it is answered inside.
struct PublicUrl {
  std::string host;     // a name or an address
  std::string address;  // what listens for it inside
  std::uint16_t port = 0;
  /// kValidation: not a URL.
  [[nodiscard]] static Result<PublicUrl> of(const std::string& url);
};

/// `python3.13` of `PYTHON_3_13`, `nodejs22.x` of `NODE_22`. Empty: neither.
[[nodiscard]] std::string interpreter_of(std::string_view runtime);

/// Where the compiled copy of an agent's code is kept.
[[nodiscard]] std::string bytecode_folder(const AgentVersion& agent, const std::string& storage_folder);

/// The sandbox of a session: `code_folder`, interpreter, boto3, storage. `storage`: folders of the host, one for each
/// of the agent's storage_mounts.
[[nodiscard]] sandbox::Spec sandbox_spec(const AgentVersion& agent, const sandbox::RuntimeChoice& choice,
                                         const SessionsOptions& options, const PublicUrl& url,
                                         const std::string& code_folder, const std::vector<std::string>& storage);

/// What the agent's processes find in their environment; its own variables win.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> environment_of(const AgentVersion& agent,
                                                                              const sandbox::RuntimeChoice& choice,
                                                                              const SessionsOptions& options);
/// The agent itself, by its entry point.
[[nodiscard]] sandbox::Program agent_program(const AgentVersion& agent, const sandbox::RuntimeChoice& choice,
                                             const SessionsOptions& options);

/// Folders for the storage of one session, made where they are missing; those of other versions are emptied. Blocks.
/// kUnavailable: they cannot be made.
[[nodiscard]] Result<std::vector<std::string>> open_storage(const AgentVersion& agent, const std::string& session_id,
                                                            const std::string& storage_folder);
/// What sessions of a runtime (of one endpoint of it) stored, gone. Blocks.
void forget_storage(const std::string& runtime_arn, const std::optional<std::string>& endpoint,
                    const std::string& storage_folder);

}  // namespace warifu::agents
