#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/result.h"
#include "base/time.h"

namespace warifu::search {
class Embedder;
}

namespace warifu::records {

/// A memory record's id: the UUID of `mem-550e8400-e29b-41d4-a716-446655440000`.
struct RecordId {
  std::array<char, 16> bytes{};
  auto operator<=>(const RecordId&) const = default;

  /// Forty characters: `mem-` and the UUID.
  [[nodiscard]] std::string str() const;
  /// nullopt unless `text` is what `str` writes (either case of letters).
  [[nodiscard]] static std::optional<RecordId> parse(std::string_view text);
  /// From sixteen bytes or more, by which the id is decided (a digest of a job's inputs): shaped as a version-4 UUID.
  [[nodiscard]] static RecordId derived(std::span<const std::byte> digest);
  [[nodiscard]] static RecordId fresh(Random& random);
};

using StringList = std::vector<std::string>;
/// One metadata value of a record: STRING, STRINGLIST or NUMBER.
using MetadataValue = std::variant<std::string, StringList, double>;
/// Sorted by key, each key once (`sort_metadata`).
using Metadata = std::vector<std::pair<std::string, MetadataValue>>;

/// Sorts by key; of equal keys the last stays.
void sort_metadata(Metadata& metadata);

/// One memory record, as it lies in the store. Plain value.
struct Record {
  RecordId id;
  std::string name_space;              // normalised (namespaces.h): `/actors/alice/`
  std::string strategy;                // strategy id; empty: a record of none
  std::string text;                    // what clients see
  std::string index_text;              // what it is found by beside its text (facts/search.md, "context"); never shown
  std::string type;                    // x-amz-agentcore-memory-recordType; empty: none
  Timestamp created;                   // when what it says was so: the first event's, or the request's `timestamp`
  Timestamp updated;                   // of the last write's
  std::optional<Timestamp> expires{};  // hidden from then on; nullopt: never
  Metadata metadata{};
  std::uint64_t order = 0;  // arrival within its memory; put gives it. Ties in a ranking: the smaller first

  [[nodiscard]] bool live(Timestamp now) const { return !expires || now < *expires; }
};

/// A record with what the index needs of it, made outside the transaction that writes it.
struct Prepared {
  Record record;
  std::string entry;  // search::encode of its terms and vector
};

/// Tokenises, embeds (as a passage: the text alone is embedded) and encodes. Blocks as long as the embedder does.
[[nodiscard]] Result<Prepared> prepare(const Record& record, search::Embedder& embedder);
/// The same for many at once, in order: embedders are quicker in batches.
[[nodiscard]] Result<std::vector<Prepared>> prepare_all(std::span<const Record> records, search::Embedder& embedder);

}  // namespace warifu::records
