#include "services/memory/event_rows.h"

#include <algorithm>

#include "base/check.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"

namespace warifu::services::memory {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kStampFlagsAt = 1;
constexpr std::size_t kExpiresAt = 10;
constexpr std::size_t kContentAt = 34;
constexpr std::size_t kRootAt = kContentAt + 1;

constexpr std::uint8_t kTokenRow = 1;
constexpr std::uint8_t kSkipExtraction = 1;
constexpr std::uint8_t kBranched = 2;

void append_pairs(std::string& out, const NamedValues& pairs) {
  CHECK(pairs.size() <= UINT8_MAX, "the model bounds the maps of an event");
  append_number(out, static_cast<std::uint8_t>(pairs.size()));
  for (const auto& [key, value] : pairs) {
    append_text(out, key);
    append_text(out, value);
  }
}

std::string_view read_pairs(ByteReader& reader) {
  const std::string_view before = reader.rest();
  const auto count = reader.number<std::uint8_t>();
  for (std::uint8_t i = 0; i < 2 * count && reader.ok(); ++i) (void)reader.text();
  return before.substr(0, before.size() - reader.rest().size());
}

}  // namespace

std::string encode_event(Timestamp created, const TokenDigest& token, const EventContent& content) {
  std::string row;
  row.reserve(content.payload.size() + 256);
  append_number(row, kFormat);
  append_number(row, std::uint8_t{0});
  append_number(row, static_cast<std::uint64_t>(created.ms));
  append_number(row, std::uint64_t{0});
  row.append(token.data(), token.size());

  const auto flags =
      static_cast<std::uint8_t>((content.skip_extraction ? kSkipExtraction : 0) | (content.branch ? kBranched : 0));
  append_number(row, flags);
  if (content.branch) {
    std::string root = content.branch->root_event_id;
    CHECK(root.empty() || root.size() == EventId::kSize, "a root is an event id");
    root.resize(EventId::kSize, '0');
    row += root;
    append_text(row, content.branch->name);
  }
  append_pairs(row, content.metadata);
  append_pairs(row, content.namespace_variables);
  row += content.payload;
  return row;
}

void set_expires(std::string& row, Timestamp expires) {
  CHECK(row.size() > kContentAt);
  std::string bytes;
  append_number(bytes, static_cast<std::uint64_t>(expires.ms));
  row.replace(kExpiresAt, bytes.size(), bytes);
}

void set_token_row(std::string& row, bool token_row) {
  CHECK(row.size() > kContentAt);
  row[kStampFlagsAt] = static_cast<char>(token_row ? kTokenRow : 0);
}

void set_root(std::string& row, std::string_view root_event_id) {
  CHECK(root_event_id.size() == EventId::kSize, "a root is an event id");
  CHECK(row.size() > kRootAt + EventId::kSize && (row[kContentAt] & kBranched) != 0, "the event is branched");
  row.replace(kRootAt, EventId::kSize, root_event_id);
}

Result<EventView> EventView::parse(std::string_view row) {
  ByteReader reader(row);
  if (reader.number<std::uint8_t>() != kFormat) return fail(bad_row("event"));
  EventView view;
  view.token_row = (reader.number<std::uint8_t>() & kTokenRow) != 0;
  view.created.ms = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  view.expires.ms = static_cast<std::int64_t>(reader.number<std::uint64_t>());
  view.token = reader.bytes(sizeof(TokenDigest));
  view.content = reader.rest();

  const auto flags = reader.number<std::uint8_t>();
  view.skip_extraction = (flags & kSkipExtraction) != 0;
  if ((flags & kBranched) != 0) {
    view.root_event_id = reader.bytes(EventId::kSize);
    view.branch = reader.text();
  }
  view.metadata = read_pairs(reader);
  view.namespace_variables = read_pairs(reader);
  view.payload = reader.rest();
  if (!reader.ok()) return fail(bad_row("event"));
  return view;
}

std::optional<std::string_view> EventView::find_metadata(std::string_view key) const {
  ByteReader reader(metadata);
  for (auto left = reader.number<std::uint8_t>(); left > 0; --left) {
    const std::string_view name = reader.text();
    const std::string_view value = reader.text();
    if (name == key) return value;
  }
  return std::nullopt;
}

void each_pair(std::string_view encoded, const std::function<void(std::string_view, std::string_view)>& visit) {
  ByteReader reader(encoded);
  for (auto left = reader.number<std::uint8_t>(); left > 0; --left) {
    const std::string_view key = reader.text();
    const std::string_view value = reader.text();
    visit(key, value);
  }
}

}  // namespace warifu::services::memory
