#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "api/client.h"
#include "base/background.h"
#include "base/ids.h"
#include "base/time.h"
#include "hosting/log_line.h"
#include "jobs/scheduler.h"

namespace warifu::hosting {

/// Whose log it is, and under which role it is written.
struct LogTarget {
  AccountId owner;
  std::string region, role_arn, source_arn, group;  // source: the function or runtime that writes
};

/// Carries what functions and agents write to CloudWatch Logs, in batches, as the execution role's session: a role that
/// may not logs:CreateLogStream or logs:PutLogEvents has no log, as on AWS. Lines that cannot be delivered are dropped.
/// Bounded for each stream; what does not fit is counted in the log itself. Thread-safe.
class LogDelivery {
 public:
  /// A new session of a role; asked again before the old one ends.
  using Sessions = std::function<Task<Result<api::RoleSession>>(const LogTarget&)>;

  LogDelivery(const api::Environment& environment, Background& background, Sessions sessions);
  ~LogDelivery() { stop(); }

  /// Does not block.
  void add(const std::shared_ptr<const LogTarget>& target, const std::string& stream, std::vector<LogLine> lines);
  /// Blocks until what was added is delivered or dropped, or the time is over.
  bool wait_idle(std::chrono::milliseconds at_most) const { return scheduler_.wait_idle(at_most); }
  /// Delivers what waits, and takes nothing more. Idempotent.
  void stop();

 private:
  struct Queue {
    std::shared_ptr<const LogTarget> target;
    std::string stream;
    std::vector<LogLine> lines;
    std::size_t bytes = 0;
    std::size_t dropped = 0;
  };
  struct Session {
    api::RoleSession session;
    Timestamp denied_until;  // after a refusal, so that who has no rights costs nothing
  };

  Result<bool> deliver(std::string_view key);
  Task<Result<>> send(const LogTarget& target, std::string stream, std::vector<LogLine> lines);
  Task<Result<>> put(const LogTarget& target, const std::string& stream, const api::As& as,
                     const std::vector<LogLine>& lines);
  Task<Result<>> create(const LogTarget& target, const std::string& stream, const api::As& as);
  Task<Result<api::As>> session_of(const LogTarget& target);

  const api::Environment& environment_;
  Background& background_;
  Sessions sessions_;
  std::mutex mutex_;
  std::map<std::string, Queue, std::less<>> queues_;   // by group's ARN and stream
  std::map<std::string, Session, std::less<>> roles_;  // by source and role
  std::atomic<bool> stopped_ = false;
  jobs::Scheduler scheduler_;
};

}  // namespace warifu::hosting
