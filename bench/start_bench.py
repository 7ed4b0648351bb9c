#!/usr/bin/env python3
"""Measures a start with many memories that hold many records: how soon the server answers, what the first search of a
memory costs, and what stays resident when all have been searched. Prints Markdown rows.

Usage: start_bench.py [--memories N] [--records N] [--starts N]"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from server_bench import Warifu, row

NAME_SPACE = "/bench/all/"
BATCH = 20_000
QUERY = "seven of the records that this search is about"


def fill(server: Warifu, memories: int, records: int) -> list[str]:
    import boto3

    control = boto3.client(
        "bedrock-agentcore-control",
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id=server.key,
        aws_secret_access_key=server.secret,
    )
    made = []
    begun = time.perf_counter()
    for number in range(memories):
        server.memory = control.create_memory(name=f"many{number}", eventExpiryDuration=30)["memory"]["id"]
        made.append(server.memory)
        for first in range(0, records, BATCH):
            count = min(BATCH, records - first)
            server.load("records", count=count, first=first, namespace=NAME_SPACE, connections=4)
    row(f"{memories:,} memories of {records:,} records: writing them", [time.perf_counter() - begun], "s")
    return made


def connect(server: Warifu):
    import boto3

    return boto3.client(
        "bedrock-agentcore",
        region_name="us-east-1",
        endpoint_url=server.url,
        aws_access_key_id=server.key,
        aws_secret_access_key=server.secret,
    )


def search_ms(client, memory: str) -> float:
    begun = time.perf_counter()
    found = client.retrieve_memory_records(
        memoryId=memory, namespace=NAME_SPACE, searchCriteria={"searchQuery": QUERY, "topK": 10}
    )
    elapsed = (time.perf_counter() - begun) * 1000
    assert len(found["memoryRecordSummaries"]) == 10, "the search finds nothing"
    return elapsed


def restarts(server: Warifu, count: int) -> list[float]:
    """Milliseconds of so many starts; the server runs before and after."""
    taken = []
    for _ in range(count):
        server.stop()
        taken.append(server.start())
    return taken


def size_gb(folder: Path) -> float:
    done = subprocess.run(["du", "-sb", str(folder)], capture_output=True, text=True, check=True)
    return int(done.stdout.split()[0]) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memories", type=int, default=1_000)
    parser.add_argument("--records", type=int, default=1_000)
    parser.add_argument("--starts", type=int, default=7)
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="warifu-start-", dir=os.environ.get("TMPDIR", "/tmp")))
    try:
        server = Warifu(folder)
        server.make_memory()
        row("start to the first answered request, empty", restarts(server, arguments.starts), "ms")
        memories = fill(server, arguments.memories, arguments.records)
        row("on disk", [size_gb(server.data)], "GB")
        row("start to the first answered request, full", restarts(server, arguments.starts), "ms (≤ 100)")
        idle = server.resident_mb()
        client = connect(server)
        search_ms(client, memories[0])  # the client's own first call
        random.Random(1).shuffle(memories)
        row("first search of a memory after a start", [search_ms(client, one) for one in memories], "ms")
        row("the next of the same", [search_ms(client, one) for one in memories[-100:]], "ms")
        row("resident: idle / when all were searched", [idle, server.resident_mb()], "MB")
        server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
