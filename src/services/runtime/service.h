#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "agents/sessions.h"
#include "api/call.h"
#include "base/background.h"
#include "base/hop.h"
#include "hosting/code_store.h"
#include "hosting/log_delivery.h"
#include "services/runtime/directory.h"

namespace warifu::services::runtime {

struct ServiceOptions {
  std::filesystem::path folder;  // below which unpacked code is kept
  /// What runs agents, made when first asked for; blocks. kUnsupported: this machine has no sandboxes.
  std::function<Result<agents::Sessions*>()> sessions;
};

/// What the runtime's operations share: code, sessions, credentials and logs of what runs. Nothing of it is made before
/// it is needed. Thread-safe. The environment must outlive it.
class Service {
 public:
  /// kUnavailable: the folder cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<Service>> open(ServiceOptions options,
                                                             const api::Environment& environment);
  ~Service() { stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  [[nodiscard]] hosting::CodeStore& code() { return *code_; }
  [[nodiscard]] Workers& workers() { return workers_; }
  [[nodiscard]] const Directory& directory() const { return directory_; }

  /// What runs agents; its first call makes it, away from the event loops.
  [[nodiscard]] Task<Result<agents::Sessions*>> sessions();
  /// The version that an endpoint serves, ready to be run. kUnsupported: it is a container image.
  [[nodiscard]] Task<Result<std::shared_ptr<const agents::AgentVersion>>> agent(
      std::shared_ptr<const KnownRuntime> runtime, const KnownRuntime::Serving& serving);
  /// An endpoint (none: the runtime) is gone: its sessions end, and what they stored goes.
  void retire(const std::string& runtime_arn, const std::optional<std::string>& endpoint);

  /// Erases code that no version names, and copies that earlier servers unpacked. Blocks.
  void sweep(const std::stop_token& stop);
  /// Delivers the logs that wait, and takes nothing more. Before the sessions go. Idempotent.
  void stop();

 private:
  struct Role {
    AccountId owner;
    std::string region, role_arn, runtime_arn, session_name;
  };

  Service(ServiceOptions options, const api::Environment& environment)
      : options_(std::move(options)), environment_(environment) {}
  hosting::LogDelivery& logs();
  Task<Result<api::RoleSession>> assume(Role role) const;
  Task<Result<agents::Credentials>> credentials(Role role) const;
  std::shared_ptr<agents::AgentVersion> describe(const KnownRuntime& runtime, const KnownRuntime::Serving& serving);

  const ServiceOptions options_;
  const api::Environment& environment_;
  Directory directory_;
  Workers workers_{2};
  std::unique_ptr<hosting::CodeStore> code_;
  std::vector<std::pair<AccountId, std::string>> old_garbage_;
  std::string folder_name_;  // of this server's copies
  std::atomic<agents::Sessions*> made_ = nullptr;
  std::mutex mutex_;
  bool stopped_ = false;                                                                      // under mutex_
  std::map<std::string, std::shared_ptr<const agents::AgentVersion>, std::less<>> prepared_;  // by endpoint and version
  std::unique_ptr<Background> background_;                                                    // under mutex_
  std::unique_ptr<hosting::LogDelivery> logs_;                                                // under mutex_
};

}  // namespace warifu::services::runtime
