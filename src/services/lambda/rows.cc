#include "services/lambda/rows.h"

#include <charconv>
#include <set>

#include "gen/lambda/shapes.h"
#include "json/value.h"
#include "json/writer.h"
#include "services/lambda/code.h"
#include "services/lambda/errors.h"
#include "store/keys.h"
#include "wire/stored.h"

namespace warifu::services::lambda::rows {
namespace {

/// Values are read back under the rules of an operation that answers them.
template <class T>
Result<T> from_json(const wire::Shape& shape, std::string_view text) {
  T value;
  TRY(wire::from_json(m::tables::kGetFunction, shape, text, &value));
  return value;
}

std::string two_lines(const std::string& head, const std::string& body) { return head + "\n" + body; }

struct Lines {
  json::Value head;
  std::string_view body;
};

Result<Lines> split(std::string_view bytes) {
  const std::size_t line = bytes.find('\n');
  if (line == std::string_view::npos) return fail(bad_row("Lambda"));
  auto head = json::parse(bytes.substr(0, line));
  if (!head || !head->is_object()) return fail(bad_row("Lambda"));
  return Lines{.head = std::move(*head), .body = bytes.substr(line + 1)};
}

std::int64_t number(const json::Value& head, std::string_view name) {
  const json::Value* value = head.find(name);
  return value == nullptr ? 0 : value->as_int64().value_or(0);
}

std::optional<std::int32_t> reserved_of(const json::Value& head) {
  if (head.find("reserved") == nullptr) return std::nullopt;
  return static_cast<std::int32_t>(number(head, "reserved"));
}

/// Scans a family and stops at the first row that does not decode.
template <class T, class Decode, class Visit>
Result<> each(store::Reader& reader, const store::Partition& partition, const store::Range& range, Decode decode,
              Visit visit) {
  Result<> failure;
  TRY(reader.scan(partition, range, [&](std::string_view key, std::string_view value) {
    Result<T> row = decode(value);
    if (!row) failure = std::unexpected(row.error());
    return row && visit(key, *row);
  }));
  return failure;
}

/// What follows the row of `name` in a family whose keys end with a name.
store::Range after_name(const std::string& family, std::string_view name) {
  store::Range range = store::prefix_range(family);
  if (name.empty()) return range;
  range.begin = family;
  store::append_text(range.begin, name);
  range.begin.push_back('\0');
  return range;
}

std::int64_t version_in(std::string_view key, std::size_t prefix_bytes) {
  key.remove_prefix(prefix_bytes);
  return static_cast<std::int64_t>(store::take_u64(key).value_or(0));
}

Result<LayerRow> decode_layer(std::string_view bytes) {
  const Lines lines = TRY(split(bytes));
  LayerRow row;
  row.code_id = lines.head.find_string("code").value_or("");
  row.deleted = lines.head.find("deleted") != nullptr;
  row.version = TRY(from_json<m::GetLayerVersionResponse>(m::shapes::kGetLayerVersionResponse, lines.body));
  return row;
}

Result<m::AliasConfiguration> decode_alias(std::string_view bytes) {
  return from_json<m::AliasConfiguration>(m::shapes::kAliasConfiguration, bytes);
}

}  // namespace

std::string encode(const FunctionRow& row) {
  std::string head;
  json::Writer writer(head);
  writer.begin_object().key("revision").string(row.config.revision_id.value_or("")).key("code").string(row.code_id);
  if (row.last_version != 0) writer.key("last").integer(row.last_version);
  if (!row.published_revision.empty()) writer.key("published").string(row.published_revision);
  if (row.reserved) writer.key("reserved").integer(*row.reserved);
  writer.end_object();
  return two_lines(head, wire::to_json(m::shapes::kFunctionConfiguration, &row.config));
}

Result<FunctionRow> decode(std::string_view bytes) {
  const Lines lines = TRY(split(bytes));
  FunctionRow row;
  row.code_id = lines.head.find_string("code").value_or("");
  row.last_version = number(lines.head, "last");
  row.published_revision = lines.head.find_string("published").value_or("");
  row.reserved = reserved_of(lines.head);
  row.config = TRY(from_json<m::FunctionConfiguration>(m::shapes::kFunctionConfiguration, lines.body));
  return row;
}

Result<RowHead> decode_head(std::string_view bytes) {
  const Lines lines = TRY(split(bytes));
  return RowHead{.revision = lines.head.find_string("revision").value_or(""), .reserved = reserved_of(lines.head)};
}

Result<std::optional<FunctionRow>> find(store::Reader& reader, const FunctionRef& ref) {
  const auto bytes = TRY(reader.get(ref.partition(), keys::function(ref)));
  if (!bytes) return std::nullopt;
  return TRY(decode(*bytes));
}

Result<FunctionRow> require(store::Reader& reader, const FunctionRef& ref) {
  auto row = TRY(find(reader, ref));
  if (!row) return fail(function_not_found(ref.arn()));
  return std::move(*row);
}

namespace {

Result<bool> in_use(store::Reader& reader, const LayerRef& layer) {
  bool found = false;
  TRY(reader.scan(layer.partition(), store::prefix_range(keys::layer_uses(layer)),
                  [&](std::string_view, std::string_view) {
                    found = true;
                    return false;
                  }));
  return found;
}

std::set<std::string> layers_of(const FunctionRow& row) {
  std::set<std::string> arns;
  if (!row.config.layers) return arns;
  for (const m::Layer& layer : *row.config.layers) arns.insert(layer.arn.value_or(""));
  return arns;
}

/// `user` has the layers `after`, and no longer those of `before`.
Result<> move_uses(store::Txn& txn, const std::string& user, const std::set<std::string>& before,
                   const std::set<std::string>& after) {
  for (const std::string& arn : after) {
    const auto layer = LayerRef::parse(arn);
    if (!layer) return fail(bad_row("a layer"));
    if (!before.contains(arn)) TRY(txn.put(layer->partition(), keys::layer_use(*layer, user), ""));
  }
  for (const std::string& arn : before) {
    const auto layer = LayerRef::parse(arn);
    if (!layer || after.contains(arn)) continue;
    TRY(txn.erase(layer->partition(), keys::layer_use(*layer, user)));
    TRY(free_layer_version(txn, *layer));
  }
  return {};
}

}  // namespace

Result<> drop_layers(store::Txn& txn, const std::string& version_arn, const FunctionRow& row) {
  return move_uses(txn, version_arn, layers_of(row), {});
}

Result<std::string> free_layer_version(store::Txn& txn, const LayerRef& ref) {
  const auto row = TRY(find_layer_version(txn, ref));
  if (!row || !row->deleted) return std::string();
  const bool used = TRY(in_use(txn, ref));
  if (used) return std::string();
  TRY(txn.erase(ref.partition(), keys::layer_version(ref)));
  TRY(code::discard(txn, ref.owner, row->code_id));
  return row->code_id;
}

Result<> put(store::Txn& txn, const FunctionRef& ref, const FunctionRow& row) {
  const auto before = TRY(find(txn, ref));
  TRY(move_uses(txn, ref.version_arn(kLatest), before ? layers_of(*before) : std::set<std::string>{}, layers_of(row)));
  return txn.put(ref.partition(), keys::function(ref), encode(row));
}

Result<std::optional<std::string>> find_version(store::Reader& reader, const FunctionRef& ref,
                                                std::string_view version) {
  if (version.empty() || version == kLatest) return reader.get(ref.partition(), keys::function(ref));
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(version.data(), version.data() + version.size(), number);
  if (error != std::errc{} || end != version.data() + version.size()) return std::nullopt;
  return reader.get(ref.partition(), keys::version(ref, number));
}

Result<> put_version(store::Txn& txn, const FunctionRef& ref, std::int64_t version, const FunctionRow& row) {
  TRY(move_uses(txn, ref.version_arn(std::to_string(version)), {}, layers_of(row)));
  return txn.put(ref.partition(), keys::version(ref, version), encode(row));
}

Result<> each_version(store::Reader& reader, const FunctionRef& ref, std::int64_t after,
                      const std::function<bool(std::int64_t, const FunctionRow&)>& visit) {
  const std::string family = keys::versions(ref);
  store::Range range = store::prefix_range(family);
  range.begin = keys::version(ref, after + 1);
  return each<FunctionRow>(reader, ref.partition(), range, decode, [&](std::string_view key, const FunctionRow& row) {
    return visit(version_in(key, family.size()), row);
  });
}

Result<std::optional<m::AliasConfiguration>> find_alias(store::Reader& reader, const FunctionRef& ref,
                                                        std::string_view name) {
  const auto bytes = TRY(reader.get(ref.partition(), keys::alias(ref, name)));
  if (!bytes) return std::nullopt;
  return TRY(decode_alias(*bytes));
}

Result<> put_alias(store::Txn& txn, const FunctionRef& ref, const m::AliasConfiguration& alias) {
  return txn.put(ref.partition(), keys::alias(ref, alias.name.value_or("")),
                 wire::to_json(m::shapes::kAliasConfiguration, &alias));
}

Result<> each_alias(store::Reader& reader, const FunctionRef& ref, std::string_view after,
                    const std::function<bool(const m::AliasConfiguration&)>& visit) {
  return each<m::AliasConfiguration>(
      reader, ref.partition(), after_name(keys::aliases(ref), after), decode_alias,
      [&](std::string_view, const m::AliasConfiguration& alias) { return visit(alias); });
}

Result<FunctionRow> require_qualified(store::Reader& reader, const FunctionRef& ref) {
  std::string version = ref.qualifier;
  if (ref.names_alias()) {
    const auto alias = TRY(find_alias(reader, ref, ref.qualifier));
    if (!alias) return fail(function_not_found(ref.qualified_arn()));
    version = alias->function_version.value_or("");
  }
  const auto bytes = TRY(find_version(reader, ref, version));
  if (!bytes) return fail(function_not_found(ref.qualified_arn()));
  return decode(*bytes);
}

Result<> each_function(store::Reader& reader, const AccountId& owner, std::string_view region, std::string_view after,
                       const std::function<bool(const FunctionRow&)>& visit) {
  return each<FunctionRow>(reader, store::Partition::service(owner, "lambda"),
                           after_name(keys::functions(region), after), decode,
                           [&](std::string_view, const FunctionRow& row) { return visit(row); });
}

Result<std::optional<LayerRow>> find_layer_version(store::Reader& reader, const LayerRef& ref) {
  const auto bytes = TRY(reader.get(ref.partition(), keys::layer_version(ref)));
  if (!bytes) return std::nullopt;
  return TRY(decode_layer(*bytes));
}

Result<> put_layer_version(store::Txn& txn, const LayerRef& ref, const LayerRow& row) {
  std::string head;
  json::Writer writer(head);
  writer.begin_object().key("code").string(row.code_id);
  if (row.deleted) writer.key("deleted").boolean(true);
  writer.end_object();
  return txn.put(ref.partition(), keys::layer_version(ref),
                 two_lines(head, wire::to_json(m::shapes::kGetLayerVersionResponse, &row.version)));
}

Result<std::vector<std::string>> layer_names(store::Reader& reader, const AccountId& owner, std::string_view region,
                                             std::string_view after) {
  std::vector<std::string> names;
  const std::string family = keys::layers(region);
  TRY(reader.scan(store::Partition::service(owner, "lambda"), after_name(family, after),
                  [&](std::string_view key, std::string_view) {
                    key.remove_prefix(family.size());
                    if (auto name = store::take_text(key)) names.push_back(std::move(*name));
                    return true;
                  }));
  return names;
}

Result<> each_layer_version(store::Reader& reader, const LayerRef& ref, std::int64_t before,
                            const std::function<bool(const LayerRow&)>& visit) {
  store::Range range = store::prefix_range(keys::layer_versions(ref), store::Direction::kBackward);
  if (before > 0) {
    LayerRef end = ref;
    end.version = before;
    range.end = keys::layer_version(end);
  }
  return each<LayerRow>(reader, ref.partition(), range, decode_layer,
                        [&](std::string_view, const LayerRow& row) { return visit(row); });
}

}  // namespace warifu::services::lambda::rows
