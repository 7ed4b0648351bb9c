#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "search/embedder.h"

namespace warifu::search::testing {

/// The static table under another name: what a server has after its model was changed.
class Renamed final : public Embedder {
 public:
  explicit Renamed(std::string name) {
    info_ = inner_->info();
    info_.name = std::move(name);
    info_.id = embedder_id(info_.name);
  }
  [[nodiscard]] const EmbedderInfo& info() const override { return info_; }
  Result<std::vector<Vector>> embed(std::span<const std::string> texts, Side side) override {
    embedded += texts.size();
    std::vector<Vector> vectors = TRY(inner_->embed(texts, side));
    for (Vector& vector : vectors) vector.embedder = info_.id;
    return vectors;
  }
  std::size_t embedded = 0;

 private:
  std::unique_ptr<Embedder> inner_ = static_embedder();
  EmbedderInfo info_;
};

}  // namespace warifu::search::testing
