#include "agents/bytecode.h"

#include <filesystem>
#include <utility>

#include "agents/launch.h"
#include "base/log.h"
#include "net/event.h"

namespace warifu::agents {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::minutes kTimeout{10};
constexpr std::uint64_t kMemoryBytes = 1ULL << 30;
/// Modules keep the name that they will be run under; a module that cannot be compiled is left as it is.
constexpr const char* kScript =
    "cp -rp /var/task/. /out/ && chmod -R a+rX /out && "
    "{ nice \"$0\" -I -m compileall -q -s /out -p /var/task /out >/dev/null 2>&1; true; }";

}  // namespace

std::string Bytecode::place_of(const AgentVersion& agent) const {
  if (options_.storage_folder.empty() || !agent.runtime.starts_with("PYTHON")) return {};
  return bytecode_folder(agent, options_.storage_folder);
}

std::string Bytecode::folder_of(const AgentVersion& agent) const {
  const std::string place = place_of(agent);
  std::error_code ignored;
  return !place.empty() && fs::exists(place, ignored) ? place : agent.code_folder;
}

Task<Result<>> Bytecode::compile(const AgentVersion& agent, const sandbox::RuntimeChoice& choice,
                                 const std::string& into) {
  sandbox::Spec spec{.name = "bytecode"};
  spec.limits.memory_bytes = kMemoryBytes;
  if (!choice.prefix.empty()) spec.binds.push_back({.source = choice.prefix, .target = choice.prefix});
  spec.binds.push_back({.source = agent.code_folder, .target = "/var/task"});
  spec.binds.push_back({.source = into, .target = "/out", .writable = true});
  const std::shared_ptr<sandbox::Sandbox> sandbox = CO_TRY(co_await driver_.open(std::move(spec)));
  sandbox::Program program{.argv = {"/bin/sh", "-c", kScript, choice.program}, .env = {{"PATH", "/usr/bin:/bin"}}};
  net::Event done;
  auto exit = std::make_shared<sandbox::Exit>();
  CO_TRY(co_await sandbox->start(std::move(program), [done, exit](const sandbox::Exit& how) mutable {
    *exit = how;
    done.set();
  }));
  const bool in_time = co_await done.wait(kTimeout);
  sandbox->stop();
  co_await sandbox->ended();
  if (!in_time || exit->status != 0 || exit->signal != 0) {
    co_return fail(unavailable(in_time ? exit->str() : "it takes too long"));
  }
  co_return Result<>{};
}

Task<> Bytecode::make(std::shared_ptr<const AgentVersion> agent, sandbox::RuntimeChoice choice) {
  const std::string place = place_of(*agent);
  std::error_code error;
  if (place.empty() || fs::exists(place, error)) co_return;
  {
    const std::lock_guard lock(mutex_);
    if (making_ || std::exchange(tried_[place], true)) co_return;
    making_ = true;
  }
  const std::string unfinished = place + ".new";
  fs::remove_all(unfinished, error);
  fs::create_directories(unfinished, error);
  Result<> made = fail(unavailable(error.message()));
  if (!error) made = co_await compile(*agent, choice, unfinished);
  if (made) fs::rename(unfinished, place, error);
  if (!made || error) {
    log::info("an agent's modules stay uncompiled", {{"why", made ? error.message() : made.error().message}});
    fs::remove_all(unfinished, error);
  }
  const std::lock_guard lock(mutex_);
  making_ = false;
}

}  // namespace warifu::agents
