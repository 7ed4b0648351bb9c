#include "vault/kept_rows.h"

#include <utility>

namespace warifu::vault {
namespace {

std::size_t bytes_of(const KeptRows::Row& row) { return row.flat.size() + (row.value ? row.value->size() : 0); }

}  // namespace

KeptRows& KeptRows::of_thread(std::uint64_t database) {
  thread_local KeptRows rows;
  if (rows.database_ != database) {
    rows.sets_.reset();
    rows.bytes_ = 0;
    rows.database_ = database;
  }
  return rows;
}

const KeptRows::Row* KeptRows::find(std::string_view flat, store::RowHash hash) {
  if (!sets_) return nullptr;
  std::array<Row, 2>& ways = (*sets_)[hash % kSets].ways;
  if (ways[0].flat == flat) return &ways[0];
  if (ways[1].flat != flat) return nullptr;
  std::swap(ways[0], ways[1]);
  return &ways[0];
}

void KeptRows::put(std::string flat, store::RowHash hash, const std::optional<std::string>& value,
                   store::Moment read_at) {
  if (value && value->size() > kValueBytesMax) return;
  if (!sets_ || bytes_ > kBytesMax) {
    sets_ = std::make_unique<std::array<Set, kSets>>();
    bytes_ = 0;
  }
  std::array<Row, 2>& ways = (*sets_)[hash % kSets].ways;
  if (ways[0].flat != flat) std::swap(ways[0], ways[1]);
  bytes_ -= bytes_of(ways[0]);
  ways[0] = {.flat = std::move(flat), .value = value, .read_at = read_at};
  bytes_ += bytes_of(ways[0]);
}

}  // namespace warifu::vault
