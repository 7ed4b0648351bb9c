"""Workers that change things on connections of their own until the server is killed under them."""

import itertools
import random
import threading
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TypeVar

from line import BROKEN, Line
from support import Keys, Server


@dataclass
class Worker(ABC):
    """Calls `change` with 0, 1, 2, … until its connection breaks; `failure` says what else went wrong."""

    server: Server
    keys: Keys
    name: str
    killed: threading.Event
    answers: threading.Semaphore
    failure: BaseException | None = None

    @abstractmethod
    def change(self, line: Line, number: int) -> None:
        """Makes changes, notes which were acknowledged, and releases `answers` for each of them."""

    def run(self) -> None:
        try:
            with Line(self.server, self.keys) as line:
                for number in itertools.count():
                    self.change(line, number)
        except BROKEN as error:
            self.failure = None if self.killed.is_set() else error
        except BaseException as error:
            self.failure = error


W = TypeVar("W", bound=Worker)


def run_and_kill(
    kind: type[W], server: Server, keys: Keys, name: str, random_: random.Random, *, count: int, changes_max: int
) -> list[W]:
    """Runs `count` workers and kills the server after some of their changes, fewer than `changes_max`."""
    killed, answers = threading.Event(), threading.Semaphore(0)
    workers = [kind(server, keys, f"{name}{number}", killed, answers) for number in range(count)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for _ in range(random_.randrange(changes_max)):
        if not answers.acquire(timeout=20) or any(worker.failure for worker in workers):
            break
    killed.set()
    server.kill()
    for thread in threads:
        thread.join()
    for worker in workers:
        if worker.failure:
            raise worker.failure
    return workers
