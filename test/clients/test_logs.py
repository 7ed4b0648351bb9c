"""CloudWatch Logs by boto3 and the AWS CLI."""

import time
from typing import Any

import pytest

from support import Keys, Server, allow, refused, run_aws


@pytest.fixture
def logs(server: Server, owner: Keys) -> Any:
    return server.client("logs", owner)


def put(logs: Any, group: str, stream: str, *messages: str) -> None:
    now = int(time.time() * 1000)
    events = [{"timestamp": now - len(messages) + i, "message": message} for i, message in enumerate(messages)]
    logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=events)


def texts(answer: dict[str, Any]) -> list[str]:
    return [event["message"] for event in answer["events"]]


@pytest.fixture
def group(logs: Any) -> str:
    logs.create_log_group(logGroupName="/app/one", tags={"team": "x"})
    logs.create_log_stream(logGroupName="/app/one", logStreamName="s")
    return "/app/one"


def test_what_is_put_is_read_from_both_ends(logs: Any, group: str) -> None:
    put(logs, group, "s", "one", "two", "three")
    stream = {"logGroupName": group, "logStreamName": "s"}
    assert texts(logs.get_log_events(**stream)) == ["one", "two", "three"]
    first = logs.get_log_events(**stream, limit=2, startFromHead=True)
    assert texts(first) == ["one", "two"]
    second = logs.get_log_events(**stream, limit=2, nextToken=first["nextForwardToken"])
    assert texts(second) == ["three"]
    end = logs.get_log_events(**stream, nextToken=second["nextForwardToken"])
    assert texts(end) == [] and end["nextForwardToken"] == second["nextForwardToken"]
    with refused("InvalidParameterException", 400):
        logs.get_log_events(**stream, nextToken="f/0/s")


def test_searches_by_terms_and_by_json(logs: Any, group: str) -> None:
    logs.create_log_stream(logGroupName=group, logStreamName="t")
    put(logs, group, "s", "ERROR disk full", "all well")
    put(logs, group, "t", '{"level": "ERROR", "n": 7}', "ERROR net down")

    def found(pattern: str) -> set[str]:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, filterPattern=pattern, PaginationConfig={"PageSize": 1}
        )
        return {event["message"] for page in pages for event in page["events"]}

    assert found("ERROR -net") == {"ERROR disk full", '{"level": "ERROR", "n": 7}'}
    assert found('{ $.level = "ERROR" && $.n > 6 }') == {'{"level": "ERROR", "n": 7}'}
    assert found('"all well"') == {"all well"}
    assert found("?well ?down") == {"all well", "ERROR net down"}
    with refused("InvalidParameterException", 400):
        logs.filter_log_events(logGroupName=group, filterPattern="{ $.level }")


def test_groups_and_streams_are_described(server: Server, owner: Keys, logs: Any, group: str) -> None:
    described = logs.describe_log_groups(logGroupNamePrefix="/app")["logGroups"]
    assert [g["logGroupName"] for g in described] == [group]
    assert described[0]["arn"] == f"arn:aws:logs:us-east-1:{owner.account}:log-group:{group}:*"
    put(logs, group, "s", "x")
    streams = logs.describe_log_streams(logGroupName=group, orderBy="LastEventTime", descending=True)["logStreams"]
    assert [s["logStreamName"] for s in streams] == ["s"] and streams[0]["lastEventTimestamp"]
    arn = f"arn:aws:logs:us-east-1:{owner.account}:log-group:{group}"
    logs.tag_resource(resourceArn=arn, tags={"more": "y"})
    logs.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"more": "y"}
    logs.put_retention_policy(logGroupName=group, retentionInDays=7)
    assert logs.describe_log_groups()["logGroups"][0]["retentionInDays"] == 7
    logs.delete_retention_policy(logGroupName=group)
    assert "retentionInDays" not in logs.describe_log_groups()["logGroups"][0]
    logs.delete_log_stream(logGroupName=group, logStreamName="s")
    logs.delete_log_group(logGroupName=group)
    for call, options in (
        (logs.delete_log_group, {}),
        (logs.describe_log_streams, {}),
        (logs.create_log_stream, {"logStreamName": "s"}),
        (logs.filter_log_events, {}),
    ):
        with refused("ResourceNotFoundException", 400, "The specified log group does not exist."):
            call(logGroupName=group, **options)


def test_a_policy_must_end_as_aws_wants_it(server: Server, owner: Keys, logs: Any, group: str, make_user: Any) -> None:
    arn = f"arn:aws:logs:us-east-1:{owner.account}:log-group:{group}"
    whole = server.client("logs", make_user(allow("logs:*", f"{arn}:*")))
    put(whole, group, "s", "mine")
    assert texts(whole.filter_log_events(logGroupName=group)) == ["mine"]
    bare = server.client("logs", make_user(allow("logs:*", arn)))
    with refused(
        "AccessDeniedException",
        400,
        pattern=rf"logs:FilterLogEvents on resource: {arn}:log-stream: because no identity-based policy allows",
    ):
        bare.filter_log_events(logGroupName=group)
    stream = server.client("logs", make_user(allow("logs:PutLogEvents", f"{arn}:log-stream:s")))
    put(stream, group, "s", "theirs")
    with refused("AccessDeniedException", 400):
        stream.filter_log_events(logGroupName=group)


def test_the_cli_searches(server: Server, owner: Keys, logs: Any, group: str) -> None:
    put(logs, group, "s", "from the cli")
    found = run_aws(server.environment(owner), "logs", "filter-log-events", "--log-group-name", group)
    assert found.returncode == 0, found.stderr
    assert "from the cli" in found.stdout
