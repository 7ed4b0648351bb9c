#!/usr/bin/env python3
"""Measures how soon memories form, and what that costs CreateEvent: 100 sessions write to one memory, each event is
asked for by RetrieveMemoryRecords until it is found; then the same events are written, one after another, to a memory
with strategies and to one without, in turn. Prints Markdown rows.

Usage: extraction_bench.py [--sessions N] [--events N] [--rounds N]"""

import argparse
import random
import statistics
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "test" / "clients"))

from long_term import PREFERENCE, SEMANTIC, make_memory
from support import Keys, Server

THINGS = "atlas banjo cello drum easel flute globe harp inkwell jigsaw kayak lantern mandolin".split()
FOUND_WITHIN_S = 30


def row(name: str, values: list[float], unit: str) -> None:
    shown = " | ".join(f"{value:.3g}" for value in (min(values), statistics.median(values), max(values)))
    print(f"| {name}, {unit} | {shown} |", flush=True)


def event(mark: str, number: int) -> list[dict[str, Any]]:
    text = f"I bought a {THINGS[number % len(THINGS)]} named {mark} at the market in Porto."
    return [{"conversational": {"content": {"text": text}, "role": "USER"}}]


def until_found(data: Any, memory: str, actor: str, mark: str) -> float:
    """Seconds from the event's answer to its record among the best of a search."""
    begun = time.perf_counter()
    while time.perf_counter() - begun < FOUND_WITHIN_S:
        found = data.retrieve_memory_records(
            memoryId=memory, namespace=f"/facts/{actor}/", searchCriteria={"searchQuery": mark, "topK": 3}
        )["memoryRecordSummaries"]
        if any(mark in record["content"]["text"] for record in found):
            return time.perf_counter() - begun
        time.sleep(0.01)
    raise AssertionError(f"{mark} was not found within {FOUND_WITHIN_S} s")


def bench_found(server: Server, keys: Keys, memory: str, sessions: int, events: int) -> list[float]:
    """Every session writes an event a second; each is looked for until it is found."""
    seconds: list[float] = []
    lock = threading.Lock()

    def talk(number: int) -> None:
        data = server.client("bedrock-agentcore", keys)
        time.sleep(number / sessions)  # spread over the second
        for turn in range(events):
            mark = f"mark{number}x{turn}z"
            data.create_event(
                memoryId=memory, actorId=f"actor{number}", sessionId="s", eventTimestamp=datetime.now(UTC),
                payload=event(mark, turn),
            )
            took = until_found(data, memory, f"actor{number}", mark)
            with lock:
                seconds.append(took)
            time.sleep(max(0.0, 1 - took))

    threads = [threading.Thread(target=talk, args=(number,)) for number in range(sessions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(seconds)


def write_ms(data: Any, memory: str, count: int, seed: int) -> float:
    """Median milliseconds of a CreateEvent."""
    took = []
    for number in range(count):
        begun = time.perf_counter()
        data.create_event(
            memoryId=memory, actorId="ann", sessionId=f"s{seed}", eventTimestamp=datetime.now(UTC),
            payload=event(f"mark{seed}x{number}", number),
        )
        took.append((time.perf_counter() - begun) * 1000)
    return statistics.median(took)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--events", type=int, default=5, help="of each session")
    parser.add_argument("--rounds", type=int, default=7, help="pairs of CreateEvent with and without extraction")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data").start()
        try:
            keys = server.new_account()
            control, data = server.client("bedrock-agentcore-control", keys), server.client("bedrock-agentcore", keys)
            with_, without = make_memory(control, SEMANTIC, PREFERENCE)["id"], make_memory(control)["id"]
            seconds = bench_found(server, keys, with_, arguments.sessions, arguments.events)
            p50, p99 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99)]
            print(f"| event to findable record, {arguments.sessions} sessions writing, p50 / p99 of {len(seconds)}, s "
                  f"| {p50:.2f} / {p99:.2f} |", flush=True)
            ratios, order = [], random.Random(1)
            for number in range(arguments.rounds):
                both = [with_, without]
                order.shuffle(both)
                took = {memory: write_ms(data, memory, 300, number) for memory in both}
                ratios.append(took[with_] / took[without])
            row(f"CreateEvent with extraction on / off, median latency, {arguments.rounds} pairs", ratios, "ratio")
        finally:
            server.kill()


if __name__ == "__main__":
    main()
