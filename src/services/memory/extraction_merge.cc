#include "services/memory/extraction_merge.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "search/entry.h"
#include "search/rank.h"
#include "search/shard.h"

namespace warifu::services::memory::extraction {
namespace {

constexpr std::size_t kSimilar = 5;
constexpr std::int64_t kDayMs = 24LL * 60 * 60 * 1000;

std::string_view type_name(extract::Kind kind) {
  switch (kind) {
    case extract::Kind::kEpisode:
      return "EPISODE";
    case extract::Kind::kReflection:
      return "REFLECTION";
    case extract::Kind::kSemantic:
    case extract::Kind::kPreference:
    case extract::Kind::kSummary:
      break;
  }
  return "";
}

/// A record that a memory may be compared with: of the store, or of this call.
struct Candidate {
  records::RecordId id;
  std::string text;
  Timestamp time;
  float score = 0;
};

/// What this call has added so far; the index sees it only after the commit.
class Added {
 public:
  void put(records::Record record) {
    shard_.put({.id = record.id.bytes, .order = ++order_}, "",
               search::make_entry(record.text, record.index_text, std::nullopt));
    records_.insert_or_assign(record.id, std::move(record));
  }
  bool erase(const records::RecordId& id) {
    shard_.erase(id.bytes);
    return records_.erase(id) > 0;
  }
  [[nodiscard]] std::vector<Candidate> similar(std::string_view text) const {
    std::vector<Candidate> found;
    if (records_.empty()) return found;
    const search::Shard* shards[] = {&shard_};
    for (const search::Hit& hit : search::rank(shards, {.terms = search::terms(text), .vectors = {}}, {}, kSimilar)) {
      const records::Record& record = records_.at(records::RecordId{hit.id});
      found.push_back({.id = record.id, .text = record.text, .time = record.created, .score = hit.score});
    }
    return found;
  }
  [[nodiscard]] std::vector<records::Record> take() {
    std::vector<records::Record> all;
    for (auto& [id, record] : records_) all.push_back(std::move(record));
    return all;
  }

 private:
  search::Shard shard_;
  std::uint64_t order_ = 0;
  std::map<records::RecordId, records::Record> records_;
};

class Merge {
 public:
  Merge(store::Db& db, const store::Partition& partition, records::Index& index, Decisions& decisions, bool may_ask,
        const Filing& filing)
      : db_(db), partition_(partition), index_(index), decisions_(decisions), may_ask_(may_ask), filing_(filing) {}

  /// False: what is to become of it is not known.
  Result<bool> take(const extract::Memory& memory, const records::Metadata& metadata, std::size_t number) {
    std::vector<Candidate> candidates = TRY(similar(memory.text));
    std::vector<extract::Existing> existing;
    for (const Candidate& candidate : candidates) {
      existing.push_back({.text = candidate.text, .time = candidate.time, .score = candidate.score});
    }
    const std::optional<extract::Decision> decision =
        TRY(decisions_.decide(filing_.part, filing_.kind, memory, existing, may_ask_));
    if (!decision) return false;
    carry_out(*decision, memory, metadata, number, candidates);
    return true;
  }

  void finish(Changes& changes) {
    for (records::Record& record : added_.take()) changes.puts.push_back(std::move(record));
    changes.erasures.insert(changes.erasures.end(), erased_.begin(), erased_.end());
  }

 private:
  Result<std::vector<Candidate>> similar(std::string_view text) {
    std::vector<Candidate> candidates = added_.similar(text);
    records::Request request{.scope = {.path = filing_.name_space, .exact = true, .strategy = filing_.part.strategy},
                             .text = std::string(text),
                             .k = kSimilar,
                             .now = filing_.now};
    for (records::Found& found : TRY(index_.search(db_, partition_, request))) {
      if (std::ranges::find(erased_, found.record.id) != erased_.end()) continue;
      candidates.push_back({.id = found.record.id,
                            .text = std::move(found.record.text),
                            .time = found.record.created,
                            .score = found.score});
    }
    return candidates;
  }

  void carry_out(const extract::Decision& decision, const extract::Memory& memory, const records::Metadata& metadata,
                 std::size_t number, const std::vector<Candidate>& candidates) {
    if (decision.action == extract::Action::kSkip) return;
    std::string text = memory.text;
    if (decision.action == extract::Action::kUpdate && decision.existing < candidates.size()) {
      const records::RecordId& old = candidates[decision.existing].id;
      if (!added_.erase(old)) erased_.push_back(old);
    }
    if (!decision.text.empty()) text = decision.text;
    added_.put(record_of(std::move(text), memory, metadata, number));
  }

  records::Record record_of(std::string text, const extract::Memory& memory, const records::Metadata& metadata,
                            std::size_t number) const {
    const crypto::Sha256 digest = crypto::sha256(fmt::format("{}\n{}", filing_.seed, number));
    records::Record record{.id = records::RecordId::derived(std::as_bytes(std::span(digest))),
                           .name_space = filing_.name_space,
                           .strategy = filing_.part.strategy,
                           .text = std::move(text),
                           .index_text = memory.index_text,
                           .type = std::string(type_name(filing_.kind)),
                           .created = memory.time,
                           .updated = filing_.now,
                           .metadata = metadata};
    if (filing_.part.expiry_days) {
      record.expires = Timestamp{filing_.now.ms + *filing_.part.expiry_days * kDayMs};
    }
    return record;
  }

  store::Db& db_;
  const store::Partition& partition_;
  records::Index& index_;
  Decisions& decisions_;
  const bool may_ask_;
  const Filing& filing_;
  Added added_;
  std::vector<records::RecordId> erased_;
};

}  // namespace

Result<bool> merge(store::Db& db, const store::Partition& partition, records::Index& index, Decisions& decisions,
                   bool may_ask, const Filing& filing, std::span<const extract::Memory> memories,
                   std::span<const records::Metadata> metadata, Changes& changes) {
  Merge merge(db, partition, index, decisions, may_ask, filing);
  for (std::size_t i = 0; i < memories.size(); ++i) {
    const bool known = TRY(merge.take(memories[i], metadata[i], i));
    if (!known) return false;
  }
  merge.finish(changes);
  return true;
}

}  // namespace warifu::services::memory::extraction
