#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "base/hop.h"
#include "base/result.h"
#include "base/task.h"
#include "records/index.h"
#include "records/record.h"
#include "search/embedder.h"
#include "store/store.h"

namespace warifu::services::memory {

struct LongTermOptions {
  records::IndexOptions index{};
  std::size_t threads = 0;  // that searches and embedding may block; 0: as many as the machine has cores, two at least
};

/// What long-term memory keeps beside the store, one a server: embedders, the index, threads for what blocks. Handlers
/// get it when they are bound. Thread-safe; outlives the server's event loops.
class LongTerm {
 public:
  /// The first embedder makes the vectors of new records; the others are for vectors that are there already.
  /// REQUIRES: one embedder at least.
  explicit LongTerm(std::vector<std::unique_ptr<search::Embedder>> embedders, LongTermOptions options = {});
  /// Waits for what runs on its threads.
  ~LongTerm();
  LongTerm(const LongTerm&) = delete;
  LongTerm& operator=(const LongTerm&) = delete;

  /// Lets nobody wait for an embedder any more: for a stop.
  void close();

  [[nodiscard]] records::Index& index() { return index_; }
  [[nodiscard]] search::Embedder& embedder() { return *embedders_.front(); }
  [[nodiscard]] Workers& pool() { return pool_; }

  /// `Index::search`, here when it is a matter of microseconds, else on a thread of the pool.
  [[nodiscard]] Task<Result<std::vector<records::Found>>> search(store::Db& db, store::Partition partition,
                                                                 records::Request request);
  /// `records::prepare_all`, likewise.
  [[nodiscard]] Task<Result<std::vector<records::Prepared>>> prepare(std::vector<records::Record> records);

 private:
  std::vector<std::unique_ptr<search::Embedder>> embedders_;
  records::Index index_;
  Workers pool_;
};

}  // namespace warifu::services::memory
