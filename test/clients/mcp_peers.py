"""Gateways with MCP servers behind them, for tests: the processes, and what stands between."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from support import CLIENTS, ROOT, VENV_BIN, Keys, Server, allow, policy, trust

# Upstreams of the tests lie on loopback, which a server refuses as a destination unless its operator allows it.
ALLOW_LOOPBACK = ("--gateway-allow-network", "127.0.0.0/8")
MODULES = CLIENTS / "node_modules"
START_TIMEOUT_S = 30
VERSIONS = ["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]


def node() -> str:
    """Node.js 22 or later: the one installed beside the clients, since the machine's own may be older."""
    own = MODULES / ".bin" / "node"
    return str(own) if own.exists() else str(shutil.which("node"))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def running(command: list[str], port: int, log: Path, **environment: str) -> Iterator[str]:
    """A process that serves MCP at `/mcp` of a port; gives its URL once it takes connections."""
    with open(log, "ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=os.environ | environment
        )
    try:
        end = time.monotonic() + START_TIMEOUT_S
        while True:
            assert process.poll() is None and time.monotonic() < end, log.read_text(errors="replace")[-3000:]
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def conformance_upstream(folder: Path, port: int = 0) -> Any:
    port = port or free_port()
    script = ROOT / "test" / "clients" / "conformance_upstream.py"
    return running([str(VENV_BIN / "python"), str(script), str(port)], port, folder / "upstream.log")


def everything(folder: Path, port: int = 0) -> Any:
    """`@modelcontextprotocol/server-everything`."""
    port = port or free_port()
    script = MODULES / "@modelcontextprotocol" / "server-everything" / "dist" / "index.js"
    return running([node(), str(script), "streamableHttp"], port, folder / "everything.log", PORT=str(port))


def name_shim(folder: Path, gateway_url: str, target: str) -> Any:
    port = free_port()
    script = ROOT / "test" / "clients" / "name_shim.py"
    command = [str(VENV_BIN / "python"), str(script), str(port), gateway_url, f"{target}___"]
    return running(command, port, folder / "shim.log")


def make_role(server: Server, keys: Keys) -> str:
    """A role that gateways may take on."""
    iam = server.client("iam", keys)
    name = f"gateway-{uuid.uuid4().hex[:8]}"
    trusted = trust({"Service": "bedrock-agentcore.amazonaws.com"})
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trusted)["Role"]
    iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=policy(allow("*")))
    return made["Arn"]


def _ready(get: Any, what: str) -> dict[str, Any]:
    end = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < end:
        made = get()
        if made["status"] not in ("CREATING", "UPDATING", "SYNCHRONIZING"):
            break
        time.sleep(0.05)
    assert made["status"] == "READY", (what, made["status"], made.get("statusReasons"))
    return made


def make_gateway(
    server: Server, keys: Keys, *, authorizer: str = "NONE", sessions: bool = False, streaming: bool = False
) -> dict[str, Any]:
    control = server.client("bedrock-agentcore-control", keys)
    mcp: dict[str, Any] = {"supportedVersions": VERSIONS}
    if sessions:
        mcp["sessionConfiguration"] = {"sessionTimeoutInSeconds": 900}
    if streaming:
        mcp["streamingConfiguration"] = {"enableResponseStreaming": True}
    made = control.create_gateway(
        name=f"gw-{uuid.uuid4().hex[:8]}",
        roleArn=make_role(server, keys),
        protocolType="MCP",
        protocolConfiguration={"mcp": mcp},
        authorizerType=authorizer,
        clientToken=str(uuid.uuid4()),
    )
    return _ready(lambda: control.get_gateway(gatewayIdentifier=made["gatewayId"]), "gateway")


def add_server(server: Server, keys: Keys, gateway_id: str, endpoint: str, name: str, **more: Any) -> dict[str, Any]:
    """An MCP-server target, once it is READY."""
    control = server.client("bedrock-agentcore-control", keys)
    made = control.create_gateway_target(
        gatewayIdentifier=gateway_id,
        name=name,
        targetConfiguration={"mcp": {"mcpServer": {"endpoint": endpoint, **more}}},
        clientToken=str(uuid.uuid4()),
    )
    return _ready(
        lambda: control.get_gateway_target(gatewayIdentifier=gateway_id, targetId=made["targetId"]), json.dumps(name)
    )
