#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "search/embedder.h"
#include "search/shard.h"

namespace warifu::search {

/// A query's vector for the records of one embedder, and how their cosine counts.
struct QueryVector {
  Vector vector;
  Calibration calibration;
};

struct Query {
  std::vector<Term> terms;           // of the query's text; repetitions count once
  std::vector<QueryVector> vectors;  // at most one for each embedder; records of others are scored by their words alone
};

/// A place in a ranking: what comes after it has a lower score, or the same and a later order.
struct Position {
  float score = 0;
  std::uint64_t order = 0;
};

struct Hit {
  RecordId id{};
  std::uint64_t order = 0;
  float score = 0;  // in [0, 1]
  float shown = 0;  // the same place on the scale that clients know, in [0, 1]
};

/// `score`, raised for a query whose words a short history hardly knows: `1 − (1 − score)^(1 + m·16/(16 + records))`,
/// m = 1/known − 1 within [0, 1]. Keeps the order of one ranking's scores. The formula of `rank` divides by what all of
/// the query's words could give; where few records hold few words, most of that is out of reach for the best of them,
/// and a threshold that suits a long history (Strands' 0.2 and 0.3) would cut what answers. In a long history words
/// that are nowhere say that nothing answers. `known`: the share of the query's idf that is in reach.
[[nodiscard]] float shown_score(float score, float known, std::size_t records);

/// Whether a record may be found, told by its attributes. Empty: all may. Called lazily, only for records that would be
/// among the best, in no particular order; it must not change its mind during one call of `rank`.
using Filter = std::function<bool(std::string_view attributes)>;

/// Up to this many records in all, a ranking is exact. Above, a coarse look at the vectors chooses the candidates
/// (words still count exactly); at least 0.99 of the ten best are those of the exact ranking, and every score is exact.
inline constexpr std::size_t kExactMax = 100'000;

/// The `count` best records of the shards that the filter lets through and that come after `after`, best first; of
/// equal scores the smaller order first. Fewer only when there are no more: there is no cut-off, and a score of 0
/// counts.
///
/// score = w·cal + (1−w)·(½·bm(text) + ½·bm(index text)), w·cal the calibrated cosine (w 0 without vectors of a common
/// embedder), bm = Σ idf·tf/(tf + k1(1−b+b·len/avg)) / Σ idf over the query's distinct terms, k1 1.2, b 0.4,
/// idf = ln(1 + (N−df+.5)/(df+.5)). N, df and avg are those of the shards given together, and of nothing else.
///
/// Pure, thread-safe while nobody writes the shards. A thread keeps up to 64 MB of scratch space from call to call.
[[nodiscard]] std::vector<Hit> rank(std::span<const Shard* const> shards, const Query& query, const Filter& filter,
                                    std::size_t count, std::optional<Position> after = std::nullopt);

/// The calibration that `query` uses for an embedder is the embedder's own: terms and one vector for each embedder.
[[nodiscard]] Result<Query> make_query(std::string_view text, std::span<Embedder* const> embedders);

}  // namespace warifu::search
