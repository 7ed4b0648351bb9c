#include <fmt/format.h>

#include <algorithm>

#include "identity/tags.h"
#include "services/logs/errors.h"
#include "services/logs/limits.h"
#include "services/logs/operations.h"

namespace warifu::services::logs {
namespace {

constexpr std::size_t kIdChars = 24;

Result<identity::Tags> tags_from(const std::map<std::string, std::string>& tags) {
  identity::Tags out;
  for (const auto& [key, value] : tags) {
    if (iequals(std::string_view(key).substr(0, 4), "aws:")) {
      return fail(invalid_parameter(fmt::format("tag key `{}` begins with aws:, which is reserved", key)));
    }
    out.push_back({.key = key, .value = value});
  }
  return out;
}

Result<> put_tags(store::Txn& txn, const GroupRef& ref, const identity::Tags& tags) {
  const Result<> put = identity::put_tags(txn, ref.owner, ref.arn(), tags);
  return put || put.error().code != ErrorCode::kValidation ? put : fail(invalid_parameter(put.error().message));
}

std::map<std::string, std::string> shown(const identity::Tags& tags) {
  std::map<std::string, std::string> out;
  for (const identity::Tag& tag : tags) out.emplace(tag.key, tag.value);
  return out;
}

Task<Result<bool>> add_tags(api::Call& call, const std::map<std::string, std::string>& given) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  identity::Tags tags = CO_TRY(tags_from(given));
  const auto body = [ref, tags = std::move(tags)](store::Txn& txn) -> Result<bool> {
    TRY(rows::require_group(txn, ref));
    TRY(put_tags(txn, ref, tags));
    return true;
  };
  co_return co_await call.db().write(body);
}

Task<Result<bool>> take_tags(api::Call& call, const std::vector<std::string>& names) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  const auto body = [ref, names](store::Txn& txn) -> Result<bool> {
    TRY(rows::require_group(txn, ref));
    TRY(identity::erase_tags(txn, ref.owner, ref.arn(), names));
    return true;
  };
  co_return co_await call.db().write(body);
}

Result<std::map<std::string, std::string>> tags_of(api::Call& call) {
  const GroupRef ref = TRY(GroupRef::of(call));
  return call.db().read([&](store::Reader& reader) -> Result<std::map<std::string, std::string>> {
    TRY(rows::require_group(reader, ref));
    return shown(TRY(identity::tags_of(reader, ref.owner, ref.arn())));
  });
}

Task<Result<bool>> set_retention(api::Call& call, std::optional<std::int32_t> days) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  const auto body = [ref, days](store::Txn& txn) -> Result<bool> {
    GroupRow row = TRY(rows::require_group(txn, ref));
    row.group.retention_in_days = days;
    TRY(rows::put_group(txn, ref, row));
    return true;
  };
  co_return co_await call.db().write(body);
}

Result<> check_listing(const m::DescribeLogGroupsInput& input, const AccountId& caller) {
  if (input.log_group_name_prefix && input.log_group_name_pattern) {
    return fail(invalid_parameter("LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters."));
  }
  const bool foreign =
      input.account_identifiers &&
      std::ranges::any_of(*input.account_identifiers, [&](const auto& id) { return id != caller.str(); });
  if (input.include_linked_accounts.value_or(false) || foreign) {
    return fail(invalid_parameter("linked accounts are not supported by this server"));
  }
  return {};
}

bool wanted(const m::LogGroup& group, const m::DescribeLogGroupsInput& input) {
  const std::string name = group.log_group_name.value_or("");
  if (input.log_group_class && group.log_group_class != input.log_group_class) return false;
  if (input.log_group_name_pattern && name.find(*input.log_group_name_pattern) == std::string::npos) return false;
  if (!input.log_group_identifiers) return true;
  return std::ranges::any_of(*input.log_group_identifiers, [&](const std::string& id) {
    return id == name || id == group.log_group_arn || id == group.arn;
  });
}

}  // namespace

Task<Result<m::CreateLogGroupOutput>> create_log_group(api::Call& call, m::CreateLogGroupInput input) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  if (input.kms_key_id) co_return fail(invalid_parameter("kmsKeyId is not supported by this server yet"));
  GroupRow row{.id = call.random().text(kIdChars, kAlphanumeric)};
  row.group.log_group_name = ref.group;
  row.group.creation_time = call.now().ms;
  row.group.metric_filter_count = 0;
  row.group.arn = ref.arn() + ":*";
  row.group.log_group_arn = ref.arn();
  row.group.stored_bytes = 0;
  row.group.log_group_class = input.log_group_class.value_or("STANDARD");
  row.group.deletion_protection_enabled = input.deletion_protection_enabled.value_or(false);
  identity::Tags tags = CO_TRY(tags_from(input.tags.value_or(std::map<std::string, std::string>{})));
  const auto body = [ref, row, tags = std::move(tags)](store::Txn& txn) -> Result<m::CreateLogGroupOutput> {
    const auto present = TRY(rows::find_group(txn, ref));
    if (present) return fail(group_exists());
    TRY(rows::put_group(txn, ref, row));
    if (!tags.empty()) TRY(put_tags(txn, ref, tags));
    return m::CreateLogGroupOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::DeleteLogGroupOutput>> delete_log_group(api::Call& call, m::DeleteLogGroupInput) {
  const GroupRef ref = CO_TRY(GroupRef::of(call));
  const auto body = [ref](store::Txn& txn) -> Result<m::DeleteLogGroupOutput> {
    const GroupRow row = TRY(rows::require_group(txn, ref));
    if (row.group.deletion_protection_enabled.value_or(false)) {
      return fail(validation_error("the log group is protected from deletion"));
    }
    TRY(rows::erase_group(txn, ref, row));
    TRY(identity::erase_all_tags(txn, ref.owner, ref.arn()));
    return m::DeleteLogGroupOutput{};
  };
  co_return co_await call.db().write(body);
}

Task<Result<m::DescribeLogGroupsOutput>> describe_log_groups(api::Call& call, m::DescribeLogGroupsInput input) {
  CO_TRY(check_listing(input, call.account()));
  std::string after;
  if (input.next_token) {
    auto position = call.page_position(*input.next_token);
    if (!position) co_return fail(bad_token());
    after = std::move(*position);
  }
  const auto limit = static_cast<std::size_t>(input.limit.value_or(kDescribeDefault));
  co_return call.db().read([&](store::Reader& reader) -> Result<m::DescribeLogGroupsOutput> {
    m::DescribeLogGroupsOutput output;
    auto& groups = output.log_groups.emplace();
    const std::string prefix = input.log_group_name_prefix.value_or("");
    TRY(rows::each_group(reader, call.account(), call.region(), prefix, after, [&](const GroupRow& row) {
      if (!wanted(row.group, input)) return true;
      if (groups.size() == limit) {
        output.next_token = call.page_token(after);
        return false;
      }
      after = row.group.log_group_name.value_or("");
      groups.push_back(row.group);
      return true;
    }));
    return output;
  });
}

Task<Result<m::PutRetentionPolicyOutput>> put_retention_policy(api::Call& call, m::PutRetentionPolicyInput input) {
  if (std::ranges::find(kRetentionDays, input.retention_in_days) == kRetentionDays.end()) {
    co_return fail(invalid_parameter(
        fmt::format("1 validation error detected: Value '{}' at 'retentionInDays' failed to satisfy constraint: Member "
                    "must satisfy enum value set: [{}]",
                    input.retention_in_days, fmt::join(kRetentionDays, ", "))));
  }
  CO_TRY(co_await set_retention(call, input.retention_in_days));
  co_return m::PutRetentionPolicyOutput{};
}

Task<Result<m::DeleteRetentionPolicyOutput>> delete_retention_policy(api::Call& call, m::DeleteRetentionPolicyInput) {
  CO_TRY(co_await set_retention(call, std::nullopt));
  co_return m::DeleteRetentionPolicyOutput{};
}

Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input) {
  CO_TRY(co_await add_tags(call, input.tags));
  co_return m::TagResourceOutput{};
}
Task<Result<m::TagLogGroupOutput>> tag_log_group(api::Call& call, m::TagLogGroupInput input) {
  CO_TRY(co_await add_tags(call, input.tags));
  co_return m::TagLogGroupOutput{};
}
Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input) {
  CO_TRY(co_await take_tags(call, input.tag_keys));
  co_return m::UntagResourceOutput{};
}
Task<Result<m::UntagLogGroupOutput>> untag_log_group(api::Call& call, m::UntagLogGroupInput input) {
  CO_TRY(co_await take_tags(call, input.tags));
  co_return m::UntagLogGroupOutput{};
}
Task<Result<m::ListTagsForResourceOutput>> list_tags_for_resource(api::Call& call, m::ListTagsForResourceInput) {
  auto tags = CO_TRY(tags_of(call));
  co_return m::ListTagsForResourceOutput{.tags = std::move(tags)};
}
Task<Result<m::ListTagsLogGroupOutput>> list_tags_log_group(api::Call& call, m::ListTagsLogGroupInput) {
  auto tags = CO_TRY(tags_of(call));
  co_return m::ListTagsLogGroupOutput{.tags = std::move(tags)};
}

}  // namespace warifu::services::logs
