#include "store/rocksdb_tuning.h"

#include <rocksdb/cache.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/slice_transform.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include "base/check.h"
#include "store/keys.h"

namespace warifu::store {
namespace {

/// Of a full memtable: some twenty bits for each event of a kilobyte.
constexpr double kMemtableFilterRatio = 0.02;

/// A part of a key, as RocksDB asks for it.
class Part final : public rocksdb::SliceTransform {
 public:
  using Of = std::string_view (*)(std::string_view flat);
  Part(const char* name, Of of) : name_(name), of_(of) {}
  /// On the disk, beside the filters that were made with it.
  [[nodiscard]] const char* Name() const override { return name_; }
  [[nodiscard]] bool InDomain(const rocksdb::Slice& key) const override { return !of_(key.ToStringView()).empty(); }
  [[nodiscard]] rocksdb::Slice Transform(const rocksdb::Slice& key) const override { return of_(key.ToStringView()); }

 private:
  const char* name_;
  Of of_;
};

rocksdb::BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  // Indexes and filters count against the same bound, and are dropped last.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // A page begins with a block from each sorted run. At a million events in a thousand sessions a page of ten costs
  // 46 µs with blocks of 4 KB and 64 with 16; at ten thousand, all in memory, 20.
  table.block_size = 4 * 1024;
  table.index_block_restart_interval = 16;
  // Most gets ask for keys that exist in one table or in none.
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  table.format_version = 5;
  // CRC32C is computed in software in Debian's build.
  table.checksum = rocksdb::kXXH3;
  return table;
}

void quiet(rocksdb::Options& db) {
  db.info_log_level = rocksdb::WARN_LEVEL;
  db.max_log_file_size = 1024 * 1024;
  db.keep_log_file_num = 3;
  db.stats_dump_period_sec = 0;
  db.stats_persist_period_sec = 0;
}

}  // namespace

rocksdb::Options tuned(const RocksdbOptions& options) {
  CHECK(options.write_buffer_bytes <= options.memory_bytes_max / 4, "a write buffer beyond its bound");
  rocksdb::Options db;
  if (options.env != nullptr) db.env = options.env;
  db.create_if_missing = true;

  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(options.memory_bytes_max, 4, false, 0.5);
  db.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table_options(cache)));
  // Charged to the cache: rows in memory push blocks out, and both together stay within the bound.
  db.write_buffer_manager = std::make_shared<rocksdb::WriteBufferManager>(options.memory_bytes_max / 2, cache);
  db.write_buffer_size = options.write_buffer_bytes;
  db.max_write_buffer_number = 3;
  // New rows ask first whether they are there: mostly they are not, and a filter says so without a walk down the list.
  db.prefix_extractor = std::make_shared<Part>("warifu.MarkedPart", &marked_part);
  db.memtable_whole_key_filtering = true;
  db.memtable_prefix_bloom_size_ratio = kMemtableFilterRatio;
  // The next event of a session goes near the one before: the list is not walked from its head.
  db.memtable_insert_with_hint_prefix_extractor = std::make_shared<Part>("warifu.NamesPart", &names_part);
  db.max_total_wal_size = 4 * options.write_buffer_bytes;

  // Sealed values do not compress.
  db.compression = rocksdb::kNoCompression;
  db.target_file_size_base = std::uint64_t{32} << 20U;
  db.max_bytes_for_level_base = std::uint64_t{128} << 20U;
  db.level_compaction_dynamic_level_bytes = true;
  db.max_background_jobs = 2;
  db.max_open_files = 512;

  // The committer is the only writer: nothing to spin for.
  db.enable_write_thread_adaptive_yield = false;
  db.allow_concurrent_memtable_write = false;
  // After power loss the log may end in bytes that were never written whole: what follows the last sound record was
  // never acknowledged. Logs that are closed must be there, with the size that was synced.
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.track_and_verify_wals_in_manifest = true;
  db.avoid_flush_during_recovery = true;
  db.skip_stats_update_on_db_open = true;
  // A full disk is handled by opening again: resuming may go on with a log that was cut (7.8 asserts then).
  db.max_bgerror_resume_count = 0;
  quiet(db);
  return db;
}

}  // namespace warifu::store
