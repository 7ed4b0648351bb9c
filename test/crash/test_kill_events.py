"""`kill -9` under concurrent writes of events: what was acknowledged is there once and whole, whatever the moment."""

import random
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from history import Event, History, Place, Round
from line import BROKEN, Line, make_memory
from support import BINARY, Keys, Server, clean_environment

WRITERS = 12
ACKNOWLEDGED_MAX = 120
ROUNDS_OF_OS = 5
SESSIONS_READ_AT_THE_END = 200
JUNK = "the quick brown fox jumps over the lazy dog 速い茶色の狐 " * 1200


@dataclass
class Writer:
    """One caller that writes, repeats and deletes until the server is gone."""

    server: Server
    keys: Keys
    round: Round
    random: random.Random
    started: float
    killed: threading.Event
    answers: threading.Semaphore
    failure: BaseException | None = None

    def run(self) -> None:
        mine: list[Event] = []
        try:
            with Line(self.server, self.keys) as line:
                while not self.killed.is_set():
                    self._step(line, mine)
                    self.answers.release()
        except BROKEN as error:
            self.failure = None if self.killed.is_set() else error
        except BaseException as error:
            self.failure = error

    def _step(self, line: Line, mine: list[Event]) -> None:
        kept = [event for event in mine[-20:] if not event.deletion_asked]
        choice = self.random.random()
        if kept and choice < 0.10:
            self.random.choice(kept).create(line)
        elif kept and choice < 0.20:
            self.random.choice(kept).delete(line)
        else:
            event = self._event()
            self.round.add(event)
            event.create(line)
            mine.append(event)

    def _event(self) -> Event:
        # Many share their moment, so that one millisecond of a session is crowded; some tokens are no UUID.
        crowd = self.random.random() < 0.5
        now = self.started if crowd else round(time.time(), 3)
        token = str(uuid.UUID(int=self.random.getrandbits(128), version=4))
        if self.random.random() < 0.4:
            token = f"token-of-no-uuid-{token}"
        size = self.random.choice([0, 10, 300, 3000, self.random.randrange(len(JUNK))])
        start = self.random.randrange(len(JUNK) - size + 1)
        blob = {"token": token, "junk": JUNK[start : start + size], "numbers": [0, 1.5, -7, None, True]}
        return Event(
            place=self.random.choice(self.round.places[:1] if crowd else self.round.places),
            token=token,
            timestamp=now,
            payload=[
                {"conversational": {"content": {"text": f"{token} says …"}, "role": "USER"}},
                {"blob": blob},
                {"conversational": {"content": {"text": f"… {token}"}, "role": "ASSISTANT"}},
            ],
            metadata={"token": {"stringValue": token}, "size": {"stringValue": str(size)}},
        )


def write_and_kill(server: Server, keys: Keys, places: list[Place], random_: random.Random) -> Round:
    """Lets the writers write, kills the server after a number of answers, and returns what was asked for."""
    done, killed, answers = Round(places), threading.Event(), threading.Semaphore(0)
    started = round(time.time(), 3)
    writers = [
        Writer(server, keys, done, random.Random(random_.random()), started, killed, answers) for _ in range(WRITERS)
    ]
    threads = [threading.Thread(target=writer.run) for writer in writers]
    for thread in threads:
        thread.start()
    for _ in range(random_.randrange(ACKNOWLEDGED_MAX)):
        if not answers.acquire(timeout=20) or any(writer.failure for writer in writers):
            break
    time.sleep(random_.uniform(0, 0.01))
    killed.set()
    server.kill()
    for thread in threads:
        thread.join()
    for writer in writers:
        if writer.failure:
            raise writer.failure
    return done


def kill_while_it_starts(server: Server, random_: random.Random) -> None:
    process = subprocess.Popen(
        [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data", str(server.data)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=clean_environment(),
    )
    time.sleep(random_.uniform(0, 0.1))
    process.kill()
    process.wait()


def kill_in_rounds(server: Server, rounds: int, random_: random.Random) -> None:
    server.start()
    keys = server.new_account()
    with Line(server, keys) as line:
        memories = [make_memory(line, name)["id"] for name in ("One", "Two")]
    lifelong = [Place(memory, "ann", "lifelong") for memory in memories]
    history = History()
    unanswered = unasked = 0
    for number in range(rounds):
        fresh = [Place(memory, "ann", f"session-{number}") for memory in memories]
        fresh += [Place(memory, f"actor-{number}/of:many", "one") for memory in memories]
        done = write_and_kill(server, keys, fresh + lifelong, random_)
        unanswered += sum(event.id is None for event in done.events)
        if random_.random() < 0.2:
            kill_while_it_starts(server, random_)
        server.start()
        with Line(server, keys) as line:
            unasked += done.verify(line, fresh, random_)
            history.settle(done)
            if number % 10 == 9:
                history.verify_names(line, memories[number // 10 % 2])

    print(f"{rounds} rounds: {unanswered} creations were in flight, {unasked} of them had happened")
    assert unanswered > rounds, "too few kills met a write in flight to say anything"
    server.kill()
    server.start()
    with Line(server, keys) as line:
        for memory in memories:
            history.verify_names(line, memory)
        some = sorted(set(history.sessions) - set(lifelong))
        for place in random_.sample(some, min(len(some), SESSIONS_READ_AT_THE_END)) + lifelong:
            history.verify_session(line, place)
    assert server.stop() == 0, server.log()[-3000:]


def test_a_kill_under_writes_loses_no_event_and_leaves_none_twice_or_half(
    make_server: Any, rounds: int, seed: int
) -> None:
    kill_in_rounds(make_server(), rounds, random.Random(seed))


def test_a_kill_loses_no_event_when_the_system_holds_the_writes(make_server: Any, rounds: int, seed: int) -> None:
    kill_in_rounds(make_server(None, "--durability=os"), min(rounds, ROUNDS_OF_OS), random.Random(seed + 1))
