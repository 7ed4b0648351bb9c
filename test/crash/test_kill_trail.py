"""`kill -9` under changes: what happened has its record, what did not happen has none."""

import itertools
import json
import random
import threading
from dataclasses import dataclass, field
from typing import Any

from line import BROKEN, Line
from support import Keys, Server

ROUNDS = 8
WORKERS = 4
CHANGES_MAX = 120


@dataclass
class Worker:
    """Makes users, some of them twice, and reads in between; notes which were acknowledged."""

    server: Server
    keys: Keys
    name: str
    killed: threading.Event
    answers: threading.Semaphore
    made: list[str] = field(default_factory=list)
    failure: BaseException | None = None

    def run(self) -> None:
        try:
            with Line(self.server, self.keys) as line:
                for number in itertools.count():
                    name = f"{self.name}-{number}"
                    assert line.query("iam", "CreateUser", UserName=name).status == 200
                    self.made.append(name)
                    self.answers.release()
                    if number % 3 == 0:
                        assert line.query("iam", "CreateUser", UserName=name).status == 409
                    assert line.query("iam", "GetUser", UserName=name).status == 200
        except BROKEN as error:
            self.failure = None if self.killed.is_set() else error
        except BaseException as error:
            self.failure = error


def change_and_kill(server: Server, keys: Keys, name: str, random_: random.Random) -> list[str]:
    killed, answers = threading.Event(), threading.Semaphore(0)
    workers = [Worker(server, keys, f"{name}-{number}", killed, answers) for number in range(WORKERS)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for _ in range(random_.randrange(CHANGES_MAX)):
        if not answers.acquire(timeout=20) or any(worker.failure for worker in workers):
            break
    killed.set()
    server.kill()
    for thread in threads:
        thread.join()
    for worker in workers:
        if worker.failure:
            raise worker.failure
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
    server = make_server().start()
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
