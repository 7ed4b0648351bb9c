#include "records/filter.h"

#include <algorithm>
#include <bit>
#include <optional>

#include "records/bytes.h"

namespace warifu::records {
namespace {

enum class Kind : std::uint8_t { kString, kList, kNumber };

constexpr std::uint64_t kNever = UINT64_MAX;

std::uint64_t time_bits(Timestamp time) { return static_cast<std::uint64_t>(time.ms); }
Timestamp time_of(std::uint64_t bits) { return {static_cast<std::int64_t>(bits)}; }

void append_value(std::string& out, const MetadataValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) {
    append_number(out, static_cast<std::uint8_t>(Kind::kString));
    append_counted(out, *text);
  } else if (const auto* list = std::get_if<StringList>(&value)) {
    append_number(out, static_cast<std::uint8_t>(Kind::kList));
    append_number(out, static_cast<std::uint8_t>(list->size()));
    for (const std::string& one : *list) append_counted(out, one);
  } else {
    append_number(out, static_cast<std::uint8_t>(Kind::kNumber));
    append_number(out, std::bit_cast<std::uint64_t>(std::get<double>(value)));
  }
}

/// One value as it lies in attributes, without copies.
struct ValueView {
  Kind kind = Kind::kString;
  std::string_view text;   // kString
  std::string_view items;  // kList: its counted texts
  double number = 0;
};

ValueView take_value(Bytes& bytes) {
  ValueView value{.kind = static_cast<Kind>(bytes.number<std::uint8_t>())};
  if (value.kind == Kind::kString) {
    value.text = bytes.counted();
  } else if (value.kind == Kind::kList) {
    auto left = bytes.number<std::uint8_t>();
    const std::string_view from = bytes.rest();
    for (; left > 0 && bytes.ok(); --left) (void)bytes.counted();
    if (bytes.ok()) value.items = from.substr(0, from.size() - bytes.rest().size());
  } else {
    value.number = std::bit_cast<double>(bytes.number<std::uint64_t>());
  }
  return value;
}

std::vector<std::string_view> items_of(std::string_view items) {
  std::vector<std::string_view> out;
  Bytes bytes(items);
  while (!bytes.rest().empty() && bytes.ok()) out.push_back(bytes.counted());
  return out;
}

MetadataValue copy_of(const ValueView& value) {
  if (value.kind == Kind::kString) return std::string(value.text);
  if (value.kind != Kind::kList) return value.number;
  StringList list;
  for (const std::string_view item : items_of(value.items)) list.emplace_back(item);
  return list;
}

bool compare(Operator op, double left, double right) {
  switch (op) {
    case Operator::kEqualsTo:
      return left == right;
    case Operator::kGreater:
      return left > right;
    case Operator::kGreaterOrEqual:
      return left >= right;
    case Operator::kLess:
      return left < right;
    case Operator::kLessOrEqual:
      return left <= right;
    default:
      return false;
  }
}

/// A list on the right asks for each of its elements.
bool list_holds(const Condition& condition, std::string_view packed) {
  const std::vector<std::string_view> items = items_of(packed);
  const auto has = [&](std::string_view one) { return std::ranges::find(items, one) != items.end(); };
  if (const auto* text = std::get_if<std::string>(&condition.value)) {
    return condition.op == Operator::kContains && has(*text);
  }
  const auto* list = std::get_if<StringList>(&condition.value);
  if (list == nullptr) return false;
  if (condition.op == Operator::kContains) return std::ranges::all_of(*list, has);
  return condition.op == Operator::kEqualsTo && std::ranges::equal(items, *list);
}

bool value_holds(const Condition& condition, const ValueView& value) {
  if (condition.op == Operator::kExists) return true;
  if (condition.op == Operator::kNotExists) return false;
  if (value.kind == Kind::kString) {
    const auto* text = std::get_if<std::string>(&condition.value);
    return text != nullptr && condition.op == Operator::kEqualsTo && value.text == *text;
  }
  if (value.kind == Kind::kList) return list_holds(condition, value.items);
  const auto* number = std::get_if<double>(&condition.value);
  return number != nullptr && compare(condition.op, value.number, *number);
}

bool time_holds(const Condition& condition, Timestamp time) {
  if (condition.op == Operator::kExists) return true;
  const auto* other = std::get_if<Timestamp>(&condition.value);
  if (other == nullptr) return false;
  if (condition.op == Operator::kBefore) return time < *other;
  if (condition.op == Operator::kAfter) return time > *other;
  return condition.op == Operator::kEqualsTo && time == *other;
}

struct Attributes {
  Timestamp created, updated;
  std::string_view type;
  std::vector<std::pair<std::string_view, ValueView>> metadata;
};

bool system_holds(const Condition& condition, const Attributes& attributes) {
  if (condition.key == kCreatedAtKey) return time_holds(condition, attributes.created);
  if (condition.key == kUpdatedAtKey) return time_holds(condition, attributes.updated);
  const bool has_type = condition.key == kRecordTypeKey && !attributes.type.empty();
  if (!has_type) return condition.op == Operator::kNotExists;
  return value_holds(condition, {.kind = Kind::kString, .text = attributes.type});
}

bool holds(const Condition& condition, const Attributes& attributes) {
  if (condition.key.starts_with(kSystemPrefix)) return system_holds(condition, attributes);
  const auto found =
      std::ranges::find_if(attributes.metadata, [&](const auto& one) { return one.first == condition.key; });
  if (found == attributes.metadata.end()) return condition.op == Operator::kNotExists;
  return value_holds(condition, found->second);
}

}  // namespace

std::string encode_attributes(const Record& record) {
  std::string out;
  append_number(out, record.expires ? time_bits(*record.expires) : kNever);
  append_number(out, time_bits(record.created));
  append_number(out, time_bits(record.updated));
  append_number(out, static_cast<std::uint8_t>(record.metadata.size()));
  append_counted(out, record.type);
  for (const auto& [key, value] : record.metadata) {
    append_counted(out, key);
    append_value(out, value);
  }
  return out;
}

bool decode_attributes(std::string_view attributes, Record& record) {
  Bytes reader(attributes);
  const auto expires = reader.number<std::uint64_t>();
  if (expires != kNever) record.expires = time_of(expires);
  record.created = time_of(reader.number<std::uint64_t>());
  record.updated = time_of(reader.number<std::uint64_t>());
  auto left = reader.number<std::uint8_t>();
  record.type = reader.counted();
  for (; left > 0 && reader.ok(); --left) {
    std::string key(reader.counted());
    record.metadata.emplace_back(std::move(key), copy_of(take_value(reader)));
  }
  return reader.ok() && reader.rest().empty();
}

bool matches(std::string_view bytes, const Conditions& conditions, Timestamp now) {
  Bytes reader(bytes);
  const auto expires = reader.number<std::uint64_t>();
  if (!reader.ok() || (expires != kNever && time_of(expires) <= now)) return false;
  if (conditions.empty()) return true;
  Attributes attributes{.created = time_of(reader.number<std::uint64_t>()),
                        .updated = time_of(reader.number<std::uint64_t>())};
  auto left = reader.number<std::uint8_t>();
  attributes.type = reader.counted();
  for (; left > 0; --left) {
    const std::string_view key = reader.counted();
    attributes.metadata.emplace_back(key, take_value(reader));
    if (!reader.ok()) return false;
  }
  return reader.ok() && std::ranges::all_of(conditions, [&](const Condition& one) { return holds(one, attributes); });
}

}  // namespace warifu::records
