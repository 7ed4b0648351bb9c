#include "records/reembed.h"

#include "records/bytes.h"
#include "records/change_log.h"
#include "search/embedder.h"
#include "search/entry.h"

namespace warifu::records {
namespace {

constexpr std::uint8_t kFormat = 1;

/// How far the records of a memory have been looked at for an embedder.
struct Place {
  std::uint32_t embedder = 0;
  bool done = false;
  std::string after;  // key of the last index row that was looked at
};

std::string place_key() { return "v"; }

std::string encode(const Place& place) {
  std::string value;
  append_number(value, kFormat);
  append_number(value, place.embedder);
  append_number(value, static_cast<std::uint8_t>(place.done ? 1 : 0));
  append_counted(value, place.after);
  return value;
}

/// A row that does not parse, or of another embedder, is no place to go on from.
Place decode(const std::optional<std::string>& value, std::uint32_t embedder) {
  Bytes bytes(value ? std::string_view(*value) : std::string_view());
  const auto format = bytes.number<std::uint8_t>();
  Place place{.embedder = bytes.number<std::uint32_t>(), .done = bytes.number<std::uint8_t>() != 0};
  place.after = bytes.counted();
  if (bytes.ok() && format == kFormat && place.embedder == embedder) return place;
  return {.embedder = embedder};
}

bool is_stale(const search::Entry& entry, std::uint32_t embedder) {
  return !entry.vector || entry.vector->embedder != embedder;
}

struct Looked {
  Place place;
  std::size_t rows = 0;
  std::vector<Record> stale;
};

Result<Looked> look(store::Reader& reader, const store::Partition& partition, std::uint32_t embedder,
                    std::size_t limit) {
  const std::optional<std::string> kept = TRY(reader.get(partition, place_key()));
  Looked looked{.place = decode(kept, embedder)};
  if (looked.place.done) return looked;
  store::Range range = store::prefix_range(keys::scope({.path = "/"}));
  if (!looked.place.after.empty()) range.begin = looked.place.after + '\0';
  std::vector<RecordId> stale;
  Result<> outcome;
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view value) {
    if (looked.rows == limit) return false;
    const Result<IndexRow> row = decode_row(value);
    const Result<search::Entry> entry = row ? search::decode(row->entry) : fail(row.error());
    if (!entry) {
      outcome = fail(entry.error());
      return false;
    }
    if (is_stale(*entry, embedder)) stale.push_back(row->id);
    ++looked.rows;
    looked.place.after = key;
    return true;
  }));
  TRY(std::move(outcome));
  looked.place.done = looked.rows < limit;
  for (const RecordId& id : stale) {
    std::optional<Record> record = TRY(find(reader, partition, id));
    if (record) looked.stale.push_back(*std::move(record));
  }
  return looked;
}

/// Nobody wrote it since it was read: a write that leaves all of this as it was leaves the vector right, too.
bool unchanged(const std::optional<Record>& now, const Record& then) {
  return now && now->text == then.text && now->index_text == then.index_text && now->updated == then.updated &&
         now->name_space == then.name_space && now->strategy == then.strategy && now->expires == then.expires &&
         now->metadata == then.metadata && now->type == then.type && now->created == then.created;
}

}  // namespace

Result<Reembedded> reembed_some(store::Db& db, const store::Partition& partition, search::Embedder& embedder,
                                std::size_t limit) {
  const std::uint32_t id = embedder.info().id;
  const Looked looked = TRY(db.read([&](store::Reader& reader) { return look(reader, partition, id, limit); }));
  if (looked.place.done && looked.rows == 0) return Reembedded{.done = true};
  const std::vector<Prepared> prepared = TRY(prepare_all(looked.stale, embedder));
  const std::size_t renewed = TRY(db.write_blocking([&](store::Txn& txn) -> Result<std::size_t> {
    // No head: the memory has no records, or is deleted and being swept. Nothing is to be written beside the sweep.
    const std::optional<std::string> head = TRY(txn.get(partition, keys::head()));
    if (!head) return 0;
    std::vector<Prepared> still;
    for (const Prepared& one : prepared) {
      const std::optional<Record> now = TRY(find(txn, partition, one.record.id));
      if (unchanged(now, one.record)) still.push_back(one);
    }
    TRY(put_all(txn, partition, still));
    TRY(txn.put(partition, place_key(), encode(looked.place)));
    return still.size();
  }));
  return Reembedded{.looked_at = looked.rows, .renewed = renewed, .done = looked.place.done};
}

}  // namespace warifu::records
