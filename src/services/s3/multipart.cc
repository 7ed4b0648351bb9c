#include <algorithm>
#include <map>

#include "access/authorize.h"
#include "api/copy_source.h"
#include "base/encoding.h"
#include "services/s3/body.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"
#include "store/keys.h"

namespace warifu::services::s3 {
namespace {

using api::Call;

constexpr std::int32_t kPartsMax = 10'000;
constexpr std::int64_t kPartBytesMin = 5 << 20U;
constexpr std::int64_t kWholeBytesMax = std::int64_t{48} << 40U;
constexpr std::int32_t kPageMax = 1000;

Result<UploadRow> require_upload(store::Reader& reader, const AccountId& owner, std::string_view bucket,
                                 std::string_view key, std::string_view upload) {
  auto row = TRY(get_row<UploadRow>(reader, owner, upload_key(bucket, key, upload)));
  if (!row) return fail(no_such_upload(upload));
  return std::move(*row);
}

Result<> check_number(std::int32_t number) {
  if (number >= 1 && number <= kPartsMax) return {};
  return fail(invalid_argument("Part number must be an integer between 1 and 10000, inclusive"));
}

Task<Result<m::CreateMultipartUploadOutput>> create(Call& call, m::CreateMultipartUploadInput input) {
  if (call.principal().kind == access::PrincipalKind::kAnonymous) {
    co_return fail(access::access_denied("Anonymous users cannot initiate multipart uploads. Please authenticate."));
  }
  UploadRow row{.object = CO_TRY(described(input)), .initiator = call.principal().arn};
  row.object.modified = call.now();
  if (input.checksum_algorithm) {
    const auto kind = crypto::checksum_kind(*input.checksum_algorithm);
    if (!kind) co_return fail(not_done("checksum algorithm " + *input.checksum_algorithm));
    row.object.checksum_kind = crypto::name_of(*kind);
    const bool whole = *kind == crypto::ChecksumKind::kCrc64Nvme;
    row.object.checksum_type = input.checksum_type.value_or(whole ? "FULL_OBJECT" : "COMPOSITE");
    const bool summable = crypto::crc_kind(*kind).has_value();
    if ((row.object.checksum_type == "FULL_OBJECT" && !summable) ||
        (row.object.checksum_type == "COMPOSITE" && whole)) {
      co_return fail(s3_error("InvalidRequest", "The " + row.object.checksum_type +
                                                    " checksum type cannot be used with the " +
                                                    row.object.checksum_kind + " checksum algorithm."));
    }
  }
  const std::string id = fresh_id(call.random());
  const AccountId owner = call.owner();
  CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<> {
    TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
    return put_row(txn, owner, upload_key(input.bucket, input.key, id), row);
  }));
  m::CreateMultipartUploadOutput out;
  out.bucket = input.bucket;
  out.key = input.key;
  out.upload_id = id;
  out.server_side_encryption = "AES256";
  if (!row.object.checksum_kind.empty()) {
    out.checksum_algorithm = row.object.checksum_kind;
    out.checksum_type = row.object.checksum_type;
  }
  co_return out;
}

struct PartPlace {
  AccountId owner;
  std::string bucket, key, upload;
  std::int32_t number;
};

Task<Result<PartRow>> keep_part(Call& call, Service& service, PartPlace place, Stored stored) {
  PartRow row{.blob = stored.blob,
              .etag = hex_encode(as_bytes(stored.md5)),
              .checksum = base64_encode(stored.checksum),
              .modified = call.now()};
  const auto dropped = CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<std::vector<std::string>> {
    TRY(require_bucket(txn, place.owner, place.bucket));
    TRY(require_upload(txn, place.owner, place.bucket, place.key, place.upload));
    std::vector<std::string> gone;
    const std::string key = part_key(place.upload, place.number);
    if (const auto old = TRY(get_row<PartRow>(txn, place.owner, key))) {
      gone.push_back(old->blob.id);
      TRY(txn.erase(partition_of(place.owner), file_key(old->blob.id)));
    }
    TRY(txn.put(partition_of(place.owner), file_key(row.blob.id), ""));
    TRY(put_row(txn, place.owner, key, row));
    return gone;
  }));
  stored.writer->keep();
  service.blobs().remove(place.owner, dropped);
  co_return row;
}

/// Which checksum the parts of this upload have.
std::optional<crypto::ChecksumKind> kind_of(const UploadRow& upload) {
  return crypto::checksum_kind(upload.object.checksum_kind);
}

Task<Result<m::UploadPartOutput>> upload_part(Call& call, Service& service, m::UploadPartInput input) {
  CO_TRY(check_number(input.part_number));
  if (input.sse_customer_algorithm) co_return fail(not_done("server-side encryption with customer-provided keys"));
  const UploadRow upload = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<UploadRow> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    return require_upload(reader, call.owner(), input.bucket, input.key, input.upload_id);
  }));
  StatedDigests stated = CO_TRY(stated_digests(checksums_in(input), input.checksum_algorithm, input.content_md5));
  const auto kind = kind_of(upload);
  if (kind && stated.kind && *stated.kind != *kind) {
    co_return fail(s3_error("InvalidRequest", "Checksum Type mismatch occurred, expected checksum Type: " +
                                                  to_lower(crypto::name_of(*kind)) + ", actual checksum Type: " +
                                                  to_lower(crypto::name_of(*stated.kind))));
  }
  if (kind) stated.kind = kind;
  Stored stored = CO_TRY(co_await store_upload(service, call, call.owner(), std::move(input.body), std::move(stated)));
  const std::string kind_name(crypto::name_of(stored.kind));
  const PartRow row = CO_TRY(co_await keep_part(call, service,
                                                {.owner = call.owner(),
                                                 .bucket = input.bucket,
                                                 .key = input.key,
                                                 .upload = input.upload_id,
                                                 .number = input.part_number},
                                                std::move(stored)));
  m::UploadPartOutput out;
  out.e_tag = etag_text(row.etag);
  out.server_side_encryption = "AES256";
  set_checksum(out, kind_name, row.checksum);
  co_return out;
}

/// `bytes=first-last`, both there and within.
Result<std::pair<std::uint64_t, std::uint64_t>> copied_range(const std::optional<std::string>& text,
                                                             std::uint64_t size) {
  if (!text) return std::pair{std::uint64_t{0}, size};
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  int used = 0;
  const bool form = text->size() < 64 && std::sscanf(text->c_str(), "bytes=%20lu-%20lu%n", &first, &last, &used) == 2 &&
                    static_cast<std::size_t>(used) == text->size();
  if (!form || first > last || last >= size) {
    return fail(
        invalid_argument("The x-amz-copy-source-range value must be of the form bytes=first-last where first "
                         "and last are the zero-based offsets of the first and last bytes to copy"));
  }
  return std::pair{first, last - first + 1};
}

Task<Result<m::UploadPartCopyOutput>> upload_part_copy(Call& call, Service& service, m::UploadPartCopyInput input) {
  CO_TRY(check_number(input.part_number));
  const auto source = api::parse_copy_source(input.copy_source);
  if (!source) co_return fail(invalid_argument("Invalid copy source object key"));
  struct Found {
    UploadRow upload;
    AccountId owner;
    ObjectRow row;
    std::vector<Segment> segments;
  };
  Found found = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<Found> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    UploadRow upload = TRY(require_upload(reader, call.owner(), input.bucket, input.key, input.upload_id));
    AccountId owner = TRY(owner_of(reader, source->bucket));
    TRY(require_bucket(reader, owner, source->bucket, input.expected_source_bucket_owner));
    FoundVersion version = TRY(require_version(reader, call, owner, source->bucket, source->key, source->version_id));
    const std::string_view action = source->version_id ? "s3:GetObjectVersion" : "s3:GetObject";
    TRY(check_tagged(reader, call, action, source->bucket, source->key, version.row));
    if (input.copy_source_if_match && !names_etag(*input.copy_source_if_match, version.row.etag)) {
      return fail(precondition_failed("x-amz-copy-source-If-Match"));
    }
    if (input.copy_source_if_none_match && names_etag(*input.copy_source_if_none_match, version.row.etag)) {
      return fail(precondition_failed("x-amz-copy-source-If-None-Match"));
    }
    const auto [offset, size] =
        TRY(copied_range(input.copy_source_range, static_cast<std::uint64_t>(version.row.size)));
    auto segments = TRY(segments_of(reader, owner, version.row, offset, size));
    return Found{std::move(upload), std::move(owner), std::move(version.row), std::move(segments)};
  }));
  auto bytes = CO_TRY(co_await open_segments(service, found.owner, std::move(found.segments)));
  if (!bytes) co_return fail(no_such_key(source->key));
  StatedDigests wanted;
  wanted.kind = kind_of(found.upload);
  Stored stored = CO_TRY(co_await store_body(service, call.owner(), *bytes, std::move(wanted)));
  const std::string kind_name(crypto::name_of(stored.kind));
  const PartRow row = CO_TRY(co_await keep_part(call, service,
                                                {.owner = call.owner(),
                                                 .bucket = input.bucket,
                                                 .key = input.key,
                                                 .upload = input.upload_id,
                                                 .number = input.part_number},
                                                std::move(stored)));
  m::UploadPartCopyOutput out;
  out.copy_part_result.emplace();
  out.copy_part_result->e_tag = etag_text(row.etag);
  out.copy_part_result->last_modified = row.modified;
  set_checksum(*out.copy_part_result, kind_name, row.checksum);
  if (found.row.version_id != "null") out.copy_source_version_id = found.row.version_id;
  co_return out;
}

using Parts = std::vector<std::pair<std::int64_t, PartRow>>;

/// The parts that the request lists, in its order.
Result<Parts> chosen_parts(const std::vector<m::CompletedPart>& wanted, Parts stored) {
  std::map<std::int64_t, PartRow> by_number(std::make_move_iterator(stored.begin()),
                                            std::make_move_iterator(stored.end()));
  Parts out;
  std::int64_t last = 0;
  for (const m::CompletedPart& part : wanted) {
    const std::int64_t number = part.part_number.value_or(0);
    if (number <= last) {
      return fail(s3_error("InvalidPartOrder",
                           "The list of parts was not in ascending order. Parts must be ordered by "
                           "part number."));
    }
    last = number;
    const auto found = by_number.find(number);
    bool same = found != by_number.end() && part.e_tag && names_etag(*part.e_tag, found->second.etag);
    for (const auto& [kind, value] : checksums_in(part)) same = same && value == found->second.checksum;
    if (!same) {
      return fail(
          s3_error("InvalidPart",
                   "One or more of the specified parts could not be found. The part may not have been uploaded, "
                   "or the specified entity tag may not match the part's entity tag."));
    }
    out.emplace_back(number, std::move(found->second));
  }
  for (std::size_t i = 0; i + 1 < out.size(); ++i) {
    if (out[i].second.blob.size < kPartBytesMin) {
      return fail(s3_error("EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"));
    }
  }
  return out;
}

/// MD5 of the parts' MD5s, and how many.
std::string etag_of(const Parts& parts) {
  std::string digests;
  for (const auto& [number, part] : parts) digests += hex_decode(part.etag).value_or("");
  return hex_encode(as_bytes(crypto::md5(digests))) + "-" + std::to_string(parts.size());
}

std::string checksum_of(crypto::ChecksumKind kind, bool whole, const Parts& parts) {
  const auto crc = crypto::crc_kind(kind);
  if (whole && crc) {
    std::uint64_t sum = crypto::RunningCrc(*crc).value();
    for (const auto& [number, part] : parts) {
      std::uint64_t value = 0;
      for (const char c : base64_decode(part.checksum).value_or(""))
        value = value << 8U | static_cast<unsigned char>(c);
      sum = crypto::combine_crc(*crc, sum, value, static_cast<std::uint64_t>(part.blob.size));
    }
    return base64_encode(crypto::crc_text(*crc, sum));
  }
  crypto::RunningChecksum sum(kind);
  for (const auto& [number, part] : parts) sum.add(base64_decode(part.checksum).value_or(""));
  return base64_encode(sum.finish()) + "-" + std::to_string(parts.size());
}

/// What the object will be.
Result<ObjectRow> completed(const UploadRow& upload, const Parts& parts, const m::CompleteMultipartUploadInput& input,
                            Timestamp now) {
  ObjectRow row = upload.object;
  for (const auto& [number, part] : parts) row.size += part.blob.size;
  if (row.size > kWholeBytesMax) {
    return fail(s3_error("EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"));
  }
  row.etag = etag_of(parts);
  row.modified = now;
  row.parts_of = input.upload_id;
  row.parts = static_cast<std::int64_t>(parts.size());
  if (row.checksum_kind.empty()) {
    row.checksum_kind = "CRC64NVME";
    row.checksum_type = "FULL_OBJECT";
  }
  const auto kind = crypto::checksum_kind(row.checksum_kind);
  // Parts that came with another checksum than the default cannot be summed up.
  const bool alike = std::ranges::all_of(parts, [&](const auto& part) {
    const auto bytes = base64_decode(part.second.checksum);
    return bytes && bytes->size() == crypto::checksum_bytes(*kind);
  });
  if (alike) {
    row.checksum = checksum_of(*kind, row.checksum_type == "FULL_OBJECT", parts);
  } else {
    row.checksum_kind.clear();
    row.checksum_type.clear();
  }
  for (const auto& [stated, value] : checksums_in(input)) {
    const bool same = kind && stated == *kind && (value == row.checksum || row.checksum.starts_with(value + "-"));
    if (!same) {
      return fail(s3_error("BadDigest", "The " + std::string(crypto::name_of(stated)) +
                                            " you specified did not match the calculated checksum."));
    }
  }
  if (input.mpu_object_size && *input.mpu_object_size != row.size) {
    return fail(s3_error("InvalidRequest",
                         "The provided 'x-amz-mp-object-size' header does not match what was "
                         "computed."));
  }
  return row;
}

struct Completed {
  ObjectRow row;
  Written written;
};

Result<Completed> complete_in(store::Txn& txn, const AccountId& owner, const m::CompleteMultipartUploadInput& input,
                              const std::string& fresh, Timestamp now) {
  const BucketRow bucket_row = TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
  const UploadRow upload = TRY(require_upload(txn, owner, input.bucket, input.key, input.upload_id));
  const auto current = TRY(find_version(txn, owner, input.bucket, input.key));
  TRY(check_write({.if_match = input.if_match, .if_none_match = input.if_none_match}, current, input.key));
  Parts stored = TRY(parts_of(txn, owner, input.upload_id));
  const Parts parts = TRY(chosen_parts(*input.multipart_upload->parts, std::move(stored)));
  Completed out{.row = TRY(completed(upload, parts, input, now)), .written = {}};
  std::vector<std::string> unused;
  TRY(erase_parts(
      txn, owner, input.upload_id,
      [&](std::int64_t number) {
        return std::ranges::any_of(parts, [&](const auto& part) { return part.first == number; });
      },
      unused));
  TRY(txn.erase(partition_of(owner), upload_key(input.bucket, input.key, input.upload_id)));
  out.written = TRY(add_version(txn, owner, bucket_row, input.bucket, input.key, out.row, fresh, now));
  out.written.dropped.insert(out.written.dropped.end(), unused.begin(), unused.end());
  return out;
}

Task<Result<m::CompleteMultipartUploadOutput>> complete(Call& call, Service& service,
                                                        m::CompleteMultipartUploadInput input) {
  if (!input.multipart_upload || !input.multipart_upload->parts || input.multipart_upload->parts->empty() ||
      input.multipart_upload->parts->size() > static_cast<std::size_t>(kPartsMax)) {
    co_return fail(s3_error("MalformedXML",
                            "The XML you provided was not well-formed or did not validate against our "
                            "published schema"));
  }
  const AccountId owner = call.owner();
  const std::string fresh = fresh_id(call.random());
  const Timestamp now = call.now();
  const Completed done = CO_TRY(co_await call.db().write(
      [=](store::Txn& txn) -> Result<Completed> { return complete_in(txn, owner, input, fresh, now); }));
  service.blobs().remove(owner, done.written.dropped);
  m::CompleteMultipartUploadOutput out;
  out.location = call.environment().public_url + "/" + input.bucket + "/" + percent_encode_path(input.key);
  out.bucket = input.bucket;
  out.key = input.key;
  out.e_tag = etag_text(done.row.etag);
  out.server_side_encryption = "AES256";
  set_checksum(out, done.row.checksum_kind, done.row.checksum);
  if (!done.row.checksum_type.empty()) out.checksum_type = done.row.checksum_type;
  if (done.written.version_id != "null") out.version_id = done.written.version_id;
  co_return out;
}

Task<Result<m::AbortMultipartUploadOutput>> abort_upload(Call& call, Service& service,
                                                         m::AbortMultipartUploadInput input) {
  const AccountId owner = call.owner();
  const auto dropped = CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<std::vector<std::string>> {
    TRY(require_bucket(txn, owner, input.bucket, input.expected_bucket_owner));
    TRY(require_upload(txn, owner, input.bucket, input.key, input.upload_id));
    std::vector<std::string> gone;
    TRY(erase_parts(txn, owner, input.upload_id, {}, gone));
    TRY(txn.erase(partition_of(owner), upload_key(input.bucket, input.key, input.upload_id)));
    return gone;
  }));
  service.blobs().remove(owner, dropped);
  co_return m::AbortMultipartUploadOutput{};
}

Task<Result<m::ListPartsOutput>> list_parts(Call& call, m::ListPartsInput input) {
  struct Found {
    UploadRow upload;
    Parts parts;
  };
  const Found found = CO_TRY(call.db().read([&](store::Reader& reader) -> Result<Found> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    UploadRow upload = TRY(require_upload(reader, call.owner(), input.bucket, input.key, input.upload_id));
    Parts parts = TRY(parts_of(reader, call.owner(), input.upload_id));
    return Found{std::move(upload), std::move(parts)};
  }));
  const std::int32_t max = std::clamp(input.max_parts.value_or(kPageMax), 0, kPageMax);
  m::ListPartsOutput out;
  out.bucket = input.bucket;
  out.key = input.key;
  out.upload_id = input.upload_id;
  out.max_parts = max;
  out.part_number_marker = input.part_number_marker.value_or(0);
  out.storage_class = found.upload.object.storage_class;
  out.is_truncated = false;
  out.parts.emplace();
  for (const auto& [number, part] : found.parts) {
    if (number <= *out.part_number_marker) continue;
    if (out.parts->size() == static_cast<std::size_t>(max)) {
      out.is_truncated = true;
      break;
    }
    m::Part one;
    one.part_number = static_cast<std::int32_t>(number);
    one.last_modified = part.modified;
    one.e_tag = etag_text(part.etag);
    one.size = part.blob.size;
    set_checksum(one, found.upload.object.checksum_kind, part.checksum);
    out.next_part_number_marker = one.part_number;
    out.parts->push_back(std::move(one));
  }
  out.owner.emplace();
  out.owner->id = canonical_id(call.owner());
  co_return out;
}

Task<Result<m::ListMultipartUploadsOutput>> list_uploads(Call& call, m::ListMultipartUploadsInput input) {
  if (input.encoding_type && *input.encoding_type != "url") {
    co_return fail(invalid_argument("Invalid Encoding Method specified in Request"));
  }
  const bool encoded = input.encoding_type.has_value();
  const auto spell = [encoded](const std::string& text) { return encoded ? percent_encode_path(text) : text; };
  const std::string prefix = input.prefix.value_or("");
  const std::string delimiter = input.delimiter.value_or("");
  const auto max = static_cast<std::size_t>(std::clamp(input.max_uploads.value_or(kPageMax), 1, kPageMax));
  m::ListMultipartUploadsOutput out;
  out.bucket = input.bucket;
  out.prefix = spell(prefix);
  out.max_uploads = static_cast<std::int32_t>(max);
  out.is_truncated = false;
  out.encoding_type = input.encoding_type;
  out.uploads.emplace();
  const std::string key_marker = input.key_marker.value_or("");
  const std::string id_marker = input.upload_id_marker.value_or("");
  Result<> outcome;
  const auto visit = [&](std::string_view row_key, std::string_view value) {
    const auto name = parse_name(row_key);
    const auto row = identity::decode_row<UploadRow>(value);
    if (!name || !row) {
      outcome = fail(internal_error("a row of S3 cannot be read"));
      return false;
    }
    if (!key_marker.empty() && (name->key < key_marker || (name->key == key_marker && name->rest <= id_marker) ||
                                (name->key == key_marker && id_marker.empty()))) {
      return true;
    }
    const std::size_t cut = delimiter.empty() ? std::string::npos : name->key.find(delimiter, prefix.size());
    const std::string common = cut == std::string::npos ? "" : spell(name->key.substr(0, cut + delimiter.size()));
    if (!common.empty() && out.common_prefixes && out.common_prefixes->back().prefix == common) return true;
    if (out.uploads->size() + (out.common_prefixes ? out.common_prefixes->size() : 0) == max) {
      out.is_truncated = true;
      return false;
    }
    out.next_key_marker = spell(name->key);
    out.next_upload_id_marker = name->rest;
    if (!common.empty()) {
      if (!out.common_prefixes) out.common_prefixes.emplace();
      out.common_prefixes->push_back({.prefix = common});
      return true;
    }
    m::MultipartUpload one;
    one.key = spell(name->key);
    one.upload_id = name->rest;
    one.initiated = row->object.modified;
    one.storage_class = row->object.storage_class;
    out.uploads->push_back(std::move(one));
    return true;
  };
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    return reader.scan(partition_of(call.owner()), store::prefix_range(uploads_prefix(input.bucket, prefix)), visit);
  }));
  CO_TRY(std::move(outcome));
  if (!*out.is_truncated) out.next_key_marker = out.next_upload_id_marker = std::nullopt;
  co_return out;
}

}  // namespace

void bind_multipart(api::Registry& registry, Service& service) {
  registry.bind(m::ops::kCreateMultipartUpload, create);
  registry.bind(m::ops::kUploadPart,
                [&service](Call& call, m::UploadPartInput in) { return upload_part(call, service, std::move(in)); });
  registry.bind(m::ops::kUploadPartCopy, [&service](Call& call, m::UploadPartCopyInput in) {
    return upload_part_copy(call, service, std::move(in));
  });
  registry.bind(m::ops::kCompleteMultipartUpload, [&service](Call& call, m::CompleteMultipartUploadInput in) {
    return complete(call, service, std::move(in));
  });
  registry.bind(m::ops::kAbortMultipartUpload, [&service](Call& call, m::AbortMultipartUploadInput in) {
    return abort_upload(call, service, std::move(in));
  });
  registry.bind(m::ops::kListParts, list_parts);
  registry.bind(m::ops::kListMultipartUploads, list_uploads);
}

}  // namespace warifu::services::s3
