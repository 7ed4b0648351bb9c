#include <algorithm>

#include "base/encoding.h"
#include "services/s3/errors.h"
#include "services/s3/handlers.h"
#include "services/s3/objects.h"
#include "store/keys.h"

namespace warifu::services::s3 {
namespace {

using api::Call;

constexpr std::int32_t kKeysMax = 1000;

/// What a listing asks for, and where it goes on.
struct Query {
  std::string bucket, prefix, delimiter;
  std::string after;  // only what comes later, keys and common prefixes alike
  std::size_t max = 0;
  bool versions = false;            // every version, markers too
  std::optional<std::string> from;  // of versions: the row that the last page ended with
};

struct Item {
  std::string key;
  ObjectRow row;
  bool latest = false;
};

struct Listing {
  std::vector<Item> items;
  std::vector<std::string> prefixes;
  bool truncated = false;
  std::string last;          // key or common prefix that came last
  std::string last_version;  // of versions: its id; empty: a common prefix came last
};

/// Walks the rows of a bucket in key order. Whole common prefixes and known keys are jumped over: the cost follows what
/// is shown, not what lies beneath it.
class Walk {
 public:
  Walk(store::Reader& reader, const AccountId& owner, const Query& query)
      : reader_(reader), owner_(owner), query_(query) {}

  Result<Listing> run() {
    const std::string all = objects_prefix(query_.bucket, query_.prefix);
    const std::string end = store::prefix_end(all);
    // The row that a marker names may lie before the prefix, which is all that the caller may see.
    at_ = query_.from ? std::max(*query_.from + '\0', all) : all;
    if (!query_.from && !query_.after.empty()) {
      at_ = std::max(at_, store::prefix_end(object_prefix(query_.bucket, query_.after)));
    }
    if (query_.from) current_ = query_.after;
    while (!at_.empty() && at_ < end) {
      jump_.clear();
      Result<> outcome;
      TRY(reader_.scan(partition_of(owner_), {.begin = at_, .end = end},
                       [&](std::string_view key, std::string_view value) { return visit(key, value, outcome); }));
      if (!outcome) return fail(outcome.error());
      if (jump_.empty()) break;
      at_ = jump_;
    }
    return std::move(out_);
  }

 private:
  bool visit(std::string_view row_key, std::string_view value, Result<>& outcome) {
    auto name = parse_name(row_key);
    auto row = identity::decode_row<ObjectRow>(value);
    if (!name || !row) {
      outcome = fail(internal_error("a row of S3 cannot be read"));
      return false;
    }
    const bool latest = current_ != name->key;
    current_ = name->key;
    if (!query_.versions && (!latest || row->marker)) return true;
    if (const auto common = common_prefix(name->key)) return roll_up(*common);
    if (full()) return false;
    out_.last = name->key;
    out_.last_version = row->version_id;
    out_.items.push_back({.key = std::move(name->key), .row = std::move(*row), .latest = latest});
    return true;
  }

  /// Nothing beneath it needs to be looked at.
  bool roll_up(const std::string& common) {
    jump_ = store::prefix_end(objects_prefix(query_.bucket, common));
    if (common <= query_.after) return false;
    if (full()) {
      jump_.clear();
      return false;
    }
    out_.prefixes.push_back(common);
    out_.last = common;
    out_.last_version.clear();
    return false;
  }

  std::optional<std::string> common_prefix(const std::string& key) const {
    if (query_.delimiter.empty()) return std::nullopt;
    const std::size_t found = key.find(query_.delimiter, query_.prefix.size());
    if (found == std::string::npos) return std::nullopt;
    return key.substr(0, found + query_.delimiter.size());
  }

  bool full() {
    out_.truncated = out_.items.size() + out_.prefixes.size() >= query_.max;
    return out_.truncated;
  }

  store::Reader& reader_;
  const AccountId& owner_;
  const Query& query_;
  Listing out_;
  std::string at_, jump_;
  std::optional<std::string> current_;
};

/// Keys may hold what XML cannot: then clients ask for them percent-encoded.
class Spelling {
 public:
  static Result<Spelling> of(const std::optional<std::string>& encoding) {
    if (encoding && *encoding != "url") return fail(invalid_argument("Invalid Encoding Method specified in Request"));
    return Spelling(encoding.has_value());
  }
  [[nodiscard]] std::string operator()(const std::string& text) const {
    return encoded_ ? percent_encode_path(text) : text;
  }
  [[nodiscard]] std::optional<std::string> operator()(const std::optional<std::string>& text) const {
    return text ? std::optional((*this)(*text)) : std::nullopt;
  }

 private:
  explicit Spelling(bool encoded) : encoded_(encoded) {}
  bool encoded_;
};

Result<std::size_t> page_size(const std::optional<std::int32_t>& max) {
  if (max && *max < 0) return fail(invalid_argument("Argument maxKeys must be an integer between 0 and 2147483647"));
  return static_cast<std::size_t>(std::min(max.value_or(kKeysMax), kKeysMax));
}

template <class Input>
Result<Listing> listed(const Call& call, const Input& input, const Query& query) {
  return call.db().read([&](store::Reader& reader) -> Result<Listing> {
    TRY(require_bucket(reader, call.owner(), input.bucket, input.expected_bucket_owner));
    if (query.max == 0) return Listing{};
    return Walk(reader, call.owner(), query).run();
  });
}

m::Owner owner_of_bucket(const Call& call) {
  m::Owner owner;
  owner.id = canonical_id(call.owner());
  return owner;
}

m::Object object_of(const Item& item, const Spelling& spell) {
  m::Object out;
  out.key = spell(item.key);
  out.last_modified = item.row.modified;
  out.e_tag = etag_text(item.row.etag);
  out.size = item.row.size;
  out.storage_class = item.row.storage_class;
  if (!item.row.checksum_kind.empty()) {
    out.checksum_algorithm = std::vector{item.row.checksum_kind};
    out.checksum_type = item.row.checksum_type;
  }
  return out;
}

template <class Output>
void set_common(Output& out, const Listing& listing, const Spelling& spell) {
  out.is_truncated = listing.truncated;
  if (listing.prefixes.empty()) return;
  out.common_prefixes.emplace();
  for (const std::string& prefix : listing.prefixes) out.common_prefixes->push_back({.prefix = spell(prefix)});
}

template <class Output, class Input>
void echo(Output& out, const Input& input, const Spelling& spell) {
  out.name = input.bucket;
  out.prefix = spell(input.prefix.value_or(""));
  out.delimiter = spell(input.delimiter);
  out.max_keys = std::min(input.max_keys.value_or(kKeysMax), kKeysMax);
  out.encoding_type = input.encoding_type;
}

Task<Result<m::ListObjectsOutput>> list_objects(Call& call, m::ListObjectsInput input) {
  const Spelling spell = CO_TRY(Spelling::of(input.encoding_type));
  const Query query{.bucket = input.bucket,
                    .prefix = input.prefix.value_or(""),
                    .delimiter = input.delimiter.value_or(""),
                    .after = input.marker.value_or(""),
                    .max = CO_TRY(page_size(input.max_keys)),
                    .from = {}};
  const Listing listing = CO_TRY(listed(call, input, query));
  m::ListObjectsOutput out;
  echo(out, input, spell);
  set_common(out, listing, spell);
  out.marker = spell(input.marker.value_or(""));
  out.contents.emplace();
  for (const Item& item : listing.items) {
    out.contents->push_back(object_of(item, spell));
    out.contents->back().owner = owner_of_bucket(call);
  }
  if (listing.truncated && !query.delimiter.empty()) out.next_marker = spell(listing.last);
  co_return out;
}

Task<Result<m::ListObjectsV2Output>> list_objects_v2(Call& call, m::ListObjectsV2Input input) {
  const Spelling spell = CO_TRY(Spelling::of(input.encoding_type));
  Query query{.bucket = input.bucket,
              .prefix = input.prefix.value_or(""),
              .delimiter = input.delimiter.value_or(""),
              .after = input.start_after.value_or(""),
              .max = CO_TRY(page_size(input.max_keys)),
              .from = {}};
  if (input.continuation_token) {
    auto position = call.page_position(*input.continuation_token);
    if (!position) co_return fail(invalid_argument("The continuation token provided is incorrect"));
    query.after = std::move(*position);
  }
  const Listing listing = CO_TRY(listed(call, input, query));
  m::ListObjectsV2Output out;
  echo(out, input, spell);
  set_common(out, listing, spell);
  out.key_count = static_cast<std::int32_t>(listing.items.size() + listing.prefixes.size());
  out.contents.emplace();
  for (const Item& item : listing.items) {
    out.contents->push_back(object_of(item, spell));
    if (input.fetch_owner.value_or(false)) out.contents->back().owner = owner_of_bucket(call);
  }
  out.start_after = spell(input.start_after);
  out.continuation_token = input.continuation_token;
  if (listing.truncated) out.next_continuation_token = call.page_token(listing.last);
  co_return out;
}

template <class Entry>
Entry entry_of(const Call& call, const Item& item, const Spelling& spell) {
  Entry out;
  out.key = spell(item.key);
  out.version_id = item.row.version_id;
  out.is_latest = item.latest;
  out.last_modified = item.row.modified;
  out.owner = owner_of_bucket(call);
  return out;
}

/// Of a page that ended within a key: the row of the version that it ended with.
Result<std::optional<std::string>> row_after(const Call& call, const m::ListObjectVersionsInput& input) {
  if (!input.version_id_marker || input.version_id_marker->empty()) return std::nullopt;
  if (!input.key_marker) {
    return fail(invalid_argument("A version-id marker cannot be specified without a key marker."));
  }
  return call.db().read([&](store::Reader& reader) -> Result<std::optional<std::string>> {
    const auto found =
        TRY(find_version(reader, call.owner(), input.bucket, *input.key_marker, input.version_id_marker));
    return found ? std::optional(found->row_key) : std::nullopt;
  });
}

Task<Result<m::ListObjectVersionsOutput>> list_versions(Call& call, m::ListObjectVersionsInput input) {
  const Spelling spell = CO_TRY(Spelling::of(input.encoding_type));
  const Query query{.bucket = input.bucket,
                    .prefix = input.prefix.value_or(""),
                    .delimiter = input.delimiter.value_or(""),
                    .after = input.key_marker.value_or(""),
                    .max = CO_TRY(page_size(input.max_keys)),
                    .versions = true,
                    .from = CO_TRY(row_after(call, input))};
  const Listing listing = CO_TRY(listed(call, input, query));
  m::ListObjectVersionsOutput out;
  echo(out, input, spell);
  set_common(out, listing, spell);
  out.key_marker = spell(input.key_marker.value_or(""));
  out.version_id_marker = input.version_id_marker.value_or("");
  out.versions.emplace();
  out.delete_markers.emplace();
  for (const Item& item : listing.items) {
    if (item.row.marker) {
      out.delete_markers->push_back(entry_of<m::DeleteMarkerEntry>(call, item, spell));
      continue;
    }
    m::ObjectVersion version = entry_of<m::ObjectVersion>(call, item, spell);
    version.e_tag = etag_text(item.row.etag);
    version.size = item.row.size;
    version.storage_class = item.row.storage_class;
    out.versions->push_back(std::move(version));
  }
  if (listing.truncated) {
    out.next_key_marker = spell(listing.last);
    if (!listing.last_version.empty()) out.next_version_id_marker = listing.last_version;
  }
  co_return out;
}

}  // namespace

void bind_listings(api::Registry& registry) {
  registry.bind(m::ops::kListObjects, list_objects);
  registry.bind(m::ops::kListObjectsV2, list_objects_v2);
  registry.bind(m::ops::kListObjectVersions, list_versions);
}

}  // namespace warifu::services::s3
