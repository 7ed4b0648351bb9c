#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "search/vector.h"

namespace warifu::search {

/// How a cosine counts in a score: `weight * clip((cosine - low) / (high - low), 0, 1)`. `low` is the median cosine of
/// an unrelated record, `high` that of a strong hit.
struct Calibration {
  float low = 0;
  float high = 1;
  float weight = 0;
};

struct EmbedderInfo {
  std::string name;      // `static-minilm-256.1`: a change of weights is a change of name
  std::uint32_t id = 0;  // embedder_id(name); kept beside every vector
  std::uint32_t dimensions = 0;
  Calibration calibration;
  bool slow = false;  // milliseconds a text rather than microseconds: keep it off event loops and commit paths
};

/// The id that stands for `name` in stored vectors: a stable hash.
[[nodiscard]] std::uint32_t embedder_id(std::string_view name);

/// Which side of a search a text stands on; some models read them differently.
enum class Side : std::uint8_t { kQuery, kPassage };

/// Makes vectors of texts. Thread-safe. Blocks this thread, and holds no lock of ours while it does so.
class Embedder {
 public:
  virtual ~Embedder() = default;

  [[nodiscard]] virtual const EmbedderInfo& info() const = 0;

  /// One vector for each text, in order, each of `info().id` and `info().dimensions`; or an Error, and then none.
  /// A long text counts with its beginning only where the model's window ends.
  virtual Result<std::vector<Vector>> embed(std::span<const std::string> texts, Side side) = 0;

  /// Ends calls that wait for something else, and every later one, with an Error: so that a server that stops does not
  /// wait for them. An embedder that only computes has nothing to end. May be called beside `embed`.
  virtual void close() {}
};

/// The embedder whose table is in the binary: looks up and averages, microseconds a text, never fails. The table is
/// read in place; the vocabulary's hash table (1 MB) is built at the first call and shared.
[[nodiscard]] std::unique_ptr<Embedder> static_embedder();

}  // namespace warifu::search
