#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "search/shard_impl.h"

namespace warifu::search {

/// The shards of one search as one run of slots: shard after shard, dead slots included. They must outlive it
/// unchanged.
class Scope {
 public:
  explicit Scope(std::span<const Shard* const> shards);

  [[nodiscard]] std::size_t size() const { return shards_.size(); }  // shards that hold records
  [[nodiscard]] const Shard::Impl& shard(std::size_t s) const { return *shards_[s]; }
  /// Where the slots of shard `s` begin among all.
  [[nodiscard]] std::size_t base(std::size_t s) const { return bases_[s]; }
  [[nodiscard]] std::size_t slots() const { return slots_; }
  [[nodiscard]] std::size_t records() const { return records_; }
  [[nodiscard]] std::uint64_t text_total() const { return text_total_; }
  [[nodiscard]] std::uint64_t index_total() const { return index_total_; }

 private:
  std::vector<const Shard::Impl*> shards_;
  std::vector<std::size_t> bases_;
  std::size_t slots_ = 0;
  std::size_t records_ = 0;
  std::uint64_t text_total_ = 0;
  std::uint64_t index_total_ = 0;
};

/// Writes ½·bm(text) + ½·bm(index text) of every slot of `scope` for the distinct terms of `terms` (rank.h has the
/// formula). What a dead slot gets means nothing. Answers how much of the query the scope's texts know: the share of
/// its terms' idf that stands for terms that some text holds, in [0, 1]. REQUIRES: scores.size() == scope.slots(),
/// scope.records() > 0.
float score_words(const Scope& scope, std::span<const Term> terms, std::span<float> scores);

}  // namespace warifu::search
