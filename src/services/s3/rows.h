#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "identity/row.h"
#include "identity/types.h"
#include "store/store.h"

/// What S3 keeps in the store. All of an account's buckets lie in one partition, sealed under the account's data key:
///
/// `b/` bucket                            → BucketRow
/// `o/` bucket, key, 2^64 − 1 − sequence  → ObjectRow: the newest version of a key comes first
/// `u/` bucket, key, upload id            → UploadRow
/// `p/` upload id, part number            → PartRow: of an upload, and of the object that it became
/// `f/` blob id                           → empty: this file is named by some row; a file without one is swept
namespace warifu::services::s3 {

struct BucketRow {
  std::string region;
  Timestamp created;
  std::string versioning;  // empty, `Enabled`, `Suspended`
  std::string ownership;   // `BucketOwnerEnforced`; empty: no rule
  identity::Tags tags;
  bool has_public_block = true;
  bool block_acls = true, ignore_acls = true, block_policy = true, restrict_buckets = true;
};
template <class A>
void fields(A& a, BucketRow& row) {
  a(row.region), a(row.created), a(row.versioning), a(row.ownership), a(row.tags), a(row.has_public_block),
      a(row.block_acls), a(row.ignore_acls), a(row.block_policy), a(row.restrict_buckets);
}

/// A file of sealed bytes (blobs.h).
struct Blob {
  std::string id;   // 32 hexadecimal digits
  std::string key;  // 32 bytes
  std::int64_t size = 0;
};

struct ObjectRow {
  std::string version_id = "null";
  bool marker = false;  // a delete marker
  std::int64_t size = 0;
  std::string etag;  // without quotes
  Timestamp modified;
  std::vector<std::string> headers;   // name, value, name, value …: content type and the like
  std::vector<std::string> metadata;  // name, value …
  identity::Tags tags;
  std::string storage_class = "STANDARD";
  std::string checksum_kind;  // `CRC32` …
  std::string checksum;       // base 64, of a composite one with `-N`
  std::string checksum_type;  // `FULL_OBJECT`, `COMPOSITE`
  Blob blob;                  // of an object in one piece
  std::string parts_of;       // else the upload whose parts it is
  std::int64_t parts = 0;
};
template <class A>
void fields(A& a, ObjectRow& row) {
  a(row.version_id), a(row.marker), a(row.size), a(row.etag), a(row.modified), a(row.headers), a(row.metadata),
      a(row.tags), a(row.storage_class), a(row.checksum_kind), a(row.checksum), a(row.checksum_type), a(row.blob.id),
      a(row.blob.key), a(row.blob.size), a(row.parts_of), a(row.parts);
}

struct UploadRow {
  ObjectRow object;  // what it will be, without what its bytes decide
  std::string initiator;
};
template <class A>
void fields(A& a, UploadRow& row) {
  fields(a, row.object), a(row.initiator);
}

struct PartRow {
  Blob blob;
  std::string etag;
  std::string checksum;
  Timestamp modified;
};
template <class A>
void fields(A& a, PartRow& row) {
  a(row.blob.id), a(row.blob.key), a(row.blob.size), a(row.etag), a(row.checksum), a(row.modified);
}

[[nodiscard]] store::Partition partition_of(const AccountId& owner);
[[nodiscard]] std::string bucket_key(std::string_view bucket);
/// All versions of one object.
[[nodiscard]] std::string object_prefix(std::string_view bucket, std::string_view key);
/// All objects whose keys start with `prefix`.
[[nodiscard]] std::string objects_prefix(std::string_view bucket, std::string_view prefix);
[[nodiscard]] std::string object_key(std::string_view bucket, std::string_view key, std::uint64_t sequence);
[[nodiscard]] std::string upload_key(std::string_view bucket, std::string_view key, std::string_view upload);
[[nodiscard]] std::string uploads_prefix(std::string_view bucket, std::string_view prefix);
[[nodiscard]] std::string part_key(std::string_view upload, std::int64_t number);
[[nodiscard]] std::string parts_prefix(std::string_view upload);
[[nodiscard]] std::string file_key(std::string_view blob_id);

/// The object's key, and what follows it, of a row below `o/` or `u/`.
struct RowName {
  std::string key;
  std::string rest;
  [[nodiscard]] std::uint64_t sequence() const;  // of an object's row
};
[[nodiscard]] std::optional<RowName> parse_name(std::string_view row_key);
[[nodiscard]] std::int64_t part_number(std::string_view row_key);

template <class T>
[[nodiscard]] Result<std::optional<T>> get_row(store::Reader& reader, const AccountId& owner, std::string_view key) {
  const auto bytes = TRY(reader.get(partition_of(owner), key));
  if (!bytes) return std::nullopt;
  return TRY(identity::decode_row<T>(*bytes));
}
template <class T>
[[nodiscard]] Result<> put_row(store::Txn& txn, const AccountId& owner, std::string_view key, const T& row) {
  return txn.put(partition_of(owner), key, identity::encode_row<T>(row));
}

}  // namespace warifu::services::s3
