#pragma once

#include <string>

#include "base/result.h"
#include "sandbox/sandbox.h"
#include "services/lambda/executor.h"

namespace warifu::services::lambda {

/// Where the runtime API listens inside every environment; the second port where the first is the server's own.
inline constexpr const char* kRuntimeApiHost = "127.0.0.1";
inline constexpr std::uint16_t kRuntimeApiPort = 9001;
inline constexpr std::uint16_t kOtherRuntimeApiPort = 9002;
/// Where the proxy listens inside, where there is one.
inline constexpr std::uint16_t kProxyPort = 3128;
inline constexpr std::uint16_t kOtherProxyPort = 3129;
/// The pipe of framed log records (`_LAMBDA_TELEMETRY_LOG_FD`).
inline constexpr int kTelemetryPipe = 62;

/// How an environment of one function version is made.
struct LaunchContext {
  std::string runtimes_folder;
  std::string public_url;
  std::string public_host;    // of public_url
  std::string layers_folder;  // what becomes /opt; empty: no layers
  std::string ca_bundle;      // a file of the host; empty: the system's authorities
  std::uint16_t runtime_api_port = kRuntimeApiPort;
  std::uint16_t proxy_port = 0;  // 0: there is none
};

/// The sandbox of an environment: code, layers, runtime clients, interpreter.
[[nodiscard]] sandbox::Spec sandbox_spec(const FunctionVersion& function, const RuntimeChoice& choice,
                                         const LaunchContext& context);

/// The program that drives the function through the runtime API. Its variables are those that AWS documents; the
/// function's own come last and win, but for the runtime's own (`_HANDLER`, `AWS_LAMBDA_RUNTIME_API` …).
[[nodiscard]] sandbox::Program runtime_program(const FunctionVersion& function, const RuntimeChoice& choice,
                                               const LaunchContext& context, const Credentials& credentials,
                                               const std::string& log_stream);

/// All of the function's layers in one folder below `scratch` (hard links where the file system allows, later layers
/// over earlier ones), made once for each set of layers. Empty: there are none. kUnavailable: it cannot be made.
/// Blocks.
[[nodiscard]] Result<std::string> merged_layers(const FunctionVersion& function, const std::string& scratch);

}  // namespace warifu::services::lambda
