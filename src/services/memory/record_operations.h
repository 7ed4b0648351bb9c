#pragma once

#include "api/registry.h"
#include "gen/agentcore/memory_records.h"

/// The operations on memory records.
namespace warifu::services::memory {

namespace m = model::agentcore;

class LongTerm;

/// Binds every handler below, and DeleteMemory, which also drops what is resident of the memory. Call once, before the
/// server serves; `long_term` must outlive the registry's calls.
void bind_records(api::Registry& registry, LongTerm& long_term);

// record_batches.cc
Task<Result<m::BatchCreateMemoryRecordsOutput>> batch_create_memory_records(api::Call& call, LongTerm& long_term,
                                                                            m::BatchCreateMemoryRecordsInput input);
Task<Result<m::BatchUpdateMemoryRecordsOutput>> batch_update_memory_records(api::Call& call, LongTerm& long_term,
                                                                            m::BatchUpdateMemoryRecordsInput input);
Task<Result<m::BatchDeleteMemoryRecordsOutput>> batch_delete_memory_records(api::Call& call,
                                                                            m::BatchDeleteMemoryRecordsInput input);
// record_operations.cc
Task<Result<m::GetMemoryRecordOutput>> get_memory_record(api::Call& call, m::GetMemoryRecordInput input);
Task<Result<m::DeleteMemoryRecordOutput>> delete_memory_record(api::Call& call, m::DeleteMemoryRecordInput input);
Task<Result<m::ListMemoryRecordsOutput>> list_memory_records(api::Call& call, LongTerm& long_term,
                                                             m::ListMemoryRecordsInput input);
// retrieval.cc
Task<Result<m::RetrieveMemoryRecordsOutput>> retrieve_memory_records(api::Call& call, LongTerm& long_term,
                                                                     m::RetrieveMemoryRecordsInput input);

}  // namespace warifu::services::memory
