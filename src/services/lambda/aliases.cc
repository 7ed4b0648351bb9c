#include <fmt/format.h>

#include <algorithm>

#include "identity/resource_policies.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"

namespace warifu::services::lambda {
namespace {

Error alias_not_found(const FunctionRef& ref, std::string_view name) {
  return resource_not_found(fmt::format("Cannot find alias arn: {}", ref.version_arn(name)));
}

Result<> check_version(store::Reader& reader, const FunctionRef& ref, const std::string& version) {
  const auto present = TRY(rows::find_version(reader, ref, version));
  return present ? Result<>{} : fail(function_not_found(ref.version_arn(version)));
}

Result<> check_routing(store::Reader& reader, const FunctionRef& ref, const std::string& version,
                       const std::optional<m::AliasRoutingConfiguration>& routing) {
  if (!routing || !routing->additional_version_weights || routing->additional_version_weights->empty()) return {};
  if (routing->additional_version_weights->size() > 1) {
    return fail(invalid_parameter("Number of items in AdditionalVersionWeights cannot be greater than 1"));
  }
  const auto& [other, weight] = *routing->additional_version_weights->begin();
  if (version == kLatest || other == kLatest) {
    return fail(invalid_parameter("$LATEST is not supported for an alias pointing to more than 1 version"));
  }
  if (other == version) {
    return fail(invalid_parameter(
        fmt::format("Invalid function version {}. Function version {} is already included in routing configuration.",
                    other, other)));
  }
  if (!(weight >= 0.0 && weight <= 1.0)) {
    return fail(invalid_parameter("The weight of an additional version is between 0 and 1"));
  }
  return check_version(reader, ref, other);
}

/// An empty map of weights takes the routing away.
std::optional<m::AliasRoutingConfiguration> kept(const std::optional<m::AliasRoutingConfiguration>& routing) {
  const bool any = routing && routing->additional_version_weights && !routing->additional_version_weights->empty();
  return any ? routing : std::nullopt;
}

}  // namespace

Task<Result<m::CreateAliasOutput>> create_alias(api::Call& call, m::CreateAliasInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto body = [ref, input, revision = call.random().uuid()](store::Txn& txn) -> Result<m::AliasConfiguration> {
    TRY(rows::require(txn, ref));
    const auto present = TRY(rows::find_alias(txn, ref, input.name));
    if (present) {
      return fail(resource_conflict(fmt::format("Alias already exists: {}", ref.version_arn(input.name))));
    }
    TRY(check_version(txn, ref, input.function_version));
    TRY(check_routing(txn, ref, input.function_version, input.routing_config));
    m::AliasConfiguration alias{.alias_arn = ref.version_arn(input.name),
                                .name = input.name,
                                .function_version = input.function_version,
                                .description = input.description.value_or(""),
                                .routing_config = kept(input.routing_config),
                                .revision_id = revision};
    TRY(rows::put_alias(txn, ref, alias));
    return alias;
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetAliasOutput>> get_alias(api::Call& call, m::GetAliasInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::AliasConfiguration> {
    auto alias = TRY(rows::find_alias(reader, ref, input.name));
    if (!alias) return fail(alias_not_found(ref, input.name));
    return std::move(*alias);
  });
}

Task<Result<m::ListAliasesOutput>> list_aliases(api::Call& call, m::ListAliasesInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto limit = static_cast<std::size_t>(std::min(input.max_items.value_or(kPageMax), kPageMax));
  std::string after;
  if (input.marker && !input.marker->empty()) after = CO_TRY(call.page_position(*input.marker));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListAliasesOutput> {
    TRY(rows::require(reader, ref));
    m::ListAliasesOutput output;
    auto& aliases = output.aliases.emplace();
    TRY(rows::each_alias(reader, ref, after, [&](const m::AliasConfiguration& alias) {
      if (input.function_version && alias.function_version != input.function_version) return true;
      if (aliases.size() == limit) {
        output.next_marker = call.page_token(after);
        return false;
      }
      after = alias.name.value_or("");
      aliases.push_back(alias);
      return true;
    }));
    return output;
  });
}

Task<Result<m::UpdateAliasOutput>> update_alias(api::Call& call, m::UpdateAliasInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto body = [ref, input, revision = call.random().uuid()](store::Txn& txn) -> Result<m::AliasConfiguration> {
    auto alias = TRY(rows::find_alias(txn, ref, input.name));
    if (!alias) return fail(alias_not_found(ref, input.name));
    if (input.revision_id && input.revision_id != alias->revision_id) return fail(revision_mismatch());
    if (input.function_version) {
      TRY(check_version(txn, ref, *input.function_version));
      alias->function_version = input.function_version;
    }
    if (input.description) alias->description = input.description;
    if (input.routing_config) alias->routing_config = kept(input.routing_config);
    TRY(check_routing(txn, ref, alias->function_version.value_or(""), alias->routing_config));
    alias->revision_id = revision;
    TRY(rows::put_alias(txn, ref, *alias));
    return std::move(*alias);
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::DeleteAliasOutput>> delete_alias(api::Call& call, m::DeleteAliasInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto body = [ref, name = input.name](store::Txn& txn) -> Result<m::DeleteAliasOutput> {
    TRY(rows::require(txn, ref));
    TRY(txn.erase(ref.partition(), keys::alias(ref, name)));
    TRY(identity::erase_resource_policy(txn, ref.owner, ref.version_arn(name)));
    return m::DeleteAliasOutput{};
  };
  co_return co_await call.db().write(body);
}

}  // namespace warifu::services::lambda
