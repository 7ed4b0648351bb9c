"""A start costs what a server that serves nothing must cost: no sandbox, no process, no authorities read beforehand."""

import os
import re
import urllib.request
from pathlib import Path

import pytest

from functions import function
from support import BINARY, Server, refused

CPU_MS_MAX = 100
RESIDENT_MB_MAX = 40


def processor_ms(pid: int) -> float:
    """User and system time of all its threads. Unlike the clock's, it does not grow with what else the machine does."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) * 1000 / os.sysconf("SC_CLK_TCK")


def resident_mb(pid: int) -> float:
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()).group(1)) / 1024


def children(pid: int) -> list[str]:
    return [child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]


def test_a_start_runs_no_other_process(own_server: Server) -> None:
    urllib.request.urlopen(f"{own_server.url}/_warifu/health").read()
    assert children(own_server.process.pid) == []


@pytest.mark.skipif("release" not in str(BINARY.resolve()), reason="the bounds are the release build's")
def test_a_start_stays_within_its_bounds(own_server: Server) -> None:
    own_server.stop()
    own_server.start()
    urllib.request.urlopen(f"{own_server.url}/_warifu/health").read()
    assert processor_ms(own_server.process.pid) <= CPU_MS_MAX
    assert resident_mb(own_server.process.pid) <= RESIDENT_MB_MAX


def test_functions_are_kept_where_no_sandbox_can_be_had(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", env={"PATH": str(tmp_path)}).start()
    try:
        keys = server.new_account()
        function(server, keys, "kept")
        client = server.client("lambda", keys)
        reason = client.get_function_configuration(FunctionName="kept")["StateReason"]
        assert "functions cannot run on this machine: `bwrap` is not installed" in reason
        with refused("InvalidRuntimeException", 502, pattern="`bwrap` is not installed"):
            client.invoke(FunctionName="kept", Payload=b"{}")
    finally:
        assert server.stop() == 0
