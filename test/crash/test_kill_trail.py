"""`kill -9` under changes: what happened has its record, what did not happen has none."""

import json
import random
from dataclasses import dataclass, field
from typing import Any

from line import Line
from support import Keys, Server
from workers import Worker, run_and_kill

ROUNDS = 8
WORKERS = 4
CHANGES_MAX = 120


@dataclass
class Recruiter(Worker):
    """Makes users, some of them twice, and reads in between."""

    made: list[str] = field(default_factory=list)  # acknowledged

    def change(self, line: Line, number: int) -> None:
        name = f"{self.name}-{number}"
        assert line.query("iam", "CreateUser", UserName=name).status == 200
        self.made.append(name)
        self.answers.release()
        if number % 3 == 0:
            assert line.query("iam", "CreateUser", UserName=name).status == 409
        assert line.query("iam", "GetUser", UserName=name).status == 200


def change_and_kill(server: Server, keys: Keys, name: str, random_: random.Random) -> list[str]:
    workers = run_and_kill(Recruiter, server, keys, f"{name}-", random_, count=WORKERS, changes_max=CHANGES_MAX)
    return [name for worker in workers for name in worker.made]


def recorded(server: Server, keys: Keys, name: str) -> list[dict[str, Any]]:
    pages = server.client("cloudtrail", keys).get_paginator("lookup_events")
    asked = [{"AttributeKey": "EventName", "AttributeValue": name}]
    found = [event for page in pages.paginate(LookupAttributes=asked) for event in page["Events"]]
    return [json.loads(event["CloudTrailEvent"]) for event in found]


def users(server: Server, keys: Keys) -> set[str]:
    pages = server.client("iam", keys).get_paginator("list_users").paginate()
    return {user["UserName"] for page in pages for user in page["Users"] if user["UserName"].startswith("R")}


def test_a_change_and_its_record_survive_together_or_not_at_all(make_server: Any, seed: int) -> None:
    random_ = random.Random(seed)
    server = make_server(None, "--lookups-per-second", "0").start()
    keys = server.new_account()
    acknowledged: set[str] = set()
    for number in range(ROUNDS):
        acknowledged.update(change_and_kill(server, keys, f"R{number}", random_))
        server.start()
        records = recorded(server, keys, "CreateUser")
        assert len({record["eventID"] for record in records}) == len(records)
        done = [record["requestParameters"]["userName"] for record in records if "errorCode" not in record]
        assert len(set(done)) == len(done), "a change is recorded once"
        there = users(server, keys)
        assert acknowledged <= there
        assert set(done) == there, "a record for each user that is there, acknowledged or not, and for no other"
    assert len(acknowledged) > ROUNDS
    # Of reads and refusals a kill loses the last moments alone: those of earlier rounds are there.
    refused = [record for record in recorded(server, keys, "CreateUser") if "errorCode" in record]
    assert refused and all(record["errorCode"] == "EntityAlreadyExists" for record in refused)
    assert recorded(server, keys, "GetUser")


def test_a_stop_loses_no_record_of_a_read(make_server: Any) -> None:
    server = make_server().start()
    keys = server.new_account()
    with Line(server, keys) as line:
        for _ in range(40):
            assert line.query("iam", "ListUsers").status == 200
    assert server.stop() == 0
    server.start()
    assert len(recorded(server, keys, "ListUsers")) == 40
