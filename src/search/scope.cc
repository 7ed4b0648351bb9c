#include "search/scope.h"

#include <algorithm>
#include <cmath>

#include "base/check.h"

namespace warifu::search {
namespace {

constexpr double kK1 = 1.2;
constexpr double kB = 0.4;
constexpr double kIndexShare = 0.5;
/// Postings found while counting are remembered for scoring up to this many terms times shards.
constexpr std::size_t kRangesMax = 1'000'000;

/// How many shards ahead the cache is told.
constexpr std::size_t kAhead = 4;

/// In how many records' texts, and index texts, a term stands.
struct Holders {
  std::uint64_t text = 0;
  std::uint64_t index = 0;
};

/// k1(1−b+b·len/avg) as a line in `len`.
class Norm {
 public:
  Norm(std::uint64_t total, std::size_t records)
      : at_zero_(static_cast<float>(kK1 * (1 - kB))),
        slope_(
            static_cast<float>(kK1 * kB / std::max(1e-9, static_cast<double>(total) / static_cast<double>(records)))) {}
  [[nodiscard]] float of(std::uint16_t length) const { return at_zero_ + slope_ * static_cast<float>(length); }

 private:
  float at_zero_;
  float slope_;
};

class WordScorer {
 public:
  WordScorer(const Scope& scope, std::span<const Term> terms) : scope_(scope), terms_(terms.begin(), terms.end()) {
    std::ranges::sort(terms_);
    const auto repeated = std::ranges::unique(terms_);
    terms_.erase(repeated.begin(), repeated.end());
  }

  float run(std::span<float> scores) {
    count();
    double text_bound = 0;
    double index_bound = 0;
    double known = 0;
    for (const Holders& holders : holders_) {
      text_bound += idf(holders.text);
      index_bound += idf(holders.index);
      if (holders.text > 0) known += idf(holders.text);
    }
    for (std::size_t t = 0; t < terms_.size(); ++t) {
      add(t, static_cast<float>((1 - kIndexShare) * idf(holders_[t].text) / text_bound),
          static_cast<float>(kIndexShare * idf(holders_[t].index) / index_bound), scores);
    }
    return text_bound > 0 ? static_cast<float>(known / text_bound) : 1;
  }

 private:
  void count() {
    holders_.resize(terms_.size());
    const bool keep = scope_.size() * terms_.size() <= kRangesMax;
    if (keep) ranges_.reserve(scope_.size() * terms_.size());
    for (std::size_t s = 0; s < scope_.size(); ++s) {
      const Shard::Impl& shard = scope_.shard(s);
      if (s + kAhead < scope_.size()) {
        for (const Term term : terms_) scope_.shard(s + kAhead).postings().prefetch(term);
      }
      for (std::size_t t = 0; t < terms_.size(); ++t) {
        const Postings::Range range = shard.postings().find(terms_[t]);
        if (keep) ranges_.push_back(range);
        holders_[t].text += range.in_text;
        holders_[t].index += range.in_index;
        if (shard.dead_count() > 0) forget_dead(shard, range, holders_[t]);
      }
    }
  }

  static void forget_dead(const Shard::Impl& shard, const Postings::Range& range, Holders& holders) {
    Postings::each(range, [&](Slot slot, std::uint32_t text, std::uint32_t index) {
      if (!shard.is_dead(slot)) return;
      holders.text -= text > 0 ? 1 : 0;
      holders.index -= index > 0 ? 1 : 0;
    });
  }

  [[nodiscard]] double idf(std::uint64_t holders) const {
    const auto all = static_cast<double>(scope_.records());
    const auto some = static_cast<double>(holders);
    return std::log(1 + (all - some + 0.5) / (some + 0.5));
  }

  [[nodiscard]] Postings::Range range(std::size_t s, std::size_t t) const {
    return ranges_.empty() ? scope_.shard(s).postings().find(terms_[t]) : ranges_[s * terms_.size() + t];
  }

  void add(std::size_t t, float text_weight, float index_weight, std::span<float> scores) const {
    const Norm text_norm(scope_.text_total(), scope_.records());
    const Norm index_norm(scope_.index_total(), scope_.records());
    for (std::size_t s = 0; s < scope_.size(); ++s) {
      float* const out = scores.data() + scope_.base(s);
      const Lengths* const lengths = scope_.shard(s).lengths().data();
      Postings::each(range(s, t), [&](Slot slot, std::uint32_t text, std::uint32_t index) {
        const auto in_text = static_cast<float>(text);
        const auto in_index = static_cast<float>(index);
        out[slot] += text_weight * in_text / (in_text + text_norm.of(lengths[slot].text)) +
                     index_weight * in_index / (in_index + index_norm.of(lengths[slot].index));
      });
    }
  }

  const Scope& scope_;
  std::vector<Term> terms_;
  std::vector<Holders> holders_;
  std::vector<Postings::Range> ranges_;  // shard after shard; empty when there are too many
};

}  // namespace

Scope::Scope(std::span<const Shard* const> shards) {
  shards_.reserve(shards.size());
  bases_.reserve(shards.size());
  for (const Shard* given : shards) {
    const Shard::Impl& shard = given->impl();
    if (shard.live() == 0) continue;
    shards_.push_back(&shard);
    bases_.push_back(slots_);
    slots_ += shard.slots();
    records_ += shard.live();
    text_total_ += shard.text_total();
    index_total_ += shard.index_total();
  }
}

float score_words(const Scope& scope, std::span<const Term> terms, std::span<float> scores) {
  CHECK(scores.size() == scope.slots() && scope.records() > 0, "a score for every slot");
  std::ranges::fill(scores, 0.0F);
  return WordScorer(scope, terms).run(scores);
}

}  // namespace warifu::search
