#pragma once

#include <memory>
#include <string>

#include "agents/sessions.h"
#include "api/event_source.h"
#include "gen/agentcore/runtime_sessions.h"

namespace warifu::services::runtime {

namespace m = model::agentcore;

/// What InvokeAgentRuntimeCommand asks for, as its body says it.
struct CommandRequest {
  std::string command;
  std::int64_t timeout_s = 300;
};
/// kValidation, naming the member.
[[nodiscard]] Result<CommandRequest> read_command(const std::string& body);

/// A program's output as the events of the operation: contentStart, contentDelta of at most kCommandEventBytesMax each,
/// contentStop. What passes kCommandAnswerBytesMax in all ends it.
[[nodiscard]] std::unique_ptr<api::EventSource<m::InvokeAgentRuntimeCommandStreamOutput>> events_of(
    std::unique_ptr<agents::Command> command);

}  // namespace warifu::services::runtime
