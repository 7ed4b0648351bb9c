// What one event costs over the sealed, durable store, in memories of ten thousand and of a million events: appending
// (64 in one transaction without fsync, so that the closure shows), reading one, and a page of a session. Reads keep to
// the newest ten thousand events, so that both memories have the same working set.
#include <benchmark/benchmark.h>

#include <fmt/format.h>

#include "base/check.h"
#include "services/memory/events.h"
#include "services/memory/memory_states.h"
#include "store/rocksdb.h"
#include "store/test_folder.h"
#include "vault/sealed_db.h"

namespace warifu::services::memory {
namespace {

constexpr Timestamp kNow{1'783'165'130'534};
constexpr std::int64_t kEventsPerSession = 100;
constexpr std::int64_t kEventsPerTransaction = 1'000;
constexpr std::int64_t kEventsTogether = 64;
constexpr std::int64_t kWorkingSet = 10'000;
const AccountId kOwner = *AccountId::parse("111111111111");
constexpr std::string_view kArn = "arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/Bench-0123456789";

std::string session_of(std::int64_t n) { return fmt::format("session-{:08}", n / kEventsPerSession); }

events::Draft draft_of(std::int64_t n) {
  static const std::string payload = fmt::format(R"([{{"blob":"{}"}}])", std::string(1'000, 'x'));
  TokenDigest token{'t'};
  return {.actor = "actor-1",
          .session = session_of(n),
          .time = {kNow.ms + n},
          .now = kNow,
          .row = encode_event(kNow, token, {.payload = payload}),
          .token = token,
          .first_suffix = static_cast<std::uint32_t>(n & 0x7fffffff)};
}

Result<events::Inserted> append(store::Txn& txn, const store::Partition& partition, events::Draft& draft) {
  const states::State state = TRY(states::require(txn, partition, "Bench-0123456789"));
  return events::insert(txn, partition, draft, state.expires(draft.now));
}

/// A sealed store with `count` events of one memory; one for each size, filled at first use.
struct Filled {
  store::TestFolder folder;
  std::unique_ptr<store::Db> db;
  store::Partition partition = store::Partition::memory(kOwner, kArn);
  std::int64_t count = 0;

  explicit Filled(std::int64_t events) {
    auto plain = store::open_rocksdb(folder.path(), {.durability = store::Durability::kOs}).value();
    auto key = vault::master_key_from(crypto::SecretBytes::copy_of(std::string(vault::kMasterKeyBytes, 'm')));
    db = vault::open_sealed(std::move(plain), std::move(key)).value();
    write([&](store::Txn& txn) { return states::put(txn, partition, {.event_expiry_days = 30}); });
    while (count < events) {
      write([&](store::Txn& txn) -> Result<> {
        for (std::int64_t i = 0; i < kEventsPerTransaction; ++i) {
          events::Draft draft = draft_of(count + i);
          TRY(append(txn, partition, draft));
        }
        return {};
      });
      count += kEventsPerTransaction;
    }
  }
  template <class F>
  void write(F body) {
    CHECK(db->write_blocking([&](store::Txn& txn) { return body(txn); }).has_value(), "the store writes");
  }
  static Filled& of(std::int64_t events) {
    static std::map<std::int64_t, std::unique_ptr<Filled>> all;
    std::unique_ptr<Filled>& one = all[events];
    if (!one) one = std::make_unique<Filled>(events);
    return *one;
  }
};

void append_events(benchmark::State& state) {
  Filled& filled = Filled::of(state.range(0));
  std::vector<events::Draft> drafts;
  for (auto _ : state) {
    drafts.clear();
    for (std::int64_t i = 0; i < kEventsTogether; ++i) drafts.push_back(draft_of(filled.count++));
    filled.write([&](store::Txn& txn) -> Result<> {
      for (events::Draft& draft : drafts) TRY(append(txn, filled.partition, draft));
      return {};
    });
  }
  state.SetItemsProcessed(state.iterations() * kEventsTogether);
}

/// An event among the newest, another each time.
std::int64_t next_of(const benchmark::State& state, std::int64_t& n) {
  n = (n + 7'919) % kWorkingSet;
  return state.range(0) - kWorkingSet + n;
}

void read_event(benchmark::State& state) {
  Filled& filled = Filled::of(state.range(0));
  std::int64_t last = 0;
  for (auto _ : state) {
    const std::int64_t n = next_of(state, last);
    const std::string session = session_of(n);
    const std::string id = EventId{.time = {kNow.ms + n}, .suffix = static_cast<std::uint32_t>(n)}.str();
    const auto found = filled.db->read([&](store::Reader& reader) -> Result<events::Stored> {
      TRY(states::require(reader, filled.partition, "Bench-0123456789"));
      return events::find(reader, filled.partition, {"actor-1", session}, id, kNow);
    });
    CHECK(found.has_value(), "the event is there");
  }
}

void list_events(benchmark::State& state) {
  Filled& filled = Filled::of(state.range(0));
  std::int64_t last = 0;
  for (auto _ : state) {
    const std::string session = session_of(next_of(state, last));
    const auto page = filled.db->read([&](store::Reader& reader) {
      return events::list(reader, filled.partition, {"actor-1", session}, {}, "", 20, true, kNow);
    });
    CHECK(page.has_value() && page->events.size() == 20, "a full page");
  }
}

BENCHMARK(append_events)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(read_event)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(list_events)->Arg(10'000)->Arg(1'000'000)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace warifu::services::memory

BENCHMARK_MAIN();
