// What extraction costs: a batch of twenty turns, a turn alone, and the largest event that the service takes.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "extract/consolidate.h"
#include "extract/extract.h"

namespace {

using warifu::Timestamp;
using warifu::extract::Memory;
using warifu::extract::Role;
using warifu::extract::Turn;

constexpr Timestamp kNow{1'783'165'130'534};

std::vector<Turn> talk(std::size_t count) {
  static const std::vector<std::string> kTexts = {
      "Ana: Hey Ben! I went to Kyoto last month and I loved the matcha sweets. We stayed 3 nights near the river.",
      "Ben: Wow, that sounds great! Did you visit any temples while you were there?",
      "Ana: No, I'd rather sit in a cafe than walk around temples. My sister Eva took me to a pottery class on Friday, "
      "though.",
      "Ben: I used to do pottery when I was at school. Now I'm into bouldering, I go to the hall by the station twice "
      "a week.",
  };
  std::vector<Turn> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back({i % 2 == 0 ? Role::kUser : Role::kAssistant, kTexts[i % kTexts.size()], kNow});
  }
  return out;
}

void facts_of_turns(benchmark::State& state) {
  const std::vector<Turn> turns = talk(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) benchmark::DoNotOptimize(warifu::extract::facts({{}, turns}));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(facts_of_turns)->Arg(1)->Arg(20)->Arg(100)->Unit(benchmark::kMicrosecond);

void preferences_of_turns(benchmark::State& state) {
  const std::vector<Turn> turns = talk(20);
  for (auto _ : state) benchmark::DoNotOptimize(warifu::extract::preferences({{}, turns}));
}
BENCHMARK(preferences_of_turns)->Unit(benchmark::kMicrosecond);

void topics_of_turns(benchmark::State& state) {
  const std::vector<Turn> turns = talk(20);
  for (auto _ : state) benchmark::DoNotOptimize(warifu::extract::topics({{}, turns}));
}
BENCHMARK(topics_of_turns)->Unit(benchmark::kMicrosecond);

void facts_of_the_largest_event(benchmark::State& state) {
  std::string text;
  while (text.size() < 100'000) text += "Yesterday my sister and I went to the market, and I bought two apples. ";
  const std::vector<Turn> turns(100, {Role::kUser, text, kNow});
  for (auto _ : state) benchmark::DoNotOptimize(warifu::extract::facts({{}, turns}));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size() * turns.size()));
}
BENCHMARK(facts_of_the_largest_event)->Unit(benchmark::kMillisecond);

void consolidation_with_ten_records(benchmark::State& state) {
  const std::vector<Turn> turns = talk(20);
  const std::vector<Memory> memories = warifu::extract::facts({{}, turns});
  std::vector<warifu::extract::Existing> existing;
  for (std::size_t i = 0; i < 10; ++i) existing.push_back({memories[i % memories.size()].text + " again", kNow, 0.5F});
  for (auto _ : state) {
    benchmark::DoNotOptimize(warifu::extract::consolidate(warifu::extract::Kind::kSemantic, memories[0], existing));
  }
}
BENCHMARK(consolidation_with_ten_records)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
