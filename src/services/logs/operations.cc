#include "services/logs/operations.h"

#include "services/logs/live_tail.h"

namespace warifu::services::logs {

void bind(api::Registry& registry) {
  namespace ops = m::ops;
  registry.bind(ops::kCreateLogGroup, create_log_group);
  registry.bind(ops::kDeleteLogGroup, delete_log_group);
  registry.bind(ops::kDescribeLogGroups, describe_log_groups);
  registry.bind(ops::kPutRetentionPolicy, put_retention_policy);
  registry.bind(ops::kDeleteRetentionPolicy, delete_retention_policy);
  registry.bind(ops::kTagResource, tag_resource);
  registry.bind(ops::kUntagResource, untag_resource);
  registry.bind(ops::kListTagsForResource, list_tags_for_resource);
  registry.bind(ops::kTagLogGroup, tag_log_group);
  registry.bind(ops::kUntagLogGroup, untag_log_group);
  registry.bind(ops::kListTagsLogGroup, list_tags_log_group);
  registry.bind(ops::kCreateLogStream, create_log_stream);
  registry.bind(ops::kDeleteLogStream, delete_log_stream);
  registry.bind(ops::kDescribeLogStreams, describe_log_streams);
  registry.bind(ops::kPutLogEvents, put_log_events);
  registry.bind(ops::kGetLogEvents, get_log_events);
  registry.bind(ops::kFilterLogEvents, filter_log_events);
  registry.bind_stream<m::StartLiveTailResponseStream>(
      ops::kStartLiveTail, [tails = std::make_shared<LiveTails>()](api::Call& call, m::StartLiveTailInput input) {
        return start_live_tail(call, *tails, std::move(input));
      });
}

}  // namespace warifu::services::logs
