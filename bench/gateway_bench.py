#!/usr/bin/env python3
<<<<<<< HEAD
"""Measures a gateway beside its yardsticks, in one run: `tools/call` to an MCP server behind it over calling that server
directly, `tools/call` to a warm Python function and `tools/list` with 1,000 tools against localcore-gateway (PyPI) with
the same handler. Prints Markdown rows. The cold start of a function is lambda_bench.py's.

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
sys.path.insert(0, str(ROOT / "test" / "clients"))
os.environ.setdefault("WARIFU_BINARY", str(ROOT / "build" / "bin" / "warifu"))
from support import REGION, Server, allow, policy, trust  # noqa: E402  (it reads the environment)

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


def p50_ms(work: Callable[[], None], calls: int) -> float:
    for _ in range(max(5, calls // 20)):
        work()
    times = []
    for _ in range(calls):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return statistics.median(times)


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
            name=name, protocolType="MCP", authorizerType="NONE", roleArn=self.role, **more
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
        running.wait(20)


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
        installed = subprocess.run([str(PEER / "bin" / "pip"), "install", "-q", "localcore-gateway==0.3.0"], check=False)
        if installed.returncode != 0:
            yield None
            return
    port = free_port()
    (folder / "lambda_function.py").write_text(HANDLER)
    names = [f"echo{i}" if i else "echo" for i in range(tools)]
    listed = [{"name": n, "description": f"Echoes a message, way {i}", "inputSchema": SCHEMA} for i, n in enumerate(names)]
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
        rounds = [
            (p50_ms(lambda: direct.call("echo"), calls), p50_ms(lambda: through.call("t___echo"), calls)) for _ in range(3)
        ]
        straight, ours = min(rounds, key=lambda pair: pair[1] - pair[0])
    added = ours - straight
    row("`tools/call` of an MCP server, p50", f"{ours:.2f} ms", f"{straight:.2f} ms direct", f"+{added:.2f} ms",
        "≤ 0.6 ms (aim 0.2)", added <= 0.6)


def measure_lambda(warifu: Warifu, folder: Path, calls: int) -> None:
    ours = Endpoint(warifu.gateway("lambda", Warifu.lambda_target(warifu.function(), 1), True)).begin()
    mine = p50_ms(lambda: ours.call("t___echo"), calls)
    with peer(folder, 1) as other:
        if other is None:
            print("skipped: localcore-gateway cannot be installed here")
            return
        theirs = p50_ms(lambda: other.call("t___echo"), calls)
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
=======
"""Measures gateways beside their yardsticks, in one run. Prints Markdown rows; `make bench` keeps them.

  mcp    tools/call through a gateway to an MCP server, against calling that server directly: added latency, p50

Usage: gateway_bench.py [mcp] [--calls N] [--rounds N]"""

import argparse
import json
import os
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
os.environ.setdefault("WARIFU_BINARY", str(ROOT / "build" / "bin" / "warifu"))
sys.path.insert(0, str(ROOT / "test" / "clients"))

import mcp_peers  # noqa: E402
from support import REGION, Keys, Server  # noqa: E402

VERSION = "2025-11-25"
Row = tuple[str, str, str, str]


class Caller:
    """JSON-RPC over one connection that stays open: the client's own cost is small, and the same on both sides."""

    def __init__(self, url: str, keys: Keys | None = None):
        parts = urlsplit(url)
        self.url, self.host, self.path, self.keys = url, parts.netloc, parts.path, keys
        self.headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": VERSION,
        }
        self.socket = socket.create_connection((parts.hostname, parts.port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def request(self, method: str, params: dict[str, Any] | None, number: int | None) -> bytes:
        message: dict[str, Any] = {"jsonrpc": "2.0", "method": method}
        if number is not None:
            message["id"] = number
        if params is not None:
            message["params"] = params
        body = json.dumps(message).encode()
        headers = dict(self.headers)
        if self.keys is not None:
            headers |= self.signature(body)
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    def signature(self, body: bytes) -> dict[str, str]:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials

        request = AWSRequest("POST", self.url, headers={"Content-Type": "application/json"}, data=body)
        SigV4Auth(Credentials(self.keys.access_key, self.keys.secret), "bedrock-agentcore", REGION).add_auth(request)
        return {name: request.headers[name] for name in ("X-Amz-Date", "Authorization")}

    def exchange(self, request: bytes) -> tuple[dict[str, str], bytes]:
        self.socket.sendall(request)
        while b"\r\n\r\n" not in self.buffer:
            self.read()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
        assert lines[0].split(" ")[1].startswith("2"), lines[0]
        if "content-length" in headers:
            size = int(headers["content-length"])
            while len(self.buffer) < size:
                self.read()
        elif headers.get("transfer-encoding") == "chunked":
            while not (b"\r\n" + self.buffer).endswith(b"\r\n0\r\n\r\n"):
                self.read()
            size = len(self.buffer)
        else:
            size = 0
        body, self.buffer = self.buffer[:size], self.buffer[size:]
        return headers, body

    def read(self) -> None:
        part = self.socket.recv(65536)
        assert part, "the connection was closed"
        self.buffer += part

    def shake_hands(self) -> None:
        who = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": {"name": "bench", "version": "1"}}
        headers, _ = self.exchange(self.request("initialize", who, 0))
        if "mcp-session-id" in headers:
            self.headers["Mcp-Session-Id"] = headers["mcp-session-id"]
        self.exchange(self.request("notifications/initialized", None, None))

    def call(self, tool: str, arguments: dict[str, Any]) -> Callable[[], bytes]:
        """The call as a function of no arguments: the request is made, and signed, once."""
        request = self.request("tools/call", {"name": tool, "arguments": arguments}, 7)
        return lambda: self.exchange(request)[1]


def milliseconds(call: Callable[[], bytes]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1000


def alternate(calls: dict[str, Callable[[], bytes]], count: int, rounds: int) -> dict[str, list[float]]:
    """The p50 of each round, the calls taken in turn: what disturbs one disturbs all."""
    medians: dict[str, list[float]] = {name: [] for name in calls}
    for call in calls.values():
        for _ in range(100):
            call()
    for _ in range(rounds):
        taken: dict[str, list[float]] = {name: [] for name in calls}
        for _ in range(count):
            for name, call in calls.items():
                taken[name].append(milliseconds(call))
        for name, times in taken.items():
            medians[name].append(statistics.median(times))
    return medians


def bench_mcp(folder: Path, options: argparse.Namespace) -> list[Row]:
    rows = []
    arguments = {"message": "hello"}
    with mcp_peers.everything(folder) as upstream:
        server = Server(folder / "data", *mcp_peers.ALLOW_LOOPBACK).start()
        try:
            keys = server.new_account()
            direct = Caller(upstream)
            direct.shake_hands()
            calls = {"direct": direct.call("echo", arguments)}
            for authorizer in ("NONE", "AWS_IAM"):
                made = mcp_peers.make_gateway(server, keys, authorizer=authorizer)
                mcp_peers.add_server(server, keys, made["gatewayId"], upstream, "srv")
                caller = Caller(made["gatewayUrl"], keys if authorizer == "AWS_IAM" else None)
                calls[authorizer] = caller.call("srv___echo", arguments)
            for name, call in calls.items():
                assert b"Echo: hello" in call(), (name, call())
            medians = alternate(calls, options.calls, options.rounds)
        finally:
            server.stop()
    straight = statistics.median(medians["direct"])
    for authorizer in ("NONE", "AWS_IAM"):
        through = statistics.median(medians[authorizer])
        added = statistics.median(a - b for a, b in zip(medians[authorizer], medians["direct"], strict=True))
        rows.append(
            (
                f"added latency of tools/call through a gateway ({authorizer}), p50",
                f"{added:.2f} ms",
                f"direct {straight:.2f} ms, through {through:.2f} ms",
                "≤ 0.6 ms (aim 0.2 ms)",
            )
        )
    return rows
>>>>>>> d192fd5 (wipe)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
<<<<<<< HEAD
    parser.add_argument("parts", nargs="*", default=[], help="call, lambda, list; all without any")
    parser.add_argument("--calls", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--tools", type=int, default=1000)
    given = parser.parse_args()
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
=======
    parser.add_argument("what", nargs="*", default=["mcp"])
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    benches = {"mcp": bench_mcp}
    print("| what | measured | beside | asked |\n|---|---|---|---|")
    for what in options.what:
        with tempfile.TemporaryDirectory() as folder:
            for row in benches[what](Path(folder), options):
                print("| " + " | ".join(row) + " |", flush=True)
>>>>>>> d192fd5 (wipe)


if __name__ == "__main__":
    main()
