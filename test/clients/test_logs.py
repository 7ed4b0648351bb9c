"""CloudWatch Logs by boto3 and the AWS CLI."""

import subprocess
import threading
import time
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, EventStreamError

from functions import eventually
from support import BINARY, NO_RETRIES, Keys, Server, allow, refused, run_aws


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


def test_a_live_tail_shows_what_comes_and_nothing_before(server: Server, owner: Keys, make_user: Any) -> None:
    logs = server.client("logs", owner)
    for group in ("/tail/seen", "/tail/other"):
        logs.create_log_group(logGroupName=group)
        for stream in ("a-1", "b-1"):
            logs.create_log_stream(logGroupName=group, logStreamName=stream)
    put(logs, "/tail/seen", "a-1", "before")
    arn = f"arn:aws:logs:us-east-1:{owner.account}:log-group:/tail/seen"
    # Real clients put `streaming-` before the host's name, which an address does not take.
    tailing = server.client("logs", owner, config=NO_RETRIES.merge(Config(inject_host_prefix=False)))
    stream = tailing.start_live_tail(
        logGroupIdentifiers=[arn], logStreamNamePrefixes=["a-"], logEventFilterPattern="wanted"
    )["responseStream"]
    events = iter(stream)
    start = next(events)["sessionStart"]
    assert start["logGroupIdentifiers"] == [arn] and start["logStreamNamePrefixes"] == ["a-"] and start["sessionId"]
    put(logs, "/tail/seen", "b-1", "wanted in another stream")
    put(logs, "/tail/other", "a-1", "wanted in another group")
    put(logs, "/tail/seen", "a-1", "of no interest", "wanted 1", "wanted 2")
    logs.create_log_stream(logGroupName="/tail/seen", logStreamName="a-2")
    put(logs, "/tail/seen", "a-2", "wanted 3")
    seen: list[str] = []
    for _ in range(20):
        update = next(events)["sessionUpdate"]
        assert update["sessionMetadata"] == {"sampled": False}
        for event in update["sessionResults"]:
            assert event["logStreamName"] in ("a-1", "a-2") and event["logGroupIdentifier"].endswith(":/tail/seen")
            seen.append(event["message"])
        if len(seen) >= 3:
            break
    assert sorted(seen) == ["wanted 1", "wanted 2", "wanted 3"]
    stream.close()
    other = server.client("logs", make_user(allow("logs:StartLiveTail", arn.replace("seen", "other") + ":*")),
                          config=NO_RETRIES.merge(Config(inject_host_prefix=False)))
    with refused("AccessDeniedException"):
        other.start_live_tail(logGroupIdentifiers=[arn])
    with refused("InvalidParameterException", 400, pattern="several log groups"):
        tailing.start_live_tail(logGroupIdentifiers=[arn, arn.replace("seen", "other")])
    with refused("ResourceNotFoundException", 400):
        tailing.start_live_tail(logGroupIdentifiers=[arn + "-none"])


def test_live_tails_are_bounded_and_end_with_their_group(server: Server, owner: Keys) -> None:
    logs = server.client("logs", owner)
    logs.create_log_group(logGroupName="/tail/many")
    arn = f"arn:aws:logs:us-east-1:{owner.account}:log-group:/tail/many"
    tailing = server.client(
        "logs", owner, config=NO_RETRIES.merge(Config(inject_host_prefix=False, max_pool_connections=20))
    )
    running = [tailing.start_live_tail(logGroupIdentifiers=[arn])["responseStream"] for _ in range(15)]
    with refused("LimitExceededException", 400):
        tailing.start_live_tail(logGroupIdentifiers=[arn])
    for stream in running[1:]:
        stream.close()

    def again() -> bool:
        try:
            tailing.start_live_tail(logGroupIdentifiers=[arn])["responseStream"].close()
        except ClientError:
            return False
        return True

    eventually(again)
    logs.delete_log_group(logGroupName="/tail/many")
    with pytest.raises(EventStreamError, match="SessionStreamingException"):
        for _ in running[0]:
            pass


def test_the_command_prints_and_follows_a_log(server: Server, owner: Keys) -> None:
    logs = server.client("logs", owner)
    logs.create_log_group(logGroupName="/followed")
    logs.create_log_stream(logGroupName="/followed", logStreamName="s")
    put(logs, "/followed", "s", "first", "second")
    environment = server.environment(owner)
    once = subprocess.run(
        [str(BINARY), "logs", "/followed"], capture_output=True, text=True, timeout=30, env=environment, check=False
    )
    assert once.returncode == 0, once.stderr
    assert [line.split(" ", 2)[1:] for line in once.stdout.splitlines()] == [["s", "first"], ["s", "second"]]
    lines: list[str] = []
    following = subprocess.Popen(
        [str(BINARY), "logs", "-f", "/followed", "--plain", "--filter", "-second"],
        stdout=subprocess.PIPE, text=True, env=environment,
    )  # fmt: skip
    try:
        reader = threading.Thread(target=lambda: lines.extend(line.rstrip() for line in following.stdout), daemon=True)
        reader.start()
        eventually(lambda: lines == ["first"])
        put(logs, "/followed", "s", "second", "third")
        eventually(lambda: lines == ["first", "third"])
        put(logs, "/followed", "s", "fourth")
        eventually(lambda: lines == ["first", "third", "fourth"])
    finally:
        following.terminate()
        following.wait(10)
    for arguments, said in ((["/none"], "log group does not exist"), (["/followed", "--since", "soon"], "no time")):
        failed = subprocess.run(
            [str(BINARY), "logs", *arguments], capture_output=True, text=True, timeout=30, env=environment, check=False
        )
        assert failed.returncode == 1 and said in failed.stderr and failed.stdout == ""
