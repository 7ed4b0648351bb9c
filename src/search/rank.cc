#include "search/rank.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "search/best.h"
#include "search/scope.h"

namespace warifu::search {
namespace {

/// Candidates that a coarse look keeps at first, and how many of its own standard errors it may be wrong: the best of
/// many records are those that it underrates most.
constexpr std::size_t kCandidates = 1024;
constexpr float kErrorsTolerated = 4.0F;
/// Above this share of all slots, looking at each exactly is quicker.
constexpr std::size_t kCandidateShare = 8;
constexpr std::size_t kSampled = 16'384;
constexpr std::size_t kScratchMax = (std::size_t{32} << 20) / sizeof(float);
constexpr float kDead = -1;

/// A span of `size` floats in `kept`, which stays allocated from search to search while it is not huge.
std::span<float> scratch(std::vector<float>& kept, std::size_t size) {
  if (kept.capacity() > kScratchMax && size <= kScratchMax) kept = {};
  kept.resize(std::max(size, kept.size()));
  return std::span{kept}.first(size);
}

float range_of(const Calibration& calibration) { return std::max(1e-6F, calibration.high - calibration.low); }

float hybrid(const Calibration& calibration, float cosine, float words) {
  const float calibrated = std::clamp((cosine - calibration.low) / range_of(calibration), 0.0F, 1.0F);
  return calibration.weight * calibrated + (1 - calibration.weight) * words;
}

/// Scores that are looked at together before each is.
constexpr std::size_t kLooked = 64;

bool reaches(std::span<const float> scores, float low) {
  unsigned any = 0;
  for (const float score : scores) any |= static_cast<unsigned>(score >= low);
  return any != 0;
}

/// A straight line from coarse cosines to exact ones, and the standard error of a guess by it.
struct Fit {
  float slope = 1;
  float shift = 0;
  float error = 0;
};

Fit fit_line(std::span<const std::pair<float, float>> pairs) {
  double x = 0, y = 0, xx = 0, xy = 0, yy = 0;
  for (const auto& [coarse, exact] : pairs) {
    x += coarse;
    y += exact;
    xx += double{coarse} * coarse;
    xy += double{coarse} * exact;
    yy += double{exact} * exact;
  }
  const double n = static_cast<double>(std::max<std::size_t>(1, pairs.size()));
  const double spread = xx - x * x / n;
  if (spread < 1e-9) return {};
  const double slope = (xy - x * y / n) / spread;
  const double left = std::max(0.0, yy - y * y / n - slope * (xy - x * y / n));
  return {.slope = static_cast<float>(slope),
          .shift = static_cast<float>((y - slope * x) / n),
          .error = static_cast<float>(std::sqrt(left / n))};
}

/// A query's vector, ready to be multiplied.
struct Asked {
  std::uint32_t embedder;
  std::size_t dimensions;
  QueryBytes bytes;
  Calibration calibration;
  Fit fit{};
};

class Ranking {
 public:
  Ranking(std::span<const Shard* const> shards, const Query& query, const Filter& filter, std::size_t count,
          std::optional<Position> after)
      : scope_(shards), filter_(filter), count_(std::min(count, scope_.records())), after_(after) {
    if (count_ == 0) return;
    for (const QueryVector& given : query.vectors) {
      asked_.push_back({.embedder = given.vector.embedder,
                        .dimensions = given.vector.values.size(),
                        .bytes = QueryBytes(given.vector),
                        .calibration = given.calibration});
    }
    thread_local std::vector<float> kept;
    words_ = scratch(kept, scope_.slots());
    known_ = score_words(scope_, query.terms, words_);
  }

  std::vector<Hit> run() {
    if (count_ == 0) return {};
    if (scope_.records() > kExactMax && !after_ && fit_coarse()) {
      if (auto hits = coarse_then_exact()) return *std::move(hits);
    }
    return exact();
  }

 private:
  [[nodiscard]] const Asked* asked(const VectorSet& set) const {
    for (const Asked& asked : asked_) {
      if (asked.embedder == set.embedder() && asked.dimensions == set.dimensions()) return &asked;
    }
    return nullptr;
  }

  /// Turns the words' scores of a shard's slots into hybrid ones; with `coarse`, as a look at part of each vector
  /// guesses.
  void add_cosines(std::size_t s, std::span<float> scores, bool coarse) const {
    for (const VectorSet& set : scope_.shard(s).vectors()) {
      const Asked* const vector = asked(set);
      if (vector == nullptr) continue;
      const Fit fit = coarse ? vector->fit : Fit{};
      for (std::size_t block = 0; block < set.blocks(); ++block) {
        const std::span<const float> cosines = set.cosines(vector->bytes, block, coarse);
        const Slot* const to = set.slots().data() + block * VectorSet::kBlockRows;
        if (to[cosines.size() - 1] - to[0] + 1 == cosines.size()) {
          // One behind another, as in nearly every shard: the compiler takes several at once.
          float* const in_line = scores.data() + to[0];
          for (std::size_t i = 0; i < cosines.size(); ++i) {
            in_line[i] = hybrid(vector->calibration, fit.slope * cosines[i] + fit.shift, in_line[i]);
          }
          continue;
        }
        for (std::size_t i = 0; i < cosines.size(); ++i) {
          scores[to[i]] = hybrid(vector->calibration, fit.slope * cosines[i] + fit.shift, scores[to[i]]);
        }
      }
    }
  }

  [[nodiscard]] float exact_score(std::size_t s, Slot slot) const {
    const float words = words_[scope_.base(s) + slot];
    const auto place = scope_.shard(s).place(slot);
    if (!place) return words;
    const VectorSet& set = scope_.shard(s).vectors()[place->set];
    const Asked* const vector = asked(set);
    return vector == nullptr ? words : hybrid(vector->calibration, set.cosine(vector->bytes, place->row), words);
  }

  void offer(Best& best, Candidate candidate) const {
    const Shard::Impl& shard = scope_.shard(candidate.shard);
    if (shard.is_dead(candidate.slot)) return;
    candidate.order = shard.key(candidate.slot).order;
    if (after_ && !before({.score = after_->score, .order = after_->order}, candidate)) return;
    if (!best.would_enter(candidate)) return;
    if (filter_ && !filter_(shard.attributes(candidate.slot))) return;
    best.enter(candidate);
  }

  std::vector<Hit> exact() {
    Best best(count_);
    for (std::size_t s = 0; s < scope_.size(); ++s) {
      const std::span<float> scores = words_.subspan(scope_.base(s), scope_.shard(s).slots());
      if (s + 1 < scope_.size()) {
        for (const VectorSet& set : scope_.shard(s + 1).vectors()) set.prefetch();
      }
      add_cosines(s, scores, false);
      for (std::size_t from = 0; from < scores.size(); from += kLooked) {
        const auto few = scores.subspan(from, std::min(kLooked, scores.size() - from));
        if (best.full() && !reaches(few, best.last_score())) continue;
        for (std::size_t i = 0; i < few.size(); ++i) {
          if (!best.may_enter(few[i])) continue;
          offer(best, {.score = few[i], .shard = static_cast<std::uint32_t>(s), .slot = static_cast<Slot>(from + i)});
        }
      }
    }
    return hits(best);
  }

  /// Learns, for each query vector, what a coarse cosine says about the exact one; false when no vector is asked for.
  bool fit_coarse() {
    bool any = false;
    for (Asked& vector : asked_) {
      std::vector<std::pair<float, float>> pairs;
      for (std::size_t s = 0; s < scope_.size(); ++s) {
        for (const VectorSet& set : scope_.shard(s).vectors()) {
          if (asked(set) == &vector) sample(set, vector, pairs);
        }
      }
      any = any || !pairs.empty();
      vector.fit = fit_line(pairs);
    }
    return any;
  }

  /// About one row in 2,000, and one block's beginning at the least, as pairs of coarse and exact cosine.
  void sample(const VectorSet& set, const Asked& vector, std::vector<std::pair<float, float>>& pairs) const {
    constexpr std::size_t kBlocksApart = 32;
    constexpr std::size_t kRows = 16;
    for (std::size_t block = 0; block < set.blocks(); block += kBlocksApart) {
      const std::span<const float> coarse = set.cosines(vector.bytes, block, true);
      for (std::size_t i = 0; i < std::min(kRows, coarse.size()); ++i) {
        const auto row = static_cast<std::uint32_t>(block * VectorSet::kBlockRows + i);
        pairs.emplace_back(coarse[i], set.cosine(vector.bytes, row));
      }
    }
  }

  /// The guessed scores of all slots; the dead below every other.
  [[nodiscard]] std::span<const float> guesses() const {
    thread_local std::vector<float> kept;
    const std::span<float> out = scratch(kept, scope_.slots());
    std::ranges::copy(words_, out.begin());
    for (std::size_t s = 0; s < scope_.size(); ++s) {
      const Shard::Impl& shard = scope_.shard(s);
      const std::span<float> scores = out.subspan(scope_.base(s), shard.slots());
      add_cosines(s, scores, true);
      for (Slot slot = 0; shard.dead_count() > 0 && slot < scores.size(); ++slot) {
        if (shard.is_dead(slot)) scores[slot] = kDead;
      }
    }
    return out;
  }

  /// A score that about `wanted` of `guesses` reach.
  static float floor_for(std::span<const float> guesses, std::size_t wanted) {
    const std::size_t step = std::max<std::size_t>(1, guesses.size() / kSampled);
    std::vector<float> sample;
    for (std::size_t i = 0; i < guesses.size(); i += step) sample.push_back(guesses[i]);
    const std::size_t at = std::min(sample.size() - 1, wanted / step);
    std::ranges::nth_element(sample, sample.begin() + static_cast<std::ptrdiff_t>(at), std::greater<>());
    return sample[at];
  }

  /// Offers the records whose guess lies in [low, high), by their exact scores, best first: the filter is asked least
  /// so. The root mean square of their guesses' errors; nullopt when they are too many.
  std::optional<float> offer_between(Best& best, std::span<const float> guesses, float low, float high) const {
    std::vector<Candidate> found;
    double square = 0;
    for (std::size_t s = 0; s < scope_.size(); ++s) {
      const std::span<const float> scores = guesses.subspan(scope_.base(s), scope_.shard(s).slots());
      for (std::size_t from = 0; from < scores.size(); from += kLooked) {
        const auto few = scores.subspan(from, std::min(kLooked, scores.size() - from));
        if (!reaches(few, low)) continue;
        for (std::size_t i = 0; i < few.size(); ++i) {
          if (few[i] < low || few[i] >= high) continue;
          const auto slot = static_cast<Slot>(from + i);
          const float score = exact_score(s, slot);
          square += (double{score} - few[i]) * (double{score} - few[i]);
          found.push_back({.score = score, .shard = static_cast<std::uint32_t>(s), .slot = slot});
        }
      }
      if (found.size() > scope_.slots() / kCandidateShare) return std::nullopt;
    }
    std::ranges::sort(found, std::greater<>(), &Candidate::score);
    for (const Candidate& candidate : found) {
      if (!best.may_enter(candidate.score)) break;
      offer(best, candidate);
    }
    return static_cast<float>(std::sqrt(square / static_cast<double>(std::max<std::size_t>(1, found.size()))));
  }

  /// nullopt when a coarse look does not help: the filter is too narrow, or too many records look alike.
  std::optional<std::vector<Hit>> coarse_then_exact() const {
    const std::span<const float> guesses = this->guesses();
    const float floor = floor_for(guesses, std::max(kCandidates, 16 * count_));
    Best best(count_);
    const auto error = offer_between(best, guesses, floor, std::numeric_limits<float>::infinity());
    if (!error || !best.full()) return std::nullopt;
    // Guesses are worst where cosines are high, so the candidates' own errors count too.
    float margin = *error;
    for (const Asked& vector : asked_) {
      margin = std::max(margin, vector.fit.error * vector.calibration.weight / range_of(vector.calibration));
    }
    const float needed = best.last_score() - kErrorsTolerated * margin;
    if (needed < floor && !offer_between(best, guesses, needed, floor)) return std::nullopt;
    return hits(best);
  }

  std::vector<Hit> hits(Best& best) const {
    std::vector<Hit> out;
    for (const Candidate& candidate : best.take()) {
      const Key& key = scope_.shard(candidate.shard).key(candidate.slot);
      out.push_back({.id = key.id,
                     .order = key.order,
                     .score = candidate.score,
                     .shown = shown_score(candidate.score, known_, scope_.records())});
    }
    return out;
  }

  const Scope scope_;
  const Filter& filter_;
  const std::size_t count_;
  const std::optional<Position> after_;
  std::vector<Asked> asked_;
  std::span<float> words_;
  float known_ = 1;
};

}  // namespace

float shown_score(float score, float known, std::size_t records) {
  constexpr float kExponentMax = 2;
  constexpr float kFew = 16;
  const float missing = (known * kExponentMax <= 1 ? kExponentMax : 1 / known) - 1;
  const float exponent = 1 + missing * kFew / (kFew + static_cast<float>(records));
  return 1 - std::pow(1 - std::clamp(score, 0.0F, 1.0F), exponent);
}

std::vector<Hit> rank(std::span<const Shard* const> shards, const Query& query, const Filter& filter, std::size_t count,
                      std::optional<Position> after) {
  return Ranking(shards, query, filter, count, after).run();
}

Result<Query> make_query(std::string_view text, std::span<Embedder* const> embedders) {
  Query query{.terms = terms(text), .vectors = {}};
  const std::string texts[] = {std::string(text)};
  for (Embedder* embedder : embedders) {
    auto vectors = TRY(embedder->embed(texts, Side::kQuery));
    query.vectors.push_back({.vector = std::move(vectors.front()), .calibration = embedder->info().calibration});
  }
  return query;
}

}  // namespace warifu::search
