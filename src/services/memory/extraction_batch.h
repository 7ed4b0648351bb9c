#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "extract/extract.h"
#include "services/memory/event_rows.h"
#include "services/memory/extraction_queue.h"
#include "services/memory/memories.h"
#include "store/store.h"

/// What one run of the extraction reads of a session: the events that wait, as turns, and what was said before them.
namespace warifu::services::memory::extraction {

/// Of one run; what is left waits for the next.
inline constexpr std::size_t kBatchEvents = 100;
inline constexpr std::size_t kBatchBytes = 4 * 1024 * 1024;
inline constexpr std::size_t kContextEvents = 20;

/// One event that waits. Without turns when it was deleted, expired or holds nothing that was said.
struct Source {
  queue::Entry entry;
  Timestamp time;  // the event's own
  std::vector<extract::Turn> turns;
  std::vector<std::size_t> messages;  // of each turn: which item of the payload it is
  NamedValues metadata;
  NamedValues namespace_variables;
};

struct Batch {
  std::string memory_row;  // as it lies in the store: a commit checks that it still does
  memories::Memory memory;
  queue::Session session;
  std::vector<Source> sources;         // in the order of the events' times
  std::vector<extract::Turn> context;  // oldest first, all before the first of sources
  bool more = false;                   // entries were left
};

/// nullopt: the memory is gone. A batch without sources: nothing waits.
[[nodiscard]] Result<std::optional<Batch>> read_batch(store::Reader& reader, const memories::Target& target,
                                                      const queue::Session& session, Timestamp now);

/// What an event's payload says, item by item: conversational ones, and `json` documents as their text. Items that are
/// neither say nothing. Never fails: a payload that does not parse says nothing.
void append_turns(std::string_view payload, Timestamp time, std::vector<extract::Turn>& turns,
                  std::vector<std::size_t>& messages);

}  // namespace warifu::services::memory::extraction
