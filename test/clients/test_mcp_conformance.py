"""The protocol's own conformance suite, against a gateway without authorizer in front of a server that has what the
suite asks for. A shim takes the target's prefix off names; nothing else stands between."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcp_peers import (
    ALLOW_LOOPBACK,
    MODULES,
    add_server,
    conformance_upstream,
    make_gateway,
    name_shim,
    node,
)
from support import Server

SUITE = MODULES / "@modelcontextprotocol" / "conformance"
HERE = Path(__file__).resolve().parent
SKIPS: dict[str, dict[str, str]] = yaml.safe_load((HERE / "conformance_skips.yaml").read_text())
TARGET = "suite"
REVISIONS = ("2025-11-25", "2026-07-28")
RUN_TIMEOUT_S = 300


def required(revision: str) -> list[str]:
    listed = yaml.safe_load((SUITE / "requirements" / f"{revision}.yaml").read_text()) if SUITE.exists() else {}
    return listed.get("server", [])


def scenarios() -> list[Any]:
    cases = []
    for revision in REVISIONS:
        for scenario in required(revision):
            reason = SKIPS[revision].get(scenario)
            marks = [pytest.mark.skip(reason=reason)] if reason else []
            cases.append(pytest.param(revision, scenario, marks=marks, id=f"{revision}-{scenario}"))
    return cases


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with conformance_upstream(tmp_path_factory.mktemp("upstream")) as url:
        yield url


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, upstream: str) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("gateway")
    server = Server(folder / "data", *ALLOW_LOOPBACK).start()
    keys = server.new_account()
    made = make_gateway(server, keys, sessions=True, streaming=True)
    add_server(server, keys, made["gatewayId"], upstream, TARGET)
    with name_shim(folder, made["gatewayUrl"], TARGET) as url:
        yield url
    assert server.stop() == 0, server.log()[-3000:]


@pytest.fixture(scope="module")
def verdicts(gateway: str) -> dict[str, tuple[dict[str, tuple[int, int]], str]]:
    """Of each revision: scenario → checks passed and failed, and all that the suite said."""
    return {revision: judge(gateway, revision) for revision in REVISIONS}


def judge(url: str, revision: str) -> tuple[dict[str, tuple[int, int]], str]:
    done = subprocess.run(
        [node(), str(SUITE / "dist" / "index.js"), "server", "--url", url, "--requirements", revision],
        capture_output=True,
        text=True,
        timeout=RUN_TIMEOUT_S,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
    lines = re.findall(r"^[^\w\s] ([\w-]+): (\d+) passed, (\d+) failed", said, re.MULTILINE)
    return {name: (int(passed), int(failed)) for name, passed, failed in lines}, said


def test_suite_is_installed_and_asks_for_what_it_is_known_to_ask() -> None:
    assert len(required("2025-11-25")) == 30
    assert len(required("2026-07-28")) == 37
    for revision, skipped in SKIPS.items():
        assert set(skipped) <= set(required(revision)), "a skip that skips nothing"


@pytest.mark.parametrize(("revision", "scenario"), scenarios())
def test_gateway_passes(verdicts: Any, revision: str, scenario: str) -> None:
    found, said = verdicts[revision]
    assert scenario in found, said[-3000:]
    passed, failed = found[scenario]
    about = said[said.find(f"=== Running scenario: {scenario}") :][:6000]
    assert failed == 0, about
    assert passed > 0, "nothing was checked"
