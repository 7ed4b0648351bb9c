#!/usr/bin/env python3
"""Runs the parts of `make test`, `make fast` or `make check`, never stops at the first that fails, and ends with one
line: `N passed, N failed`, the total over every part. Exits 1 when anything failed."""

import argparse
import json
import os
import subprocess
import sys
import time
import xml.etree.ElementTree as xml
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
BINARY = ROOT / "build" / "bin" / "warifu"
JOBS = os.environ.get("JOBS") or str(os.cpu_count() or 2)
CTEST_TIMEOUT_S = 900
CLIENTS_TIMEOUT_S = 1500
# A few planted bugs per run keep the suites honest within the time; `make mutants` plants them all.
MUTANTS_PER_RUN = 3


@dataclass
class Tally:
    """What one part of the run amounted to; `failures` names what to look at."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def fail(self, what: str) -> None:
        self.failed += 1
        self.failures.append(what)

    def add(self, other: "Tally") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.failures += other.failures


def run(command: list[str], timeout_s: float | None = None, **env: str) -> int:
    """Runs `command` in the project's root, its output shown. Returns its exit status; 124 when it ran too long."""
    sys.stdout.flush()
    try:
        return subprocess.run(command, cwd=ROOT, env={**os.environ, "JOBS": JOBS, **env}, stdin=subprocess.DEVNULL,
                              timeout=timeout_s, check=False).returncode
    except subprocess.TimeoutExpired:
        print(f"gave up after {timeout_s:.0f} s: {' '.join(command)}")
        return 124


def tally_gtest(report: Path, program: str) -> Tally:
    """Counts the cases of one GoogleTest program from the XML that it wrote."""
    tally = Tally()
    for case in xml.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None:
            tally.fail(f"{program}: {case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None or case.get("status") == "notrun":
            tally.skipped += 1
        else:
            tally.passed += 1
    return tally


def tally_ctest(reports: Path) -> Tally:
    """Counts what ctest ran: each case of a GoogleTest program, and any other test as one."""
    tally = Tally()
    for case in xml.parse(reports / "ctest.xml").getroot().iter("testcase"):
        name, status = case.get("name", ""), case.get("status")
        gtest = reports / "gtest" / f"{name}.xml"
        cases = tally_gtest(gtest, name) if gtest.exists() else Tally()
        # A program that dies after its cases, or before it could write them down, has failed whatever they say.
        if status == "disabled":
            cases.skipped += 1
        elif status != "run" and cases.failed == 0:
            cases.fail(name)
        elif status == "run" and not gtest.exists():
            cases.passed += 1
        tally.add(cases)
    return tally


def tally_pytest(report: Path, name: str) -> Tally:
    tally = Tally()
    for case in xml.parse(report).getroot().iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            tally.fail(f"{name}: {case.get('classname')}.{case.get('name')}")
        elif case.find("skipped") is not None:
            tally.skipped += 1
        else:
            tally.passed += 1
    return tally


def suites(preset: str, only_fast: bool) -> Tally:
    """Builds the C++ suites under `preset` and runs them, with the checks and corpus replays, by ctest."""
    tally = Tally()
    if run(["sh", "tools/build.sh", preset], KEEP_GOING="1") != 0:
        tally.fail(f"build of build/{preset}")
        if not (ROOT / "build" / preset / "CTestTestfile.cmake").exists():
            return tally
    reports = REPORTS / preset
    subprocess.run(["rm", "-rf", str(reports)], check=True)
    (reports / "gtest").mkdir(parents=True)
    command = ["ctest", "--test-dir", f"build/{preset}", "-j", JOBS, "--output-on-failure", "--no-tests=ignore",
               "--timeout", str(CTEST_TIMEOUT_S), "--output-junit", str(reports / "ctest.xml")]
    status = run(command + (["-LE", "slow"] if only_fast else []), GTEST_OUTPUT=f"xml:{reports}/gtest/")
    if not (reports / "ctest.xml").exists():
        tally.fail("ctest wrote no report")
        return tally
    counted = tally_ctest(reports)
    if status != 0 and counted.failed == 0:
        counted.fail(f"ctest exited {status}")
    tally.add(counted)
    return tally


def release_build() -> Tally:
    tally = Tally()
    if not list((ROOT / "src" / "cli").glob("*.cc")):
        print("src/cli has no source yet: no release binary to build")
        return tally
    if run(["make", "--no-print-directory", "build"]) == 0:
        tally.passed += 1
    else:
        tally.fail("make build")
    return tally


def pytest_folder(folder: str, timeout_s: float) -> Tally:
    """Runs one folder of pytest suites against the release binary."""
    tally = Tally()
    if not list((ROOT / folder).glob("**/test_*.py")):
        print(f"{folder} has no tests yet")
        return tally
    if not BINARY.exists():
        tally.fail(f"{folder}: there is no build/bin/warifu to test")
        return tally
    if run(["sh", "tools/install_clients.sh"]) != 0:
        tally.fail(f"{folder}: its clients could not be installed")
        return tally
    report = REPORTS / f"{Path(folder).name}.xml"
    report.unlink(missing_ok=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    pytest = ["build/clients/venv/bin/python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    status = run([*pytest, f"--junitxml={report}", folder], timeout_s)
    if report.exists():
        tally.add(tally_pytest(report, Path(folder).name))
    if status != 0 and tally.failed == 0:
        tally.fail(f"{folder}: pytest exited {status}")
    return tally


def mutants() -> Tally:
    tally = Tally()
    if not list((ROOT / "test" / "mutants").glob("*.patch")):
        print("test/mutants has no patches yet")
        return tally
    report = REPORTS / "mutants.json"
    report.unlink(missing_ok=True)
    REPORTS.mkdir(parents=True, exist_ok=True)
    status = run([sys.executable, "tools/run_mutants.py", "--sample", str(MUTANTS_PER_RUN), "--json", str(report)])
    outcome = json.loads(report.read_text()) if report.exists() else {}
    tally.passed = len(outcome.get("caught", []))
    for name in outcome.get("survived", []) + outcome.get("broken", []):
        tally.fail(f"mutant {name}")
    if status != 0 and tally.failed == 0:
        tally.fail(f"tools/run_mutants.py exited {status}")
    return tally


def checks() -> Tally:
    """The checks of the sources and the tests of our own tools: what ctest runs under the label `check`."""
    tally = Tally()
    scripts = {*ROOT.glob("tools/check_*.py"), *ROOT.glob("tools/**/*_test.py")}
    for script in sorted(scripts):
        if run([sys.executable, str(script)]) == 0:
            tally.passed += 1
        else:
            tally.fail(str(script.relative_to(ROOT)))
    return tally


PLANS = {
    "check": [("checks", checks)],
    "fast": [("fast suites", lambda: suites("asan", only_fast=True))],
    "all": [
        ("C++ suites under ASan and UBSan, checks, corpus replay", lambda: suites("asan", only_fast=False)),
        ("release build", release_build),
        ("clients against the release binary", lambda: pytest_folder("test/clients", CLIENTS_TIMEOUT_S)),
        ("crashes of the release binary", lambda: pytest_folder("test/crash", CLIENTS_TIMEOUT_S)),
        ("mutants", mutants),
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", choices=sorted(PLANS))
    plan = PLANS[parser.parse_args().plan]

    total = Tally()
    lines = []
    for name, part in plan:
        print(f"\n== {name}", flush=True)
        started = time.monotonic()
        tally = part()
        total.add(tally)
        lines.append(f"  {tally.passed:6d} passed  {tally.failed:4d} failed  {tally.skipped:4d} skipped  "
                     f"{time.monotonic() - started:6.0f} s  {name}")
    print("\n" + "\n".join(lines))
    for failure in total.failures:
        print(f"  failed: {failure}")
    skipped = f", {total.skipped} skipped" if total.skipped else ""
    print(f"{total.passed} passed, {total.failed} failed{skipped}", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
