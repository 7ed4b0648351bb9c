#!/usr/bin/env python3
"""Checks the sizes of sources, headers, tests and functions against their hard limits. tools/sizes_ratchet.txt names
what may be larger, and by how much, until it is cut down: an entry may only fall, and goes when it is not needed."""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

from source_text import ROOT, Finding, blank_out, project_files, report

SOURCE_LINES_MAX = 800
HEADER_LINES_MAX = 400
TEST_LINES_MAX = 800
SCRIPT_LINES_MAX = 800
FUNCTION_LINES_MAX = 70
MODULE_README_LINES_MAX = 40
README_LINES_MAX = 149
MEASURED = ("src/*.h", "src/*.cc", "src/*.md", "test/*.h", "test/*.cc", "test/*.py", "bench/*.cc", "tools/*.py",
            "README.md")
RATCHET = "tools/sizes_ratchet.txt"

_TOKEN = re.compile(r"[{}();]|[^\s{}();]+")
_MACRO = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
_ACCESS = re.compile(r"\b(?:public|private|protected)[ \t]*:(?!:)")
_CONTAINER = re.compile(r"^(?:(?:inline|static|typedef) )*(?:namespace|class|struct|union|enum|extern)\b")


@dataclass(frozen=True)
class Measure:
    """One size of one thing: `thing` is empty for a whole file, else the name of a function in it."""

    path: str
    thing: str
    line: int
    lines: int
    lines_max: int

    @property
    def key(self) -> str:
        return f"{self.path} {self.thing}".strip()


def without_templates(head: str) -> str:
    """`head` without what stands in angle brackets: `template <class T> void f()` declares no class."""
    previous = None
    while previous != head:
        previous, head = head, re.sub(r"(?<!operator)(?<!operator )<[^<>]*>", " ", head)
    return re.sub(r"\s+", " ", re.sub(r"^\s*template\b", "", head)).strip()


def opens_container(head: str) -> bool:
    """Whether the text before a `{` begins a namespace, a class or the like, whose inside is declarations again."""
    plain = without_templates(head)
    return bool(_CONTAINER.search(plain)) and "=" not in plain and not (plain.startswith("extern") and ")" in plain)


def opens_function(head: str) -> bool:
    """Whether the text before a `{`, since the last statement's end, begins a function's body."""
    if ")" not in head or opens_container(head):
        return False
    # `name = {…}` and `name{…}` are data, however long: tables are not functions. A default argument's `=` is inside.
    outside = without_templates(head)
    for _ in range(4):
        outside = re.sub(r"\([^()]*\)", "", outside)
    return not re.search(r"(?<![=!<>+\-*/|&^])=(?!=)", outside.split("operator")[0])


def function_name(head: str) -> str:
    before = head[:head.find("(")].split()
    name = before[-1].lstrip("*&") if before else "function"
    if name.startswith(("TEST", "TYPED_TEST")):
        inside = re.search(r"\(([^)]*)\)", head)
        return ".".join(part.strip() for part in inside.group(1).split(",")) if inside else name
    return name


def functions(text: str) -> list[tuple[str, int, int]]:
    """The functions defined in `text`: name, first line, number of lines from the signature to the closing brace."""
    clean = _MACRO.sub(lambda macro: "\n" * macro.group().count("\n"), blank_out(text))
    clean = _ACCESS.sub(" ", clean)
    found = []
    head, head_line, line = "", 1, 1
    inner = 0  # open braces inside a function or an initializer; namespaces and classes are not counted
    start, name = 0, None
    position = 0
    parens = 0
    for token in _TOKEN.finditer(clean):
        line += clean.count("\n", position, token.start())
        position = token.start()
        word = token.group()
        if inner:
            inner += (word == "{") - (word == "}")
            if inner == 0:
                if name:
                    found.append((name, start, line - start + 1))
                head, name = "", None
            continue
        if word == "{":
            if parens == 0 and opens_function(head):
                inner, start, name = 1, head_line, function_name(head)
            elif parens == 0 and opens_container(head):
                head = ""
            else:
                inner, name = 1, None
        elif word == "}":
            head = ""
        elif word == ";" and parens == 0:
            head = ""
        else:
            parens = max(0, parens + (word == "(") - (word == ")"))
            if not head.strip():
                head_line = line
            head += word + " "
    return found


def lines_max(path: str) -> int | None:
    """The hard limit of a file's lines, or None where there is none."""
    if path == "README.md":
        return README_LINES_MAX
    if path.startswith("src/") and path.endswith("README.md"):
        return MODULE_README_LINES_MAX
    if path.endswith(".py"):
        return SCRIPT_LINES_MAX
    if path.endswith(("_test.cc", "_test.h")) or path.startswith("test/"):
        return TEST_LINES_MAX
    if path.endswith(".h"):
        return HEADER_LINES_MAX
    return SOURCE_LINES_MAX if path.endswith(".cc") else None


def measure(path: str, text: str) -> list[Measure]:
    measures = []
    limit = lines_max(path)
    if limit is not None:
        measures.append(Measure(path, "", 1, text.count("\n"), limit))
    if path.endswith((".h", ".cc")):
        measures += [Measure(path, name, line, lines, FUNCTION_LINES_MAX) for name, line, lines in functions(text)]
    return measures


def read_ratchet(text: str) -> dict[str, int]:
    """`path [function] lines` a line."""
    entries = {}
    for line in text.splitlines():
        words = line.split()
        if words and not line.startswith("#"):
            entries[" ".join(words[:-1])] = int(words[-1])
    return entries


def judge(measures: list[Measure], ratchet: dict[str, int]) -> list[Finding]:
    """What is over its limit and not excused, and every excuse that is larger than what it excuses."""
    findings = []
    unused = dict(ratchet)
    for size in measures:
        excused = ratchet.get(size.key)
        if size.lines > size.lines_max:
            unused.pop(size.key, None)
            if excused is None or size.lines > excused:
                what = f"{size.thing or 'the file'} has {size.lines} lines, limit {size.lines_max}"
                findings.append(Finding(size.path, size.line, what))
            elif size.lines < excused:
                findings.append(Finding(RATCHET, 1, f"`{size.key} {excused}` is now {size.lines}: lower it"))
    findings += [Finding(RATCHET, 1, f"`{key}` is no longer too large: remove it") for key in sorted(unused)]
    return findings


def check(root: Path) -> tuple[list[Finding], int]:
    files = project_files(root, *MEASURED)
    measures = []
    for file in files:
        measures += measure(str(file.relative_to(root)), file.read_text())
    ratchet = root / RATCHET
    return judge(measures, read_ratchet(ratchet.read_text()) if ratchet.exists() else {}), len(files)


if __name__ == "__main__":
    sys.exit(report("sizes", *check(ROOT)))
