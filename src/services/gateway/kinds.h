#pragma once

#include <memory>
#include <string_view>
#include <variant>

#include "services/gateway/target.h"

namespace warifu::services::gateway {

/// The kinds of targets that this server has. A kind that is missing answers that it is not supported.
struct Kinds {
  std::unique_ptr<TargetKind> lambda, mcp_server, open_api;

  /// nullptr: none serves such a target.
  [[nodiscard]] TargetKind* of(const Target& target) const {
    if (std::holds_alternative<LambdaPlace>(target.place)) return lambda.get();
    if (std::holds_alternative<McpServerPlace>(target.place)) return mcp_server.get();
    if (std::holds_alternative<OpenApiPlace>(target.place)) return open_api.get();
    return nullptr;
  }
  void end_session(std::string_view gateway_id, std::string_view session) const {
    for (const auto* kind : {&lambda, &mcp_server, &open_api}) {
      if (*kind) (*kind)->end_session(gateway_id, session);
    }
  }
};

}  // namespace warifu::services::gateway
