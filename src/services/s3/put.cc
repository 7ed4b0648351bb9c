#include "access/authorize.h"
#include "api/copy_source.h"
#include "base/encoding.h"
#include "services/s3/body.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"

namespace warifu::services::s3 {
namespace {

struct Committed {
  Written written;
  ObjectRow row;
};

/// The row of a body that lies in its file; then the file is the row's.
Task<Result<Committed>> commit(api::Call& call, Service& service, std::string bucket, std::string key, ObjectRow row,
                               Stored stored, WriteConditions conditions) {
  row.size = stored.blob.size;
  row.etag = hex_encode(as_bytes(stored.md5));
  row.modified = call.now();
  row.checksum_kind = crypto::name_of(stored.kind);
  row.checksum = base64_encode(stored.checksum);
  row.checksum_type = "FULL_OBJECT";
  row.blob = stored.blob;
  const AccountId owner = call.owner();
  const std::string fresh = fresh_id(call.random());
  const Timestamp now = call.now();
  Written written = CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<Written> {
    const BucketRow bucket_row = TRY(require_bucket(txn, owner, bucket));
    const auto current = TRY(find_version(txn, owner, bucket, key));
    TRY(check_write(conditions, current, key));
    return add_version(txn, owner, bucket_row, bucket, key, row, fresh, now);
  }));
  stored.writer->keep();
  service.blobs().remove(owner, written.dropped);
  co_return Committed{.written = std::move(written), .row = std::move(row)};
}

/// What a copy takes over from its source.
ObjectRow taken_over(const ObjectRow& source, ObjectRow described, const m::CopyObjectInput& input) {
  if (input.metadata_directive.value_or("COPY") != "REPLACE") {
    described.headers = source.headers;
    described.metadata = source.metadata;
  }
  if (input.tagging_directive.value_or("COPY") != "REPLACE") described.tags = source.tags;
  return described;
}

/// Whoever takes tags over reads them there and writes them here: the request names neither right.
Result<> check_tags_taken(store::Reader& reader, const api::Call& call, const m::CopyObjectInput& input,
                          const api::CopySource& source, const ObjectRow& row) {
  if (row.tags.empty() || input.tagging_directive.value_or("COPY") == "REPLACE") return {};
  const std::string_view read = source.version_id ? "s3:GetObjectVersionTagging" : "s3:GetObjectTagging";
  TRY(check_tagged(reader, call, read, source.bucket, source.key, row));
  std::vector<std::string_view> names;
  for (const identity::Tag& tag : row.tags) names.emplace_back(tag.key);
  const std::string arn = "arn:aws:s3:::" + input.bucket + "/" + input.key;
  const bool may = TRY(call.may(reader, "s3:PutObjectTagging", arn, [&](policy::Context& context) {
    for (const identity::Tag& tag : row.tags) context.set_tag("s3:RequestObjectTag/", tag.key, tag.value);
    context.set_many("s3:RequestObjectTagKeys", names);
  }));
  if (may) return {};
  return fail(access::access_denied("User: " + call.principal().arn +
                                    " is not authorized to perform: s3:PutObjectTagging on resource: " + arn));
}

Result<> check_source(const m::CopyObjectInput& input, const ObjectRow& row) {
  if (input.copy_source_if_match && !names_etag(*input.copy_source_if_match, row.etag)) {
    return fail(precondition_failed("x-amz-copy-source-If-Match"));
  }
  if (input.copy_source_if_none_match && names_etag(*input.copy_source_if_none_match, row.etag)) {
    return fail(precondition_failed("x-amz-copy-source-If-None-Match"));
  }
  const std::int64_t modified = row.modified.seconds();
  if (input.copy_source_if_modified_since && modified <= input.copy_source_if_modified_since->seconds()) {
    return fail(precondition_failed("x-amz-copy-source-If-Modified-Since"));
  }
  if (input.copy_source_if_unmodified_since && modified > input.copy_source_if_unmodified_since->seconds()) {
    return fail(precondition_failed("x-amz-copy-source-If-Unmodified-Since"));
  }
  return {};
}

}  // namespace

Task<Result<m::PutObjectOutput>> put_object(api::Call& call, Service& service, m::PutObjectInput input) {
  const ObjectRow row = CO_TRY(described(input));
  if (input.write_offset_bytes) co_return fail(not_done("appending to objects"));
  const WriteConditions conditions{.if_match = input.if_match, .if_none_match = input.if_none_match};
  // Looked at before the body is read: a writer who cannot succeed need not send it.
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    const auto current = TRY(find_version(reader, call.owner(), input.bucket, input.key));
    return check_write(conditions, current, input.key);
  }));
  StatedDigests stated = CO_TRY(stated_digests(checksums_in(input), input.checksum_algorithm, input.content_md5));
  Stored stored = CO_TRY(co_await store_upload(service, call, call.owner(), std::move(input.body), std::move(stated)));
  const Committed done =
      CO_TRY(co_await commit(call, service, input.bucket, input.key, row, std::move(stored), conditions));
  m::PutObjectOutput out;
  out.e_tag = etag_text(done.row.etag);
  out.server_side_encryption = "AES256";
  set_checksum(out, done.row.checksum_kind, done.row.checksum);
  out.checksum_type = done.row.checksum_type;
  if (done.written.version_id != "null") out.version_id = done.written.version_id;
  co_return out;
}

Task<Result<m::CopyObjectOutput>> copy_object(api::Call& call, Service& service, m::CopyObjectInput input) {
  const auto source = api::parse_copy_source(input.copy_source);
  if (!source) co_return fail(invalid_argument("Invalid copy source object key"));
  ObjectRow row = CO_TRY(described(input));
  const bool same = source->bucket == input.bucket && source->key == input.key && !source->version_id;
  if (same && input.metadata_directive.value_or("COPY") != "REPLACE" && !input.storage_class &&
      !input.server_side_encryption) {
    co_return fail(s3_error("InvalidRequest",
                            "This copy request is illegal because it is trying to copy an object to itself without "
                            "changing the object's metadata, storage class, website redirect location or encryption "
                            "attributes."));
  }
  struct Found {
    AccountId owner;
    ObjectRow row;
    std::vector<Segment> segments;
  };
  const Found found = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<Found> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    AccountId owner = TRY(owner_of(reader, source->bucket));
    TRY(require_bucket(reader, owner, source->bucket, input.expected_source_bucket_owner));
    FoundVersion version = TRY(require_version(reader, call, owner, source->bucket, source->key, source->version_id));
    const std::string_view action = source->version_id ? "s3:GetObjectVersion" : "s3:GetObject";
    TRY(check_tagged(reader, call, action, source->bucket, source->key, version.row));
    TRY(check_tags_taken(reader, call, input, *source, version.row));
    TRY(check_source(input, version.row));
    auto segments = TRY(segments_of(reader, owner, version.row, 0, static_cast<std::uint64_t>(version.row.size)));
    return Found{std::move(owner), std::move(version.row), std::move(segments)};
  }));
  if (found.row.size > kObjectBytesMax) {
    co_return fail(s3_error("InvalidRequest",
                            "The specified copy source is larger than the maximum allowable size for "
                            "a copy source: 5368709120"));
  }
  row = taken_over(found.row, std::move(row), input);
  auto bytes = CO_TRY(co_await open_segments(service, found.owner, found.segments));
  if (!bytes) co_return fail(no_such_key(source->key));
  StatedDigests wanted;
  wanted.kind = crypto::checksum_kind(input.checksum_algorithm.value_or(found.row.checksum_kind));
  Stored stored = CO_TRY(co_await store_body(service, call.owner(), *bytes, std::move(wanted)));
  const Committed done = CO_TRY(co_await commit(call, service, input.bucket, input.key, std::move(row),
                                                std::move(stored), {input.if_match, input.if_none_match}));
  m::CopyObjectOutput out;
  out.copy_object_result.emplace();
  out.copy_object_result->e_tag = etag_text(done.row.etag);
  out.copy_object_result->last_modified = done.row.modified;
  out.copy_object_result->checksum_type = done.row.checksum_type;
  set_checksum(*out.copy_object_result, done.row.checksum_kind, done.row.checksum);
  out.server_side_encryption = "AES256";
  if (found.row.version_id != "null") out.copy_source_version_id = found.row.version_id;
  if (done.written.version_id != "null") out.version_id = done.written.version_id;
  co_return out;
}

}  // namespace warifu::services::s3
