#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "records/rows.h"
#include "search/rank.h"

namespace warifu::records {

struct IndexOptions {
  /// Bytes of everything resident. What a search needs at once may exceed it while it runs.
  std::size_t bytes_max = std::size_t{1} << 30U;
  /// The part of it that one memory may keep when others want room; alone it may keep all.
  std::size_t memory_bytes_max = std::size_t{1} << 30U;
};

struct Request {
  Scope scope;
  std::string text;
  std::size_t k = 10;  // the best so many; less only where the scope has less
  Conditions conditions{};
  Timestamp now;
};

struct Found {
  Record record;
  float score = 0;  // [0, 1]: what the order goes by
  float shown = 0;  // [0, 1]: what clients see (search::Hit)
};

/// Finds records by meaning: the resident form of what rows.h wrote, one `search::Shard` for each namespace of each
/// strategy, loaded from the store when it is first asked for, brought up to date by the change log before every
/// search, and dropped least recently used first. Thread-safe; searches of one memory run side by side.
///
/// A search sees every write that was durable when it began. Scores depend on the records of its scope alone.
class Index {
 public:
  /// `embedders` must outlive the index: each makes its vector of every query, for the records that have one of it. A
  /// record of an embedder that is not among them, or fails, is ranked by its words.
  Index(std::vector<search::Embedder*> embedders, IndexOptions options);
  ~Index();
  Index(const Index&) = delete;
  Index& operator=(const Index&) = delete;

  /// The best first. Blocks: it may load shards and embed. Not inside a transaction. Errors: kUnavailable, kInternal.
  [[nodiscard]] Result<std::vector<Found>> search(store::Db& db, const store::Partition& partition,
                                                  const Request& request);
  /// As search when it can be answered at once (everything resident, small, nobody in the way): else nullopt, and the
  /// caller asks `search` on a thread that may block.
  [[nodiscard]] std::optional<Result<std::vector<Found>>> search_now(store::Db& db, const store::Partition& partition,
                                                                     const Request& request);

  /// Forgets what is resident of a memory: it is deleted, or its key was closed.
  void drop(const store::Partition& partition);
  /// Of everything resident.
  [[nodiscard]] std::size_t bytes() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warifu::records
