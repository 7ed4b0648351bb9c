#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "search/postings.h"

namespace warifu::search {

/// A record that may be among the best: its score, its order, and where it is.
struct Candidate {
  float score = 0;
  std::uint32_t shard = 0;
  Slot slot = 0;
  std::uint64_t order = 0;
};

/// Whether `a` stands before `b` in a ranking.
inline bool before(const Candidate& a, const Candidate& b) {
  return a.score != b.score ? a.score > b.score : a.order < b.order;
}

/// Keeps the `count` best of the candidates offered.
class Best {
 public:
  explicit Best(std::size_t count) : count_(count) {}

  /// False for what cannot enter any more, whatever its order: the cheap test before anything else is looked at.
  [[nodiscard]] bool may_enter(float score) const { return score >= threshold_; }
  [[nodiscard]] bool would_enter(const Candidate& candidate) const {
    return heap_.size() < count_ || before(candidate, heap_.front());
  }
  void enter(const Candidate& candidate) {
    heap_.push_back(candidate);
    std::ranges::push_heap(heap_, before);
    if (heap_.size() > count_) {
      std::ranges::pop_heap(heap_, before);
      heap_.pop_back();
    }
    if (heap_.size() == count_) threshold_ = heap_.front().score;
  }

  [[nodiscard]] bool full() const { return heap_.size() == count_; }
  /// The score of the last that is kept. REQUIRES: full().
  [[nodiscard]] float last_score() const { return heap_.front().score; }
  /// The best first; empties it.
  [[nodiscard]] std::vector<Candidate> take() {
    std::ranges::sort(heap_, before);
    return std::move(heap_);
  }

 private:
  std::size_t count_;
  float threshold_ = -std::numeric_limits<float>::infinity();
  std::vector<Candidate> heap_;  // the worst in front
};

}  // namespace warifu::search
