#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "extract/extract.h"
#include "records/index.h"
#include "records/record.h"
#include "services/memory/extractors.h"
#include "store/store.h"

/// New memories beside the records of their scope: which are added, which take another's place, which are known.
namespace warifu::services::memory::extraction {

/// What a commit is to write. Erasures come first.
struct Changes {
  std::vector<records::Record> puts;
  std::vector<records::RecordId> erasures;
};

/// Where and how a part's memories become records.
struct Filing {
  const Part& part;
  extract::Kind kind;
  std::string name_space;
  std::string seed;  // ids of records derive from it: the same inputs make the same ids
  Timestamp now;
};

/// Decides, memory after memory, against what the index finds in the scope and what this call has already added. With
/// `may_ask` it waits for the extractor where it must; without, false means that a decision is not known, and `changes`
/// is as it was. Changes that are to be committed are made while the caller keeps others from writing the scope.
[[nodiscard]] Result<bool> merge(store::Db& db, const store::Partition& partition, records::Index& index,
                                 Decisions& decisions, bool may_ask, const Filing& filing,
                                 std::span<const extract::Memory> memories, std::span<const records::Metadata> metadata,
                                 Changes& changes);

}  // namespace warifu::services::memory::extraction
