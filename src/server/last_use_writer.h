#pragma once

#include <condition_variable>
#include <mutex>
#include <string_view>
#include <thread>

#include "access/principal.h"
#include "identity/last_use.h"
#include "store/store.h"

namespace warifu::server {

/// Notes which access keys and roles are used, and writes it down once a minute and at the end, on a thread of its own:
/// no request waits for it. Thread-safe. `db` must outlive it.
class LastUseWriter {
 public:
  explicit LastUseWriter(store::Db& db);
  ~LastUseWriter();

  void note(const access::Principal& principal, std::string_view service, std::string_view region, Timestamp now);

 private:
  void run(const std::stop_token& stop);
  void flush();

  store::Db& db_;
  identity::LastUseBook book_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace warifu::server
