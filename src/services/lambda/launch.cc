#include "services/lambda/launch.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

#include "crypto/hash.h"

namespace warifu::services::lambda {
namespace {

namespace fs = std::filesystem;

constexpr const char* kTaskRoot = "/var/task";
constexpr const char* kRuntimeRoot = "/var/runtime";
constexpr const char* kCaBundle = "/etc/warifu-ca.pem";
constexpr std::uint32_t kProcessesMax = 1024;  // AWS's number of processes and threads

/// Where AWS's SDKs, OpenSSL (Python, curl), requests and Node.js look.
constexpr auto kCaVariables =
    std::to_array<const char*>({"AWS_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"});

/// What a function cannot set for itself.
constexpr auto kReserved = std::to_array<std::string_view>(
    {"_HANDLER", "_X_AMZN_TRACE_ID", "AWS_LAMBDA_RUNTIME_API", "AWS_LAMBDA_FUNCTION_NAME",
     "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_LOG_GROUP_NAME",
     "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
     "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_EXECUTION_ENV",
     "AWS_LAMBDA_INITIALIZATION_TYPE", "_LAMBDA_TELEMETRY_LOG_FD"});

/// `python3.11` of /usr/bin/python3.11 or of a program that is named otherwise.
std::string python_of(const RuntimeChoice& choice) {
  const std::string name = fs::path(choice.program).filename().string();
  return name.starts_with("python3.") ? name : std::string{};
}

std::string python_path(const std::string& python) {
  const std::string root = kRuntimeRoot;
  return "/var/task:/opt/python:/opt/python/lib/" + python + "/site-packages:" + root + "/" + python + ":" + root +
         "/python";
}

std::vector<std::string> command(const FunctionVersion& function, const RuntimeChoice& choice) {
  if (function.runtime.starts_with("python")) return {choice.program, "-m", "awslambdaric", function.handler};
  if (function.runtime.starts_with("nodejs")) {
    return {choice.program, std::string(kRuntimeRoot) + "/node/runtime.mjs", function.handler};
  }
  return {"/bin/sh", "-c", "[ -e /var/task/bootstrap ] && exec /var/task/bootstrap; exec /opt/bootstrap"};
}

Result<> link_tree(const fs::path& from, const fs::path& to) {
  std::error_code error;
  for (auto it = fs::recursive_directory_iterator(from, error); !error && it != fs::end(it); it.increment(error)) {
    const fs::path target = to / fs::relative(it->path(), from, error);
    if (it->is_symlink(error)) {
      fs::remove_all(target, error);
      fs::copy_symlink(it->path(), target, error);
    } else if (it->is_directory(error)) {
      fs::create_directories(target, error);
    } else {
      fs::remove_all(target, error);
      fs::create_hard_link(it->path(), target, error);
      if (error) {
        error.clear();
        fs::copy_file(it->path(), target, error);
      }
    }
    if (error) break;
  }
  if (error) return fail(unavailable("layers cannot be laid over one another: " + error.message()));
  return {};
}

}  // namespace

sandbox::Spec sandbox_spec(const FunctionVersion& function, const RuntimeChoice& choice, const LaunchContext& context) {
  sandbox::Spec spec{.name = "lambda"};
  spec.limits = {.memory_bytes = static_cast<std::uint64_t>(function.memory_mb) << 20,
                 .tmp_bytes = static_cast<std::uint64_t>(function.tmp_mb) << 20,
                 .processes = kProcessesMax};
  if (!choice.prefix.empty()) spec.binds.push_back({.source = choice.prefix, .target = choice.prefix});
  spec.hidden = choice.packages;
  spec.binds.push_back({.source = function.code_folder, .target = kTaskRoot});
  if (!context.layers_folder.empty()) spec.binds.push_back({.source = context.layers_folder, .target = "/opt"});
  if (!context.runtimes_folder.empty()) {
    spec.binds.push_back({.source = context.runtimes_folder, .target = kRuntimeRoot});
  }
  if (!context.ca_bundle.empty()) spec.binds.push_back({.source = context.ca_bundle, .target = kCaBundle});
  if (context.public_host.find_first_not_of("0123456789.:") != std::string::npos &&
      context.public_host != "localhost" && context.public_host.find(':') == std::string::npos) {
    spec.local_names.push_back(context.public_host);
  }
  return spec;
}

sandbox::Program runtime_program(const FunctionVersion& function, const RuntimeChoice& choice,
                                 const LaunchContext& context, const Credentials& credentials,
                                 const std::string& log_stream) {
  std::map<std::string, std::string> env{
      {"PATH", "/usr/local/bin:/usr/bin:/bin:/opt/bin"},
      {"LANG", "C.UTF-8"},
      {"TZ", ":UTC"},
      {"LD_LIBRARY_PATH", "/var/task:/var/task/lib:/opt/lib"},
      {"AWS_ENDPOINT_URL", context.public_url},
  };
  if (!context.ca_bundle.empty()) {
    for (const char* name : kCaVariables) env[name] = kCaBundle;
  }
  if (context.proxy_port != 0) {
    env["HTTPS_PROXY"] = env["https_proxy"] = "http://127.0.0.1:" + std::to_string(context.proxy_port);
    env["NO_PROXY"] = env["no_proxy"] = "localhost,127.0.0.1," + context.public_host;
  }
  if (const std::string python = python_of(choice); !python.empty()) env["PYTHONPATH"] = python_path(python);
  if (function.runtime.starts_with("nodejs")) env["NODE_PATH"] = "/opt/nodejs/node_modules:/var/task/node_modules";
  for (const auto& [name, value] : function.environment) {
    if (std::ranges::find(kReserved, name) == kReserved.end()) env[name] = value;
  }
  const std::map<std::string, std::string> own{
      {"_HANDLER", function.handler},
      {"AWS_LAMBDA_RUNTIME_API", std::string(kRuntimeApiHost) + ":" + std::to_string(context.runtime_api_port)},
      {"AWS_LAMBDA_FUNCTION_NAME", function.name},
      {"AWS_LAMBDA_FUNCTION_VERSION", function.version},
      {"AWS_LAMBDA_FUNCTION_MEMORY_SIZE", std::to_string(function.memory_mb)},
      {"AWS_LAMBDA_LOG_GROUP_NAME", function.log_group},
      {"AWS_LAMBDA_LOG_STREAM_NAME", log_stream},
      {"AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand"},
      {"AWS_EXECUTION_ENV", "AWS_Lambda_" + function.runtime},
      {"AWS_REGION", function.region},
      {"AWS_DEFAULT_REGION", function.region},
      {"AWS_ACCESS_KEY_ID", credentials.access_key_id},
      {"AWS_SECRET_ACCESS_KEY", credentials.secret_access_key},
      {"AWS_SESSION_TOKEN", credentials.session_token},
      {"LAMBDA_TASK_ROOT", kTaskRoot},
      {"LAMBDA_RUNTIME_DIR", kRuntimeRoot},
      {"_LAMBDA_TELEMETRY_LOG_FD", std::to_string(kTelemetryPipe)},
  };
  for (const auto& [name, value] : own) env[name] = value;
  return {.argv = command(function, choice),
          .env = {env.begin(), env.end()},
          .cwd = kTaskRoot,
          .on_output = nullptr,
          .pipes = {kTelemetryPipe}};
}

Result<std::string> merged_layers(const FunctionVersion& function, const std::string& scratch) {
  if (function.layer_folders.empty()) return std::string{};
  if (function.layer_folders.size() == 1) return function.layer_folders.front();
  std::string names;
  for (const std::string& folder : function.layer_folders) names += folder + "\n";
  const fs::path out = fs::path(scratch) / ("layers-" + crypto::sha256_hex(names).substr(0, 32));
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  std::error_code error;
  if (fs::exists(out, error)) return out.string();
  const fs::path making = out.string() + ".new";
  fs::remove_all(making, error);
  if (!fs::create_directories(making, error)) {
    return fail(unavailable("`" + making.string() + "` cannot be made: " + error.message()));
  }
  for (const std::string& folder : function.layer_folders) TRY(link_tree(folder, making));
  fs::rename(making, out, error);
  if (error) return fail(unavailable("layers cannot be laid over one another: " + error.message()));
  return out.string();
}

}  // namespace warifu::services::lambda
