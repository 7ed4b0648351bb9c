"""`kill -9` under Lambda: what was acknowledged is there; no event is lost."""

import contextlib
import random
import threading
import time
import uuid
from typing import Any

from functions import archive, call, eventually, execution_role, messages, processes_with
from support import Keys, Server

SLOW = "import time\ndef handler(event, context):\n    time.sleep(1)\n    print('ran', event)\n"
FORKS = """import os, signal, time
def handler(event, context):
    for _ in range(5):
        if os.fork() == 0:
            os.setsid()
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            time.sleep(600)
    time.sleep(600)
"""
ROUNDS = 3
CREATORS = 3


def create_until_killed(
    server: Server, keys: Keys, role: str, name: str, made: list[str], killed: threading.Event
) -> None:
    client = server.client("lambda", keys)
    number = 0
    while not killed.is_set():
        function = f"{name}-{number}"
        try:
            client.create_function(
                FunctionName=function,
                Runtime="python3.12",
                Handler="lambda_function.handler",
                Role=role,
                Code={"ZipFile": archive(f"def handler(event, context):\n    return '{function}'\n")},
            )
        except Exception:
            assert killed.is_set()
            return
        made.append(function)
        number += 1


def test_functions_that_were_acknowledged_are_there_whole(make_server: Any, seed: int) -> None:
    random_ = random.Random(seed)
    server = make_server().start()
    keys = server.new_account()
    role = execution_role(server, keys)
    acknowledged: list[str] = []
    for number in range(ROUNDS):
        killed = threading.Event()
        made: list[list[str]] = [[] for _ in range(CREATORS)]
        threads = [
            threading.Thread(target=create_until_killed, args=(server, keys, role, f"r{number}-{i}", made[i], killed))
            for i in range(CREATORS)
        ]
        for thread in threads:
            thread.start()
        eventually(lambda: sum(map(len, made)) > random_.randrange(20))
        killed.set()
        server.kill()
        for thread in threads:
            thread.join()
        acknowledged += [name for names in made for name in names]
        server.start()
        client = server.client("lambda", keys)
        pages = client.get_paginator("list_functions").paginate()
        there = {function["FunctionName"] for page in pages for function in page["Functions"]}
        assert set(acknowledged) <= there
    client = server.client("lambda", keys)
    for name in random_.sample(sorted(there), 3):
        assert call(client, name)[0] == name, "its code is there as well"


def test_a_killed_server_leaves_no_process_of_its_functions(make_server: Any) -> None:
    server = make_server().start()
    keys = server.new_account()
    word = f"word-{uuid.uuid4()}"
    client = server.client("lambda", keys)
    client.create_function(
        FunctionName="forks",
        Runtime="python3.12",
        Handler="lambda_function.handler",
        Role=execution_role(server, keys),
        Timeout=60,
        Environment={"Variables": {"WORD": word}},
        Code={"ZipFile": archive(FORKS)},
    )
    caller = threading.Thread(target=swallow, args=(client,), daemon=True)
    caller.start()
    eventually(lambda: len(processes_with(word)) >= 6)
    server.kill()
    eventually(lambda: not processes_with(word))
    caller.join(30)


def swallow(client: Any) -> None:
    """A call whose server is killed under it."""
    with contextlib.suppress(Exception):
        client.invoke(FunctionName="forks")


def test_events_that_were_acknowledged_run(make_server: Any) -> None:
    server = make_server().start()
    keys = server.new_account()
    role = execution_role(server, keys)
    client = server.client("lambda", keys)
    client.create_function(
        FunctionName="late",
        Runtime="python3.12",
        Handler="lambda_function.handler",
        Role=role,
        Timeout=10,
        Code={"ZipFile": archive(SLOW)},
    )
    events = range(4)
    for number in events:
        assert call(client, "late", number, InvocationType="Event")[1]["StatusCode"] == 202
    time.sleep(0.2)
    server.kill()
    server.start()
    eventually(lambda: {f"ran {number}" for number in events} <= set(messages(server, keys, "late")), timeout_s=40)
