#include "services/memory/actors.h"

#include "base/check.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/sessions.h"

namespace warifu::services::memory::actors {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kChunk = 64;

/// Up to kChunk names after `after`, which is advanced; none at the end.
Result<std::vector<std::string>> next_chunk(store::Reader& reader, const store::Partition& partition,
                                            std::string& after) {
  store::Range range = store::prefix_range(keys::actors());
  if (!after.empty()) range.begin = keys::actor(after) + '\0';
  std::vector<std::string> chunk;
  bool damaged = false;
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view) {
    std::optional<std::string> name = keys::last_name(key, keys::actors());
    damaged = !name;
    if (name) chunk.push_back(*std::move(name));
    return !damaged && chunk.size() < kChunk;
  }));
  if (damaged) return fail(bad_row("actor"));
  if (!chunk.empty()) after = chunk.back();
  return chunk;
}

}  // namespace

Result<> ensure(store::Txn& txn, const store::Partition& partition, std::string_view actor, Timestamp now) {
  const std::string key = keys::actor(actor);
  const std::optional<std::string> row = TRY(txn.get(partition, key));
  if (row) return {};
  std::string bytes;
  append_number(bytes, kFormat);
  append_number(bytes, static_cast<std::uint64_t>(now.ms));
  return txn.put(partition, key, bytes);
}

Result<Page> list(store::Reader& reader, const store::Partition& partition, std::string_view after, std::size_t limit,
                  Timestamp now) {
  CHECK(limit > 0, "a page holds an actor at least");
  Page page;
  std::string cursor(after);
  for (;;) {
    const std::vector<std::string> chunk = TRY(next_chunk(reader, partition, cursor));
    for (const std::string& actor : chunk) {
      const sessions::Page shown = TRY(sessions::list(reader, partition, actor, "", 1, false, now));
      if (shown.sessions.empty()) continue;
      page.more = page.actors.size() == limit;
      if (page.more) return page;
      page.actors.push_back(actor);
    }
    if (chunk.size() < kChunk) return page;
  }
}

}  // namespace warifu::services::memory::actors
