#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/caller.h"
#include "json/value.h"

/// What every command of `warifu` but `serve` is: signed requests to a running server. None opens its data.
namespace warifu::cli {

/// Which server, and where its management credentials lie.
struct Target {
  std::string endpoint_url = "http://127.0.0.1:4566";
  std::string data = "./warifu-data";
  std::string ca_bundle;  // PEM; empty: the system's authorities
};

/// Sends one request of the account service, signed with `<data>/management.json`. The response's JSON (null when it
/// has no body). Errors are one line for a person: the server's own message, or why it cannot be reached.
[[nodiscard]] Result<json::Value> call(const Target& target, std::string_view method, std::string_view path,
                                       const json::Value& body = {});

/// The same to any service (`service`: the name that signatures carry), as `caller`.
[[nodiscard]] Result<json::Value> call_as(const Caller& caller, std::string_view service, std::string_view method,
                                          std::string_view path, const json::Value& body = {});

/// The same to a service of AWS JSON 1.1: `target` names the operation (`Logs_20140328.FilterLogEvents`).
[[nodiscard]] Result<json::Value> call_target_as(const Caller& caller, std::string_view service,
                                                 std::string_view target, const json::Value& body);

}  // namespace warifu::cli
