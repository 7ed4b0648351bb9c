"""`kill -9` while memories form: every event becomes its records once, whatever the moment."""

import random
import threading
import time
from typing import Any

from line import BROKEN, Line, make_memory
from support import Keys, Server

WRITERS = 6
ROUNDS = 8
NAMES = "heron otter badger falcon lynx marten stoat weasel plover dunlin godwit curlew avocet turnstone".split()
STRATEGY = [{"semanticMemoryStrategy": {"name": "Facts", "namespaceTemplates": ["/facts/{actorId}/"]}}]
SETTLE_TIMEOUT_S = 60


def write_until_killed(
    server: Server, keys: Keys, memory: str, actor: str, marks: list[str], killed: threading.Event
) -> None:
    """One session's events, each with a mark of its own; the marks that were acknowledged go to `marks`."""
    number = 0
    try:
        with Line(server, keys) as line:
            while not killed.is_set():
                mark = f"{actor}{number}q"
                text = f"I keep a {NAMES[number % len(NAMES)]} named {mark} in my garden."
                event = {
                    "actorId": actor,
                    "sessionId": f"of-{actor}",
                    "eventTimestamp": round(time.time(), 3),
                    "payload": [{"conversational": {"content": {"text": text}, "role": "USER"}}],
                }
                answer = line.call("POST", f"/memories/{memory}/events", event)
                assert answer.status == 201, answer
                marks.append(mark)
                number += 1
    except BROKEN:
        assert killed.is_set()


def records(line: Line, memory: str) -> list[str]:
    return [
        record["content"]["text"]
        for record in line.pages(f"/memories/{memory}/memoryRecords", "memoryRecordSummaries", namespacePath="/")
    ]


def settle(line: Line, memory: str) -> list[str]:
    end = time.monotonic() + SETTLE_TIMEOUT_S
    while time.monotonic() < end:
        answer = line.call("POST", f"/memories/{memory}/extractionJobs", {})
        assert answer.status == 200, answer
        if not answer.json()["jobs"]:
            return records(line, memory)
        time.sleep(0.05)
    raise AssertionError("extraction did not end")


def test_no_event_is_lost_to_extraction_or_extracted_twice(make_server: Any) -> None:
    random_ = random.Random(11)
    server = make_server(None, "--extraction-quiet-ms", "5").start()
    keys = server.new_account()
    with Line(server, keys) as line:
        memory = make_memory(line, "Forming", memoryStrategies=STRATEGY)["id"]
    said: list[str] = []
    for number in range(ROUNDS):
        killed = threading.Event()
        marks: list[list[str]] = [[] for _ in range(WRITERS)]
        threads = [
            threading.Thread(
                target=write_until_killed, args=(server, keys, memory, f"r{number}w{writer}", marks[writer], killed)
            )
            for writer in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        time.sleep(random_.uniform(0.02, 0.4))
        killed.set()
        server.kill()
        for thread in threads:
            thread.join()
        said += [mark for of_writer in marks for mark in of_writer]
        server.start()
    with Line(server, keys) as line:
        texts = settle(line, memory)
        assert len(said) > ROUNDS * WRITERS
        for mark in said:
            assert sum(f" {mark} " in text for text in texts) == 1, (mark, [text for text in texts if mark in text])
        assert len(texts) == len(set(texts))
    # Nothing more forms from what was done already.
    server.kill()
    server.start()
    with Line(server, keys) as line:
        assert sorted(settle(line, memory)) == sorted(texts)
