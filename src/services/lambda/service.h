#pragma once

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/call.h"
#include "api/registry.h"
#include "base/background.h"
#include "hosting/log_delivery.h"
#include "services/lambda/code.h"
#include "services/lambda/event_queue.h"
#include "services/lambda/rows.h"
#include "services/lambda/runner.h"

namespace warifu::services::lambda {

/// The path below which code is fetched; what follows is the token.
inline constexpr std::string_view kCodePath = "/_lambda/code/";

struct ServiceOptions {
  std::filesystem::path folder;  // where unpacked code is kept; emptied at start
  std::size_t workers = 4;       // threads that unpack
  /// Pause before an event is tried a second time; the third waits twice as long.
  std::chrono::milliseconds event_retry{60'000};
};

/// What a call of a function came with, beside the function.
struct InvokeRequest {
  std::string request_id;
  std::string payload;
  std::string client_context;  // JSON text
};

/// What Lambda's handlers share: code, what runs it, logs, events. Thread-safe. The environment must outlive it.
class Service {
 public:
  /// kUnavailable: the folder cannot be used.
  [[nodiscard]] static Result<std::unique_ptr<Service>> open(ServiceOptions options,
                                                             const api::Environment& environment);
  ~Service() { stop(); }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  /// Functions run from now on; before, calls of them answer ServiceException. `runner` must outlive `stop`.
  void run_with(Runner& runner);
  /// Looks for events that wait since before the start, and erases code that is garbage since then. Blocks.
  void resume(const std::stop_token& stop);
  /// Erases code that nothing names any more and that nobody waited to see erased. Blocks.
  void sweep(const std::stop_token& stop);
  /// Starts no event more, delivers the logs that wait. Before the runner goes. Idempotent.
  void stop();

  [[nodiscard]] const api::Environment& environment() const { return environment_; }
  [[nodiscard]] hosting::CodeStore& code() { return *code_; }
  [[nodiscard]] Workers& workers() { return workers_; }
  [[nodiscard]] EventQueue& events() { return *events_; }
  [[nodiscard]] hosting::LogDelivery& logs() { return *logs_; }

  /// Runs the version that the reference's qualifier names. Errors are Lambda's exceptions; a function that failed is
  /// an answer.
  [[nodiscard]] Task<Result<InvokeResult>> invoke(FunctionRef ref, InvokeRequest request);
  /// What its runtime runs on, in words; empty: exactly on it. kUnsupported: on nothing here. Perhaps blocks for long:
  /// it hops.
  [[nodiscard]] Task<Result<std::string>> runtime_note(std::string runtime);
  /// The role may be assumed by Lambda for this function. InvalidParameterValueException otherwise.
  [[nodiscard]] Task<Result<>> check_role(FunctionRef ref, std::string role_arn);
  /// Where the archive can be fetched for ten minutes, without a signature.
  [[nodiscard]] std::string code_url(const AccountId& owner, std::string_view code_id, Timestamp now) const;
  /// The archive that such a URL's token names; nullopt: none, or its time is over.
  [[nodiscard]] Result<std::optional<std::string>> fetch_code(std::string_view token) const;
  /// The function was changed or deleted: environments of what it was go.
  void retire(const FunctionRef& ref);

 private:
  struct Chosen {
    RowHead head;
    std::optional<std::int32_t> reserved;
    std::string bytes;  // of the row
    std::string version;
  };
  struct Prepared {
    std::string revision;
    std::shared_ptr<const FunctionVersion> function;
  };

  Service(ServiceOptions options, const api::Environment& environment);
  Result<Chosen> choose(store::Reader& reader, const FunctionRef& ref) const;
  std::shared_ptr<const FunctionVersion> prepared(const std::string& key, const std::string& revision);
  Task<Result<std::shared_ptr<const FunctionVersion>>> prepare(const FunctionRef& ref, const Chosen& chosen);
  Task<Result<std::shared_ptr<const FunctionVersion>>> build(const FunctionRef& ref, const std::string& version,
                                                             FunctionRow row);
  Task<Result<api::RoleSession>> assume(FunctionRef ref, std::string role_arn) const;
  Task<Result<Credentials>> credentials(FunctionRef ref, std::string role_arn) const;

  const ServiceOptions options_;
  const api::Environment& environment_;
  Workers workers_;
  std::unique_ptr<hosting::CodeStore> code_;
  std::vector<std::pair<AccountId, std::string>> old_garbage_;
  std::atomic<Runner*> runner_ = nullptr;
  std::mutex mutex_;
  std::map<std::string, Prepared, std::less<>> prepared_;  // by the version's ARN
  std::atomic<bool> stopped_ = false;
  Background background_;
  std::unique_ptr<hosting::LogDelivery> logs_;
  std::unique_ptr<EventQueue> events_;
};

}  // namespace warifu::services::lambda
