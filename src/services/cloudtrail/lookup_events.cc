#include "services/cloudtrail/lookup_events.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "audit/rows.h"

namespace warifu::services::cloudtrail {
namespace {

namespace shapes = model::cloudtrail;
using audit::rows::Attribute;

constexpr std::int32_t kResultsMax = 50;
constexpr std::chrono::seconds kSettleMax{2};

struct Named {
  std::string_view name;
  Attribute attribute;
};
constexpr Named kAttributes[] = {
    {"EventId", Attribute::kEventId},           {"EventName", Attribute::kEventName},
    {"ReadOnly", Attribute::kReadOnly},         {"Username", Attribute::kUsername},
    {"ResourceType", Attribute::kResourceType}, {"ResourceName", Attribute::kResourceName},
    {"EventSource", Attribute::kEventSource},   {"AccessKeyId", Attribute::kAccessKeyId},
};

Error refused(std::string_view aws_name, std::string message) {
  return {
      .code = ErrorCode::kValidation, .message = std::move(message), .aws_name = aws_name, .reason = {}, .fields = {}};
}

Result<std::optional<std::pair<Attribute, std::string>>> attribute_of(const shapes::LookupEventsInput& input) {
  using Found = std::optional<std::pair<Attribute, std::string>>;
  if (!input.lookup_attributes || input.lookup_attributes->empty()) return Found{};
  if (input.lookup_attributes->size() > 1) {
    return fail(refused("InvalidLookupAttributesException", "You can specify only one lookup attribute."));
  }
  const shapes::LookupAttribute& asked = input.lookup_attributes->front();
  const auto* known = std::ranges::find(kAttributes, asked.attribute_key, &Named::name);
  if (known == std::end(kAttributes)) {
    return fail(refused("InvalidLookupAttributesException",
                        fmt::format("`{}` is not an attribute that events are found by", asked.attribute_key)));
  }
  return Found(std::pair(known->attribute, asked.attribute_value));
}

/// Event times are whole seconds, and both ends belong to the range.
Result<> set_times(audit::rows::Query& query, const shapes::LookupEventsInput& input, Timestamp oldest, Timestamp now) {
  const auto second = [](Timestamp time) { return Timestamp{time.seconds() * 1000}; };
  query.from = second(std::max(input.start_time.value_or(oldest), oldest));
  query.to = Timestamp{second(std::min(input.end_time.value_or(now), now)).ms + 999};
  if (input.start_time && input.end_time && *input.start_time > *input.end_time) {
    return fail(refused("InvalidTimeRangeException", "The start time must be before the end time."));
  }
  return {};
}

/// A token goes on with the search that it came from and with no other.
std::string position_of(const shapes::LookupEventsInput& input, std::string_view id) {
  const auto ms = [](const std::optional<Timestamp>& time) { return time ? time->ms : -1; };
  std::string text = fmt::format("{}\n{}\n{}\n", id, ms(input.start_time), ms(input.end_time));
  if (!input.lookup_attributes) return text;
  for (const shapes::LookupAttribute& one : *input.lookup_attributes) {
    text += fmt::format("{}\n{}\n", one.attribute_key, one.attribute_value);
  }
  return text;
}

Result<std::optional<audit::EventId>> after_of(const api::Call& call, const shapes::LookupEventsInput& input) {
  if (!input.next_token) return std::optional<audit::EventId>{};
  const Error invalid = refused("InvalidNextTokenException", "Invalid NextToken.");
  const auto position = call.page_position(*input.next_token);
  if (!position) return fail(invalid);
  const std::string id = position->substr(0, position->find('\n'));
  auto after = audit::EventId::parse(id);
  if (!after || *position != position_of(input, id)) return fail(invalid);
  return after;
}

std::optional<std::string> present(const std::string& text) {
  return text.empty() ? std::nullopt : std::optional(text);
}

shapes::Event event_of(audit::rows::Found found) {
  std::vector<shapes::Resource> resources;
  for (audit::Resource& one : found.attributes.resources) {
    resources.push_back({.resource_type = std::move(one.type), .resource_name = std::move(one.name)});
  }
  return {.event_id = found.id.text(),
          .event_name = std::move(found.attributes.event_name),
          .read_only = found.attributes.read_only ? "true" : "false",
          .access_key_id = present(found.attributes.access_key_id),
          .event_time = Timestamp{found.id.time().seconds() * 1000},
          .event_source = std::move(found.attributes.event_source),
          .username = present(found.attributes.username),
          .resources = std::move(resources),
          .cloud_trail_event = std::move(found.json)};
}

Result<audit::rows::Query> query_of(const api::Call& call, const audit::Trail& trail,
                                    const shapes::LookupEventsInput& input) {
  audit::rows::Query query;
  query.region = call.region();
  query.attribute = TRY(attribute_of(input));
  TRY(set_times(query, input, trail.oldest(), call.now()));
  const std::int32_t count = input.max_results.value_or(kResultsMax);
  if (count < 1 || count > kResultsMax) {
    return fail(refused("InvalidMaxResultsException", "The maximum number of results must be from 1 to 50."));
  }
  query.count_max = static_cast<std::size_t>(count);
  query.after = TRY(after_of(call, input));
  return query;
}

}  // namespace

Task<Result<shapes::LookupEventsOutput>> lookup_events(api::Call& call, LookupDesk& desk,
                                                       shapes::LookupEventsInput input) {
  CO_TRY(desk.limit.take(call.account(), call.region(), call.now()));
  const audit::rows::Query query = CO_TRY(query_of(call, desk.trail, input));
  shapes::LookupEventsOutput output;
  output.events.emplace();
  if (input.event_category) co_return output;  // of Insights, which this server has none
  // Where the store does not write, what is there is shown all the same.
  (void)co_await desk.trail.settled(kSettleMax);
  auto find = [&db = call.db(), account = call.account(), query]() -> Result<audit::rows::Page> {
    return db.read([&](store::Reader& reader) { return audit::rows::find(reader, account, query); });
  };
  audit::rows::Page page = CO_TRY(co_await on(desk.workers, std::move(find)));
  for (audit::rows::Found& one : page.found) output.events->push_back(event_of(std::move(one)));
  if (page.next) output.next_token = call.page_token(position_of(input, page.next->text()));
  co_return output;
}

}  // namespace warifu::services::cloudtrail
