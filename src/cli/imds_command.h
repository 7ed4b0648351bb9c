#pragma once

#include <string>
#include <string_view>

#include "agents/agent.h"
#include "base/result.h"

namespace CLI {
class App;
}

namespace warifu::cli {

/// Adds `imds`: instance metadata for a developer's machine, with credentials of a role that the caller may assume. As
/// `add_commands`.
void add_imds(CLI::App& app, int& exit_status);

/// What a body of STS's AssumeRole answer (XML) holds. kUnavailable: not such an answer; its own message where it is an
/// error's.
[[nodiscard]] Result<agents::Credentials> assumed_role(std::string_view xml);

}  // namespace warifu::cli
