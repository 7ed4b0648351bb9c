#!/usr/bin/env python3
"""Checks who includes whom. The modules and what each may include are the warifu_module lines of CMakeLists.txt; a
header of a third party belongs to the modules named here."""

import re
import sys
from pathlib import Path

from source_text import ROOT, Finding, project_files, report

# Header prefix → the modules that may include it. A new third-party header gets a line here and in docs/decisions/.
THIRD_PARTY = {
    "openssl/": {"crypto", "net"},
    "boost/asio/ssl": {"net"},
    "boost/beast": set(),  # the fuzz target of http compares with it; nothing that is served stands on it
    "boost/asio/ip": {"net"},
    "boost/asio/local": {"net"},
    "boost/asio": {"base", "store", "net", "api", "audit", "server", "cli"},
    "sys/socket.h": {"net", "sandbox"},
    "netinet/": {"net", "sandbox"},
    "arpa/": {"net", "policy", "sandbox"},  # policy reads addresses in conditions, and opens none
    "netdb.h": {"net"},
    "net/if.h": {"sandbox"},
    "rocksdb/": {"store"},
    "simdjson": {"json"},
    "seccomp.h": {"sandbox"},
    "utf8proc.h": {"search"},
    "libstemmer.h": {"search"},
    "re2/": {"mcp", "services/logs", "wire"},
    "spdlog/": {"server"},
    "CLI/": {"cli", "main"},
    "yaml-cpp/": {"server", "cli", "openapi"},
    "prometheus/": {"api", "server"},
}
# Any module may use these; tests, and what several tests share, may use the last ones too.
EVERYWHERE = ("fmt/",)
TESTS_ONLY = ("gtest/", "gmock/", "yaml-cpp/", "benchmark/", "boost/asio/co_spawn", "boost/asio/detached",
              "boost/asio/io_context")
TEST_FILE = re.compile(r"(_test\.cc|(^|/)(\w*testing|test_\w+|conformance\w*)\.(h|cc))$")
# The system's own headers: they carry no dependency that a package would bring.
SYSTEM = re.compile(r"^(?:[a-z_]+|[a-z_]+\.h|sys/[a-z_]+\.h|linux/[a-z_]+\.h|cxxabi\.h|ext/[a-z_]+\.h)$")
# src/main.cc joins the two halves of the command, and knows nothing below them.
MAIN = {"main": {"base", "cli", "server"}}
# Generated from model/: the shapes and tables of a service. Only who speaks or serves operations knows them.
GENERATED = "gen/"
GENERATED_USERS = re.compile(r"^(wire|api|hosting|inbound|server|cli|services/.+)$")

_MODULE = re.compile(r"^\s*warifu_module\(\s*(\S+?)\s*(?:\s([^)]*))?\)", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_modules(cmake: str) -> dict[str, set[str]]:
    """The modules declared in the text of CMakeLists.txt, each with what it may include."""
    modules = {}
    for name, arguments in _MODULE.findall(cmake):
        words = arguments.split()
        deps = set()
        if "DEPS" in words:
            for word in words[words.index("DEPS") + 1:]:
                if word in ("LIBS",):
                    break
                deps.add(word)
        modules[name] = deps
    return modules


def module_of(path: str, modules: dict[str, set[str]]) -> str | None:
    """The module that the path inside src/ belongs to: its longest folder that is one."""
    if path == "main.cc":
        return "main"
    folders = path.split("/")[:-1]
    for depth in range(len(folders), 0, -1):
        if "/".join(folders[:depth]) in modules:
            return "/".join(folders[:depth])
    return None


def check_table(modules: dict[str, set[str]]) -> list[Finding]:
    """Findings in the table: unknown names, a service that may include another, a base that includes, a circle."""
    findings = []
    for name, deps in modules.items():
        for dep in sorted(deps - modules.keys()):
            findings.append(Finding("CMakeLists.txt", 1, f"module {name} depends on {dep}, which is no module"))
        if name.startswith("services/"):
            findings += [Finding("CMakeLists.txt", 1, f"{name} depends on {dep}: one service never includes another")
                         for dep in sorted(deps) if dep.startswith("services/")]
    if modules.get("base"):
        findings.append(Finding("CMakeLists.txt", 1, "base depends on a module: it is the ground and includes none"))
    cycle = find_cycle(modules)
    if cycle:
        findings.append(Finding("CMakeLists.txt", 1, "modules in a circle: " + " → ".join(cycle)))
    return findings


def find_cycle(modules: dict[str, set[str]]) -> list[str] | None:
    """One circle of dependencies, first module repeated at its end, or None."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str] | None:
        if name in path:
            return path[path.index(name):] + [name]
        if name in done:
            return None
        for dep in sorted(modules.get(name, set())):
            cycle = visit(dep, path + [name])
            if cycle:
                return cycle
        done.add(name)
        return None

    for name in sorted(modules):
        cycle = visit(name, [])
        if cycle:
            return cycle
    return None


def check_own_include(module: str, header: str, modules: dict[str, set[str]], is_test: bool) -> str | None:
    """What is wrong with `#include "header"` in `module`, or None."""
    # Data that the build makes for one module, and what tests share.
    if header.startswith(module.replace("/", "_") + "_data/") or (is_test and header.startswith("test/")):
        return None
    if header.startswith(GENERATED):
        return None if GENERATED_USERS.match(module) else f"{module} includes {header}: only wire, api and services may"
    target = module_of(header, modules)
    if target is None:
        return f'includes "{header}", which lies in no module of CMakeLists.txt'
    if target == module or target in modules[module]:
        return None
    return f"{module} includes {header}: {target} is not among its DEPS in CMakeLists.txt"


def check_foreign_include(module: str, header: str, is_test: bool) -> str | None:
    """What is wrong with `#include <header>` in `module`, or None."""
    if header.startswith(EVERYWHERE) or (is_test and header.startswith(TESTS_ONLY)):
        return None
    prefix = next((prefix for prefix in THIRD_PARTY if header.startswith(prefix)), None)
    if prefix is not None:
        owners = THIRD_PARTY[prefix]
        return None if module in owners else f"{module} includes <{header}>: only {', '.join(sorted(owners))} may"
    if SYSTEM.match(header):
        return None
    return f"includes <{header}>, a third party that tools/check_layers.py does not know"


def check_file(path: str, text: str, modules: dict[str, set[str]]) -> list[Finding]:
    """Findings in the includes of one source; `path` is relative to src/."""
    module = module_of(path, modules)
    if module is None:
        return [Finding(f"src/{path}", 1, "lies in no module of CMakeLists.txt")]
    findings = []
    is_test = bool(TEST_FILE.search(path))
    for match in _INCLUDE.finditer(text):
        kind, header = match.groups()
        what = (check_own_include(module, header, modules, is_test) if kind == '"'
                else check_foreign_include(module, header, is_test))
        if what:
            findings.append(Finding(f"src/{path}", text.count("\n", 0, match.start()) + 1, what))
    return findings


def check(root: Path) -> tuple[list[Finding], int]:
    modules = read_modules((root / "CMakeLists.txt").read_text())
    findings = check_table(modules)
    files = project_files(root, "src/*.h", "src/*.cc")
    for file in files:
        findings += check_file(str(file.relative_to(root / "src")), file.read_text(), modules | MAIN)
    return findings, len(files)


if __name__ == "__main__":
    sys.exit(report("layers", *check(ROOT)))
