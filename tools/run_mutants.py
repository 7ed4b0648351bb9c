#!/usr/bin/env python3
"""Tests the tests: plants each bug of test/mutants/*.patch in a copy of the sources and demands that a suite turns red.

A patch begins with `# target: policy_test access_test`, the test programs of which at least one must fail. A mutant is
caught when one fails or hangs, has survived when all pass, and is broken when it no longer applies or compiles."""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from source_text import ROOT, project_files

TREE = ROOT / "build" / "mutants"
# The same preset, and the same depth of folders, as the build of `make test`: what it compiled, ccache already has.
PRESET = "asan"
BUILD = TREE / "build" / PRESET
RUN_TIMEOUT_S = 300
COPIED = ("CMakeLists.txt", "CMakePresets.json", "cmake/*", "src/*", "model/*", "tools/*", "bench/*.cc", "test/*")
JOBS = os.environ.get("JOBS") or str(os.cpu_count() or 2)


@dataclass(frozen=True)
class Mutant:
    name: str
    patch: Path
    targets: tuple[str, ...]


class Broken(Exception):
    """The mutant, or the ground that it is planted in, cannot be tried; the text says why."""


def read_mutant(patch: Path) -> Mutant:
    first = patch.read_text().split("\n", 1)[0]
    if not first.startswith("# target:") or not first.split(":", 1)[1].split():
        raise Broken(f"{patch.name} does not begin with `# target: <test programs>`")
    return Mutant(patch.stem, patch, tuple(first.split(":", 1)[1].split()))


def choose(mutants: list[Mutant], sample: int | None, seed: str) -> list[Mutant]:
    """All of them, or `sample` that `seed` decides, so that every commit tries others and each run repeats."""
    if sample is None or sample >= len(mutants):
        return mutants
    return sorted(random.Random(seed).sample(mutants, sample), key=lambda mutant: mutant.name)


def output_of(command: list[str], cwd: Path, timeout_s: float | None = None) -> tuple[int, str]:
    """Exit status and output; a command that hangs past its time counts as failed."""
    # The copy lies inside the repository: git must not take the repository for the place to patch.
    env = {**os.environ, "GIT_CEILING_DIRECTORIES": str(TREE.parent),
           "ASAN_OPTIONS": "detect_container_overflow=0:detect_odr_violation=0"}
    try:
        done = subprocess.run(command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, timeout=timeout_s, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return 124, f"still running after {timeout_s} s"


def copy_sources() -> None:
    """Brings the copy up to date; a file that did not change keeps its time, so that nothing is built for it again."""
    wanted = set()
    for source in project_files(ROOT, *COPIED):
        copy = TREE / source.relative_to(ROOT)
        wanted.add(copy)
        if not copy.exists() or copy.read_bytes() != source.read_bytes():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
    for folder in ("src", "cmake", "model", "tools", "bench", "test"):
        for copy in (TREE / folder).rglob("*"):
            if copy.is_file() and copy not in wanted and "__pycache__" not in copy.parts:
                copy.unlink()


def configure() -> None:
    if (BUILD / "build.ninja").exists():
        return
    # Tests read their data from the project itself, which also keeps their command lines the same for ccache.
    status, output = output_of(["cmake", "--preset", PRESET, "-DWARIFU_PLANTED=ON", f"-DWARIFU_TEST_SOURCE_DIR={ROOT}"],
                               TREE)
    if status:
        raise Broken(f"cmake could not configure build/mutants:\n{output[-2000:]}")


def suites_fail(targets: tuple[str, ...], name: str) -> str | None:
    """Builds and runs `targets`; which of them fails first, or None. Raises Broken when they do not build."""
    status, output = output_of(["cmake", "--build", str(BUILD), "-j", JOBS, "--target", *targets], TREE)
    if status:
        raise Broken(f"{name} does not build:\n{output[-2000:]}")
    for target in targets:
        status, _ = output_of([str(BUILD / target), "--gtest_brief=1", "--gtest_fail_fast"], TREE, RUN_TIMEOUT_S)
        if status:
            return target
    return None


def try_mutant(mutant: Mutant) -> str | None:
    """The suite that caught it, or None when it survived; the copy is sound again afterwards."""
    status, output = output_of(["git", "apply", "--whitespace=nowarn", str(mutant.patch)], TREE)
    if status:
        raise Broken(f"{mutant.name} does not apply:\n{output}")
    try:
        return suites_fail(mutant.targets, mutant.name)
    finally:
        copy_sources()


def check_ground(mutants: list[Mutant]) -> None:
    """A suite that fails without any mutant would seem to catch them all."""
    for target in sorted({target for mutant in mutants for target in mutant.targets}):
        if suites_fail((target,), "the project without a mutant"):
            raise Broken(f"{target} fails without any mutant")


def head_commit() -> str:
    return output_of(["git", "rev-parse", "HEAD"], ROOT)[1].strip()


def run(mutants: list[Mutant]) -> dict[str, list[str]]:
    outcome: dict[str, list[str]] = {"caught": [], "survived": [], "broken": []}
    try:
        copy_sources()
        configure()
        check_ground(mutants)
    except Broken as reason:
        print(f"broken: {reason}", flush=True)
        outcome["broken"] = [mutant.name for mutant in mutants]
        return outcome
    for mutant in mutants:
        try:
            caught_by = try_mutant(mutant)
            print(f"caught: {mutant.name} by {caught_by}" if caught_by else f"SURVIVED: {mutant.name}", flush=True)
            outcome["caught" if caught_by else "survived"].append(mutant.name)
        except Broken as reason:
            print(f"broken: {reason}", flush=True)
            outcome["broken"].append(mutant.name)
    return outcome


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="mutants to try (default: all)")
    parser.add_argument("--sample", type=int, help="try only so many, chosen by --seed")
    parser.add_argument("--seed", default=None, help="default: the commit")
    parser.add_argument("--json", type=Path, help="also write the outcome here")
    arguments = parser.parse_args()

    try:
        mutants = [read_mutant(patch) for patch in sorted((ROOT / "test" / "mutants").glob("*.patch"))]
    except Broken as reason:
        print(f"broken: {reason}")
        return 1
    if arguments.names:
        mutants = [mutant for mutant in mutants if mutant.name in arguments.names]
    mutants = choose(mutants, arguments.sample, arguments.seed or head_commit())
    if not mutants:
        print("no mutants to try")
        return 1

    outcome = run(mutants)
    if arguments.json:
        arguments.json.write_text(json.dumps(outcome))
    print(", ".join(f"{len(names)} {what}" for what, names in outcome.items()))
    return 1 if outcome["survived"] or outcome["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
