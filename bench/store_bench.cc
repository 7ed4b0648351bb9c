// Durable commits of 64 writers in one partition and in 64, and what a read costs, of plain and of sealed values.
#include <benchmark/benchmark.h>

#include <atomic>
#include <filesystem>
#include <latch>
#include <thread>

#include "base/check.h"
#include "store/keys.h"
#include "store/rocksdb.h"
#include "store/test_folder.h"
#include "vault/sealed_db.h"

namespace warifu::store {
namespace {

constexpr int kWriters = 64;
const AccountId kOwner = *AccountId::parse("111111111111");
const std::string kValue(1024, 'v');

std::string memory_arn(int n) {
  return "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Memory-" + std::to_string(1'000'000'000 + n);
}

std::string event_key(int writer, std::uint64_t n) {
  std::string key = "e";
  append_text(key, "actor");
  append_text(key, "session-" + std::to_string(writer));
  append_u64(key, n);
  return key;
}

std::unique_ptr<Db> open(const TestFolder& folder, Durability durability, bool sealed = false) {
  auto db = open_rocksdb(folder.path(), {.durability = durability}).value();
  if (!sealed) return db;
  auto master_key = vault::master_key_from(crypto::SecretBytes::copy_of(std::string(vault::kMasterKeyBytes, 'm')));
  return vault::open_sealed(std::move(db), std::move(master_key)).value();
}

/// Each writer sends its next event when its last is durable, as a client that waits for its answer does.
class Writers {
 public:
  Writers(Db& db, int partitions, std::uint64_t events) : db_(db), left_(static_cast<std::int64_t>(events)) {
    for (int i = 0; i < partitions; ++i) partitions_.push_back(Partition::memory(kOwner, memory_arn(i)));
  }
  void run() {
    for (int i = 0; i < kWriters; ++i) next(i, 0);
    done_.wait();
  }

 private:
  void next(int writer, std::uint64_t n) {
    if (left_.fetch_sub(1) <= 0) return done_.count_down();
    const Partition& partition = partitions_[static_cast<std::size_t>(writer) % partitions_.size()];
    db_.write_with(
        [&partition, key = event_key(writer, n)](Txn& txn) -> Result<> {
          // As CreateEvent does: is the memory there, is the session known?
          (void)TRY(txn.get(partition, "m"));
          (void)TRY(txn.get(partition, "s"));
          return txn.put(partition, key, kValue);
        },
        [this, writer, n](Result<> outcome) {
          CHECK(outcome.has_value(), "a write failed");
          next(writer, n + 1);
        });
  }

  Db& db_;
  std::vector<Partition> partitions_;
  std::atomic<std::int64_t> left_;
  std::latch done_{kWriters};
};

void commits(benchmark::State& state) {
  const TestFolder folder;
  const auto db = open(folder, state.range(1) != 0 ? Durability::kSync : Durability::kOs, state.range(2) != 0);
  constexpr std::uint64_t kEvents = 20'000;
  for (auto _ : state) Writers(*db, static_cast<int>(state.range(0)), kEvents).run();
  state.SetItemsProcessed(static_cast<std::int64_t>(kEvents) * state.iterations());
}
BENCHMARK(commits)
    ->ArgNames({"partitions", "sync", "sealed"})
    ->Args({1, 1, 0})
    ->Args({64, 1, 0})
    ->Args({1, 1, 1})
    ->Args({64, 1, 1})
    ->Args({1, 0, 1})
    ->Repetitions(3)
    ->ReportAggregatesOnly()
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

void lone_commit(benchmark::State& state) {
  const TestFolder folder;
  const auto db = open(folder, Durability::kSync);
  const Partition here = Partition::memory(kOwner, memory_arn(0));
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::string key = event_key(0, n++);
    CHECK(db->write_blocking([&](Txn& txn) { return txn.put(here, key, kValue); }).has_value(), "a write failed");
  }
}
BENCHMARK(lone_commit)->UseRealTime()->Unit(benchmark::kMicrosecond);

/// 20,000 events; with `flushed`, read from tables (and their block cache) rather than from rows in memory.
class Filled {
 public:
  Filled(bool flushed, bool sealed) : sealed_(sealed) {
    Writers(*db_, 1, 20'000).run();
    if (!flushed) return;
    db_.reset();
    db_ = open(folder_, Durability::kOs, sealed_);
  }
  Db& db() { return *db_; }
  const Partition here = Partition::memory(kOwner, memory_arn(0));

 private:
  bool sealed_;
  TestFolder folder_;
  std::unique_ptr<Db> db_ = open(folder_, Durability::kOs, sealed_);
};

void get(benchmark::State& state) {
  Filled filled(state.range(0) != 0, state.range(1) != 0);
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::string key = event_key(static_cast<int>(n % 64), n / 64 % 100);
    ++n;
    const auto value = filled.db().read([&](Reader& reader) { return reader.get(filled.here, key); });
    CHECK(value.has_value() && value->has_value(), "an event is missing");
  }
}
BENCHMARK(get)->ArgNames({"flushed", "sealed"})->ArgsProduct({{0, 1}, {0, 1}})->Unit(benchmark::kNanosecond);

void get_absent(benchmark::State& state) {
  Filled filled(state.range(0) != 0, state.range(1) != 0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(filled.db().read([&](Reader& reader) { return reader.get(filled.here, "s"); }));
  }
}
BENCHMARK(get_absent)->ArgNames({"flushed", "sealed"})->ArgsProduct({{0, 1}, {0, 1}})->Unit(benchmark::kNanosecond);

void page_of_100(benchmark::State& state) {
  Filled filled(state.range(0) != 0, state.range(1) != 0);
  int writer = 0;
  for (auto _ : state) {
    std::string prefix = event_key(writer++ % 64, 0);
    prefix.resize(prefix.size() - 8);
    std::size_t bytes = 0;
    int count = 0;
    CHECK(filled.db()
              .read([&](Reader& reader) {
                return reader.scan(filled.here, prefix_range(prefix, Direction::kBackward), [&](auto, auto value) {
                  bytes += value.size();
                  return ++count < 100;
                });
              })
              .has_value(),
          "a scan failed");
    CHECK(count == 100, "a page is short");
  }
}
BENCHMARK(page_of_100)->ArgNames({"flushed", "sealed"})->ArgsProduct({{0, 1}, {0, 1}})->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace warifu::store

BENCHMARK_MAIN();
