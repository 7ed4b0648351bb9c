#!/usr/bin/env python3
"""Measures the whole server beside its yardsticks, in one run: signed GetEvent against nginx, durable CreateEvent
against Redis and PostgreSQL, start and memory, and how cost grows with data. Prints Markdown rows; `make bench`
keeps them.

Usage: server_bench.py [get] [create] [start] [scale] [retrieve] [--pairs N] [--seconds S] [--events N] [--records N]"""

import argparse
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WARIFU = ROOT / "build" / "bin" / "warifu"
LOAD = ROOT / "build" / "release" / "load_bench"
LOAD_TIMEOUT_S = 300  # a load that hangs is a defect to be seen, not waited for
NGINX_PORT, REDIS_PORT, POSTGRES_PORT = 18081, 18083, 18084
POSTGRES_BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"))), Path("/usr/bin"))


class Warifu:
    """A server on a fresh folder, with one account and one memory."""

    def __init__(self, folder: Path):
        self.data = folder / "warifu"
        self.start()

    def start(self) -> float:
        """Starts it and returns the milliseconds from exec to the first answered request."""
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            [WARIFU, "serve", "--listen", "127.0.0.1:0", "--data", self.data, "--threads", "2"],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = re.search(r"http\S+", self.process.stdout.readline()).group(0)
        urllib.request.urlopen(self.url + "/_warifu/health").read()
        elapsed = (time.perf_counter() - begun) * 1000
        self.port = int(self.url.rsplit(":", 1)[1])
        return elapsed

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def resident_mb(self) -> float:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def make_memory(self) -> None:
        import boto3

        created = subprocess.run(
            [WARIFU, "account", "create", "111111111111", "--json", "--endpoint-url", self.url, "--data", self.data],
            capture_output=True,
            text=True,
            check=True,
        )
        keys = json.loads(created.stdout)
        self.key, self.secret = keys["AccessKeyId"], keys["SecretAccessKey"]
        client = boto3.client(
            "bedrock-agentcore-control",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )
        self.memory = client.create_memory(name="bench", eventExpiryDuration=30)["memory"]["id"]
        self.client = boto3.client(
            "bedrock-agentcore",
            region_name="us-east-1",
            endpoint_url=self.url,
            aws_access_key_id=self.key,
            aws_secret_access_key=self.secret,
        )

    def load(self, mode: str, stdin: str = "", **options: int | str) -> dict | str:
        command = [LOAD, mode, "--port", self.port, "--key", self.key, "--secret", self.secret, "--memory", self.memory]
        for name, value in options.items():
            command += [f"--{name}", value]
        done = subprocess.run(
            [str(c) for c in command], input=stdin, capture_output=True, text=True, check=True, timeout=LOAD_TIMEOUT_S
        )
        if mode == "lua":
            return done.stdout
        result = json.loads(done.stdout)
        if result["failures"]:
            sys.exit(f"{mode}: {result['failures']} requests failed: {done.stderr[:500]}")
        return result

    def event_ids(self, sessions: int) -> str:
        """`<session number> <event id>` lines."""
        lines = []
        for n in range(sessions):
            page = self.client.list_events(
                memoryId=self.memory,
                actorId=f"actor-{n}",
                sessionId=f"session-{n}",
                maxResults=100,
                includePayloads=False,
            )
            lines += [f"{n} {event['eventId']}" for event in page["events"]]
        return "\n".join(lines) + "\n"


def row(name: str, values: list[float], unit: str) -> None:
    print(f"| {name} | {min(values):.3g} | {statistics.median(values):.3g} | {max(values):.3g} | {unit} |", flush=True)


def wrk(port: int, seconds: int, script: Path | None, path: str = "/") -> float:
    command = [
        "wrk",
        "-t1",
        "-c64",
        f"-d{seconds}s",
        *(["-s", script] if script else []),
        f"http://127.0.0.1:{port}{path}",
    ]
    output = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output:
        sys.exit(f"wrk met errors:\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def start_nginx(folder: Path, body: bytes) -> subprocess.Popen:
    (folder / "page").mkdir()
    text = body.decode().replace("\\", "\\\\").replace('"', '\\"').replace("$", "-")
    temp = "".join(f"{n}_temp_path {folder}/{n};" for n in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"worker_processes 2; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;\n"
        "events { worker_connections 1024; }\n"
        f"http {{ access_log off; keepalive_requests 100000000; {temp}\n"
        f"server {{ listen 127.0.0.1:{NGINX_PORT}; "
        f'location / {{ default_type application/json; return 200 "{text}"; }} }} }}\n'
    )
    process = subprocess.Popen(["nginx", "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    time.sleep(0.5)
    return process


def bench_get(folder: Path, arguments: argparse.Namespace) -> None:
    """Signed GetEvent, at least 1,000 requests signed beforehand, against nginx's static 200 of the same body size."""
    server = Warifu(folder)
    server.make_memory()
    server.load("create", count=2048, sessions=64)
    ids = server.event_ids(64)
    first = ids.split("\n")[0].split(" ")
    answer = server.client.get_event(
        memoryId=server.memory, actorId=f"actor-{first[0]}", sessionId=f"session-{first[0]}", eventId=first[1]
    )
    size = int(answer["ResponseMetadata"]["HTTPHeaders"]["content-length"])
    script = folder / "get.lua"
    script.write_text(server.load("lua", stdin=ids))
    # wrk sends what the script returns; nginx gets the same requests, so that both read as many bytes.
    nginx = start_nginx(folder, b"x" * size)
    ours, theirs = [], []
    for _ in range(arguments.pairs):
        ours.append(wrk(server.port, arguments.seconds, script))
        theirs.append(wrk(NGINX_PORT, arguments.seconds, script))
    nginx.terminate()
    server.stop()
    row("signed GetEvent", ours, "requests/s")
    row(f"nginx, static 200 of {size} bytes", theirs, "requests/s")
    row("GetEvent / nginx, pair by pair", [a / b for a, b in zip(ours, theirs)], "ratio (≥ 0.45)")


def start_redis(folder: Path) -> subprocess.Popen:
    process = subprocess.Popen(
        [
            "redis-server",
            "--port",
            str(REDIS_PORT),
            "--bind",
            "127.0.0.1",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
            "--save",
            "",
            "--dir",
            str(folder),
        ],
        stdout=subprocess.DEVNULL,
    )
    time.sleep(1)
    return process


def redis_rate(count: int) -> float:
    output = subprocess.run(
        [
            "redis-benchmark",
            "-p",
            str(REDIS_PORT),
            "-t",
            "set",
            "-d",
            "1024",
            "-c",
            "64",
            "-n",
            str(count),
            "-r",
            "1000000",
            "--csv",
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return float(re.search(r'"SET","([\d.]+)"', output).group(1))


def as_postgres(command: list[str]) -> list[str]:
    return ["runuser", "-u", "postgres", "--", *command] if os.geteuid() == 0 else command


def start_postgres(folder: Path) -> None:
    data = folder / "postgres"
    data.mkdir()
    if os.geteuid() == 0:
        folder.chmod(0o755)
        shutil.chown(data, "postgres", "postgres")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "check": True, "cwd": "/"}
    subprocess.run(as_postgres([str(POSTGRES_BIN / "initdb"), "-D", str(data), "-A", "trust"]), **quiet)
    options = (
        f"-p {POSTGRES_PORT} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} "
        "-c synchronous_commit=on -c max_connections=100"
    )
    subprocess.run(as_postgres([str(POSTGRES_BIN / "pg_ctl"), "-D", str(data), "-w", "-o", options, "start"]), **quiet)
    psql(data, "create table event (id bigserial primary key, body text)")
    (folder / "insert.sql").write_text("insert into event (body) values (repeat('x', 1024));\n")


def psql(data: Path, statement: str) -> None:
    subprocess.run(
        as_postgres(["psql", "-h", str(data), "-p", str(POSTGRES_PORT), "-c", statement, "postgres"]),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )


def postgres_rate(folder: Path, seconds: int) -> float:
    command = [
        "pgbench",
        "-h",
        str(folder / "postgres"),
        "-p",
        str(POSTGRES_PORT),
        "-n",
        "-c",
        "64",
        "-j",
        "1",
        "-T",
        str(seconds),
        "-f",
        str(folder / "insert.sql"),
        "postgres",
    ]
    output = subprocess.run(as_postgres(command), capture_output=True, text=True, check=True, cwd="/").stdout
    return float(re.search(r"tps = ([\d.]+)", output).group(1))


def bench_create(folder: Path, arguments: argparse.Namespace) -> None:
    """Durable CreateEvent of 1 KB from 64 writers, against Redis and PostgreSQL on the same disk."""
    server = Warifu(folder)
    server.make_memory()
    redis = start_redis(folder)
    start_postgres(folder)
    ours, redises, postgreses = [], [], []
    count = 40_000
    for pair in range(arguments.pairs):
        ours.append(server.load("create", count=count, sessions=64, first=pair * count)["per_second"])
        redises.append(redis_rate(count))
        postgreses.append(postgres_rate(folder, arguments.seconds))
    redis.terminate()
    subprocess.run(
        as_postgres([str(POSTGRES_BIN / "pg_ctl"), "-D", str(folder / "postgres"), "-m", "immediate", "stop"]),
        check=True,
        stdout=subprocess.DEVNULL,
        cwd="/",
    )
    server.stop()
    row("durable CreateEvent, 1 KB, 64 writers", ours, "events/s")
    row("Redis SET 1 KB, appendfsync always", redises, "sets/s")
    row("PostgreSQL one-row INSERT, synchronous_commit on", postgreses, "inserts/s")
    row("CreateEvent / Redis, pair by pair", [a / b for a, b in zip(ours, redises)], "ratio (≥ 0.5)")
    row("CreateEvent / PostgreSQL, pair by pair", [a / b for a, b in zip(ours, postgreses)], "ratio (≥ 1.0)")


def bench_start(folder: Path, arguments: argparse.Namespace) -> None:
    """Start to first answer, resident memory idle and after 10⁵ events."""
    server = Warifu(folder)
    server.make_memory()
    starts, idle = [], []
    for _ in range(max(arguments.pairs, 5)):
        server.stop()
        starts.append(server.start())
        time.sleep(0.5)
        idle.append(server.resident_mb())
    row("start to first answered request", starts, "ms (≤ 100)")
    row("resident when idle", idle, "MB (≤ 40)")
    server.load("create", count=100_000, sessions=64)
    row("resident after 10⁵ events", [server.resident_mb()], "MB (≤ 150)")
    server.stop()


def bench_scale(folder: Path, arguments: argparse.Namespace) -> None:
    """ListEvents of one page and CreateEvent at 10⁴ and at `--events` events, the same sessions growing."""
    server = Warifu(folder)
    server.make_memory()
    written = 10_000
    server.load("create", count=written, sessions=64)

    def measure() -> tuple[list[float], list[float]]:
        nonlocal written
        lists, creates = [], []
        for _ in range(5):
            lists.append(server.load("list", count=1000, sessions=64, connections=1)["p50_us"])
            creates.append(server.load("create", count=3000, sessions=64, connections=1, first=written)["p50_us"])
            written += 3000
        return lists, creates

    small = measure()
    while written < arguments.events:
        step = min(100_000, arguments.events - written)
        server.load("create", count=step, sessions=64, first=written)
        written += step
    large = measure()
    for name, a, b in zip(("ListEvents, page of 100", "CreateEvent"), small, large):
        row(f"{name}, at 10⁴ events", a, "µs median of one client")
        row(f"{name}, at {arguments.events:,} events", b, "µs median of one client")
        print(f"| {name}: growth | | {statistics.median(b) / statistics.median(a):.2f} | | ratio (≤ 1.2) |", flush=True)
    server.stop()


def load_records(server: Warifu, name_space: str, count: int) -> float:
    """Records a second, through BatchCreateMemoryRecords."""
    step, rates = 100_000, []
    for first in range(0, count, step):
        done = server.load(
            "records", count=min(step, count - first), first=first, namespace=name_space, connections=8
        )
        rates.append(done["per_second"] * 100)
    return statistics.median(rates)


def search_ms(server: Warifu, name_space: str, count: int = 300) -> list[float]:
    """p50 of one client, three times; the first search, which loads, is not among them."""
    server.load("retrieve", count=20, namespace=name_space, connections=1)
    return [
        server.load("retrieve", count=count, namespace=name_space, connections=1, first=i * count)["p50_us"] / 1000
        for i in range(3)
    ]


def bench_retrieve(folder: Path, arguments: argparse.Namespace) -> None:
    """RetrieveMemoryRecords, topK 10, through HTTP: how its cost grows, and what it costs beside a million others."""
    bounds = {1_000: 1, 100_000: 10, 1_000_000: 60}
    alone: list[float] = []
    for count, bound in bounds.items():
        if count > arguments.records:
            break
        (folder / str(count)).mkdir()
        server = Warifu(folder / str(count))
        server.make_memory()
        rate = load_records(server, "/bench/all/", count)
        row(f"BatchCreateMemoryRecords, to {count:,}", [rate], "records/s")
        server.stop()
        server.start()
        begun = time.perf_counter()
        server.load("retrieve", count=1, namespace="/bench/all/", connections=1)
        row(f"first search of {count:,} records after a start", [(time.perf_counter() - begun) * 1000], "ms")
        measured = search_ms(server, "/bench/all/", 100 if count > 100_000 else 300)
        row(f"RetrieveMemoryRecords among {count:,} records", measured, f"ms p50 (≤ {bound})")
        if count == 1_000:
            alone = measured
        if count == 100_000:
            row("resident with 100,000 records", [server.resident_mb()], "MB (≤ 120)")
        if count == 1_000_000:
            load_records(server, "/bench/few/", 1_000)
            beside = search_ms(server, "/bench/few/")
            row("RetrieveMemoryRecords among 1,000 records beside a million", beside, "ms p50")
            ratio = statistics.median(beside) / statistics.median(alone)
            print(f"| beside a million / alone | | {ratio:.2f} | | ratio (≤ 1.5) |", flush=True)
            row("resident with 1,001,000 records", [server.resident_mb()], "MB")
        server.stop()


def main() -> None:
    benches = {
        "get": bench_get,
        "create": bench_create,
        "start": bench_start,
        "scale": bench_scale,
        "retrieve": bench_retrieve,
    }
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", help="get, create, start, scale, retrieve; all when none is named")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--records", type=int, default=1_000_000)
    arguments = parser.parse_args()
    print("| what | min | median | max | unit |\n|---|---|---|---|---|", flush=True)
    for name in arguments.what or benches:
        with tempfile.TemporaryDirectory(prefix="warifu-bench-") as folder:
            benches[name](Path(folder), arguments)


if __name__ == "__main__":
    main()
