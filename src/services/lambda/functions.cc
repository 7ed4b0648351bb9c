#include <fmt/format.h>

#include <charconv>
#include <set>

#include "identity/resource_policies.h"
#include "identity/tags.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"
#include "services/lambda/publishing.h"

namespace warifu::services::lambda {
namespace {

constexpr int kNoContent = 204;

/// A configuration as the reader that named it sees it: with the ARN that it was named by.
m::FunctionConfiguration shown(const FunctionRef& ref, const FunctionRow& row) {
  m::FunctionConfiguration config = row.config;
  if (!ref.qualifier.empty()) config.function_arn = ref.qualified_arn();
  return config;
}

/// What the runtime runs on here is no fact of the row: the machine may have another tomorrow.
Task<> add_state(Service& service, m::FunctionConfiguration& config) {
  const auto note = co_await service.runtime_note(config.runtime.value_or(""));
  if (note && note->empty()) co_return;
  config.state_reason = note ? *note : note.error().message;
  if (note) co_return;
  config.state = "Failed";
  config.state_reason_code = "InvalidRuntime";
}

/// The configurations that a listing shows of one function.
Result<> add_all(store::Reader& reader, const FunctionRow& row, bool all_versions,
                 std::vector<m::FunctionConfiguration>& out) {
  const auto ref = FunctionRef::parse(row.config.function_arn.value_or(""));
  if (!ref) return fail(bad_row("a function"));
  m::FunctionConfiguration config = row.config;
  if (all_versions) config.function_arn = ref->version_arn(kLatest);
  out.push_back(std::move(config));
  if (!all_versions) return {};
  return rows::each_version(reader, *ref, 0, [&](std::int64_t, const FunctionRow& version) {
    out.push_back(version.config);
    return true;
  });
}

/// Codes that no row names any more.
using Codes = std::set<std::string>;

Result<Codes> erase_whole(store::Txn& txn, const FunctionRef& ref) {
  Codes codes;
  const FunctionRow latest = TRY(rows::require(txn, ref));
  codes.insert(latest.code_id);
  TRY(rows::drop_layers(txn, ref.version_arn(kLatest), latest));
  std::vector<FunctionRow> versions;
  std::vector<std::string> qualifiers;
  TRY(rows::each_version(txn, ref, 0, [&](std::int64_t number, const FunctionRow& row) {
    codes.insert(row.code_id);
    qualifiers.push_back(std::to_string(number));
    versions.push_back(row);
    return true;
  }));
  for (const FunctionRow& row : versions) {
    TRY(rows::drop_layers(txn, ref.version_arn(row.config.version.value_or("")), row));
  }
  TRY(rows::each_alias(txn, ref, "", [&](const m::AliasConfiguration& alias) {
    qualifiers.push_back(alias.name.value_or(""));
    return true;
  }));
  for (const std::string& family : {keys::versions(ref), keys::aliases(ref)}) {
    std::vector<std::string> found;
    TRY(txn.scan(ref.partition(), store::prefix_range(family), [&](std::string_view key, std::string_view) {
      found.emplace_back(key);
      return true;
    }));
    for (const std::string& key : found) TRY(txn.erase(ref.partition(), key));
  }
  for (const std::string& qualifier : qualifiers) {
    TRY(identity::erase_resource_policy(txn, ref.owner, ref.version_arn(qualifier)));
  }
  TRY(identity::erase_resource_policy(txn, ref.owner, ref.arn()));
  TRY(identity::erase_all_tags(txn, ref.owner, ref.arn()));
  TRY(EventQueue::erase_all(txn, ref));
  TRY(txn.erase(ref.partition(), keys::function(ref)));
  for (const std::string& code_id : codes) TRY(code::discard(txn, ref.owner, code_id));
  return codes;
}

Result<Codes> erase_version(store::Txn& txn, const FunctionRef& ref) {
  if (ref.qualifier == kLatest) {
    return fail(invalid_parameter("$LATEST version cannot be deleted without deleting the function."));
  }
  if (ref.names_alias()) {
    return fail(invalid_parameter("Deletion of aliases is not currently supported."));
  }
  TRY(rows::require(txn, ref));
  const auto bytes = TRY(rows::find_version(txn, ref, ref.qualifier));
  if (!bytes) return Codes{};
  std::string alias;
  TRY(rows::each_alias(txn, ref, "", [&](const m::AliasConfiguration& found) {
    const bool routed = found.routing_config && found.routing_config->additional_version_weights &&
                        found.routing_config->additional_version_weights->contains(ref.qualifier);
    if (found.function_version == ref.qualifier || routed) alias = found.alias_arn.value_or("");
    return alias.empty();
  }));
  if (!alias.empty()) {
    return fail(resource_conflict(fmt::format(
        "Function version {} cannot be deleted because it is referenced by alias {}", ref.qualifier, alias)));
  }
  const FunctionRow row = TRY(rows::decode(*bytes));
  std::int64_t number = 0;
  std::from_chars(ref.qualifier.data(), ref.qualifier.data() + ref.qualifier.size(), number);
  TRY(rows::drop_layers(txn, ref.version_arn(ref.qualifier), row));
  TRY(txn.erase(ref.partition(), keys::version(ref, number)));
  TRY(identity::erase_resource_policy(txn, ref.owner, ref.qualified_arn()));
  const bool used = TRY(publishing::code_in_use(txn, ref, row.code_id, number, true));
  if (used) return Codes{};
  TRY(code::discard(txn, ref.owner, row.code_id));
  return Codes{row.code_id};
}

}  // namespace

Task<Result<m::GetFunctionConfigurationOutput>> get_function_configuration(api::Call& call, Service& service,
                                                                           m::GetFunctionConfigurationInput) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const FunctionRow row =
      CO_TRY(call.db().read([&](store::Reader& reader) { return rows::require_qualified(reader, ref); }));
  m::FunctionConfiguration config = shown(ref, row);
  co_await add_state(service, config);
  co_return config;
}

Task<Result<m::GetFunctionOutput>> get_function(api::Call& call, Service& service, m::GetFunctionInput) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  auto found = call.db().read([&](store::Reader& reader) -> Result<m::GetFunctionOutput> {
    const FunctionRow row = TRY(rows::require_qualified(reader, ref));
    m::GetFunctionOutput output{.configuration = shown(ref, row)};
    output.code = m::FunctionCodeLocation{.repository_type = "S3",
                                          .location = service.code_url(ref.owner, row.code_id, call.now())};
    for (const identity::Tag& tag : TRY(identity::tags_of(reader, ref.owner, ref.arn()))) {
      if (!output.tags) output.tags.emplace();
      output.tags->emplace(tag.key, tag.value);
    }
    const FunctionRow latest = TRY(rows::require(reader, ref));
    if (latest.reserved)
      output.concurrency = m::PutFunctionConcurrencyOutput{.reserved_concurrent_executions = latest.reserved};
    return output;
  });
  if (!found) co_return fail(found.error());
  co_await add_state(service, *found->configuration);
  co_return found;
}

Task<Result<m::ListFunctionsOutput>> list_functions(api::Call& call, m::ListFunctionsInput input) {
  const bool all = input.function_version == "ALL";
  const auto limit = static_cast<std::size_t>(std::min(input.max_items.value_or(kPageMax), kPageMax));
  std::string after;
  if (input.marker && !input.marker->empty()) after = CO_TRY(call.page_position(*input.marker));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListFunctionsOutput> {
    m::ListFunctionsOutput output;
    auto& functions = output.functions.emplace();
    Result<> added;
    TRY(rows::each_function(reader, call.account(), call.region(), after, [&](const FunctionRow& row) {
      if (functions.size() >= limit) {
        output.next_marker = call.page_token(after);
        return false;
      }
      after = row.config.function_name.value_or("");
      added = add_all(reader, row, all, functions);
      return added.has_value();
    }));
    if (!added) return fail(added.error());
    return output;
  });
}

Task<Result<m::DeleteFunctionOutput>> delete_function(api::Call& call, Service& service, m::DeleteFunctionInput) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto body = [ref](store::Txn& txn) {
    return ref.qualifier.empty() ? erase_whole(txn, ref) : erase_version(txn, ref);
  };
  const Codes codes = CO_TRY(co_await call.db().write(body));
  service.retire(ref);
  for (const std::string& code : codes) (void)co_await service.code().erase(ref.owner, code);
  co_return m::DeleteFunctionOutput{.status_code = kNoContent};
}

}  // namespace warifu::services::lambda
