#!/usr/bin/env python3
"""One decision of ours beside awsim-iam-policy, cedar-policy and minio/pkg/v3/policy: the same inputs
(bench/data/authz_inputs.json), engines in turn, one run, processor time. cargo and go fetch the packages; an engine
whose tool or registry cannot be reached is skipped with a word. Prints a table; --write puts it into bench/results.md.
Ends with 1 when ours is not REQUIRED times as fast as awsim-iam-policy.

Usage: authz_side_by_side.py [--rounds N] [--write]"""

import argparse
import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "bench" / "authz"
BUILD = ROOT / "build" / "authz"
INPUTS = ROOT / "bench" / "data" / "authz_inputs.json"
RESULTS = ROOT / "bench" / "results.md"
OURS = "ours"
YARDSTICK = "awsim-iam-policy"
REQUIRED = 9.0
FETCH_SECONDS = 1_800


def tried(what: str, tool: str, command: list, **options) -> bool:
    """Builds a rival; says why when it cannot be."""
    if shutil.which(tool) is None:
        print(f"skipped: {what}: there is no {tool} here")
        return False
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=FETCH_SECONDS, **options)
    except subprocess.TimeoutExpired:
        print(f"skipped: {what}: {tool} took longer than {FETCH_SECONDS} s")
        return False
    if done.returncode != 0:
        print(f"skipped: {what}: {(done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]}")
    return done.returncode == 0


def ours() -> dict[str, float]:
    command = [ROOT / "build" / "release" / "policy_bench", "--benchmark_filter=^BM_Decide$", "--benchmark_format=json",
               "--benchmark_repetitions=5", "--benchmark_min_time=0.1"]  # fmt: skip
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return {OURS: min(run["cpu_time"] for run in answer["benchmarks"] if run["run_type"] == "iteration")}


def rust() -> dict[str, float]:
    command = [BUILD / "cargo" / "release" / "authz-bench", INPUTS]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    return {name: float(nanoseconds) for name, nanoseconds in (line.split("\t") for line in lines)}


def go() -> dict[str, float]:
    command = [BUILD / "authz.test", "-test.bench=.", "-test.count=5", "-test.benchtime=0.1s"]
    environment = {**os.environ, "AUTHZ_INPUTS": str(INPUTS)}
    text = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout
    return {"minio/pkg/v3/policy": min(float(found) for found in re.findall(r"([\d.]+) cpu-ns/op", text))}


def engines() -> list:
    BUILD.mkdir(parents=True, exist_ok=True)
    found = [ours]
    environment = {**os.environ, "CARGO_TARGET_DIR": str(BUILD / "cargo")}
    if tried("awsim-iam-policy and cedar-policy", "cargo", ["cargo", "build", "--release", "--locked", "--quiet"],
             cwd=HERE / "rust", env=environment):  # fmt: skip
        found.append(rust)
    if tried("minio/pkg/v3/policy", "go", ["go", "test", "-c", "-mod=readonly", "-o", BUILD / "authz.test"],
             cwd=HERE / "go"):  # fmt: skip
        found.append(go)
    return found


def table(rounds: list[dict[str, float]]) -> list[str]:
    rows = ["| engine | ns a decision: min | median | max | times ours: min | median | max |", "|---" * 7 + "|"]
    for name in rounds[0]:
        times = sorted(one[name] for one in rounds)
        ratios = sorted(one[name] / one[OURS] for one in rounds)
        cells = [f"{value:,.0f}" for value in (times[0], statistics.median(times), times[-1])]
        cells += [f"{value:.1f}" for value in (ratios[0], statistics.median(ratios), ratios[-1])]
        rows.append(f"| {name} | " + " | ".join(cells) + " |")
    return rows


def write(rows: list[str]) -> None:
    begin, end = "<!-- authz_side_by_side.py -->\n", "<!-- end -->\n"
    text = RESULTS.read_text()
    head, rest = text.split(begin, 1)
    tail = rest.split(end, 1)[1]
    stamp = f"{datetime.date.today()}, load at the end {os.getloadavg()[0]:.1f}\n\n"
    RESULTS.write_text(head + begin + stamp + "\n".join(rows) + "\n" + end + tail)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    asked = engines()
    rounds = []
    for _ in range(options.rounds):
        rounds.append({name: time for engine in asked for name, time in engine().items()})
    rows = table(rounds)
    print("\n".join(rows))
    if options.write:
        write(rows)
    if YARDSTICK not in rounds[0]:
        return 0
    ratio = statistics.median(one[YARDSTICK] / one[OURS] for one in rounds)
    print(f"{ratio:.1f} times as fast as {YARDSTICK}; required: {REQUIRED:.0f}")
    return 0 if ratio >= REQUIRED else 1


if __name__ == "__main__":
    sys.exit(main())
