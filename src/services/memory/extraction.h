#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jobs/scheduler.h"
#include "records/index.h"
#include "search/embedder.h"
#include "services/memory/extraction_notices.h"
#include "services/memory/extraction_queue.h"
#include "services/memory/extractors.h"
#include "services/memory/memories.h"
#include "store/store.h"

/// Turns what sessions said into memory records, soon after they pause. Every run is one transaction: the records that
/// it makes, the failures that it notes, and the entries of the queue that it is done with. A crash before it leaves
/// the entries, and the next start runs them again.
namespace warifu::services::memory::extraction {

/// Outlive the Extraction; thread-safe.
struct Tools {
  store::Db& db;
  records::Index& index;
  search::Embedder& embedder;
  Extractor& extractor;
  const Clock& clock;
};

/// Keeps runs of different sessions from filing into one scope at once, so that each sees what the other added.
class ScopeLocks {
 public:
  class Guard {
   public:
    Guard(ScopeLocks& locks, std::set<std::string> scopes);  // blocks until all are free
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    ScopeLocks& locks_;
    std::set<std::string> scopes_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable freed_;
  std::set<std::string> taken_;
};

/// Thread-safe.
class Extraction final : public Notices {
 public:
  Extraction(const Tools& tools, const jobs::Schedule& schedule);

  void notify(std::string_view memory_arn, SessionRef ref) override;
  void notify_now(std::string_view memory_arn, SessionRef ref) override;
  [[nodiscard]] jobs::Status status(std::string_view memory_arn, SessionRef ref) const override;

  /// Finds every session that waits, of every memory: once, at start.
  [[nodiscard]] Result<> resume();

  /// One run for a session, on this thread; true: entries are left. For tests and the scheduler.
  [[nodiscard]] Result<bool> run(const memories::Target& target, const queue::Session& session);

  [[nodiscard]] bool wait_idle(std::chrono::milliseconds at_most) const { return scheduler_.wait_idle(at_most); }
  /// Waits for what runs; starts nothing more. Before what Tools names goes.
  void stop() { scheduler_.stop(); }

 private:
  Tools tools_;
  ScopeLocks locks_;
  jobs::Scheduler scheduler_;
};

}  // namespace warifu::services::memory::extraction
