#include "services/memory/extraction_batch.h"

#include <algorithm>
#include <ranges>
#include <tuple>

#include "json/value.h"
#include "services/memory/events.h"
#include "services/memory/keys.h"
#include "services/memory/limits.h"

namespace warifu::services::memory::extraction {
namespace {

extract::Role role_of(std::string_view name) {
  if (name == "USER") return extract::Role::kUser;
  if (name == "ASSISTANT") return extract::Role::kAssistant;
  if (name == "TOOL") return extract::Role::kTool;
  return extract::Role::kOther;
}

bool is_message(const json::Value& document) {
  return document.find("role") != nullptr || document.find("message") != nullptr || document.find("content") != nullptr;
}

/// A document's texts and numbers as statements, each under the names that lead to it. The parser has bounded its
/// depth.
void append_statements(const json::Value& value, const std::string& name, std::string& out) {
  if (value.is_object()) {
    for (const auto& [member, inner] : value.members()) {
      append_statements(inner, name.empty() ? member : name + ' ' + member, out);
    }
  } else if (value.is_array()) {
    for (const json::Value& inner : value.items()) append_statements(inner, name, out);
  } else if (value.is_string() || value.is_number()) {
    const std::string& text = value.is_string() ? value.as_string() : value.number_text();
    // What is a sentence already needs no name.
    const bool sentence = text.ends_with('.') || text.ends_with('!') || text.ends_with('?');
    if (!out.empty()) out += '\n';
    out += sentence || name.empty() ? text : name + ": " + text + '.';
  }
}

/// Chat messages are left to the extractor, which knows their forms.
std::string text_of(const json::Value& document) {
  if (document.is_string()) return document.as_string();
  if (is_message(document)) return document.dump();
  std::string text;
  append_statements(document, "", text);
  return text;
}

std::optional<extract::Turn> turn_of(const json::Value& item) {
  if (const json::Value* said = item.find("conversational")) {
    const json::Value* content = said->find("content");
    const auto text = content != nullptr ? content->find_string("text") : std::nullopt;
    if (!text) return std::nullopt;
    return extract::Turn{.role = role_of(said->find_string("role").value_or("")), .text = *text, .time = {}};
  }
  if (const json::Value* document = item.find("json")) {
    const json::Value* content = document->find("content");
    if (content == nullptr) return std::nullopt;
    return extract::Turn{.role = extract::Role::kUser, .text = text_of(*content), .time = {}};
  }
  return std::nullopt;
}

NamedValues pairs_of(std::string_view encoded) {
  NamedValues pairs;
  each_pair(encoded, [&](std::string_view key, std::string_view value) { pairs.emplace_back(key, value); });
  return pairs;
}

Result<> fill(Source& source, std::string_view row, Timestamp now) {
  const EventView event = TRY(EventView::parse(row));
  const std::optional<EventId> id = EventId::parse(source.entry.event_id);
  source.time = id ? id->time : event.created;
  if (!source.entry.ingested.empty() || event.live(now)) {
    append_turns(event.payload, source.time, source.turns, source.messages);
  }
  source.metadata = pairs_of(event.metadata);
  source.namespace_variables = pairs_of(event.namespace_variables);
  return {};
}

Result<> read_sources(store::Reader& reader, const store::Partition& partition, Batch& batch, Timestamp now) {
  const std::vector<queue::Entry> entries =
      TRY(queue::list(reader, partition, batch.session.ref(), kBatchEvents + 1, kBatchBytes));
  std::size_t bytes = 0;
  for (const queue::Entry& entry : entries) {
    if (batch.sources.size() == kBatchEvents || bytes >= kBatchBytes) {
      batch.more = true;
      break;
    }
    Source source{.entry = entry, .time = entry.created};
    if (entry.ingested.empty()) {
      const auto row = TRY(reader.get(partition, keys::event(batch.session.ref(), entry.event_id)));
      if (row) TRY(fill(source, *row, now));
      bytes += row ? row->size() : 0;
    } else {
      TRY(fill(source, entry.ingested, now));
      bytes += entry.ingested.size();
    }
    batch.sources.push_back(std::move(source));
  }
  // queue::list stops at so many bytes of ingested data too.
  if (bytes >= kBatchBytes) batch.more = true;
  const auto place = [](const Source& source) {
    return std::tuple(source.time, std::string_view(source.entry.event_id), std::string_view(source.entry.job_id));
  };
  std::ranges::sort(batch.sources, {}, place);
  return {};
}

Result<> read_context(store::Reader& reader, const store::Partition& partition, Batch& batch, Timestamp now) {
  const std::string before = EventId{.time = batch.sources.front().time, .suffix = 0}.str();
  const std::string_view first = batch.sources.front().entry.event_id;
  const events::Page page = TRY(events::list(reader, partition, batch.session.ref(), {},
                                             std::max<std::string_view>(before, first), kContextEvents, true, now));
  std::vector<std::size_t> messages;
  for (const events::Stored& stored : page.events | std::views::reverse) {
    const EventView event = TRY(EventView::parse(stored.row));
    const std::optional<EventId> id = EventId::parse(stored.event_id);
    if (!event.skip_extraction && id) append_turns(event.payload, id->time, batch.context, messages);
  }
  return {};
}

}  // namespace

void append_turns(std::string_view payload, Timestamp time, std::vector<extract::Turn>& turns,
                  std::vector<std::size_t>& messages) {
  const Result<json::Value> items = json::parse(payload, {.bytes_max = kEventBytesMax + 1});
  if (!items || !items->is_array()) return;
  for (std::size_t i = 0; i < items->items().size(); ++i) {
    std::optional<extract::Turn> turn = turn_of(items->items()[i]);
    if (!turn) continue;
    turn->time = time;
    turns.push_back(*std::move(turn));
    messages.push_back(i);
  }
}

Result<std::optional<Batch>> read_batch(store::Reader& reader, const memories::Target& target,
                                        const queue::Session& session, Timestamp now) {
  std::optional<std::string> row =
      TRY(reader.get(store::Partition::account(target.owner), keys::memory(target.region, target.id)));
  if (!row) return std::optional<Batch>();
  Batch batch{.memory = TRY(memories::decode(*row)), .session = session};
  batch.memory_row = *std::move(row);
  TRY(read_sources(reader, target.partition, batch, now));
  if (!batch.sources.empty()) TRY(read_context(reader, target.partition, batch, now));
  return batch;
}

}  // namespace warifu::services::memory::extraction
