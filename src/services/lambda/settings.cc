#include <fmt/format.h>

#include "identity/tags.h"
#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"

namespace warifu::services::lambda {
namespace {

Result<FunctionRef> tagged(const api::Call& call) {
  FunctionRef ref = TRY(FunctionRef::of(call));
  if (!ref.qualifier.empty()) {
    return fail(
        invalid_parameter("Tags on function aliases and versions are not supported. Please specify a function ARN."));
  }
  return ref;
}

Result<std::int32_t> reserved_elsewhere(store::Reader& reader, const FunctionRef& ref) {
  std::int32_t sum = 0;
  TRY(rows::each_function(reader, ref.owner, ref.region, "", [&](const FunctionRow& row) {
    if (row.config.function_name != ref.name) sum += row.reserved.value_or(0);
    return true;
  }));
  return sum;
}

}  // namespace

Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input) {
  const FunctionRef ref = CO_TRY(tagged(call));
  identity::Tags tags = CO_TRY(tags_from(input.tags));
  const auto body = [ref, tags = std::move(tags)](store::Txn& txn) -> Result<m::TagResourceOutput> {
    TRY(rows::require(txn, ref));
    const Result<> put = identity::put_tags(txn, ref.owner, ref.arn(), tags);
    if (!put) return fail(invalid_parameter(put.error().message));
    return m::TagResourceOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input) {
  const FunctionRef ref = CO_TRY(tagged(call));
  const auto body = [ref, input](store::Txn& txn) -> Result<m::UntagResourceOutput> {
    TRY(rows::require(txn, ref));
    TRY(identity::erase_tags(txn, ref.owner, ref.arn(), input.tag_keys));
    return m::UntagResourceOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::ListTagsOutput>> list_tags(api::Call& call, m::ListTagsInput) {
  const FunctionRef ref = CO_TRY(tagged(call));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListTagsOutput> {
    TRY(rows::require(reader, ref));
    m::ListTagsOutput output;
    auto& tags = output.tags.emplace();
    for (const identity::Tag& tag : TRY(identity::tags_of(reader, ref.owner, ref.arn()))) {
      tags.emplace(tag.key, tag.value);
    }
    return output;
  });
}

Task<Result<m::PutFunctionConcurrencyOutput>> put_concurrency(api::Call& call, m::PutFunctionConcurrencyInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const std::int32_t reserved = input.reserved_concurrent_executions;
  const auto body = [ref, reserved](store::Txn& txn) -> Result<m::PutFunctionConcurrencyOutput> {
    FunctionRow row = TRY(rows::require(txn, ref));
    const std::int32_t others = TRY(reserved_elsewhere(txn, ref));
    if (reserved > kConcurrencyOfAccount - others - kConcurrencyUnreservedMin) {
      return fail(
          invalid_parameter(fmt::format("Specified ReservedConcurrentExecutions for function decreases account's "
                                        "UnreservedConcurrentExecution below its minimum value of [{}].",
                                        kConcurrencyUnreservedMin)));
    }
    row.reserved = reserved;
    TRY(rows::put(txn, ref, row));
    return m::PutFunctionConcurrencyOutput{.reserved_concurrent_executions = reserved};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetFunctionConcurrencyOutput>> get_concurrency(api::Call& call, m::GetFunctionConcurrencyInput) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const FunctionRow row = CO_TRY(call.db().read([&](store::Reader& reader) { return rows::require(reader, ref); }));
  co_return m::GetFunctionConcurrencyOutput{.reserved_concurrent_executions = row.reserved};
}

Task<Result<m::DeleteFunctionConcurrencyOutput>> delete_concurrency(api::Call& call,
                                                                    m::DeleteFunctionConcurrencyInput) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto body = [ref](store::Txn& txn) -> Result<m::DeleteFunctionConcurrencyOutput> {
    FunctionRow row = TRY(rows::require(txn, ref));
    row.reserved.reset();
    TRY(rows::put(txn, ref, row));
    return m::DeleteFunctionConcurrencyOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::GetAccountSettingsOutput>> get_account_settings(api::Call& call, m::GetAccountSettingsInput) {
  co_return call.db().read([&](store::Reader& reader) -> Result<m::GetAccountSettingsOutput> {
    std::int64_t bytes = 0;
    std::int64_t count = 0;
    std::int32_t reserved = 0;
    TRY(rows::each_function(reader, call.account(), call.region(), "", [&](const FunctionRow& row) {
      bytes += row.config.code_size.value_or(0);
      reserved += row.reserved.value_or(0);
      ++count;
      return true;
    }));
    return m::GetAccountSettingsOutput{
        .account_limit = m::AccountLimit{.total_code_size = kCodeBytesOfAccount,
                                         .code_size_unzipped = static_cast<std::int64_t>(kUnzippedBytesMax),
                                         .code_size_zipped = static_cast<std::int64_t>(kZipBytesMax),
                                         .concurrent_executions = kConcurrencyOfAccount,
                                         .unreserved_concurrent_executions = kConcurrencyOfAccount - reserved},
        .account_usage = m::AccountUsage{.total_code_size = bytes, .function_count = count}};
  });
}

}  // namespace warifu::services::lambda
