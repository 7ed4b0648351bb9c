#include "services/memory/record_operations.h"
#include "records/namespaces.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/long_term.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/operations.h"
#include "services/memory/record_reads.h"
#include "services/memory/record_shapes.h"

namespace warifu::services::memory {
namespace {

/// Expired records that a listing must have passed over before it is worth a write to erase them.
constexpr std::size_t kWorthSweeping = 64;

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
               limit = record_reads::page_limit(input.max_results), now = call.now()] {
    return db.read([&](store::Reader& reader) -> Result<records::ListedPage> {
      const records::Conditions conditions = TRY(record_reads::conditions(reader, target, filters, "metadataFilters"));
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
