"""A bound on how long a measurement may last, whatever hangs: `hold(seconds)` at its start."""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

GRACE_S = 30


def _descendants(pid: int) -> list[int]:
    """All processes below `pid`, children before theirs."""
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_descendants(child)]
    return found


def _end() -> None:
    for pid in _descendants(os.getpid()):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    os._exit(1)


def hold(seconds: int) -> None:
    """After `seconds` the main thread gets a SystemExit, so that it ends what it started in order. Where that takes
    longer than GRACE_S, everything below this process is killed, and the process ends."""

    def late(*_: Any) -> None:
        last = threading.Timer(GRACE_S, _end)
        last.daemon = True
        last.start()
        raise SystemExit(f"{Path(sys.argv[0]).name}: not done within {seconds} s")

    signal.signal(signal.SIGALRM, late)
    signal.alarm(seconds)
