"""AgentCore Memory's short-term data plane, as boto3 sees it."""

import re
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from support import UNCHECKED, Keys, Server, refused

START = datetime.now(timezone.utc).replace(microsecond=0) - timedelta(hours=1)


def said(text: str, role: str = "USER") -> dict[str, Any]:
    return {"conversational": {"content": {"text": text}, "role": role}}


@pytest.fixture
def write(data: Any, memory: dict[str, Any]) -> Any:
    """Writes one event and answers it; by default actor `ann`, session `one`, a second later than the last."""
    clock = iter(START + timedelta(seconds=number) for number in range(10_000))

    def create(text: str = "hello", **change: Any) -> dict[str, Any]:
        request = {
            "memoryId": memory["id"],
            "actorId": "ann",
            "sessionId": "one",
            "eventTimestamp": next(clock),
            "payload": [said(text)],
        } | change
        return data.create_event(**request)["event"]

    return create


@pytest.fixture
def read(data: Any, memory: dict[str, Any]) -> Any:
    """Lists the events of `ann` in session `one`, all pages."""

    def listed(**change: Any) -> list[dict[str, Any]]:
        request = {"memoryId": memory["id"], "actorId": "ann", "sessionId": "one"} | change
        pages = data.get_paginator("list_events").paginate(**request)
        return [event for page in pages for event in page["events"]]

    return listed


def texts(events: list[dict[str, Any]]) -> list[str]:
    return [event["payload"][0]["conversational"]["content"]["text"] for event in events]


def test_an_event_comes_back_as_it_was_sent(data: Any, memory: dict[str, Any]) -> None:
    payload = [
        said("こんにちは"),
        said("fine", "ASSISTANT"),
        said("42", "TOOL"),
        said("…", "OTHER"),
        {"blob": {"nested": [1, 2.5, None, True, {"ä": "ö"}], "empty": {}}},
        {"blob": "just text"},
        {"blob": [[]]},
    ]
    answer = data.create_event(
        memoryId=memory["id"],
        actorId="ann",
        sessionId="one",
        eventTimestamp=START,
        payload=payload,
        metadata={"topic": {"stringValue": "small talk"}},
    )
    event = answer["event"]
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert re.fullmatch(r"\d{19}#[0-9a-f]{8}", event["eventId"])
    assert int(event["eventId"][:19]) == int(START.timestamp() * 1000)
    read = data.get_event(memoryId=memory["id"], actorId="ann", sessionId="one", eventId=event["eventId"])["event"]
    for answered in (event, read):
        assert answered["payload"] == payload
        assert answered["eventTimestamp"] == START
        assert answered["metadata"] == {"topic": {"stringValue": "small talk"}}
        assert (answered["memoryId"], answered["actorId"], answered["sessionId"]) == (memory["id"], "ann", "one")
        assert answered["branch"] == {"name": "main"}


def test_events_are_listed_newest_first_whatever_the_order_of_writing(write: Any, read: Any) -> None:
    for minute in (2, 0, 1):
        write(str(minute), eventTimestamp=START + timedelta(minutes=minute))
    assert texts(read()) == ["2", "1", "0"]


def test_events_of_one_millisecond_keep_the_order_of_arrival(write: Any, read: Any) -> None:
    for number in range(20):
        write(str(number), eventTimestamp=START)
    assert texts(read(maxResults=7)) == [str(number) for number in reversed(range(20))]


def test_pages_go_on_while_events_are_deleted(data: Any, memory: dict[str, Any], write: Any, read: Any) -> None:
    made = [write(str(number))["eventId"] for number in range(9)]
    request = {"memoryId": memory["id"], "actorId": "ann", "sessionId": "one"}
    seen: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = data.list_events(**request, maxResults=2, includePayloads=False, **token)
        assert page["events"] and "payload" not in page["events"][0]
        for event in page["events"]:
            seen.append(event["eventId"])
            data.delete_event(**request, eventId=event["eventId"])
        if not page.get("nextToken"):
            break
        token = {"nextToken": page["nextToken"]}
    assert seen == list(reversed(made))
    assert read() == []


def test_a_paging_token_serves_only_the_list_that_it_came_from(data: Any, memory: dict[str, Any], write: Any) -> None:
    for number in range(3):
        write(str(number))
    token = data.list_events(memoryId=memory["id"], actorId="ann", sessionId="one", maxResults=1)["nextToken"]
    for other in ({"sessionId": "two"}, {"actorId": "bob"}):
        request = {"memoryId": memory["id"], "actorId": "ann", "sessionId": "one"} | other
        with refused("ValidationException", 400):
            data.list_events(**request, nextToken=token)


def test_a_deleted_event_is_gone(data: Any, memory: dict[str, Any], write: Any) -> None:
    key = {"memoryId": memory["id"], "actorId": "ann", "sessionId": "one", "eventId": write()["eventId"]}
    assert data.delete_event(**key)["eventId"] == key["eventId"]
    with refused("ResourceNotFoundException", 404):
        data.get_event(**key)
    with refused("ResourceNotFoundException", 404):
        data.delete_event(**key)


def test_the_same_client_token_writes_one_event(write: Any, read: Any) -> None:
    token = str(uuid.uuid4())
    first = write("once", clientToken=token, eventTimestamp=START)
    assert write("once", clientToken=token, eventTimestamp=START)["eventId"] == first["eventId"]
    assert len(read()) == 1
    with refused("ValidationException", 400):
        write("something else", clientToken=token, eventTimestamp=START)


def test_without_a_session_the_server_makes_one(data: Any, memory: dict[str, Any]) -> None:
    event = data.create_event(memoryId=memory["id"], actorId="ann", eventTimestamp=START, payload=[said("hello")])[
        "event"
    ]
    listed = data.list_events(memoryId=memory["id"], actorId="ann", sessionId=event["sessionId"])["events"]
    assert [found["eventId"] for found in listed] == [event["eventId"]]


def test_the_memory_may_be_named_by_its_arn(data: Any, memory: dict[str, Any], write: Any) -> None:
    event = write("by arn", memoryId=memory["arn"])
    read = data.get_event(memoryId=memory["arn"], actorId="ann", sessionId="one", eventId=event["eventId"])["event"]
    assert texts([read]) == ["by arn"]


def test_actors_may_hold_slashes_and_colons(data: Any, memory: dict[str, Any], write: Any, read: Any) -> None:
    actor = "team/blue/user:1"
    event = write("hi", actorId=actor)
    assert [found["eventId"] for found in read(actorId=actor)] == [event["eventId"]]
    assert [summary["actorId"] for summary in data.list_actors(memoryId=memory["id"])["actorSummaries"]] == [actor]
    assert read(actorId="team/blue") == []


def test_metadata_filters_see_what_was_just_written(write: Any, read: Any) -> None:
    for number in range(12):
        metadata = {"kind": {"stringValue": "even" if number % 2 == 0 else "odd"}} if number < 10 else {}
        write(str(number), **({"metadata": metadata} if metadata else {}))

        def where(operator: str, value: str | None = None) -> dict[str, Any]:
            expression: dict[str, Any] = {"left": {"metadataKey": "kind"}, "operator": operator}
            if value is not None:
                expression["right"] = {"metadataValue": {"stringValue": value}}
            return {"eventMetadata": [expression]}

        # Read your writes: at once, and every time.
        evens = [str(even) for even in range(min(number, 9), -1, -1) if even % 2 == 0]
        assert texts(read(filter=where("EQUALS_TO", "even"), maxResults=3)) == evens
    assert len(read(filter=where("EXISTS"))) == 10
    assert texts(read(filter=where("NOT_EXISTS"))) == ["11", "10"]
    assert read(filter=where("EQUALS_TO", "neither")) == []


def test_a_branch_holds_its_own_events_and_its_parents_up_to_the_fork(write: Any, read: Any) -> None:
    root = write("root")
    write("on main after the fork")
    fork = {"name": "retry", "rootEventId": root["eventId"]}
    assert write("first on the branch", branch=fork)["branch"] == fork
    write("second on the branch", branch={"name": "retry"})
    on_branch = {"branch": {"name": "retry"}}
    assert texts(read(filter=on_branch)) == ["second on the branch", "first on the branch"]
    on_branch["branch"]["includeParentBranches"] = True
    assert texts(read(filter=on_branch)) == ["second on the branch", "first on the branch", "root"]
    assert len(read()) == 4


def test_sessions_and_actors_are_listed(data: Any, memory: dict[str, Any], write: Any) -> None:
    for session in ("one", "two", "three"):
        for _ in range(2):
            write(sessionId=session)
    write(actorId="bob", sessionId="four")
    sessions = [
        summary
        for page in data.get_paginator("list_sessions").paginate(memoryId=memory["id"], actorId="ann", maxResults=2)
        for summary in page["sessionSummaries"]
    ]
    assert sorted(summary["sessionId"] for summary in sessions) == ["one", "three", "two"]
    assert all(summary["actorId"] == "ann" and summary["createdAt"] for summary in sessions)
    actors = [
        summary["actorId"]
        for page in data.get_paginator("list_actors").paginate(memoryId=memory["id"], maxResults=1)
        for summary in page["actorSummaries"]
    ]
    assert sorted(actors) == ["ann", "bob"]


def test_an_unknown_actor_or_session_is_empty_and_not_missing(read: Any) -> None:
    assert read(actorId="nobody") == []
    assert read(sessionId="never") == []


def test_an_unknown_memory_is_missing_and_a_malformed_one_is_invalid(server: Server, owner: Keys) -> None:
    data = server.client("bedrock-agentcore", owner, config=UNCHECKED)
    with refused("ResourceNotFoundException", 404):
        data.list_events(memoryId="Nothing-0123456789", actorId="ann", sessionId="one")
    with refused("ValidationException", 400):
        data.list_events(memoryId="x", actorId="ann", sessionId="one")


@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"actorId": "-starts-badly"}, "actorId"),
        ({"actorId": "a" * 256}, "actorId"),
        ({"sessionId": "has space"}, "sessionId"),
        ({"sessionId": "s" * 101}, "sessionId"),
        ({"payload": [said("")]}, "payload"),
        ({"payload": [said("x" * 100_001)]}, "payload"),
        ({"payload": [said("x", "NOBODY")]}, "payload"),
        ({"payload": [{"blob": 1}] * 101}, "payload"),
        ({"metadata": {f"k{number}": {"stringValue": "v"} for number in range(16)}}, "metadata"),
        ({"metadata": {"k": {"stringValue": "comma, not allowed"}}}, "metadata"),
        ({"branch": {"name": "has space"}}, "branch"),
    ],
)
def test_an_invalid_member_is_named(
    server: Server, owner: Keys, memory: dict[str, Any], change: dict[str, Any], member: str
) -> None:
    request = {
        "memoryId": memory["id"],
        "actorId": "ann",
        "sessionId": "one",
        "eventTimestamp": START,
        "payload": [said("x")],
        "clientToken": str(uuid.uuid4()),
    } | change
    with refused("ValidationException", 400, pattern=f"'{member}"):
        server.client("bedrock-agentcore", owner, config=UNCHECKED).create_event(**request)


def test_members_at_their_limits_are_accepted(write: Any) -> None:
    write(
        actorId="a" * 255,
        sessionId="s" * 100,
        payload=[said("x" * 100_000)] + [{"blob": 1}] * 99,
        metadata={f"k{number}": {"stringValue": "v" * 256} for number in range(15)},
    )


def test_many_writers_at_once_lose_nothing(server: Server, owner: Keys, memory: dict[str, Any], read: Any) -> None:
    client = server.client("bedrock-agentcore", owner)

    def create(number: int) -> str:
        return client.create_event(
            memoryId=memory["id"],
            actorId="ann",
            sessionId="one",
            eventTimestamp=datetime.now(timezone.utc),
            payload=[said(str(number))],
        )["event"]["eventId"]

    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(create, range(200)))
    assert len(set(made)) == 200
    assert [event["eventId"] for event in read(maxResults=100)] == sorted(made, reverse=True)


def test_no_event_of_another_memory_or_session_is_ever_listed(control: Any, write: Any, read: Any) -> None:
    other = control.create_memory(name=f"Other{time.monotonic_ns()}", eventExpiryDuration=30)["memory"]
    write("here")
    write("there", memoryId=other["id"])
    write("elsewhere", sessionId="one2")
    assert texts(read()) == ["here"]
