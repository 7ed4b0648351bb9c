#include <fmt/format.h>

#include <array>
#include <bit>
#include <charconv>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "records/namespaces.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/long_term.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/operations.h"
#include "services/memory/record_operations.h"
#include "services/memory/record_shapes.h"
#include "wire/stored.h"

namespace warifu::services::memory {
namespace {

/// Expired records that a listing must have passed over before it is worth a write to erase them.
constexpr std::size_t kWorthSweeping = 64;
constexpr std::int32_t kTopKDefault = 10;

/// A live record that lies in `name_space`, where the request names one.
Result<records::Record> require_record(store::Reader& reader, const memories::Target& target, const std::string& text,
                                       const std::optional<std::string>& name_space, Timestamp now) {
  TRY(states::require(reader, target.partition, target.id));
  const std::optional<records::RecordId> id = records::RecordId::parse(text);
  if (!id) return fail(record_not_found(text));
  std::optional<records::Record> record = TRY(records::find(reader, target.partition, *id));
  if (!record || !record->live(now)) return fail(record_not_found(text));
  if (name_space && records::normalise_namespace(*name_space) != record->name_space)
    return fail(record_not_found(text));
  return *std::move(record);
}

/// The memory's own row is long: it is read only where a filter must know the indexed keys.
Result<records::Conditions> read_conditions(store::Reader& reader, const memories::Target& target,
                                            const std::optional<record_shapes::Filters>& filters,
                                            std::string_view field) {
  TRY(states::require(reader, target.partition, target.id));
  if (!filters) return records::Conditions();
  const memories::Memory memory = TRY(memories::require(reader, target));
  return record_shapes::conditions_of(filters, memory, field);
}

std::size_t page_limit(const std::optional<std::int32_t>& max_results) {
  return static_cast<std::size_t>(max_results.value_or(static_cast<std::int32_t>(kPageDefault)));
}

/// Where a search goes on: behind a score and order, so many of its topK given. Of that very search only.
struct Place {
  std::string search;
  std::size_t given = 0;
  search::Position position;
};

std::string search_digest(m::RetrieveMemoryRecordsInput input) {
  input.next_token.reset();
  input.max_results.reset();
  const std::string text = wire::to_json(*m::tables::kRetrieveMemoryRecords.input, &input);
  const crypto::Sha256 digest =
      crypto::sha256(fmt::format("{}\n{}\n{}", input.namespace_.value_or(""), input.namespace_path.value_or(""), text));
  return hex_encode(std::span(digest).first(16));
}

std::string encode(const Place& place) {
  return fmt::format("{} {} {} {}", place.search, place.given, std::bit_cast<std::uint32_t>(place.position.score),
                     place.position.order);
}

Result<Place> decode_place(const std::string& text, const std::string& search) {
  std::array<std::uint64_t, 3> numbers{};
  std::string_view rest = text;
  bool ok = rest.starts_with(search);
  if (ok) rest.remove_prefix(search.size());
  for (std::uint64_t& number : numbers) {
    ok = ok && rest.starts_with(' ');
    if (!ok) break;
    rest.remove_prefix(1);
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    ok = error == std::errc();
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  if (!ok) return fail(invalid_field("nextToken", "invalid nextToken"));
  return Place{
      .search = search,
      .given = numbers[0],
      .position = {.score = std::bit_cast<float>(static_cast<std::uint32_t>(numbers[1])), .order = numbers[2]}};
}

}  // namespace

Task<Result<m::GetMemoryRecordOutput>> get_memory_record(api::Call& call, m::GetMemoryRecordInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const auto body = [&](store::Reader& reader) {
    return require_record(reader, target, input.memory_record_id, input.namespace_, call.now());
  };
  const records::Record record = CO_TRY(call.db().read(body));
  co_return m::GetMemoryRecordOutput{.memory_record = record_shapes::record_output(record)};
}

Task<Result<m::DeleteMemoryRecordOutput>> delete_memory_record(api::Call& call, m::DeleteMemoryRecordInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const auto body = [target, input = std::move(input),
                     now = call.now()](store::Txn& txn) -> Result<m::DeleteMemoryRecordOutput> {
    const records::Record record = TRY(require_record(txn, target, input.memory_record_id, input.namespace_, now));
    TRY(records::erase(txn, target.partition, record.id));
    return m::DeleteMemoryRecordOutput{.memory_record_id = record.id.str()};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::ListMemoryRecordsOutput>> list_memory_records(api::Call& call, LongTerm& long_term,
                                                             m::ListMemoryRecordsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const records::Scope scope =
      CO_TRY(record_shapes::scope_of(input.namespace_, input.namespace_path, input.memory_strategy_id));
  const std::string after = input.next_token ? CO_TRY(call.page_position(*input.next_token)) : std::string();
  auto read = [&db = call.db(), target, scope, after, filters = std::move(input.metadata_filters),
               limit = page_limit(input.max_results), now = call.now()] {
    return db.read([&](store::Reader& reader) -> Result<records::ListedPage> {
      const records::Conditions conditions = TRY(read_conditions(reader, target, filters, "metadataFilters"));
      return records::list(reader, target.partition, scope, conditions, after, limit, now);
    });
  };
  // A filter may look at many rows before it has a page.
  const bool may_be_long = input.metadata_filters.has_value();
  const records::ListedPage page = CO_TRY(may_be_long ? co_await on(long_term.pool(), std::move(read)) : read());

  m::ListMemoryRecordsOutput output;
  for (const records::Record& record : page.records) {
    output.memory_record_summaries.push_back(record_shapes::summary_output(record, std::nullopt));
  }
  if (!page.after.empty()) output.next_token = call.page_token(page.after);
  if (page.expired >= kWorthSweeping) {
    const auto sweep = [target, now = call.now()](store::Txn& txn) -> Result<> {
      TRY(states::require(txn, target.partition, target.id));
      TRY(records::erase_expired(txn, target.partition, now, kSweepRows));
      return {};
    };
    // The listing stands without it, so that a store that cannot write still reads.
    (void)co_await call.db().write(sweep);
  }
  co_return output;
}

Task<Result<m::RetrieveMemoryRecordsOutput>> retrieve_memory_records(api::Call& call, LongTerm& long_term,
                                                                     m::RetrieveMemoryRecordsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const m::SearchCriteria& criteria = input.search_criteria;
  const records::Scope scope =
      CO_TRY(record_shapes::scope_of(input.namespace_, input.namespace_path, criteria.memory_strategy_id));
  Place place;
  records::Request request{.scope = scope, .text = criteria.search_query, .now = call.now()};
  if (input.next_token) {
    const std::string text = CO_TRY(call.page_position(*input.next_token));
    place = CO_TRY(decode_place(text, search_digest(input)));
    request.after = place.position;
  }
  request.conditions = CO_TRY(call.db().read([&](store::Reader& reader) {
    return read_conditions(reader, target, criteria.metadata_filters, "searchCriteria.metadataFilters");
  }));
  const auto top_k = static_cast<std::size_t>(criteria.top_k.value_or(kTopKDefault));
  const std::size_t left = top_k - std::min(top_k, place.given);
  const std::size_t limit = std::min(page_limit(input.max_results), left);
  m::RetrieveMemoryRecordsOutput output;
  if (limit == 0) co_return output;
  // One more than the page, to know whether there is a next one.
  request.k = std::min(limit + 1, left);
  const std::vector<records::Found> found =
      CO_TRY(co_await long_term.search(call.db(), target.partition, std::move(request)));
  for (const records::Found& one : found) {
    if (output.memory_record_summaries.size() == limit) break;
    output.memory_record_summaries.push_back(record_shapes::summary_output(one.record, one.shown));
  }
  if (found.size() > limit) {
    const records::Found& last = found[limit - 1];
    place.search = search_digest(input);
    place.given += limit;
    place.position = {.score = last.score, .order = last.record.order};
    output.next_token = call.page_token(encode(place));
  }
  co_return output;
}

namespace {

Task<Result<m::DeleteMemoryOutput>> delete_memory_and_index(api::Call& call, LongTerm& long_term,
                                                            m::DeleteMemoryInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  m::DeleteMemoryOutput output = CO_TRY(co_await delete_memory(call, std::move(input)));
  long_term.index().drop(target.partition);
  co_return output;
}

/// A handler that takes the server's long-term memory beside its call.
template <auto handler>
auto with(LongTerm& long_term) {
  return [&long_term]<class Input>(api::Call& call, Input input) { return handler(call, long_term, std::move(input)); };
}

}  // namespace

void bind_records(api::Registry& registry, LongTerm& long_term) {
  namespace ops = m::ops;
  registry.bind(ops::kBatchCreateMemoryRecords, with<batch_create_memory_records>(long_term));
  registry.bind(ops::kBatchUpdateMemoryRecords, with<batch_update_memory_records>(long_term));
  registry.bind(ops::kBatchDeleteMemoryRecords, batch_delete_memory_records);
  registry.bind(ops::kDeleteMemory, with<delete_memory_and_index>(long_term));
  registry.bind(ops::kGetMemoryRecord, get_memory_record);
  registry.bind(ops::kDeleteMemoryRecord, delete_memory_record);
  registry.bind(ops::kListMemoryRecords, with<list_memory_records>(long_term));
  registry.bind(ops::kRetrieveMemoryRecords, with<retrieve_memory_records>(long_term));
}

}  // namespace warifu::services::memory
