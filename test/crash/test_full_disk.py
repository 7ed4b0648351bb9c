"""A disk that runs full: writes answer 503, reads go on, and nothing that was acknowledged is lost."""

import os
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from history import Event, Place, listed
from line import Line, make_memory
from support import Keys, Server

DISK = "64m"
PAYLOAD = "0123456789abcdef" * 2048
LEFT_BYTES = 2 << 20
WRITES_MAX = 2000
LOGGED_BYTES = 10 << 20
SPACE_RETURNS_S = 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small file system of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def server_on(make_server: Any, disk: Path) -> Server:
    """Its data lies on the disk that fills up; what it says must not."""
    server = make_server(disk / "data")
    server.log_file = disk.parent / "server.log"
    return server


def fill(disk: Path, left_bytes: int) -> None:
    """Leaves `left_bytes` of the disk free; 0 leaves not one."""
    with open(disk / "ballast", "ab") as file:
        while (room := free_bytes(disk) - left_bytes) > 0:
            try:
                file.write(b"\0" * min(room, 1 << 20))
                file.flush()
            except OSError:
                return


def free_bytes(disk: Path) -> int:
    state = os.statvfs(disk)
    return state.f_bavail * state.f_frsize


def event_of(memory: str) -> Event:
    token = str(uuid.uuid4())
    text = {"content": {"text": PAYLOAD}, "role": "USER"}
    return Event(
        place=Place(memory, "ann", "one"),
        token=token,
        timestamp=round(time.time(), 3),
        payload=[{"conversational": text}, {"blob": token}],
        metadata={"token": {"stringValue": token}},
    )


def write_until_full(line: Line, memory: str, written: list[Event]) -> Event:
    """Writes until the server refuses for want of room, which it must say clearly; returns what it refused."""
    for _ in range(WRITES_MAX):
        event = event_of(memory)
        answer = line.call("POST", f"/memories/{memory}/events", event.request())
        if answer.status == 201:
            event.id = answer.json()["event"]["eventId"]
            written.append(event)
            continue
        assert answer.status == 503, answer
        assert answer.code.startswith("ServiceUnavailable"), answer
        assert answer.message, answer
        return event
    raise AssertionError("the disk did not run full")


def check_reads(line: Line, written: list[Event], refused: list[Event]) -> None:
    """All of `written` are there; of `refused` (whose bytes may have reached the disk) each at most once, whole."""
    found = listed(line, written[0].place)
    by_token = {event.token: event for event in written + refused}
    for event_id, answered in found.items():
        asked = by_token.pop(answered["metadata"]["token"]["stringValue"])
        assert asked.id in (None, event_id)
        asked.check(answered)
    assert [event.id for event in by_token.values() if event.id is not None] == []
    for event in written[:: max(1, len(written) // 20)]:
        answer = line.call("GET", event.path)
        assert answer.status == 200, answer
        event.check(answer.json()["event"])


def write_when_there_is_room(line: Line, memory: str, written: list[Event], refused: list[Event]) -> None:
    until = time.monotonic() + SPACE_RETURNS_S
    while True:
        event = event_of(memory)
        answer = line.call("POST", f"/memories/{memory}/events", event.request())
        if answer.status == 201:
            event.id = answer.json()["event"]["eventId"]
            written.append(event)
            return
        refused.append(event)
        assert answer.status == 503, answer
        assert time.monotonic() < until, f"no write within {SPACE_RETURNS_S} s of the return of space: {answer}"
        time.sleep(0.05)


def start_with_memory(server: Server) -> tuple[Keys, str]:
    keys = server.start().new_account()
    with Line(server, keys) as line:
        return keys, make_memory(line, "Full")["id"]


def test_a_full_disk_refuses_writes_and_loses_nothing(make_server: Any, disk: Path) -> None:
    server = server_on(make_server, disk)
    keys, memory = start_with_memory(server)
    written: list[Event] = []
    refused: list[Event] = []
    for left_bytes in (LEFT_BYTES, 300_000, 0):
        fill(disk, left_bytes)
        with Line(server, keys) as line:
            refused.append(write_until_full(line, memory, written))
            fill(disk, 0)
            refused += [write_until_full(line, memory, []) for _ in range(5)]
            check_reads(line, written, refused)
            assert line.call("GET", f"/memories/{memory}/details").status == 200
            (disk / "ballast").unlink()
            write_when_there_is_room(line, memory, written, refused)
            check_reads(line, written, refused)
        server.kill()
        server.start()
        with Line(server, keys) as line:
            check_reads(line, written, refused)
    assert len(written) > 10


@pytest.mark.parametrize("returned_bytes", [500_000, 5 << 20])
def test_reads_go_on_when_too_little_room_returns(make_server: Any, disk: Path, returned_bytes: int) -> None:
    server = server_on(make_server, disk)
    keys, memory = start_with_memory(server)
    written: list[Event] = []
    with Line(server, keys) as line:
        # So much that reading the log back at the next opening would take more room than returns.
        while len(written) * len(PAYLOAD) < LOGGED_BYTES:
            written.append(event_of(memory))
            written[-1].create(line)
        fill(disk, 1 << 20)
        refused = [write_until_full(line, memory, written)]
        fill(disk, 0)
        os.truncate(disk / "ballast", (disk / "ballast").stat().st_size - returned_bytes)
        until = time.monotonic() + 1.5
        while time.monotonic() < until:
            refused.append(event_of(memory))
            answer = line.call("POST", f"/memories/{memory}/events", refused[-1].request())
            assert answer.status in (201, 503), answer
            if answer.status == 201:
                refused[-1].id = answer.json()["event"]["eventId"]
                written.append(refused.pop())
            check_reads(line, written, refused)
        (disk / "ballast").unlink()
        write_when_there_is_room(line, memory, written, refused)
        check_reads(line, written, refused)


def test_a_server_killed_on_a_full_disk_has_everything_once_there_is_room(make_server: Any, disk: Path) -> None:
    server = server_on(make_server, disk)
    keys, memory = start_with_memory(server)
    written: list[Event] = []
    fill(disk, LEFT_BYTES)
    with Line(server, keys) as line:
        refused = [write_until_full(line, memory, written)]
    fill(disk, 0)
    server.kill()
    said = len(server.log())
    try:
        server.start()
    except AssertionError:
        # Without room it may refuse to start, with a line that says why; it may not crash, nor harm what is there.
        assert server.process.wait(20) > 0, server.log()[said:]
        assert len(server.log()[said:].strip().splitlines()) == 1, server.log()[said:]
    else:
        with Line(server, keys) as line:
            check_reads(line, written, refused)
            refused.append(write_until_full(line, memory, []))
        server.kill()

    (disk / "ballast").unlink()
    server.start()
    with Line(server, keys) as line:
        check_reads(line, written, refused)
        write_when_there_is_room(line, memory, written, refused)
        check_reads(line, written, refused)
    assert server.stop() == 0
