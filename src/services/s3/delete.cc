#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"
#include "wire/error_map.h"

namespace warifu::services::s3 {
namespace {

constexpr std::size_t kKeysMax = 1000;

struct Gone {
  std::optional<std::string> version_id;  // of what was erased, or of the marker that was made
  bool marker = false;
  std::vector<std::string> dropped;
};

Result<Gone> erase(store::Txn& txn, const AccountId& owner, const BucketRow& bucket_row, std::string_view bucket,
                   std::string_view key, const std::optional<std::string>& version_id, std::string_view fresh,
                   Timestamp now) {
  Gone gone;
  if (version_id) {
    gone.version_id = version_id;
    const auto found = TRY(find_version(txn, owner, bucket, key, version_id));
    if (!found) return gone;
    gone.marker = found->row.marker;
    TRY(erase_version(txn, owner, *found, gone.dropped));
    return gone;
  }
  if (bucket_row.versioning.empty()) {
    const auto found = TRY(find_version(txn, owner, bucket, key));
    if (found) TRY(erase_version(txn, owner, *found, gone.dropped));
    return gone;
  }
  ObjectRow marker;
  marker.marker = true;
  marker.modified = now;
  Written written = TRY(add_version(txn, owner, bucket_row, bucket, key, std::move(marker), fresh, now));
  gone.marker = true;
  gone.version_id = std::move(written.version_id);
  gone.dropped = std::move(written.dropped);
  return gone;
}

Task<Result<Gone>> erase_one(api::Call& call, Service& service, std::string bucket, std::string key,
                             std::optional<std::string> version_id, std::optional<std::string> if_match) {
  const AccountId owner = call.owner();
  const std::string fresh = fresh_id(call.random());
  const Timestamp now = call.now();
  Gone gone = CO_TRY(co_await call.db().write([=](store::Txn& txn) -> Result<Gone> {
    const BucketRow bucket_row = TRY(require_bucket(txn, owner, bucket));
    if (if_match) {
      const auto current = TRY(find_version(txn, owner, bucket, key, version_id));
      TRY(check_write({.if_match = if_match, .if_none_match = {}}, current, key));
    }
    return erase(txn, owner, bucket_row, bucket, key, version_id, fresh, now);
  }));
  service.blobs().remove(owner, gone.dropped);
  co_return gone;
}

m::Error refusal_of(const m::ObjectIdentifier& object, std::string_view code, std::string_view message) {
  m::Error error;
  error.key = object.key;
  error.version_id = object.version_id;
  error.code = code;
  error.message = message;
  return error;
}

m::DeletedObject deleted_of(const m::ObjectIdentifier& object, const Gone& gone) {
  m::DeletedObject out;
  out.key = object.key;
  out.version_id = object.version_id;
  if (gone.marker) {
    out.delete_marker = true;
    out.delete_marker_version_id = gone.version_id;
  }
  return out;
}

}  // namespace

Task<Result<m::DeleteObjectOutput>> delete_object(api::Call& call, Service& service, m::DeleteObjectInput input) {
  if (input.version_id && input.version_id->empty()) {
    co_return fail(invalid_argument("Version id cannot be the empty string"));
  }
  CO_TRY(check_key(input.key));
  CO_TRY(call.db().read([&](store::Reader& reader) {
    return require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner);
  }));
  const Gone gone =
      CO_TRY(co_await erase_one(call, service, input.bucket, input.key, input.version_id, input.if_match));
  m::DeleteObjectOutput out;
  out.version_id = gone.version_id;
  if (gone.marker) out.delete_marker = true;
  co_return out;
}

Task<Result<m::DeleteObjectsOutput>> delete_objects(api::Call& call, Service& service, m::DeleteObjectsInput input) {
  if (input.delete_.objects.empty() || input.delete_.objects.size() > kKeysMax) {
    co_return fail(s3_error("MalformedXML",
                            "The XML you provided was not well-formed or did not validate against our "
                            "published schema"));
  }
  const std::string arn = "arn:aws:s3:::" + input.bucket + "/";
  std::vector<bool> allowed;
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    bool any = false;
    for (const m::ObjectIdentifier& object : input.delete_.objects) {
      const bool version = object.version_id.has_value();
      const bool may = TRY(call.may(reader, version ? "s3:DeleteObjectVersion" : "s3:DeleteObject", arn + object.key,
                                    [&](policy::Context& context) {
                                      if (version) context.set("s3:VersionId", *object.version_id);
                                    }));
      allowed.push_back(may);
      any = any || may;
    }
    // Who may delete nothing here is not told whether the bucket is there.
    if (!any) return {};
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    return {};
  }));
  m::DeleteObjectsOutput out;
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    const m::ObjectIdentifier& object = input.delete_.objects[i];
    if (!allowed[i]) {
      if (!out.errors) out.errors.emplace();
      out.errors->push_back(refusal_of(object, "AccessDenied", "Access Denied"));
      continue;
    }
    const auto gone = co_await erase_one(call, service, input.bucket, object.key, object.version_id, object.e_tag);
    if (!gone) {
      if (!out.errors) out.errors.emplace();
      const auto mapped = wire::map_error(m::tables::kDeleteObjects.service, &m::tables::kDeleteObjects, gone.error());
      out.errors->push_back(refusal_of(object, mapped.name, gone.error().message));
    } else if (!input.delete_.quiet.value_or(false)) {
      if (!out.deleted) out.deleted.emplace();
      out.deleted->push_back(deleted_of(object, *gone));
    }
  }
  co_return out;
}

}  // namespace warifu::services::s3
