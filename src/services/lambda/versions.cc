#include <fmt/format.h>

#include <charconv>

#include "services/lambda/configuration.h"
#include "services/lambda/errors.h"
#include "services/lambda/limits.h"
#include "services/lambda/operations.h"
#include "services/lambda/publishing.h"

namespace warifu::services::lambda {
namespace publishing {

Result<m::FunctionConfiguration> publish(store::Txn& txn, const FunctionRef& ref, FunctionRow& latest,
                                         const std::optional<std::string>& description, const std::string& revision) {
  if (!latest.published_revision.empty() && latest.published_revision == latest.config.revision_id) {
    const auto bytes = TRY(txn.get(ref.partition(), keys::version(ref, latest.last_version)));
    if (bytes) {
      const FunctionRow present = TRY(rows::decode(*bytes));
      return present.config;
    }
  }
  const std::int64_t number = latest.last_version + 1;
  FunctionRow version{.config = latest.config, .code_id = latest.code_id};
  version.config.version = std::to_string(number);
  version.config.function_arn = ref.version_arn(std::to_string(number));
  version.config.revision_id = revision;
  if (description && !description->empty()) version.config.description = description;
  latest.last_version = number;
  latest.published_revision = latest.config.revision_id.value_or("");
  TRY(rows::put_version(txn, ref, number, version));
  TRY(rows::put(txn, ref, latest));
  return version.config;
}

Result<bool> code_in_use(store::Reader& reader, const FunctionRef& ref, std::string_view code_id, std::int64_t except,
                         bool latest_counts) {
  bool used = false;
  if (latest_counts) {
    const auto latest = TRY(rows::find(reader, ref));
    used = latest && latest->code_id == code_id;
  }
  if (used) return true;
  TRY(rows::each_version(reader, ref, 0, [&](std::int64_t number, const FunctionRow& row) {
    used = number != except && row.code_id == code_id;
    return !used;
  }));
  return used;
}

}  // namespace publishing

Task<Result<m::PublishVersionOutput>> publish_version(api::Call& call, m::PublishVersionInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  if (input.publish_to) co_return fail(unsupported_parameter("PublishTo"));
  const auto body = [ref, input, revision = call.random().uuid()](store::Txn& txn) -> Result<m::FunctionConfiguration> {
    FunctionRow latest = TRY(rows::require(txn, ref));
    if (input.revision_id && input.revision_id != latest.config.revision_id) return fail(revision_mismatch());
    if (input.code_sha256 && !input.code_sha256->empty() && input.code_sha256 != latest.config.code_sha256) {
      return fail(invalid_parameter(
          fmt::format("CodeSHA256 ({}) is different from current CodeSHA256 in $LATEST ({}). Please try again with the "
                      "CodeSHA256 in $LATEST.",
                      *input.code_sha256, latest.config.code_sha256.value_or(""))));
    }
    return publishing::publish(txn, ref, latest, input.description, revision);
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::ListVersionsByFunctionOutput>> list_versions(api::Call& call, m::ListVersionsByFunctionInput input) {
  const FunctionRef ref = CO_TRY(FunctionRef::of(call));
  const auto limit = static_cast<std::size_t>(std::min(input.max_items.value_or(kPageMax), kPageMax));
  std::int64_t after = -1;  // $LATEST comes first
  if (input.marker && !input.marker->empty()) {
    const std::string position = CO_TRY(call.page_position(*input.marker));
    std::from_chars(position.data(), position.data() + position.size(), after);
  }
  co_return call.db().read([&](store::Reader& reader) -> Result<m::ListVersionsByFunctionOutput> {
    m::ListVersionsByFunctionOutput output;
    auto& versions = output.versions.emplace();
    FunctionRow latest = TRY(rows::require(reader, ref));
    if (after < 0) {
      latest.config.function_arn = ref.version_arn(kLatest);
      versions.push_back(std::move(latest.config));
      after = 0;
    }
    TRY(rows::each_version(reader, ref, after, [&](std::int64_t number, const FunctionRow& row) {
      if (versions.size() == limit) {
        output.next_marker = call.page_token(std::to_string(after));
        return false;
      }
      after = number;
      versions.push_back(row.config);
      return true;
    }));
    return output;
  });
}

}  // namespace warifu::services::lambda
