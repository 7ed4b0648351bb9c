#include "services/memory/reembedding.h"

#include <fmt/format.h>

#include "base/log.h"
#include "records/reembed.h"
#include "services/memory/memories.h"

namespace warifu::services::memory {
namespace {

/// Records that one step looks at: a few hundred milliseconds with a transformer, if all of them are stale.
constexpr std::size_t kStep = 64;
/// Where nothing is stale, steps are cheap.
constexpr std::size_t kFirstStep = 1'000;
constexpr std::size_t kReportEvery = 10'000;

/// The last embedder of which every record of the server had a vector: new ones get the present one's when they are
/// written, so while it is the same there is nothing to do.
std::string done_key() { return "memory-embedder"; }

struct Progress {
  std::size_t looked_at = 0, renewed = 0, reported = 0;
};

Result<> reembed_memory(store::Db& db, const memories::Target& target, search::Embedder& embedder,
                        const std::stop_token& stop, Progress& progress) {
  std::size_t step = kStep;
  while (!stop.stop_requested()) {
    const records::Reembedded done = TRY(records::reembed_some(db, target.partition, embedder, step));
    progress.looked_at += done.looked_at;
    progress.renewed += done.renewed;
    step = done.renewed == 0 ? kFirstStep : kStep;
    if (progress.renewed - progress.reported >= kReportEvery) {
      progress.reported = progress.renewed;
      log::info("records get vectors of the new embedder",
                {{"renewed", fmt::to_string(progress.renewed)}, {"memory", target.id}});
    }
    if (done.done) return {};
  }
  return {};
}

Result<> reembed_all(store::Db& db, search::Embedder& embedder, const std::stop_token& stop) {
  const std::string& name = embedder.info().name;
  const store::Partition system = store::Partition::system();
  const std::optional<std::string> last = TRY(db.read([&](store::Reader& r) { return r.get(system, done_key()); }));
  if (last == name) return {};
  // Until all is done no embedder has every record, not even the earlier one.
  TRY(db.write_blocking([&](store::Txn& txn) { return txn.erase(system, done_key()); }));
  const auto targets = TRY(db.read([](store::Reader& reader) { return memories::all(reader); }));
  Progress progress;
  for (const memories::Target& target : targets) {
    TRY(reembed_memory(db, target, embedder, stop, progress));
    if (stop.stop_requested()) return {};
  }
  if (progress.renewed > 0) {
    log::info("every record has a vector of the new embedder",
              {{"renewed", fmt::to_string(progress.renewed)}, {"embedder", name}});
  }
  return db.write_blocking([&](store::Txn& txn) { return txn.put(system, done_key(), name); });
}

}  // namespace

void reembed_memories(store::Db& db, search::Embedder& embedder, const std::stop_token& stop) {
  const Result<> done = reembed_all(db, embedder, stop);
  if (!done) log::warn("records keep vectors of an earlier embedder", {{"why", done.error().message}});
}

}  // namespace warifu::services::memory
