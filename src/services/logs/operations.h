#pragma once

#include "api/registry.h"
#include "services/logs/rows.h"

/// The operations of CloudWatch Logs. Each handler is called with a Call that its permissions have passed.
namespace warifu::services::logs {

void bind(api::Registry& registry);

[[nodiscard]] Task<Result<m::CreateLogGroupOutput>> create_log_group(api::Call& call, m::CreateLogGroupInput input);
[[nodiscard]] Task<Result<m::DeleteLogGroupOutput>> delete_log_group(api::Call& call, m::DeleteLogGroupInput input);
[[nodiscard]] Task<Result<m::DescribeLogGroupsOutput>> describe_log_groups(api::Call& call,
                                                                           m::DescribeLogGroupsInput input);
[[nodiscard]] Task<Result<m::PutRetentionPolicyOutput>> put_retention_policy(api::Call& call,
                                                                             m::PutRetentionPolicyInput input);
[[nodiscard]] Task<Result<m::DeleteRetentionPolicyOutput>> delete_retention_policy(api::Call& call,
                                                                                   m::DeleteRetentionPolicyInput input);
[[nodiscard]] Task<Result<m::TagResourceOutput>> tag_resource(api::Call& call, m::TagResourceInput input);
[[nodiscard]] Task<Result<m::UntagResourceOutput>> untag_resource(api::Call& call, m::UntagResourceInput input);
[[nodiscard]] Task<Result<m::ListTagsForResourceOutput>> list_tags_for_resource(api::Call& call,
                                                                                m::ListTagsForResourceInput input);
[[nodiscard]] Task<Result<m::TagLogGroupOutput>> tag_log_group(api::Call& call, m::TagLogGroupInput input);
[[nodiscard]] Task<Result<m::UntagLogGroupOutput>> untag_log_group(api::Call& call, m::UntagLogGroupInput input);
[[nodiscard]] Task<Result<m::ListTagsLogGroupOutput>> list_tags_log_group(api::Call& call,
                                                                          m::ListTagsLogGroupInput input);

[[nodiscard]] Task<Result<m::CreateLogStreamOutput>> create_log_stream(api::Call& call, m::CreateLogStreamInput input);
[[nodiscard]] Task<Result<m::DeleteLogStreamOutput>> delete_log_stream(api::Call& call, m::DeleteLogStreamInput input);
[[nodiscard]] Task<Result<m::DescribeLogStreamsOutput>> describe_log_streams(api::Call& call,
                                                                             m::DescribeLogStreamsInput input);

[[nodiscard]] Task<Result<m::PutLogEventsOutput>> put_log_events(api::Call& call, m::PutLogEventsInput input);
[[nodiscard]] Task<Result<m::GetLogEventsOutput>> get_log_events(api::Call& call, m::GetLogEventsInput input);
[[nodiscard]] Task<Result<m::FilterLogEventsOutput>> filter_log_events(api::Call& call, m::FilterLogEventsInput input);

}  // namespace warifu::services::logs
