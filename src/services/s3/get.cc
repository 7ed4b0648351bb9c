#include <algorithm>
#include <charconv>

#include "services/s3/body.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"

namespace warifu::services::s3 {
namespace {

constexpr int kTriesMax = 3;  // an object may be replaced between its row and its file

/// What of an object is asked for.
struct Window {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  bool partial = false;
  std::optional<std::int32_t> parts;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// One range of RFC 9110 §14.1.2; what is none, or several, is passed over: the whole is answered.
Result<Window> ranged(std::uint64_t size, std::string_view text) {
  const Window whole{.offset = 0, .size = size};
  constexpr std::string_view kUnit = "bytes=";
  if (!text.starts_with(kUnit)) return whole;
  text.remove_prefix(kUnit.size());
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos || text.find(',') != std::string_view::npos) return whole;
  const auto first = number(text.substr(0, dash));
  const auto last = number(text.substr(dash + 1));
  if ((!first && dash > 0) || (!last && dash + 1 < text.size()) || (!first && !last)) return whole;
  if (first && last && *last < *first) return whole;
  const auto unsatisfied = [&] {
    Error error = s3_error("InvalidRange", "The requested range is not satisfiable");
    error.fields.push_back({.name = "ActualObjectSize", .message = std::to_string(size)});
    return fail(std::move(error));
  };
  if (!first) {
    if (*last == 0 || size == 0) return unsatisfied();
    const std::uint64_t tail = std::min(*last, size);
    return Window{.offset = size - tail, .size = tail, .partial = true};
  }
  if (*first >= size) return unsatisfied();
  const std::uint64_t end = last ? std::min(*last + 1, size) : size;
  return Window{.offset = *first, .size = end - *first, .partial = true};
}

Result<Window> part_window(store::Reader& reader, const AccountId& owner, const ObjectRow& row, std::int32_t wanted) {
  const auto size = static_cast<std::uint64_t>(row.size);
  if (wanted < 1) return fail(invalid_argument("Part number must be an integer between 1 and 10000, inclusive"));
  const auto missing = s3_error("InvalidRange", "The requested partnumber is not satisfiable");
  if (row.parts_of.empty()) {
    if (wanted != 1) return fail(missing);
    return Window{.offset = 0, .size = size, .partial = size > 0};
  }
  const auto parts = TRY(parts_of(reader, owner, row.parts_of));
  std::uint64_t offset = 0;
  std::int32_t place = 0;
  for (const auto& [number, part] : parts) {
    const auto bytes = static_cast<std::uint64_t>(part.blob.size);
    if (++place == wanted) {
      return Window{.offset = offset, .size = bytes, .partial = true, .parts = static_cast<std::int32_t>(row.parts)};
    }
    offset += bytes;
  }
  return fail(missing);
}

template <class Input>
Result<> check_read(const Input& input, const ObjectRow& row) {
  const std::int64_t modified = row.modified.seconds();
  if (input.if_match && !names_etag(*input.if_match, row.etag)) return fail(precondition_failed("If-Match"));
  if (!input.if_match && input.if_unmodified_since && modified > input.if_unmodified_since->seconds()) {
    return fail(precondition_failed("If-Unmodified-Since"));
  }
  const bool same = input.if_none_match && names_etag(*input.if_none_match, row.etag);
  const bool unmodified =
      !input.if_none_match && input.if_modified_since && modified <= input.if_modified_since->seconds();
  if (same || unmodified) return fail(s3_error("NotModified", "Not Modified"));
  return {};
}

template <class Input>
Result<Window> window_of(store::Reader& reader, const AccountId& owner, const ObjectRow& row, const Input& input) {
  if (input.range && input.part_number) {
    return fail(s3_error("InvalidRequest", "Cannot specify both Range header and partNumber query parameter."));
  }
  if (input.part_number) return part_window(reader, owner, row, *input.part_number);
  const auto size = static_cast<std::uint64_t>(row.size);
  return input.range ? ranged(size, *input.range) : Window{.offset = 0, .size = size};
}

template <class Output>
void set_headers(Output& out, const ObjectRow& row) {
  for (std::size_t i = 0; i + 1 < row.headers.size(); i += 2) {
    const std::string& name = row.headers[i];
    const std::string& value = row.headers[i + 1];
    if (name == "Cache-Control") out.cache_control = value;
    if (name == "Content-Disposition") out.content_disposition = value;
    if (name == "Content-Encoding") out.content_encoding = value;
    if (name == "Content-Language") out.content_language = value;
    if (name == "Content-Type") out.content_type = value;
    if (name == "Expires") out.expires = value;
    if (name == "x-amz-website-redirect-location") out.website_redirect_location = value;
  }
  if (row.metadata.empty()) return;
  out.metadata.emplace();
  for (std::size_t i = 0; i + 1 < row.metadata.size(); i += 2) (*out.metadata)[row.metadata[i]] = row.metadata[i + 1];
}

template <class Output, class Input>
Output answer_of(const Input& input, const ObjectRow& row, const Window& window) {
  Output out;
  set_headers(out, row);
  if (input.response_cache_control) out.cache_control = input.response_cache_control;
  if (input.response_content_disposition) out.content_disposition = input.response_content_disposition;
  if (input.response_content_encoding) out.content_encoding = input.response_content_encoding;
  if (input.response_content_language) out.content_language = input.response_content_language;
  if (input.response_content_type) out.content_type = input.response_content_type;
  out.accept_ranges = "bytes";
  out.last_modified = row.modified;
  out.content_length = static_cast<std::int64_t>(window.size);
  out.e_tag = etag_text(row.etag);
  out.server_side_encryption = "AES256";
  if (row.version_id != "null") out.version_id = row.version_id;
  if (row.storage_class != "STANDARD") out.storage_class = row.storage_class;
  if (!row.tags.empty()) out.tag_count = static_cast<std::int32_t>(row.tags.size());
  if (window.parts) out.parts_count = window.parts;
  if (window.partial) {
    out.content_range = "bytes " + std::to_string(window.offset) + "-" +
                        std::to_string(window.offset + window.size - 1) + "/" + std::to_string(row.size);
  }
  // Of a part of an object its checksum says nothing.
  if (input.checksum_mode == "ENABLED" && !window.partial) {
    set_checksum(out, row.checksum_kind, row.checksum);
    out.checksum_type = row.checksum_type;
  }
  return out;
}

struct Found {
  ObjectRow row;
  Window window;
  std::vector<Segment> segments;
};

template <class Input>
Result<Found> find(const api::Call& call, const Input& input) {
  return call.db().read([&](store::Reader& reader) -> Result<Found> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    FoundVersion version = TRY(require_version(reader, call, call.owner(), input.bucket, input.key, input.version_id));
    const std::string_view action = input.version_id ? "s3:GetObjectVersion" : "s3:GetObject";
    TRY(check_tagged(reader, call, action, input.bucket, input.key, version.row));
    TRY(check_read(input, version.row));
    const Window window = TRY(window_of(reader, call.owner(), version.row, input));
    auto segments = TRY(segments_of(reader, call.owner(), version.row, window.offset, window.size));
    return Found{.row = std::move(version.row), .window = window, .segments = std::move(segments)};
  });
}

}  // namespace

Result<std::vector<Segment>> segments_of(store::Reader& reader, const AccountId& owner, const ObjectRow& row,
                                         std::uint64_t offset, std::uint64_t size) {
  std::vector<Segment> out;
  if (size == 0) return out;
  if (row.parts_of.empty()) {
    out.push_back({.blob = row.blob, .offset = offset, .size = size});
    return out;
  }
  auto parts = TRY(parts_of(reader, owner, row.parts_of));
  for (auto& [number, part] : parts) {
    const auto bytes = static_cast<std::uint64_t>(part.blob.size);
    if (offset < bytes && size > 0) {
      const std::uint64_t take = std::min(size, bytes - offset);
      out.push_back({.blob = std::move(part.blob), .offset = offset, .size = take});
      size -= take;
      offset = 0;
    } else if (size > 0) {
      offset -= bytes;
    }
  }
  if (size > 0) return fail(internal_error("an object lacks a part"));
  return out;
}

Task<Result<api::Download<m::GetObjectOutput>>> get_object(api::Call& call, Service& service, m::GetObjectInput input) {
  for (int i = 0; i < kTriesMax; ++i) {
    Found found = CO_TRY(find(call, input));
    auto bytes = CO_TRY(co_await open_segments(service, call.owner(), std::move(found.segments)));
    if (!bytes) continue;
    api::Download<m::GetObjectOutput> out;
    out.output = answer_of<m::GetObjectOutput>(input, found.row, found.window);
    out.bytes = std::move(bytes);
    out.size = found.window.size;
    out.status = found.window.partial ? 206 : 200;
    co_return out;
  }
  co_return fail(s3_error("OperationAborted", "The object is being replaced", ErrorCode::kConflict));
}

Task<Result<m::HeadObjectOutput>> head_object(api::Call& call, m::HeadObjectInput input) {
  const Found found = CO_TRY(find(call, input));
  co_return answer_of<m::HeadObjectOutput>(input, found.row, found.window);
}

}  // namespace warifu::services::s3
