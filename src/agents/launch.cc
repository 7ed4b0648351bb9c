#include "agents/launch.h"

#include <filesystem>
#include <map>

#include "crypto/hash.h"
#include "net/client.h"

namespace warifu::agents {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTaskRoot = "/var/task";
constexpr const char* kRuntimeRoot = "/var/runtime";
constexpr const char* kCaBundle = "/etc/warifu-ca.pem";
constexpr std::size_t kNameChars = 32;

std::string name_of(std::string_view text) { return crypto::sha256_hex(text).substr(0, kNameChars); }

fs::path runtime_storage(const std::string& folder, const std::string& arn) { return fs::path(folder) / name_of(arn); }

/// Another user of the host owns what an earlier process of the session wrote: who may reach the folder may write.
void open_to_all(const fs::path& folder) {
  std::error_code error;
  const auto all = fs::perms::owner_all | fs::perms::group_all | fs::perms::others_all;
  const auto files = fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read | fs::perms::group_write |
                     fs::perms::others_read | fs::perms::others_write;
  fs::permissions(folder, all, error);
  for (auto it = fs::recursive_directory_iterator(folder, error); !error && it != fs::end(it); it.increment(error)) {
    std::error_code one;
    if (it->is_symlink(one)) continue;
    fs::permissions(it->path(), it->is_directory(one) ? all : files, fs::perm_options::add, one);
  }
}

}  // namespace

Result<PublicUrl> PublicUrl::of(const std::string& url) {
  const net::Url parsed = TRY(net::Url::parse(url));
  const bool address =
      parsed.host.find(':') != std::string::npos || parsed.host.find_first_not_of("0123456789.") == std::string::npos;
  return PublicUrl{.host = parsed.host, .address = address ? parsed.host : "127.0.0.1", .port = parsed.port};
}

std::string interpreter_of(std::string_view runtime) {
  constexpr std::string_view kPython = "PYTHON_3_";
  constexpr std::string_view kNode = "NODE_";
  if (runtime.starts_with(kPython)) return "python3." + std::string(runtime.substr(kPython.size()));
  if (runtime.starts_with(kNode)) return "nodejs" + std::string(runtime.substr(kNode.size())) + ".x";
  return {};
}

std::string bytecode_folder(const AgentVersion& agent, const std::string& storage_folder) {
  return runtime_storage(storage_folder, agent.arn) / "bytecode" / name_of(agent.code_folder);
}

sandbox::Spec sandbox_spec(const AgentVersion& agent, const sandbox::RuntimeChoice& choice,
                           const SessionsOptions& options, const PublicUrl& url, const std::string& code_folder,
                           const std::vector<std::string>& storage) {
  sandbox::Spec spec{.name = "agent"};
  spec.limits = {.memory_bytes = options.memory_bytes, .tmp_bytes = options.tmp_bytes, .processes = options.processes};
  if (!choice.prefix.empty()) spec.binds.push_back({.source = choice.prefix, .target = choice.prefix});
  spec.hidden = choice.packages;
  spec.binds.push_back({.source = code_folder, .target = kTaskRoot});
  if (!options.runtimes_folder.empty()) {
    spec.binds.push_back({.source = options.runtimes_folder, .target = kRuntimeRoot});
  }
  if (!options.ca_bundle.empty()) spec.binds.push_back({.source = options.ca_bundle, .target = kCaBundle});
  for (std::size_t i = 0; i < storage.size(); ++i) {
    spec.binds.push_back({.source = storage[i], .target = agent.storage_mounts[i], .writable = true});
  }
  if (url.address != url.host && url.host != "localhost") spec.local_names.push_back(url.host);
  return spec;
}

std::vector<std::pair<std::string, std::string>> environment_of(const AgentVersion& agent,
                                                                const sandbox::RuntimeChoice&,
                                                                const SessionsOptions& options) {
  std::map<std::string, std::string> env{
      {"PATH", "/var/task/bin:/usr/local/bin:/usr/bin:/bin"},
      {"HOME", "/tmp"},
      {"LANG", "C.UTF-8"},
      {"TZ", ":UTC"},
      {"AWS_REGION", agent.region},
      {"AWS_DEFAULT_REGION", agent.region},
      {"AWS_ENDPOINT_URL", options.public_url},
      // The SDK listens on all addresses, and words its errors, by this.
      {"DOCKER_CONTAINER", "1"},
      {"OTEL_RESOURCE_ATTRIBUTES",
       "cloud.resource_id=" + agent.arn + "/runtime-endpoint/" + agent.endpoint + ",cloud.region=" + agent.region},
  };
  if (!options.ca_bundle.empty()) env["AWS_CA_BUNDLE"] = env["NODE_EXTRA_CA_CERTS"] = kCaBundle;
  if (agent.runtime.starts_with("PYTHON")) {
    env["PYTHONPATH"] = std::string(kTaskRoot) + ":" + kRuntimeRoot + "/python";
    env["PYTHONUNBUFFERED"] = "1";
    env["PYTHONDONTWRITEBYTECODE"] = "1";
  }
  if (options.egress == Egress::kProxy) {
    const Result<PublicUrl> url = PublicUrl::of(options.public_url);
    env["HTTPS_PROXY"] = env["https_proxy"] = std::string("http://") + kProxyHost + ":" + std::to_string(kProxyPort);
    env["NO_PROXY"] = env["no_proxy"] =
        std::string("localhost,127.0.0.1,") + kMetadataHost + (url ? "," + url->host : std::string{});
  }
  for (const auto& [name, value] : agent.environment) env[name] = value;
  return {env.begin(), env.end()};
}

sandbox::Program agent_program(const AgentVersion& agent, const sandbox::RuntimeChoice& choice,
                               const SessionsOptions& options) {
  std::vector<std::string> argv{choice.program};
  // A wrapper (`opentelemetry-instrument`) is a script of the agent's own packages that runs what follows it.
  if (agent.entry_point.size() > 1) {
    argv.push_back(std::string(kTaskRoot) + "/bin/" + agent.entry_point.front());
    argv.push_back(choice.program);
  }
  if (!agent.entry_point.empty()) argv.push_back(agent.entry_point.back());
  return {.argv = std::move(argv), .env = environment_of(agent, choice, options), .cwd = kTaskRoot};
}

Result<std::vector<std::string>> open_storage(const AgentVersion& agent, const std::string& session_id,
                                              const std::string& storage_folder) {
  std::vector<std::string> out;
  if (agent.storage_mounts.empty()) return out;
  if (storage_folder.empty()) return fail(unavailable("this server keeps no storage of sessions"));
  const fs::path session = runtime_storage(storage_folder, agent.arn) / name_of(agent.endpoint) / name_of(session_id);
  std::error_code error;
  fs::create_directories(session, error);
  fs::permissions(storage_folder, fs::perms::owner_all, error);
  for (const auto& version : fs::directory_iterator(session, error)) {
    if (version.path().filename() != agent.version) fs::remove_all(version.path(), error);
  }
  for (const std::string& mount : agent.storage_mounts) {
    const fs::path folder = session / agent.version / name_of(mount);
    fs::create_directories(folder, error);
    if (error) return fail(unavailable("the session's storage cannot be made: " + error.message()));
    open_to_all(folder);
    out.push_back(folder.string());
  }
  return out;
}

void forget_storage(const std::string& runtime_arn, const std::optional<std::string>& endpoint,
                    const std::string& storage_folder) {
  if (storage_folder.empty()) return;
  fs::path folder = runtime_storage(storage_folder, runtime_arn);
  if (endpoint) folder /= name_of(*endpoint);
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

}  // namespace warifu::agents
