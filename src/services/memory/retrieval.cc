#include <fmt/format.h>

#include <algorithm>
#include <bit>

#include "base/encoding.h"
#include "crypto/hash.h"
#include "services/memory/bytes.h"
#include "services/memory/errors.h"
#include "services/memory/long_term.h"
#include "services/memory/memories.h"
#include "services/memory/record_operations.h"
#include "services/memory/record_reads.h"
#include "services/memory/record_shapes.h"
#include "wire/stored.h"

/// RetrieveMemoryRecords. A search is ranked once: what its first page leaves over goes into the page token, so that
/// pages neither repeat nor skip a record, whatever is written between them.
namespace warifu::services::memory {
namespace {

constexpr std::int32_t kTopKDefault = 10;
constexpr std::size_t kDigestBytes = 16;

/// A record of a ranking, with the score that it has there.
struct Ranked {
  records::RecordId id;
  float shown = 0;
};

/// What names this very search: everything that it asks but the page.
std::string search_digest(m::RetrieveMemoryRecordsInput input) {
  input.next_token.reset();
  input.max_results.reset();
  const std::string text = wire::to_json(*m::tables::kRetrieveMemoryRecords.input, &input);
  const crypto::Sha256 digest =
      crypto::sha256(fmt::format("{}\n{}\n{}", input.namespace_.value_or(""), input.namespace_path.value_or(""), text));
  return std::string(reinterpret_cast<const char*>(digest.data()), kDigestBytes);
}

std::string encode(std::string_view search, std::span<const Ranked> left) {
  std::string out(search);
  for (const Ranked& one : left) {
    out.append(one.id.bytes.data(), one.id.bytes.size());
    append_number(out, std::bit_cast<std::uint32_t>(one.shown));
  }
  return out;
}

Result<std::vector<Ranked>> decode(std::string_view position, std::string_view search) {
  ByteReader reader(position);
  bool ok = reader.bytes(kDigestBytes) == search;
  std::vector<Ranked> left;
  while (ok && !reader.rest().empty()) {
    Ranked& one = left.emplace_back();
    const std::string_view id = reader.bytes(one.id.bytes.size());
    one.shown = std::bit_cast<float>(reader.number<std::uint32_t>());
    ok = reader.ok();
    if (ok) std::ranges::copy(id, one.id.bytes.begin());
  }
  if (!ok) return fail(invalid_field("nextToken", "invalid nextToken"));
  return left;
}

struct Page {
  std::vector<m::MemoryRecordSummary> records;
  std::vector<Ranked> left;
};

/// The next of `ranked` that are still what was asked for: one may have gone, moved or changed since.
Result<Page> next_page(store::Reader& reader, const memories::Target& target, const records::Request& request,
                       std::span<const Ranked> ranked, std::size_t limit) {
  Page page;
  for (std::size_t i = 0; i < ranked.size(); ++i) {
    if (page.records.size() == limit) {
      page.left.assign(ranked.begin() + static_cast<std::ptrdiff_t>(i), ranked.end());
      break;
    }
    const std::optional<records::Record> record = TRY(records::find(reader, target.partition, ranked[i].id));
    if (!record || !records::lies_in(request.scope, *record)) continue;
    if (!records::matches(records::encode_attributes(*record), request.conditions, request.now)) continue;
    page.records.push_back(record_shapes::summary_output(*record, ranked[i].shown));
  }
  return page;
}

Page first_page(const std::vector<records::Found>& found, std::size_t limit) {
  Page page;
  for (const records::Found& one : found) {
    if (page.records.size() < limit) {
      page.records.push_back(record_shapes::summary_output(one.record, one.shown));
    } else {
      page.left.push_back({.id = one.record.id, .shown = one.shown});
    }
  }
  return page;
}

}  // namespace

Task<Result<m::RetrieveMemoryRecordsOutput>> retrieve_memory_records(api::Call& call, LongTerm& long_term,
                                                                     m::RetrieveMemoryRecordsInput input) {
  const memories::Target target = CO_TRY(memories::target_of(call));
  const m::SearchCriteria& criteria = input.search_criteria;
  const records::Scope scope =
      CO_TRY(record_shapes::scope_of(input.namespace_, input.namespace_path, criteria.memory_strategy_id));
  const std::size_t limit = record_reads::page_limit(input.max_results);
  records::Request request{.scope = scope, .text = criteria.search_query, .now = call.now()};
  request.k = static_cast<std::size_t>(criteria.top_k.value_or(kTopKDefault));
  request.conditions = CO_TRY(call.db().read([&](store::Reader& reader) {
    return record_reads::conditions(reader, target, criteria.metadata_filters, "searchCriteria.metadataFilters");
  }));

  Page page;
  if (input.next_token) {
    const std::string position = CO_TRY(call.page_position(*input.next_token));
    const std::vector<Ranked> ranked = CO_TRY(decode(position, search_digest(input)));
    page = CO_TRY(
        call.db().read([&](store::Reader& reader) { return next_page(reader, target, request, ranked, limit); }));
  } else {
    page = first_page(CO_TRY(co_await long_term.search(call.db(), target.partition, std::move(request))), limit);
  }
  m::RetrieveMemoryRecordsOutput output{.memory_record_summaries = std::move(page.records)};
  if (!page.left.empty()) output.next_token = call.page_token(encode(search_digest(input), page.left));
  co_return output;
}

}  // namespace warifu::services::memory
