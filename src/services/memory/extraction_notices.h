#pragma once

#include <string_view>

#include "jobs/scheduler.h"
#include "services/memory/keys.h"

namespace warifu::services::memory::extraction {

/// What handlers say to the extraction, and ask of it. Thread-safe; no call blocks.
class Notices {
 public:
  virtual ~Notices() = default;

  /// A session of that memory has an entry more. After the commit that wrote it.
  virtual void notify(std::string_view memory_arn, SessionRef ref) = 0;
  /// The same, when a person waits for it.
  virtual void notify_now(std::string_view memory_arn, SessionRef ref) = 0;
  /// What the session is up to; kWaiting when nothing is known of it (its entries may still be there).
  [[nodiscard]] virtual jobs::Status status(std::string_view memory_arn, SessionRef ref) const = 0;
};

}  // namespace warifu::services::memory::extraction
