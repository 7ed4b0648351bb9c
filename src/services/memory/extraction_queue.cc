#include "services/memory/extraction_queue.h"

#include "crypto/hash.h"
#include "records/record.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "store/keys.h"

namespace warifu::services::memory::queue {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::string_view kEntries = "q";
constexpr std::string_view kFailed = "j";

std::string entries_of(SessionRef ref) {
  std::string key(kEntries);
  store::append_text(key, ref.actor);
  store::append_text(key, ref.session);
  return key;
}

/// One event may wait twice: once for all strategies, and once for each failed job that was started again.
std::string key_of(SessionRef ref, const Entry& entry) {
  std::string key = entries_of(ref);
  store::append_u64(key, static_cast<std::uint64_t>(entry.created.ms));
  store::append_text(key, entry.event_id);
  key += entry.job_id;
  return key;
}

std::string failed_key(std::string_view id) { return std::string(kFailed).append(id); }

std::string encode(const Entry& entry) {
  std::string row;
  append_number(row, kFormat);
  append_text(row, entry.strategy_id);
  row += entry.ingested;
  return row;
}

/// `key` begins after what `entries_of` wrote.
Result<Entry> decode(std::string_view key, std::string_view row) {
  Entry entry;
  const auto created = store::take_u64(key);
  auto event_id = store::take_text(key);
  ByteReader reader(row);
  const auto format = reader.number<std::uint8_t>();
  entry.strategy_id = reader.text();
  if (!created || !event_id || !reader.ok() || format != kFormat) return fail(bad_row("extraction entry"));
  entry.created = {static_cast<std::int64_t>(*created)};
  entry.event_id = *std::move(event_id);
  entry.job_id = key;
  entry.ingested = reader.rest();
  return entry;
}

std::string encode_failed(const FailedJob& job) {
  std::string row;
  append_number(row, kFormat);
  append_text(row, job.session.actor);
  append_text(row, job.session.session);
  append_text(row, job.strategy_id);
  append_text(row, job.reason);
  append_number(row, static_cast<std::uint64_t>(job.failed.ms));
  append_number(row, static_cast<std::uint8_t>(job.restarted ? 1 : 0));
  append_number(row, static_cast<std::uint32_t>(job.messages.size()));
  for (const Message& message : job.messages) {
    append_text(row, message.event_id);
    append_number(row, message.index);
  }
  for (const Entry& entry : job.entries) {
    append_number(row, static_cast<std::uint64_t>(entry.created.ms));
    append_text(row, entry.event_id);
    append_number(row, static_cast<std::uint32_t>(entry.ingested.size()));
    row += entry.ingested;
  }
  return row;
}

Result<FailedJob> decode_failed(std::string_view key, std::string_view row) {
  ByteReader reader(row);
  const auto format = reader.number<std::uint8_t>();
  FailedJob job{.id = std::string(key.substr(kFailed.size()))};
  job.session.actor = reader.text();
  job.session.session = reader.text();
  job.strategy_id = reader.text();
  job.reason = reader.text();
  job.failed = {static_cast<std::int64_t>(reader.number<std::uint64_t>())};
  job.restarted = reader.number<std::uint8_t>() != 0;
  for (auto left = reader.number<std::uint32_t>(); left > 0 && reader.ok(); --left) {
    Message& message = job.messages.emplace_back();
    message.event_id = reader.text();
    message.index = reader.number<std::uint16_t>();
  }
  while (reader.ok() && !reader.rest().empty()) {
    Entry entry{.created = {static_cast<std::int64_t>(reader.number<std::uint64_t>())}};
    entry.event_id = reader.text();
    entry.strategy_id = job.strategy_id;
    entry.job_id = job.id;
    entry.ingested = reader.bytes(reader.number<std::uint32_t>());
    job.entries.push_back(std::move(entry));
  }
  if (!reader.ok() || format != kFormat) return fail(bad_row("failed job"));
  return job;
}

/// Visits rows until `visit` says false or fails.
Result<> each(store::Reader& reader, const store::Partition& partition, const store::Range& range,
              const std::function<Result<bool>(std::string_view, std::string_view)>& visit) {
  Result<> damage;
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view row) {
    const Result<bool> more = visit(key, row);
    if (!more) damage = fail(more.error());
    return more && *more;
  }));
  return damage;
}

}  // namespace

std::string job_id(std::string_view seed) {
  constexpr std::string_view kRecordPrefix = "mem-";
  const crypto::Sha256 digest = crypto::sha256(seed);
  return records::RecordId::derived(std::as_bytes(std::span(digest))).str().substr(kRecordPrefix.size());
}

Result<> put(store::Txn& txn, const store::Partition& partition, SessionRef ref, const Entry& entry) {
  return txn.put(partition, key_of(ref, entry), encode(entry));
}

Result<> erase(store::Txn& txn, const store::Partition& partition, SessionRef ref, const Entry& entry) {
  return txn.erase(partition, key_of(ref, entry));
}

Result<bool> waits(store::Reader& reader, const store::Partition& partition, SessionRef ref, const Entry& entry) {
  const std::optional<std::string> row = TRY(reader.get(partition, key_of(ref, entry)));
  return row.has_value();
}

Result<std::vector<Entry>> list(store::Reader& reader, const store::Partition& partition, SessionRef ref,
                                std::size_t limit, std::size_t bytes) {
  const std::string prefix = entries_of(ref);
  std::vector<Entry> found;
  std::size_t held = 0;
  if (limit == 0) return found;
  TRY(each(reader, partition, store::prefix_range(prefix),
           [&](std::string_view key, std::string_view row) -> Result<bool> {
             found.push_back(TRY(decode(key.substr(prefix.size()), row)));
             held += found.back().ingested.size();
             return found.size() < limit && held < bytes;
           }));
  return found;
}

Result<std::vector<Session>> sessions(store::Reader& reader, const store::Partition& partition,
                                      const std::optional<Session>& after, std::size_t limit) {
  store::Range range = store::prefix_range(kEntries);
  if (after) range.begin = store::prefix_end(entries_of(after->ref()));
  std::vector<Session> found;
  // One row of each: the next scan begins past the session that this one found.
  while (found.size() < limit) {
    std::optional<Session> next;
    TRY(each(reader, partition, range, [&](std::string_view key, std::string_view) -> Result<bool> {
      key.remove_prefix(kEntries.size());
      auto actor = store::take_text(key);
      auto session = store::take_text(key);
      if (!actor || !session) return fail(bad_row("extraction entry"));
      next = Session{.actor = *std::move(actor), .session = *std::move(session)};
      return false;
    }));
    if (!next) break;
    range.begin = store::prefix_end(entries_of(next->ref()));
    found.push_back(*std::move(next));
  }
  return found;
}

Result<> put_failed(store::Txn& txn, const store::Partition& partition, const FailedJob& job) {
  return txn.put(partition, failed_key(job.id), encode_failed(job));
}

Result<std::optional<FailedJob>> find_failed(store::Reader& reader, const store::Partition& partition,
                                             std::string_view id) {
  const std::string key = failed_key(id);
  const std::optional<std::string> row = TRY(reader.get(partition, key));
  if (!row) return std::optional<FailedJob>();
  return TRY(decode_failed(key, *row));
}

Result<> erase_failed(store::Txn& txn, const store::Partition& partition, std::string_view id) {
  return txn.erase(partition, failed_key(id));
}

Result<std::vector<FailedJob>> list_failed(store::Reader& reader, const store::Partition& partition,
                                           std::string_view after, std::size_t limit) {
  store::Range range = store::prefix_range(kFailed);
  if (!after.empty()) range.begin = failed_key(after) + '\0';
  std::vector<FailedJob> found;
  if (limit == 0) return found;
  TRY(each(reader, partition, range, [&](std::string_view key, std::string_view row) -> Result<bool> {
    found.push_back(TRY(decode_failed(key, row)));
    return found.size() < limit;
  }));
  return found;
}

}  // namespace warifu::services::memory::queue
