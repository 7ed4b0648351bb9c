#include "services/s3/rows.h"

#include "store/keys.h"

namespace warifu::services::s3 {
namespace {

std::string named(std::string_view family, std::string_view bucket) {
  std::string key(family);
  store::append_text(key, bucket);
  return key;
}

/// Without the byte that ends it: what all texts that begin so have in common.
void append_beginning(std::string& key, std::string_view text) {
  store::append_text(key, text);
  key.pop_back();
}

}  // namespace

store::Partition partition_of(const AccountId& owner) { return store::Partition::service(owner, "s3"); }

std::string bucket_key(std::string_view bucket) { return "b/" + std::string(bucket); }

std::string object_prefix(std::string_view bucket, std::string_view key) {
  std::string out = named("o/", bucket);
  store::append_text(out, key);
  return out;
}

std::string objects_prefix(std::string_view bucket, std::string_view prefix) {
  std::string out = named("o/", bucket);
  append_beginning(out, prefix);
  return out;
}

std::string object_key(std::string_view bucket, std::string_view key, std::uint64_t sequence) {
  std::string out = object_prefix(bucket, key);
  store::append_u64(out, ~sequence);
  return out;
}

std::string upload_key(std::string_view bucket, std::string_view key, std::string_view upload) {
  std::string out = named("u/", bucket);
  store::append_text(out, key);
  return out.append(upload);
}

std::string uploads_prefix(std::string_view bucket, std::string_view prefix) {
  std::string out = named("u/", bucket);
  append_beginning(out, prefix);
  return out;
}

std::string part_key(std::string_view upload, std::int64_t number) {
  std::string out = parts_prefix(upload);
  store::append_u64(out, static_cast<std::uint64_t>(number));
  return out;
}

std::string parts_prefix(std::string_view upload) { return named("p/", upload); }

std::string file_key(std::string_view blob_id) { return "f/" + std::string(blob_id); }

std::uint64_t RowName::sequence() const {
  std::string_view text = rest;
  return ~store::take_u64(text).value_or(0);
}

std::optional<RowName> parse_name(std::string_view row_key) {
  row_key.remove_prefix(2);
  if (!store::take_text(row_key)) return std::nullopt;
  auto key = store::take_text(row_key);
  if (!key) return std::nullopt;
  return RowName{.key = std::move(*key), .rest = std::string(row_key)};
}

std::int64_t part_number(std::string_view row_key) {
  std::string_view last = row_key.substr(row_key.size() - 8);
  return static_cast<std::int64_t>(store::take_u64(last).value_or(0));
}

}  // namespace warifu::services::s3
