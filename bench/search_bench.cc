// What a search costs inside `rank`, and what a record costs to analyse and to keep. Records are texts of random words:
// each has a topic, whose words make half of it, so that some records are near a query and most are not. Above 100,000
// records the ten best are compared with those of the exact ranking.

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <map>
#include <random>

#include "search/rank.h"

namespace {

using namespace warifu::search;

/// Texts of a vocabulary with Zipf's frequencies.
class Writer {
 public:
  Writer() {
    std::ifstream file(WARIFU_SOURCE_DIR "/src/search/data/vocabulary.txt");
    for (std::string piece; std::getline(file, piece);) {
      if (piece.size() > 3 && std::ranges::all_of(piece, [](char c) { return c >= 'a' && c <= 'z'; }))
        words_.push_back(piece);
    }
  }

  std::string text(std::size_t words, std::uint32_t topic) {
    std::mt19937 own(topic);
    std::string out;
    for (std::size_t i = 0; i < words; ++i) {
      if (random_() % 2 == 0) {
        own.seed(topic * 64 + static_cast<std::uint32_t>(random_() % 40));
        out += words_[own() % words_.size()];
      } else {
        out += words_[frequent()];
      }
      out += ' ';
    }
    return out;
  }
  std::uint32_t topic() { return static_cast<std::uint32_t>(random_() % 2'000); }

 private:
  std::size_t frequent() {
    const double place = std::generate_canonical<double, 32>(random_);
    return static_cast<std::size_t>(std::pow(static_cast<double>(words_.size()), place)) % words_.size();
  }

  std::vector<std::string> words_;
  std::mt19937 random_{1};
};

struct World {
  std::vector<Shard> shards;
  std::vector<const Shard*> all;
  std::vector<Query> queries;
  std::unique_ptr<Embedder> embedder = static_embedder();

  World(std::size_t records, std::size_t shard_count) : shards(shard_count) {
    Writer writer;
    for (std::size_t i = 0; i < records; ++i) {
      const std::uint32_t topic = writer.topic();
      const std::string text = writer.text(25, topic);
      auto vectors = embedder->embed(std::vector{text}, Side::kPassage);
      Key key{.order = i};
      std::memcpy(key.id.data(), &i, sizeof(i));
      shards[i % shard_count].put(key, std::string(48, 'a'),
                                  make_entry(text, text + writer.text(35, topic), vectors->front()));
    }
    for (const Shard& shard : shards) all.push_back(&shard);
    Embedder* embedders[] = {embedder.get()};
    for (int i = 0; i < 40; ++i) queries.push_back(*make_query(writer.text(8, writer.topic()), embedders));
  }
};

/// The latest world alone is kept: a million records are half a gigabyte.
const World& world(std::size_t records, std::size_t shards) {
  static std::unique_ptr<World> kept;
  static std::pair<std::size_t, std::size_t> size;
  if (kept == nullptr || size != std::pair{records, shards}) {
    kept.reset();
    kept = std::make_unique<World>(records, shards);
    size = {records, shards};
  }
  return *kept;
}

double recall(const World& world, std::size_t count) {
  std::size_t found = 0;
  for (const Query& query : world.queries) {
    const auto quick = rank(world.all, query, {}, count);
    // A page after a place above every score is ranked exactly.
    const auto exact = rank(world.all, query, {}, count, Position{.score = 2, .order = 0});
    for (const Hit& hit : exact) found += std::ranges::count(quick, hit.order, &Hit::order) > 0 ? 1 : 0;
  }
  return static_cast<double>(found) / static_cast<double>(count * world.queries.size());
}

void BM_Rank(benchmark::State& state) {
  const World& made = world(static_cast<std::size_t>(state.range(0)), static_cast<std::size_t>(state.range(1)));
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(rank(made.all, made.queries[next++ % made.queries.size()], {}, 10));
  std::size_t bytes = 0;
  for (const Shard& shard : made.shards) bytes += shard.bytes();
  state.counters["bytes/record"] = static_cast<double>(bytes) / static_cast<double>(state.range(0));
  if (static_cast<std::size_t>(state.range(0)) > kExactMax) state.counters["recall@10"] = recall(made, 10);
}
BENCHMARK(BM_Rank)
    ->Unit(benchmark::kMillisecond)
    ->Args({1'000, 1})
    ->Args({100'000, 1})
    ->Args({100'000, 10'000})
    ->Args({1'000'000, 1});

void BM_RankExactly(benchmark::State& state) {
  const World& made = world(static_cast<std::size_t>(state.range(0)), 1);
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        rank(made.all, made.queries[next++ % made.queries.size()], {}, 10, Position{.score = 2, .order = 0}));
  }
}
BENCHMARK(BM_RankExactly)->Unit(benchmark::kMillisecond)->Arg(1'000'000);

/// One record in a hundred passes.
void BM_RankFiltered(benchmark::State& state) {
  const World& made = world(static_cast<std::size_t>(state.range(0)), 1);
  std::size_t asked = 0;
  const Filter filter = [&](std::string_view) { return ++asked % 100 == 0; };
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(rank(made.all, made.queries[next++ % made.queries.size()], filter, 10));
}
BENCHMARK(BM_RankFiltered)->Unit(benchmark::kMillisecond)->Arg(1'000'000);

void BM_WordsAlone(benchmark::State& state) {
  const World& made = world(static_cast<std::size_t>(state.range(0)), 1);
  std::size_t next = 0;
  for (auto _ : state) {
    const Query& query = made.queries[next++ % made.queries.size()];
    benchmark::DoNotOptimize(rank(made.all, Query{.terms = query.terms, .vectors = {}}, {}, 10));
  }
}
BENCHMARK(BM_WordsAlone)->Unit(benchmark::kMillisecond)->Arg(1'000'000);

void BM_Terms(benchmark::State& state) {
  const std::string text = Writer().text(25, 1);
  for (auto _ : state) benchmark::DoNotOptimize(terms(text));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(BM_Terms);

void BM_StaticEmbedding(benchmark::State& state) {
  const std::vector<std::string> texts = {Writer().text(25, 1)};
  const auto embedder = static_embedder();
  for (auto _ : state) benchmark::DoNotOptimize(embedder->embed(texts, Side::kPassage));
}
BENCHMARK(BM_StaticEmbedding);

void BM_Entry(benchmark::State& state) {
  const std::string text = Writer().text(25, 1);
  const auto vectors = static_embedder()->embed(std::vector{text}, Side::kPassage);
  const std::string bytes = encode(make_entry(text, text + Writer().text(35, 2), vectors->front()));
  for (auto _ : state) benchmark::DoNotOptimize(decode(bytes));
  state.counters["bytes"] = static_cast<double>(bytes.size());
}
BENCHMARK(BM_Entry);

void BM_Put(benchmark::State& state) {
  Writer writer;
  std::vector<Entry> entries;
  const auto embedder = static_embedder();
  for (int i = 0; i < 1'000; ++i) {
    const std::string text = writer.text(25, writer.topic());
    entries.push_back(
        make_entry(text, text + writer.text(35, 2), embedder->embed(std::vector{text}, Side::kPassage)->front()));
  }
  std::uint64_t order = 0;
  Shard shard;
  for (auto _ : state) {
    Key key{.order = order};
    const std::uint64_t id = order++ % 50'000;
    std::memcpy(key.id.data(), &id, sizeof(id));
    shard.put(key, "attributes", entries[order % entries.size()]);
  }
}
BENCHMARK(BM_Put);

}  // namespace

BENCHMARK_MAIN();
