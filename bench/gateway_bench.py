#!/usr/bin/env python3
"""Measures a gateway beside its yardsticks, in one run: `tools/call` of an MCP server behind it over calling that
server directly, `tools/call` to a warm Python function and `tools/list` with 1,000 tools against localcore-gateway
(PyPI) with the same handler. Prints Markdown rows. The cold start of a function is lambda_bench.py's.

Usage: gateway_bench.py [call] [lambda] [list] [--calls N] [--seconds S] [--tools N]
WARIFU_BINARY chooses another binary. What needs localcore-gateway says `skipped` where that cannot be installed."""

import argparse
import contextlib
import http.client
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import zipfile
from pathlib import Path
from typing import Any, Callable, Iterator

import boto3

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "test" / "clients")]
os.environ.setdefault("WARIFU_BINARY", str(ROOT / "build" / "bin" / "warifu"))
from deadline import hold  # noqa: E402
from support import REGION, Server, allow, policy, trust  # noqa: E402  (it reads the environment)

DEADLINE_S = 600
BLOCK = 20
PEER = ROOT / "build" / "gateway-peer"
PROXY_PYTHON = ROOT / "build" / "clients" / "proxy" / "bin" / "python"
HANDLER = "def handler(event, context):\n    return {'echo': event['message']}\n"
SCHEMA = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}
HEADERS = {
    "Content-Type": "application/json",
    "Accept": "application/json, text/event-stream",
    "MCP-Protocol-Version": "2025-06-18",
}


class Endpoint:
    """One kept connection to an MCP endpoint."""

    def __init__(self, url: str):
        self.parts = urllib.parse.urlsplit(url)
        self.connection = http.client.HTTPConnection(self.parts.hostname, self.parts.port, timeout=30)
        self.headers = dict(HEADERS)

    def post(self, message: dict[str, Any]) -> bytes:
        body = json.dumps({"jsonrpc": "2.0", "id": 1} | message)
        self.connection.request("POST", self.parts.path, body, self.headers)
        answer = self.connection.getresponse()
        text = answer.read()
        assert answer.status == 200, (answer.status, text[:300])
        if session := answer.getheader("mcp-session-id"):
            self.headers["Mcp-Session-Id"] = session
        return text

    def begin(self) -> "Endpoint":
        hello = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        self.post({"method": "initialize", "params": hello})
        return self

    def call(self, tool: str) -> None:
        text = self.post({"method": "tools/call", "params": {"name": tool, "arguments": {"message": "hello"}}})
        assert b"hello" in text and b'"isError":true' not in text.replace(b" ", b""), text[:300]

    def list(self, least: int) -> None:
        """All tools, page by page."""
        cursor, seen = None, 0
        while True:
            text = self.post({"method": "tools/list", "params": {"cursor": cursor} if cursor else {}})
            seen += text.count(b'"inputSchema"')
            at = text.find(b'"nextCursor":"')
            if at < 0:
                assert seen >= least, seen
                return
            cursor = text[at + 14 : text.index(b'"', at + 14)].decode()


def blocks_ms(calls: int, *works: Callable[[], None]) -> list[list[float]]:
    """Medians of BLOCK calls of each, which take turns: what slows the machine slows all of them."""
    for work in works:
        for _ in range(max(5, calls // 20)):
            work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(-(-calls // BLOCK)):
        for work, taken in zip(works, times):
            block = []
            for _ in range(BLOCK):
                begun = time.perf_counter()
                work()
                block.append((time.perf_counter() - begun) * 1000)
            taken.append(statistics.median(block))
    return times


def per_second(work: Callable[[], None], seconds: float) -> float:
    work()
    begun, done = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        work()
        done += 1
    return done / (time.perf_counter() - begun)


class Warifu:
    """A server with an open gateway, to which targets are added."""

    def __init__(self, folder: Path):
        self.server = Server(folder / "data", "--gateway-allow-network", "127.0.0.0/8", "--log-level", "error").start()
        self.keys = self.server.new_account()
        iam = self.server.client("iam", self.keys)
        self.role = iam.create_role(
            RoleName="Gateway",
            AssumeRolePolicyDocument=trust({"Service": ["bedrock-agentcore.amazonaws.com", "lambda.amazonaws.com"]}),
        )["Role"]["Arn"]
        iam.put_role_policy(
            RoleName="Gateway", PolicyName="invoke", PolicyDocument=policy(allow("lambda:InvokeFunction"))
        )
        self.control = self.server.client("bedrock-agentcore-control", self.keys)

    def gateway(self, name: str, target: dict[str, Any], role: bool, **mcp: Any) -> str:
        more = {"protocolConfiguration": {"mcp": mcp}} if mcp else {}
        made = self.control.create_gateway(
            name=name, protocolType="MCP", authorizerType="NONE", exceptionLevel="DEBUG", roleArn=self.role, **more
        )
        credentials = [{"credentialProviderType": "GATEWAY_IAM_ROLE"}]
        target_id = self.control.create_gateway_target(
            gatewayIdentifier=made["gatewayId"],
            name="t",
            targetConfiguration={"mcp": target},
            **({"credentialProviderConfigurations": credentials} if role else {}),
        )["targetId"]
        for _ in range(200):
            found = self.control.get_gateway_target(gatewayIdentifier=made["gatewayId"], targetId=target_id)
            if found["status"] == "READY":
                return made["gatewayUrl"]
            time.sleep(0.05)
        raise SystemExit(f"the target is not ready: {found.get('statusReasons')}")

    def function(self) -> str:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as file:
            file.writestr("lambda_function.py", HANDLER)
        client = boto3.client(
            "lambda",
            region_name=REGION,
            endpoint_url=self.server.url,
            aws_access_key_id=self.keys.access_key,
            aws_secret_access_key=self.keys.secret,
        )
        return client.create_function(
            FunctionName="echo",
            Runtime="python3.12",
            Handler="lambda_function.handler",
            Role=self.role,
            Timeout=30,
            Code={"ZipFile": archive.getvalue()},
        )["FunctionArn"]

    @staticmethod
    def lambda_target(arn: str, tools: int) -> dict[str, Any]:
        definitions = [
            {"name": f"echo{i}" if i else "echo", "description": f"Echoes a message, way {i}", "inputSchema": SCHEMA}
            for i in range(tools)
        ]
        return {"lambda": {"lambdaArn": arn, "toolSchema": {"inlinePayload": definitions}}}


@contextlib.contextmanager
def process(command: list[str], **options: Any) -> Iterator[subprocess.Popen]:
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)
    try:
        yield running
    finally:
        running.terminate()
        try:
            running.wait(20)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


@contextlib.contextmanager
def peer(folder: Path, tools: int) -> Iterator[Endpoint | None]:
    """localcore-gateway with the same handler; None where it cannot be had."""
    if not (PEER / "bin" / "lcgw").exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        command = [str(PEER / "bin" / "pip"), "install", "-q", "localcore-gateway==0.3.0"]
        installed = subprocess.run(command, check=False)
        if installed.returncode != 0:
            yield None
            return
    port = free_port()
    (folder / "lambda_function.py").write_text(HANDLER)
    names = [f"echo{i}" if i else "echo" for i in range(tools)]
    listed = [
        {"name": name, "description": f"Echoes a message, way {i}", "inputSchema": SCHEMA}
        for i, name in enumerate(names)
    ]
    target = {"type": "lambda", "name": "t", "lambda": {"backend": "native", "handler": "lambda_function.handler"}}
    config = {"server": {"port": port, "stateless": True}, "targets": [target | {"tools": listed}]}
    (folder / "gateway.yaml").write_text(json.dumps(config))
    command = [str(PEER / "bin" / "lcgw"), "serve", "-c", "gateway.yaml"]
    with open(folder / "peer.log", "wb") as log, process(command, cwd=folder, stdout=log, stderr=log) as running:
        url = f"http://127.0.0.1:{port}/mcp"
        for _ in range(600):
            if running.poll() is not None:
                raise SystemExit((folder / "peer.log").read_text()[-2000:])
            with contextlib.suppress(OSError):
                yield Endpoint(url).begin()
                return
            time.sleep(0.1)
        raise SystemExit("localcore-gateway did not start:\n" + (folder / "peer.log").read_text()[-2000:])


def row(what: str, ours: str, theirs: str, ratio: str, bound: str, reached: bool) -> None:
    print(f"| {what} | {ours} | {theirs} | {ratio} | {bound} | {'yes' if reached else 'no'} |", flush=True)


def measure_call(warifu: Warifu, calls: int) -> None:
    command = [str(PROXY_PYTHON), str(ROOT / "test" / "clients" / "gateway_upstream.py")]
    with process(command, stdout=subprocess.PIPE) as upstream:
        url = f"http://127.0.0.1:{int(upstream.stdout.readline())}/mcp"
        through = Endpoint(warifu.gateway("call", {"mcpServer": {"endpoint": url}}, False)).begin()
        direct = Endpoint(url).begin()
        direct_ms, through_ms = blocks_ms(calls, lambda: direct.call("echo"), lambda: through.call("t___echo"))
    straight, ours = statistics.median(direct_ms), statistics.median(through_ms)
    added = statistics.median(after - before for before, after in zip(direct_ms, through_ms))
    row("`tools/call` of an MCP server, p50", f"{ours:.2f} ms", f"{straight:.2f} ms direct", f"{added:+.2f} ms",
        "≤ 0.6 ms (aim 0.2)", added <= 0.6)


def measure_lambda(warifu: Warifu, folder: Path, calls: int) -> None:
    ours = Endpoint(warifu.gateway("lambda", Warifu.lambda_target(warifu.function(), 1), True)).begin()
    with peer(folder, 1) as other:
        if other is None:
            print("skipped: localcore-gateway cannot be installed here")
            return
        blocks = blocks_ms(calls, lambda: ours.call("t___echo"), lambda: other.call("t___echo"))
    mine, theirs = map(statistics.median, blocks)
    row("`tools/call` of a warm Python function, p50", f"{mine:.2f} ms", f"{theirs:.2f} ms", f"{theirs / mine:.1f}",
        "≥ 3 (aim 8)", theirs / mine >= 3)


def measure_list(warifu: Warifu, folder: Path, tools: int, seconds: float) -> None:
    arn = f"arn:aws:lambda:{REGION}:{warifu.keys.account}:function:echo"
    for name, mcp in (("list-pages", {}), ("list-whole", {"disableMcpListToolsPagination": True})):
        ours = Endpoint(warifu.gateway(name, Warifu.lambda_target(arn, tools), True, **mcp)).begin()
        mine = per_second(lambda: ours.list(tools), seconds)
        print(f"# {name}: {mine:.0f} lists of {tools} tools a second", flush=True)
    with peer(folder, tools) as other:
        if other is None:
            print("skipped: localcore-gateway cannot be installed here")
            return
        theirs = per_second(lambda: other.list(tools), seconds)
    row(f"`tools/list` of {tools} tools, in one page", f"{mine:.0f}/s", f"{theirs:.1f}/s", f"{mine / theirs:.0f}",
        "≥ 20 (aim 100)", mine / theirs >= 20)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=[], help="call, lambda, list; all without any")
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--tools", type=int, default=1000)
    given = parser.parse_args()
    hold(DEADLINE_S)
    parts = given.parts or ["call", "lambda", "list"]
    print("| what | Warifu | beside it | ratio | bound | reached |\n|---|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        warifu = Warifu(folder)
        try:
            if "call" in parts:
                measure_call(warifu, given.calls)
            if "lambda" in parts:
                measure_lambda(warifu, folder, given.calls)
            if "list" in parts:
                measure_list(warifu, folder, given.tools, given.seconds)
        finally:
            warifu.server.stop()


if __name__ == "__main__":
    main()
