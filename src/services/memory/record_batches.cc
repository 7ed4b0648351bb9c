#include <fmt/format.h>

#include <set>

#include "api/client_tokens.h"
#include "base/encoding.h"
#include "crypto/hash.h"
#include "records/namespaces.h"
#include "services/memory/errors.h"
#include "services/memory/limits.h"
#include "services/memory/long_term.h"
#include "services/memory/memories.h"
#include "services/memory/memory_states.h"
#include "services/memory/record_operations.h"
#include "services/memory/record_shapes.h"
#include "wire/stored.h"

namespace warifu::services::memory {
namespace {

namespace client_tokens = api::client_tokens;

using memories::Memory;
using records::Record;
using records::RecordId;

constexpr std::string_view kNamespaceKey = "bedrock-agentcore:namespace";
constexpr std::string_view kRootNamespace = "/";
constexpr std::string_view kSucceeded = "SUCCEEDED";
constexpr std::string_view kFailed = "FAILED";
/// The HTTP status that the failure would have had as a request of its own.
constexpr std::int32_t kInvalid = 400;
constexpr std::int32_t kMissing = 404;
constexpr std::int32_t kOther = 500;
/// Records past their expiry that a batch clears away beside its own work.
constexpr std::size_t kExpiredPerBatch = 100;

m::MemoryRecordOutput succeeded(std::string id, std::optional<std::string> request_identifier = {}) {
  return {.memory_record_id = std::move(id),
          .status = std::string(kSucceeded),
          .request_identifier = std::move(request_identifier)};
}

m::MemoryRecordOutput failed(std::string id, const Error& error, std::optional<std::string> request_identifier = {}) {
  const std::int32_t code = error.code == ErrorCode::kValidation ? kInvalid
                            : error.code == ErrorCode::kNotFound ? kMissing
                                                                 : kOther;
  return {.memory_record_id = std::move(id),
          .status = std::string(kFailed),
          .request_identifier = std::move(request_identifier),
          .error_code = code,
          .error_message = error.message};
}

Result<> check_timestamp(Timestamp time) {
  if (time.ms >= 0 && time.ms <= kEventTimestampMax) return {};
  return fail(invalid_field("timestamp",
                            "timestamp must be a time from 1970-01-01T00:00:00Z to "
                            "9999-12-31T23:59:59.999Z"));
}

std::string namespace_of(const std::vector<std::string>& namespaces) {
  return namespaces.empty() ? std::string(kRootNamespace) : records::normalise_namespace(namespaces.front());
}

/// nullptr: the record is of no strategy. kNotFound: there is no such strategy.
Result<const m::MemoryStrategy*> strategy_of(const Memory& memory, const std::optional<std::string>& id) {
  if (!id || *id == record_shapes::kNoStrategy) return nullptr;
  const m::MemoryStrategy* found = record_shapes::find_strategy(memory, *id);
  if (found == nullptr) return fail(not_found(fmt::format("Memory strategy not found: {}", *id)));
  return found;
}

Timestamp after_days(Timestamp now, std::int32_t days) { return now.plus_seconds(std::int64_t{days} * 24 * 60 * 60); }

/// Where a batch says nothing, a strategy's records live as long as the strategy says.
std::optional<Timestamp> expiry_of(const std::optional<m::RecordExpirySpecification>& asked,
                                   const m::MemoryStrategy* strategy, Timestamp now) {
  if (asked && asked->record_expiry_duration_days) return after_days(now, *asked->record_expiry_duration_days);
  if (asked || strategy == nullptr || !strategy->record_expiry_duration_days) return std::nullopt;
  return after_days(now, *strategy->record_expiry_duration_days);
}

/// What came of each record of a request, in its order.
template <class Output>
struct Outcomes {
  Output output;
  void add(m::MemoryRecordOutput one) {
    (one.status == kSucceeded ? output.successful_records : output.failed_records).push_back(std::move(one));
  }
};

/// The same batch under the same token makes the same ids, so that a replay answers what the first call did.
std::vector<RecordId> new_ids(api::Call& call, const memories::Target& target,
                              const m::BatchCreateMemoryRecordsInput& input) {
  std::vector<RecordId> ids;
  const std::string token = input.client_token.value_or("");
  for (std::size_t i = 0; i < input.records.size(); ++i) {
    if (token.empty()) {
      ids.push_back(RecordId::fresh(call.random()));
      continue;
    }
    const std::string text = fmt::format("record\n{}\n{}\n{}\n{}", target.arn, call.account().str(), i, token);
    ids.push_back(RecordId::derived(crypto::sha256(text)));
  }
  return ids;
}

client_tokens::Claim claim_of(const api::Call& call, const memories::Target& target,
                              const m::BatchCreateMemoryRecordsInput& input) {
  const std::string token = input.client_token.value_or("");
  if (token.empty()) return {.now = call.now()};
  m::BatchCreateMemoryRecordsInput request = input;
  request.client_token.reset();
  const std::string text = wire::to_json(*m::tables::kBatchCreateMemoryRecords.input, &request);
  // The row lies with the memory's owner, so it says whose token it is.
  const std::string operation = fmt::format("BatchCreateMemoryRecords {} {}", call.account().str(), target.id);
  return client_tokens::claim(operation, call.region(), token, text, call.now());
}

Result<Record> new_record(const Memory& memory, const m::MemoryRecordCreateInput& input,
                          const std::optional<m::RecordExpirySpecification>& expiry, const RecordId& id,
                          Timestamp now) {
  TRY(check_timestamp(input.timestamp));
  if (!input.content.text) return fail(invalid_field("content", "content.text is required"));
  const m::MemoryStrategy* strategy = TRY(strategy_of(memory, input.memory_strategy_id));
  Record record{.id = id,
                .name_space = namespace_of(input.namespaces),
                .strategy = strategy == nullptr ? "" : strategy->strategy_id,
                .text = *input.content.text,
                .created = input.timestamp,
                .updated = input.timestamp,
                .expires = expiry_of(expiry, strategy, now)};
  if (input.metadata) record.metadata = TRY(record_shapes::metadata_of(*input.metadata, memory, strategy));
  return record;
}

}  // namespace

Task<Result<m::BatchCreateMemoryRecordsOutput>> batch_create_memory_records(api::Call& call, LongTerm& long_term,
                                                                            m::BatchCreateMemoryRecordsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const auto read = [&](store::Reader& reader) { return memories::require(reader, target); };
  const Memory memory = CO_TRY(call.db().read(read));
  const client_tokens::Claim claim = claim_of(call, target, input);
  const std::vector<RecordId> ids = new_ids(call, target, input);

  Outcomes<m::BatchCreateMemoryRecordsOutput> outcomes;
  std::vector<Record> fresh;
  for (std::size_t i = 0; i < input.records.size(); ++i) {
    const m::MemoryRecordCreateInput& one = input.records[i];
    Result<Record> record = new_record(memory, one, input.record_expiry_specification, ids[i], call.now());
    if (record) {
      outcomes.add(succeeded(ids[i].str(), one.request_identifier));
      fresh.push_back(*std::move(record));
    } else {
      outcomes.add(failed(ids[i].str(), record.error(), one.request_identifier));
    }
  }
  auto prepared = CO_TRY(co_await long_term.prepare(std::move(fresh)));
  auto body = [target, claim, prepared = std::move(prepared)](store::Txn& txn) -> Result<> {
    TRY(states::require(txn, target.partition, target.id));
    const std::optional<std::string> first = TRY(client_tokens::find(txn, target.owner, claim));
    if (first) return {};
    TRY(records::put_all(txn, target.partition, prepared));
    TRY(records::erase_expired(txn, target.partition, claim.now, kExpiredPerBatch));
    return client_tokens::remember(txn, target.owner, claim, target.id);
  };
  CO_TRY(co_await call.db().write(std::move(body)));
  co_return std::move(outcomes.output);
}

namespace {

/// A record as a batch would have it, and what it was when that was decided.
struct Changed {
  std::size_t place = 0;  // in the request
  std::string was_in;     // the namespace that the caller was let into
  Record record;
};

/// kNotFound also where the caller may not change records of the namespace that the record lies in, but has not named:
/// moving it out would show it.
Result<Record> find_for_update(store::Reader& reader, const api::Call& call, const memories::Target& target,
                               const m::MemoryRecordUpdateInput& input) {
  const Error missing = record_not_found(input.memory_record_id);
  const std::optional<RecordId> id = RecordId::parse(input.memory_record_id);
  if (!id) return fail(missing);
  std::optional<Record> record = TRY(records::find(reader, target.partition, *id));
  if (!record || !record->live(call.now())) return fail(missing);
  const bool source_named = input.source_namespaces && !input.source_namespaces->empty();
  if (source_named) {
    if (namespace_of(*input.source_namespaces) != record->name_space) return fail(missing);
    return *std::move(record);
  }
  const bool named = input.namespaces && !input.namespaces->empty();
  if (named && namespace_of(*input.namespaces) != record->name_space) {
    const bool allowed = TRY(call.allowed_with(reader, kNamespaceKey, record->name_space));
    if (!allowed) return fail(missing);
  }
  return *std::move(record);
}

Result<Record> updated(Record record, const Memory& memory, const m::MemoryRecordUpdateInput& input,
                       const std::optional<m::RecordExpirySpecification>& expiry, Timestamp now) {
  TRY(check_timestamp(input.timestamp));
  const m::MemoryStrategy* strategy = nullptr;
  if (input.memory_strategy_id) {
    strategy = TRY(strategy_of(memory, input.memory_strategy_id));
    record.strategy = strategy == nullptr ? "" : strategy->strategy_id;
  } else if (!record.strategy.empty()) {
    strategy = record_shapes::find_strategy(memory, record.strategy);
  }
  if (input.content) {
    if (!input.content->text) return fail(invalid_field("content", "content.text is required"));
    // What the record was found by beside its text belonged to the old text.
    if (record.text != *input.content->text) record.index_text.clear();
    record.text = *input.content->text;
  }
  if (input.namespaces && !input.namespaces->empty()) record.name_space = namespace_of(*input.namespaces);
  if (input.metadata) record.metadata = TRY(record_shapes::metadata_of(*input.metadata, memory, strategy));
  if (expiry) record.expires = expiry_of(expiry, nullptr, now);
  record.updated = input.timestamp;
  return record;
}

/// In the transaction: those of `changed` that are still where the caller found them. Answers the places of the others.
Result<std::set<std::size_t>> write_changed(store::Txn& txn, const memories::Target& target,
                                            const std::vector<Changed>& changed,
                                            const std::vector<records::Prepared>& prepared) {
  std::set<std::size_t> gone;
  std::vector<records::Prepared> stay;
  for (std::size_t i = 0; i < changed.size(); ++i) {
    const std::optional<Record> now = TRY(records::find(txn, target.partition, changed[i].record.id));
    if (now && now->name_space == changed[i].was_in) {
      stay.push_back(prepared[i]);
    } else {
      gone.insert(changed[i].place);
    }
  }
  TRY(records::put_all(txn, target.partition, stay));
  return gone;
}

}  // namespace

Task<Result<m::BatchUpdateMemoryRecordsOutput>> batch_update_memory_records(api::Call& call, LongTerm& long_term,
                                                                            m::BatchUpdateMemoryRecordsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  std::vector<std::optional<Error>> errors(input.records.size());
  std::vector<Changed> changed;
  CO_TRY(call.db().read([&](store::Reader& reader) -> Result<> {
    const Memory memory = TRY(memories::require(reader, target));
    std::set<std::string_view> seen;
    for (std::size_t i = 0; i < input.records.size(); ++i) {
      const m::MemoryRecordUpdateInput& one = input.records[i];
      if (!seen.insert(one.memory_record_id).second) {
        errors[i] = invalid_field("memoryRecordId", "the record stands twice in this batch");
        continue;
      }
      Result<Record> found = find_for_update(reader, call, target, one);
      const std::string was_in = found ? found->name_space : std::string();
      Result<Record> record =
          found ? updated(*std::move(found), memory, one, input.record_expiry_specification, call.now())
                : fail(found.error());
      if (!record && record.error().code == ErrorCode::kInternal) return fail(record.error());
      if (record) {
        changed.push_back({.place = i, .was_in = was_in, .record = *std::move(record)});
      } else {
        errors[i] = record.error();
      }
    }
    return {};
  }));
  std::vector<Record> fresh;
  for (const Changed& one : changed) fresh.push_back(one.record);
  auto prepared = CO_TRY(co_await long_term.prepare(std::move(fresh)));
  auto body = [target, changed, prepared = std::move(prepared)](store::Txn& txn) -> Result<std::set<std::size_t>> {
    TRY(states::require(txn, target.partition, target.id));
    return write_changed(txn, target, changed, prepared);
  };
  const std::set<std::size_t> gone = CO_TRY(co_await call.db().write(std::move(body)));

  Outcomes<m::BatchUpdateMemoryRecordsOutput> outcomes;
  for (std::size_t i = 0; i < input.records.size(); ++i) {
    const std::string& id = input.records[i].memory_record_id;
    if (gone.contains(i)) errors[i] = record_not_found(id);
    outcomes.add(errors[i] ? failed(id, *errors[i]) : succeeded(id));
  }
  co_return std::move(outcomes.output);
}

Task<Result<m::BatchDeleteMemoryRecordsOutput>> batch_delete_memory_records(api::Call& call,
                                                                            m::BatchDeleteMemoryRecordsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const auto body = [target, now = call.now(),
                     input = std::move(input)](store::Txn& txn) -> Result<m::BatchDeleteMemoryRecordsOutput> {
    TRY(states::require(txn, target.partition, target.id));
    Outcomes<m::BatchDeleteMemoryRecordsOutput> outcomes;
    std::vector<RecordId> ids;
    std::set<RecordId> seen;
    for (const m::MemoryRecordDeleteInput& one : input.records) {
      const std::optional<RecordId> id = RecordId::parse(one.memory_record_id);
      const std::optional<Record> record =
          id && seen.insert(*id).second ? TRY(records::find(txn, target.partition, *id)) : std::nullopt;
      const bool there = record && record->live(now) &&
                         (!one.namespace_ || records::normalise_namespace(*one.namespace_) == record->name_space);
      if (there) ids.push_back(*id);
      outcomes.add(there ? succeeded(one.memory_record_id)
                         : failed(one.memory_record_id, record_not_found(one.memory_record_id)));
    }
    TRY(records::erase_all(txn, target.partition, ids));
    return std::move(outcomes.output);
  };
  co_return co_await call.db().write(body);
}

}  // namespace warifu::services::memory
