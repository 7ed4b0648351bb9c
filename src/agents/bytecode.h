#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agents/agent.h"
#include "agents/sessions.h"
#include "base/task.h"
#include "sandbox/interpreters.h"
#include "sandbox/sandbox.h"

namespace warifu::agents {

/// Agents' code with its Python modules compiled. Code lies read-only inside a session, so that an interpreter would
/// compile every module at every start. A copy is compiled once, in a sandbox of its own that runs none of it, below
/// the storage of its runtime. Thread-safe; what is given outlives it.
class Bytecode {
 public:
  Bytecode(const SessionsOptions& options, sandbox::Driver& driver) : options_(options), driver_(driver) {}

  /// The folder to run: the compiled copy where it is there, else the code as it is. Blocks shortly.
  [[nodiscard]] std::string folder_of(const AgentVersion& agent) const;
  /// Makes the copy if it is missing, none other is being made, and it did not fail before.
  Task<> make(std::shared_ptr<const AgentVersion> agent, sandbox::RuntimeChoice choice);

 private:
  [[nodiscard]] std::string place_of(const AgentVersion& agent) const;
  Task<Result<>> compile(const AgentVersion& agent, const sandbox::RuntimeChoice& choice, const std::string& into);

  const SessionsOptions& options_;
  sandbox::Driver& driver_;
  std::mutex mutex_;
  bool making_ = false;                             // under mutex_
  std::map<std::string, bool, std::less<>> tried_;  // under mutex_: by place
};

}  // namespace warifu::agents
