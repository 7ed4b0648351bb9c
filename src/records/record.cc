#include "records/record.h"

#include <algorithm>
#include <map>

#include "base/check.h"
#include "base/encoding.h"
#include "search/embedder.h"
#include "search/entry.h"

namespace warifu::records {
namespace {

constexpr std::string_view kPrefix = "mem-";
constexpr std::size_t kUuidSize = 36;
constexpr std::array<std::size_t, 4> kDashes{8, 13, 18, 23};

bool dash_at(std::size_t i) { return std::ranges::find(kDashes, i) != kDashes.end(); }

}  // namespace

std::string RecordId::str() const {
  std::string uuid = hex_encode(as_bytes({bytes.data(), bytes.size()}));
  for (const std::size_t at : kDashes) uuid.insert(at, 1, '-');
  return std::string(kPrefix) + uuid;
}

std::optional<RecordId> RecordId::parse(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  if (text.size() != kUuidSize) return std::nullopt;
  std::string hex;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (dash_at(i) != (text[i] == '-')) return std::nullopt;
    if (text[i] != '-') hex += text[i];
  }
  const std::optional<std::string> raw = hex_decode(hex);
  RecordId id;
  if (!raw || raw->size() != id.bytes.size()) return std::nullopt;
  std::ranges::copy(*raw, id.bytes.begin());
  return id;
}

RecordId RecordId::derived(std::span<const std::byte> digest) {
  RecordId id;
  CHECK(digest.size() >= id.bytes.size(), "an id is sixteen bytes");
  for (std::size_t i = 0; i < id.bytes.size(); ++i) id.bytes[i] = static_cast<char>(digest[i]);
  id.bytes[6] = static_cast<char>((id.bytes[6] & 0x0f) | 0x40);
  id.bytes[8] = static_cast<char>((id.bytes[8] & 0x3f) | 0x80);
  return id;
}

RecordId RecordId::fresh(Random& random) {
  std::array<std::byte, 16> raw{};
  random.fill(raw);
  return derived(raw);
}

void sort_metadata(Metadata& metadata) {
  std::map<std::string, MetadataValue> sorted;
  for (auto& [key, value] : metadata) sorted.insert_or_assign(std::move(key), std::move(value));
  metadata.clear();
  for (auto& [key, value] : sorted) metadata.emplace_back(key, std::move(value));
}

Result<std::vector<Prepared>> prepare_all(std::span<const Record> records, search::Embedder& embedder) {
  std::vector<std::string> texts;
  texts.reserve(records.size());
  for (const Record& record : records) texts.push_back(record.text);
  std::vector<search::Vector> vectors = TRY(embedder.embed(texts, search::Side::kPassage));
  if (vectors.size() != records.size()) return fail(internal_error("the embedder left texts without vectors"));
  std::vector<Prepared> prepared;
  prepared.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const Record& record = records[i];
    const search::Entry entry = search::make_entry(record.text, record.index_text, std::move(vectors[i]));
    prepared.push_back({.record = record, .entry = search::encode(entry)});
    sort_metadata(prepared.back().record.metadata);
  }
  return prepared;
}

Result<Prepared> prepare(const Record& record, search::Embedder& embedder) {
  std::vector<Prepared> prepared = TRY(prepare_all({&record, 1}, embedder));
  return std::move(prepared.front());
}

}  // namespace warifu::records
