#include "records/index.h"

#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/log.h"
#include "records/resident.h"
#include "search/analyzer.h"
#include "search/embedder.h"

namespace warifu::records {
namespace {

/// Records that a search ranks without asking for another thread: a fraction of a millisecond.
constexpr std::size_t kSmall = 4'000;
/// A search begins anew when a write took its hits away meanwhile, or others' searches what it had loaded.
constexpr int kAttempts = 8;

class SharedLock {
 public:
  explicit SharedLock(FairMutex& mutex) : mutex_(mutex) { mutex_.lock_shared(); }
  SharedLock(FairMutex& mutex, std::adopt_lock_t) : mutex_(mutex) {}
  ~SharedLock() { mutex_.unlock_shared(); }
  SharedLock(const SharedLock&) = delete;
  SharedLock& operator=(const SharedLock&) = delete;

 private:
  FairMutex& mutex_;
};

std::vector<search::Hit> ranked(std::span<const Resident::Slot* const> slots, const Request& request,
                                const search::Query& query) {
  std::vector<const search::Shard*> shards;
  shards.reserve(slots.size());
  for (const Resident::Slot* slot : slots) shards.push_back(slot->shard.get());
  if (shards.empty()) return {};
  const auto filter = [&request](std::string_view attributes) {
    return matches(attributes, request.conditions, request.now);
  };
  return search::rank(shards, query, filter, request.k);
}

}  // namespace

struct Index::Impl {
  Impl(std::vector<search::Embedder*> all, const IndexOptions& limits) : embedders(std::move(all)), options(limits) {}

  const std::vector<search::Embedder*> embedders;
  const IndexOptions options;

  mutable std::mutex mutex;  // of what follows; never held while a Resident's is taken
  std::unordered_map<std::string, std::shared_ptr<Resident>> memories;
  std::uint64_t searches = 0;
  std::set<std::uint64_t> running;

  /// A search's number, by which its shards are kept while it runs.
  class Running {
   public:
    Running(Impl& impl, Resident& memory) : impl_(impl), memory_(memory) {
      ++memory_.searchers;
      const std::lock_guard lock(impl_.mutex);
      number_ = ++impl_.searches;
      impl_.running.insert(number_);
    }
    ~Running() {
      --memory_.searchers;
      const std::lock_guard lock(impl_.mutex);
      impl_.running.erase(number_);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    [[nodiscard]] std::uint64_t number() const { return number_; }

   private:
    Impl& impl_;
    Resident& memory_;
    std::uint64_t number_ = 0;
  };

  std::shared_ptr<Resident> resident(const store::Partition& partition) {
    const std::lock_guard lock(mutex);
    std::shared_ptr<Resident>& found = memories[partition.name()];
    if (!found) found = std::make_shared<Resident>(partition);
    return found;
  }
  std::vector<std::shared_ptr<Resident>> all() const {
    const std::lock_guard lock(mutex);
    std::vector<std::shared_ptr<Resident>> out;
    for (const auto& [name, one] : memories) out.push_back(one);
    return out;
  }
  std::uint64_t oldest_running() const {
    const std::lock_guard lock(mutex);
    return running.empty() ? searches + 1 : *running.begin();
  }

  struct Asked {
    const Request& request;
    search::Query query;
  };
  /// What one look under the shared lock yields.
  struct Look {
    bool ranked = false;
    bool names = false;              // the names of all shards are needed first
    std::vector<ShardName> missing;  // what is to be loaded first
    std::size_t records = 0;
    std::vector<search::Hit> hits;
  };
  /// REQUIRES: a shared lock on `memory`. `required`: the changes that the answer must show; set by the first look.
  /// Ranks only scopes of at most `records_max`.
  Result<Look> look(store::Db& db, const Resident& memory, const Asked& asked, std::uint64_t number,
                    std::optional<Head>& required, std::size_t records_max);
  /// Terms and vectors of the request's text. May block for as long as an embedder does: no lock is held.
  Asked ask(const Request& request) const;
  Result<> prepare(store::Db& db, Resident& memory, const Look& look, std::uint64_t number);
  void make_room();
  void evict(std::size_t target, const std::vector<std::shared_ptr<Resident>>& from);
};

Index::Impl::Asked Index::Impl::ask(const Request& request) const {
  Asked asked{.request = request, .query = {.terms = search::terms(request.text), .vectors = {}}};
  for (search::Embedder* embedder : embedders) {
    auto vectors = embedder->embed({&request.text, 1}, search::Side::kQuery);
    if (vectors && vectors->size() == 1) {
      asked.query.vectors.push_back({std::move(vectors->front()), embedder->info().calibration});
      continue;
    }
    // A search by words is better than none.
    const std::string why = vectors ? "it gave no vector" : vectors.error().message;
    log::warn("a search goes without its embedder", {{"embedder", embedder->info().name}, {"why", why}});
  }
  return asked;
}

Result<Index::Impl::Look> Index::Impl::look(store::Db& db, const Resident& memory, const Asked& asked,
                                            std::uint64_t number, std::optional<Head>& required,
                                            std::size_t records_max) {
  Look look;
  std::optional<Resident::Wanted> wanted;
  const Result<> read = db.read_with([&](store::Reader& reader) -> Result<> {
    if (!required) required = TRY(read_head(reader, memory.partition()));
    if (!memory.follows(*required)) return {};
    wanted = TRY(memory.wanted(reader, asked.request.scope, number));
    look.names = !wanted;
    return {};
  });
  TRY(Result<>(read));
  if (!wanted) return look;
  look.missing = std::move(wanted->missing);
  look.records = wanted->records;
  if (!look.missing.empty() || look.records > records_max) return look;
  look.hits = ranked(wanted->slots, asked.request, asked.query);
  look.ranked = true;
  return look;
}

/// Brings `memory` up to date, and in what a look missed.
Result<> Index::Impl::prepare(store::Db& db, Resident& memory, const Look& look, std::uint64_t number) {
  const std::lock_guard loading(memory.loading);
  std::vector<Resident::Loaded> loaded;
  Head base;
  if (!look.missing.empty()) {
    // Who loaded before us may have brought some of them.
    std::vector<ShardName> missing;
    {
      const SharedLock lock(memory.mutex);
      for (const ShardName& name : look.missing) {
        const auto at = memory.slots().find(name);
        if (at == memory.slots().end() || at->second.shard == nullptr) missing.push_back(name);
      }
    }
    TRY(db.read_with([&](store::Reader& reader) -> Result<> {
      base = TRY(read_head(reader, memory.partition()));
      loaded = TRY(load_shards(reader, memory.partition(), missing));
      return {};
    }));
  }
  const std::lock_guard lock(memory.mutex);
  return db.read_with([&](store::Reader& reader) -> Result<> {
    const Head head = TRY(read_head(reader, memory.partition()));
    TRY(memory.catch_up(reader, head));
    if (look.names) TRY(memory.learn_names(reader));
    return memory.take_in(reader, head, base.changes, std::move(loaded), number);
  });
}

void Index::Impl::make_room() {
  const std::vector<std::shared_ptr<Resident>> residents = all();
  const auto total_of = [&] {
    std::size_t total = 0;
    for (const auto& one : residents) total += one->bytes();
    return total;
  };
  const std::size_t total = total_of();
  if (total <= options.bytes_max) return;
  for (const auto& one : residents) {
    // A large memory does not push small ones out: it gives way first, down to its part or to what the others leave.
    const std::size_t others = total - std::min(total, one->bytes());
    const std::size_t left = options.bytes_max - std::min(options.bytes_max, others);
    const std::size_t part = std::max(options.memory_bytes_max, left);
    if (one->bytes() > part) evict(part, {one});
  }
  if (total_of() > options.bytes_max) evict(options.bytes_max, residents);
}

/// Down to nine tenths of `target`, so that not every search that loads must evict.
void Index::Impl::evict(std::size_t target, const std::vector<std::shared_ptr<Resident>>& from) {
  struct Candidate {
    std::uint64_t used;
    std::size_t bytes;
    Resident* memory;
    ShardName name;
  };
  const std::uint64_t oldest = oldest_running();
  std::vector<Candidate> candidates;
  std::size_t total = 0;
  for (const auto& one : from) {
    const SharedLock lock(one->mutex);
    total += one->bytes();
    for (const auto& [name, slot] : one->slots()) {
      if (slot.shard != nullptr && slot.used < oldest) candidates.push_back({slot.used, slot.bytes, one.get(), name});
    }
  }
  std::ranges::sort(candidates, {}, &Candidate::used);
  const std::size_t goal = target / 10 * 9;
  for (const Candidate& candidate : candidates) {
    if (total <= goal) return;
    const std::lock_guard lock(candidate.memory->mutex);
    const auto at = candidate.memory->slots().find(candidate.name);
    if (at == candidate.memory->slots().end() || at->second.used != candidate.used) continue;
    candidate.memory->evict(candidate.name);
    total -= candidate.bytes;
  }
  // Names alone are left: they come back with the next search of a path.
  for (const auto& one : from) {
    if (total <= goal) return;
    const std::lock_guard lock(one->mutex);
    const bool idle =
        std::ranges::all_of(one->slots(), [&](const auto& entry) { return entry.second.shard == nullptr; });
    if (!idle || one->searchers > 0) continue;
    total -= std::min(total, one->bytes());
    one->forget();
  }
}

namespace {

/// The records of the hits, in order. nullopt: some are gone since.
Result<std::optional<std::vector<Found>>> fetch(store::Db& db, const store::Partition& partition,
                                                const std::vector<search::Hit>& hits) {
  return db.read([&](store::Reader& reader) -> Result<std::optional<std::vector<Found>>> {
    std::vector<Found> found;
    found.reserve(hits.size());
    for (const search::Hit& hit : hits) {
      std::optional<Record> record = TRY(find(reader, partition, RecordId{hit.id}));
      if (!record) return std::optional<std::vector<Found>>();
      found.push_back({.record = *std::move(record), .score = hit.score, .shown = hit.shown});
    }
    return std::optional(std::move(found));
  });
}

}  // namespace

Index::Index(std::vector<search::Embedder*> embedders, IndexOptions options)
    : impl_(std::make_unique<Impl>(std::move(embedders), options)) {}
Index::~Index() = default;

Result<std::vector<Found>> Index::search(store::Db& db, const store::Partition& partition, const Request& request) {
  const std::shared_ptr<Resident> memory = impl_->resident(partition);
  const Impl::Running running(*impl_, *memory);
  const Impl::Asked asked = impl_->ask(request);
  std::optional<Head> required;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Impl::Look look;
    {
      const SharedLock lock(memory->mutex);
      look = TRY(impl_->look(db, *memory, asked, running.number(), required, SIZE_MAX));
    }
    if (!look.ranked) {
      TRY(impl_->prepare(db, *memory, look, running.number()));
      impl_->make_room();
      continue;
    }
    auto found = TRY(fetch(db, partition, look.hits));
    if (found) return *std::move(found);
    required.reset();
  }
  return fail(unavailable("the index of this memory changes faster than it can be read"));
}

std::optional<Result<std::vector<Found>>> Index::search_now(store::Db& db, const store::Partition& partition,
                                                            const Request& request) {
  const bool slow = std::ranges::any_of(impl_->embedders, [](const auto* one) { return one->info().slow; });
  if (slow) return std::nullopt;
  const std::shared_ptr<Resident> memory = impl_->resident(partition);
  const Impl::Running running(*impl_, *memory);
  const Impl::Asked asked = impl_->ask(request);
  std::optional<Head> required;
  Result<Impl::Look> look;
  {
    if (!memory->mutex.try_lock_shared()) return std::nullopt;
    const SharedLock lock(memory->mutex, std::adopt_lock);
    look = impl_->look(db, *memory, asked, running.number(), required, kSmall);
  }
  if (!look) return Result<std::vector<Found>>(fail(look.error()));
  if (!look->ranked) return std::nullopt;
  auto found = fetch(db, partition, look->hits);
  if (!found) return Result<std::vector<Found>>(fail(found.error()));
  if (!*found) return std::nullopt;
  return Result<std::vector<Found>>(*std::move(*found));
}

void Index::drop(const store::Partition& partition) {
  const std::lock_guard lock(impl_->mutex);
  impl_->memories.erase(partition.name());
}

std::size_t Index::bytes() const {
  std::size_t total = 0;
  for (const auto& one : impl_->all()) total += one->bytes();
  return total;
}

}  // namespace warifu::records
