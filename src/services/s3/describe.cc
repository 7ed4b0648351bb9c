#include <algorithm>
#include <array>

#include "base/encoding.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"

namespace warifu::services::s3 {
namespace {

constexpr std::array<std::string_view, 6> kClasses = {
    "STANDARD", "REDUCED_REDUNDANCY", "STANDARD_IA", "INTELLIGENT_TIERING", "ONEZONE_IA", "GLACIER_IR"};

void note(ObjectRow& row, std::string_view name, const std::optional<std::string>& value) {
  if (!value) return;
  row.headers.emplace_back(name);
  row.headers.push_back(*value);
}

/// Content-Encoding without what the upload itself was framed with.
std::optional<std::string> own_encoding(const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  std::string out;
  for (std::string_view rest = *value; !rest.empty();) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == "aws-chunked" || one.empty()) continue;
    out.append(out.empty() ? "" : ",").append(one);
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

Result<> check_encryption(const std::optional<std::string>& algorithm) {
  if (!algorithm || *algorithm == "AES256") return {};
  if (algorithm->starts_with("aws:kms")) return fail(not_done("server-side encryption with KMS keys (SSE-KMS)"));
  return fail(s3_error("InvalidEncryptionAlgorithmError", "The encryption request that you specified is not valid."));
}

Result<> check_acl(const std::optional<std::string>& acl) {
  if (!acl || *acl == "private" || *acl == "bucket-owner-full-control") return {};
  return fail(s3_error("AccessControlListNotSupported", "The bucket does not allow ACLs"));
}

}  // namespace

template <class Input>
Result<ObjectRow> described(const Input& input) {
  ObjectRow row;
  TRY(check_key(input.key));
  TRY(check_encryption(input.server_side_encryption));
  TRY(check_acl(input.acl));
  if (input.grant_full_control || input.grant_read || input.grant_read_acp || input.grant_write_acp) {
    return fail(s3_error("AccessControlListNotSupported", "The bucket does not allow ACLs"));
  }
  if (input.sse_customer_algorithm || input.sse_customer_key) {
    return fail(not_done("server-side encryption with customer-provided keys (SSE-C)"));
  }
  if (input.object_lock_mode || input.object_lock_legal_hold_status) return fail(not_done("object lock"));
  if (input.storage_class) {
    if (std::ranges::find(kClasses, *input.storage_class) == kClasses.end()) {
      return fail(s3_error("InvalidStorageClass", "The storage class you specified is not valid"));
    }
    row.storage_class = *input.storage_class;
  }
  note(row, "Cache-Control", input.cache_control);
  note(row, "Content-Disposition", input.content_disposition);
  note(row, "Content-Encoding", own_encoding(input.content_encoding));
  note(row, "Content-Language", input.content_language);
  note(row, "Content-Type", input.content_type ? input.content_type : "binary/octet-stream");
  note(row, "Expires", input.expires);
  note(row, "x-amz-website-redirect-location", input.website_redirect_location);
  std::size_t bytes = 0;
  if (input.metadata) {
    for (const auto& [name, value] : *input.metadata) {
      bytes += name.size() + value.size();
      row.metadata.push_back(to_lower(name));
      row.metadata.push_back(value);
    }
  }
  if (bytes > kMetadataBytesMax) {
    return fail(s3_error("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size"));
  }
  row.tags = TRY(parse_tagging(input.tagging));
  return row;
}

template Result<ObjectRow> described(const m::PutObjectInput& input);
template Result<ObjectRow> described(const m::CopyObjectInput& input);
template Result<ObjectRow> described(const m::CreateMultipartUploadInput& input);

}  // namespace warifu::services::s3
