#pragma once

#include <string>

#include "api/pipeline.h"
#include "base/result.h"
#include "server/options.h"

namespace warifu::server {

/// Sends the log facade to standard error through spdlog, in the form asked for. kValidation: no such level.
[[nodiscard]] Result<> set_up_logging(LogFormat format, const std::string& level);

/// One line a request: debug when it succeeded, warn when it was refused, error when it failed. Never a payload.
void log_request(const api::Report& report);

}  // namespace warifu::server
