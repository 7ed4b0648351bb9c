#!/usr/bin/env python3
"""Checks the rules of layout and hygiene that a reader should never have to point out."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from source_text import ROOT, Finding, blank_out, project_files, report

LINE_COLUMNS_MAX = 120
# What may be wide: prose, data, and what others' tools write.
WIDE = re.compile(r"(\.md|\.json|\.ya?ml|\.txt|\.patch|\.xml|\.js|\.cmake|Makefile)$")
TEXT = re.compile(r"(\.(h|cc|py|sh|cmake|md|txt|json|ya?ml|js|toml|ini|cfg)|(^|/)(Makefile|LICENSE|run))$")
# Vectors and corpora are bytes as others made them.
UNTOUCHED = re.compile(r"^(test/(fuzz/corpus|wire|vectors|mutants)/|bench/data/|model/|LICENSE$)")
# These two must spell out what they look for.
NAMES_THE_RULES = ("tools/check_style.py", "tools/check_style_test.py")

BANNED_HEADERS = {
    "iostream": "use the log facade",
    "regex": "use RE2",
    "format": "libstdc++ 12 has none: use fmt",
    "bits/stdc++.h": "name the headers",
}
_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<([^>]+)>")
_UNFINISHED = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b(?!\([^)]+\): \S)")
# A path of one machine has no place in a project: it works nowhere else. `/tmp` and `/usr` are every machine's.
_MACHINE_PATH = re.compile(r"(?<![\w.}])/(?:root|home/(?!you/)[a-z]\w*|work|Users/\w+)/")
_REGISTRY = re.compile(r"--(?:extra-)?index-url|--registry\b|\bregistry *= *http")
_LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)\s]+)\)")
_LEADING_COMMENT = re.compile(r"\A(?:[ \t]*(?://[^\n]*)?\n)*")


def in_source(path: str) -> bool:
    return path.startswith("src/") and path.endswith((".h", ".cc"))


def of_line(path: str, line: str) -> Iterator[str]:
    """What is wrong with one line, whatever stands around it."""
    if line.rstrip() != line:
        yield "trailing blanks"
    if "\t" in line and not path.endswith("Makefile"):
        yield "a tab"
    if len(line) > LINE_COLUMNS_MAX and not WIDE.search(path):
        yield f"{len(line)} columns, limit {LINE_COLUMNS_MAX}"
    if _UNFINISHED.search(line):
        yield "unfinished work without its reason: write `TODO(why): what`"
    if _MACHINE_PATH.search(line):
        yield "a path of one machine"
    if _REGISTRY.search(line):
        yield "the address of a package registry: the machine's own client knows it"
    banned = _INCLUDE.match(line)
    if banned and banned.group(1) in BANNED_HEADERS and in_source(path):
        yield f"<{banned.group(1)}> is banned: {BANNED_HEADERS[banned.group(1)]}"


def of_header(text: str) -> Iterator[str]:
    """What is wrong with a header as a whole."""
    if not text[_LEADING_COMMENT.match(text).end():].startswith("#pragma once"):
        yield "a header begins with #pragma once, after its comment if any"
    if re.search(r"^using namespace (?!std::\w*literals)", blank_out(text), re.MULTILINE):
        yield "`using namespace` in a header reaches everyone who includes it"


def check_file(path: str, text: str) -> list[Finding]:
    if UNTOUCHED.match(path):
        return []
    findings = []
    if path not in NAMES_THE_RULES:
        findings += [Finding(path, number, what) for number, line in enumerate(text.split("\n"), 1)
                     for what in of_line(path, line)]
    if path.endswith(".h"):
        findings += [Finding(path, 1, what) for what in of_header(text)]
    if text and not text.endswith("\n"):
        findings.append(Finding(path, text.count("\n") + 1, "the last line does not end"))
    if text.endswith("\n\n"):
        findings.append(Finding(path, text.count("\n"), "blank lines at the end"))
    return findings


def check_links(root: Path, path: str, text: str) -> list[Finding]:
    """Links of a page to other files of the project lead somewhere."""
    findings = []
    for number, line in enumerate(text.split("\n"), 1):
        for target in _LINK.findall(line):
            if not (root / path).parent.joinpath(target.split("#")[0]).exists():
                findings.append(Finding(path, number, f"a link to {target}, which is not there"))
    return findings


def check_readmes(root: Path, modules: list[str]) -> list[Finding]:
    """Every module that has sources says what it is."""
    return [Finding(f"src/{module}/README.md", 1, "the module has no README")
            for module in modules
            if list((root / "src" / module).glob("*.cc")) and not (root / "src" / module / "README.md").exists()]


def check_decisions(root: Path) -> list[Finding]:
    """Each decision has a number of its own, which is its title's too: they are cited by it."""
    findings, taken = [], set()
    for page in sorted((root / "docs" / "decisions").glob("*.md")):
        path, number = str(page.relative_to(root)), page.name.split("-")[0]
        if number in taken:
            findings.append(Finding(path, 1, f"decision {number} is there already"))
        taken.add(number)
        if not page.read_text(encoding="utf-8").startswith(f"# {int(number)}. "):
            findings.append(Finding(path, 1, f"its title begins with `# {int(number)}. `"))
    return findings


def check(root: Path) -> tuple[list[Finding], int]:
    modules = re.findall(r"^\s*warifu_module\(\s*([\w/]+)", (root / "CMakeLists.txt").read_text(), re.MULTILINE)
    findings = check_readmes(root, modules) + check_decisions(root)
    checked = 0
    for file in project_files(root, "*"):
        path = str(file.relative_to(root))
        if not TEXT.search(path):
            continue
        checked += 1
        try:
            text = file.read_text(encoding="utf-8")
            findings += check_file(path, text)
            if path.endswith(".md"):
                findings += check_links(root, path, text)
        except UnicodeDecodeError:
            findings.append(Finding(path, 1, "is not UTF-8"))
    return findings, checked


if __name__ == "__main__":
    sys.exit(report("style", *check(ROOT)))
