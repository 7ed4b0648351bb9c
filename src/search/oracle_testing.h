#pragma once

#include <map>
#include <random>
#include <string>
#include <vector>

#include "search/rank.h"

/// What the tests of shards and rankings share: random records, and a ranking by the definition alone, in doubles, that
/// shares no code with `rank`.
namespace warifu::search::testing {

struct Record {
  Key key;
  std::string attributes;
  Entry entry;
};

/// Makes records from a seed. Ids and orders are never repeated.
class Maker {
 public:
  explicit Maker(std::uint32_t seed) : random_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return static_cast<std::uint32_t>(random_() % limit); }
  RecordId id();
  /// `embedder` 0: without a vector.
  Record record(std::uint32_t embedder, std::size_t dimensions);
  std::vector<Term> query_terms(std::size_t count);
  Vector vector(std::uint32_t embedder, std::size_t dimensions);

 private:
  Term term();

  std::mt19937 random_;
  std::uint64_t order_ = 0;
};

/// The scores of all `records` by the formula of rank.h.
std::map<RecordId, double> scores_of(const std::vector<Record>& records, const Query& query);

/// Expects `hits` to be the best of those `records` that `filter` lets through: scores as defined, order total.
void expect_ranked(const std::vector<Record>& records, const Query& query, const Filter& filter, std::size_t count,
                   const std::vector<Hit>& hits);

}  // namespace warifu::search::testing
