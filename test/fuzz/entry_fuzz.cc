#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "search/rank.h"

/// Any bytes as an index row: what decodes is the same after another trip, and can be indexed and ranked.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace warifu::search;
  const auto entry = decode({reinterpret_cast<const char*>(data), size});
  if (!entry) return 0;
  const auto again = decode(encode(*entry));
  CHECK(again && again->terms.size() == entry->terms.size(), "an entry survives its bytes");

  Shard shard;
  for (char i = 0; i < 3; ++i) shard.put({.id = {i}, .order = static_cast<std::uint64_t>(i)}, "attributes", *entry);
  Query query;
  for (const TermCounts& term : entry->terms) query.terms.push_back(term.term);
  if (entry->vector)
    query.vectors.push_back({.vector = *entry->vector, .calibration = {.low = 0, .high = 1, .weight = 0.3F}});
  const std::array<const Shard*, 1> shards = {&shard};
  CHECK(rank(shards, query, {}, 10).size() == 3, "every record is found");
  return 0;
}
