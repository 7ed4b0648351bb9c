#!/usr/bin/env python3
"""Measures functions, in one run: a warm Invoke of a Python function through the whole server (signature,
authorization, audit, sandbox), and a cold one beside starting the same interpreter with the same runtime client by
hand. Prints Markdown rows.

Usage: lambda_bench.py [--calls N] [--starts N]"""

import argparse
import http.client
import http.server
import io
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import zipfile
from pathlib import Path

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from deadline import hold  # noqa: E402
from server_bench import WARIFU, Warifu  # noqa: E402

RUNTIMES = WARIFU.parent.parent / "runtimes"
ACCOUNT = "111111111111"
DEADLINE_S = 300
REGION = "us-east-1"
LOGS_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
CODE = "def handler(event, context):\n    return event\n"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr("app.py", CODE)
    return out.getvalue()


class Account:
    """An account of the server with a role that functions run as."""

    def __init__(self, server: Warifu):
        command = [WARIFU, "account", "create", ACCOUNT, "--json", "--endpoint-url", server.url, "--data", server.data]
        keys = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        self.port = server.port
        self.session = boto3.Session(keys["AccessKeyId"], keys["SecretAccessKey"], region_name=REGION)
        self.functions = self.session.client("lambda", endpoint_url=server.url)
        iam = self.session.client("iam", endpoint_url=server.url)
        self.role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
        iam.attach_role_policy(RoleName="bench", PolicyArn=LOGS_POLICY)

    def create(self, name: str) -> None:
        self.functions.create_function(
            FunctionName=name, Role=self.role, Runtime="python3.11", Handler="app.handler", Code={"ZipFile": archive()}
        )
        self.functions.get_waiter("function_active_v2").wait(FunctionName=name)

    def signed(self, name: str, body: bytes) -> AWSRequest:
        url = f"http://127.0.0.1:{self.port}/2015-03-31/functions/{name}/invocations"
        request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/json"})
        SigV4Auth(self.session.get_credentials(), "lambda", REGION).add_auth(request)
        return request


def timed_calls(account: Account, name: str, calls: int) -> list[float]:
    """Milliseconds of each of `calls` requests on one connection, signing apart."""
    connection = http.client.HTTPConnection("127.0.0.1", account.port, timeout=30)
    times = []
    for _ in range(calls):
        request = account.signed(name, b'{"a": 1}')
        begun = time.perf_counter()
        connection.request("POST", request.url.split(str(account.port), 1)[1], request.data, dict(request.headers))
        answer = connection.getresponse()
        body = answer.read()
        times.append((time.perf_counter() - begun) * 1000)
        if answer.status != 200 or answer.headers.get("X-Amz-Function-Error") or json.loads(body) != {"a": 1}:
            raise SystemExit(f"the function answered {answer.status}: {body!r}")
    return times


class ApiServer(http.server.ThreadingHTTPServer):
    """Clients are killed in the middle of a request: nothing to tell."""

    daemon_threads = True

    def handle_error(self, *_) -> None:
        pass


class RuntimeApi(http.server.BaseHTTPRequestHandler):
    """As much of the Lambda Runtime API as one call needs."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.server.given.is_set():
            self.server.over.wait()
        self.server.given.set()
        self.send_response(200)
        for name, value in (
            ("Lambda-Runtime-Aws-Request-Id", "1"),
            ("Lambda-Runtime-Deadline-Ms", "99999999999999"),
            ("Lambda-Runtime-Invoked-Function-Arn", "arn"),
            ("Content-Type", "application/json"),
            ("Content-Length", "8"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(b'{"a": 1}')

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.answered.set()
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_) -> None:
        pass


def by_hand(program: str, folder: Path) -> float:
    """Milliseconds from starting the client on the host, unconfined, to the answer of its first call."""
    api = ApiServer(("127.0.0.1", 0), RuntimeApi)
    api.given, api.answered, api.over = threading.Event(), threading.Event(), threading.Event()
    threading.Thread(target=api.serve_forever, daemon=True).start()
    version = re.search(r"3\.\d+", subprocess.run([program, "-V"], capture_output=True, text=True).stdout).group(0)
    env = {
        "PATH": os.environ["PATH"],
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{api.server_port}",
        "PYTHONPATH": f"{folder}:{RUNTIMES}/python{version}:{RUNTIMES}/python",
    }
    begun = time.perf_counter()
    process = subprocess.Popen([program, "-m", "awslambdaric", "app.handler"], env=env, cwd=folder)
    answered = api.answered.wait(30)
    elapsed = (time.perf_counter() - begun) * 1000
    process.kill()
    process.wait()
    api.over.set()
    api.shutdown()
    api.server_close()
    if not answered:
        raise SystemExit("the client that was started by hand did not answer")
    return elapsed


def interpreter() -> str:
    """The program behind `python3.11` on PATH, as the server finds it."""
    question = "import os, sys; print(os.path.realpath(getattr(sys, '_base_executable', sys.executable)))"
    name = shutil.which("python3.11") or "/usr/bin/python3"
    return subprocess.run([name, "-c", question], capture_output=True, text=True, check=True).stdout.strip()


def cold(account: Account, number: int) -> float:
    name = f"cold-{number}"
    account.create(name)
    (elapsed,) = timed_calls(account, name, 1)
    account.functions.delete_function(FunctionName=name)
    return elapsed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--starts", type=int, default=15)
    options = parser.parse_args()
    hold(DEADLINE_S)
    with tempfile.TemporaryDirectory() as folder:
        code = Path(folder) / "code"
        code.mkdir()
        (code / "app.py").write_text(CODE)
        server = Warifu(Path(folder))
        try:
            account = Account(server)
            account.create("warm")
            timed_calls(account, "warm", 50)
            warm = sorted(timed_calls(account, "warm", options.calls))
            program = interpreter()
            pairs = [(by_hand(program, code), cold(account, i)) for i in range(options.starts)]
        finally:
            server.stop()
    hand = statistics.median(pair[0] for pair in pairs)
    ours = statistics.median(pair[1] for pair in pairs)
    p99 = warm[int(len(warm) * 0.99)]
    warm_p50, ratio, reached = statistics.median(warm), ours / hand, "yes" if ours <= 1.3 * hand else "no"
    bound = f"≤ 1.3 (aim 1.1) | {reached} |"
    print("| what | Warifu | beside it | ratio | bound | reached |")
    print("|---|---|---|---|---|---|")
    print(f"| warm Invoke of a Python function, sequential, p50 | {warm_p50:.2f} ms (p99 {p99:.2f} ms) | | | | |")
    print(f"| cold Invoke, median of {options.starts} | {ours:.0f} ms | {hand:.0f} ms by hand | {ratio:.2f} | {bound}")


if __name__ == "__main__":
    main()
