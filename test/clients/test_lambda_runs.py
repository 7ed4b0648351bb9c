"""What functions can reach and do where they run, what they run on, and what is left of those that misbehave."""

import http.server
import io
import json
import re
import shutil
import socket
import subprocess
import threading
import uuid
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from functions import archive, call, eventually, execution_role, function, messages, processes_with, tail
from support import BINARY, Keys, Server, clean_environment, refused


@pytest.fixture
def lam(server: Server, owner: Keys) -> Any:
    return server.client("lambda", owner)


WHO = (
    "import boto3, os, ssl, urllib.request\n"
    "def handler(event, context):\n"
    "    url = os.environ['AWS_ENDPOINT_URL']\n"
    "    health = urllib.request.urlopen(url + '/_warifu/health', timeout=5).status\n"
    "    return [url, health, boto3.client('sts').get_caller_identity()['Account']]\n"
)


def node_function(server: Server, keys: Keys, name: str, code: str, **options: Any) -> str:
    """A function for Node.js whose index.mjs is `code`; its name."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("index.mjs", code)
    server.client("lambda", keys).create_function(
        FunctionName=name,
        Runtime="nodejs22.x",
        Handler="index.handler",
        Role=execution_role(server, keys, f"{name}-role"),
        Code={"ZipFile": packed.getvalue()},
        **options,
    )
    return name


def account_of(server: Server, **env: str) -> Keys:
    done = server.command("account", "create", "123456789012", "--json", env=env)
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    return Keys(made["AccountId"], made["AccessKeyId"], made["SecretAccessKey"])


def test_under_tls_functions_believe_the_servers_own_authority(tmp_path: Path, monkeypatch: Any) -> None:
    tls = tmp_path / "tls"
    command = [str(BINARY), "tls", "init", "--dir", str(tls)]
    subprocess.run(command, check=True, timeout=30, capture_output=True, env=clean_environment())
    flags = ["--tls-cert", str(tls / "server.pem"), "--tls-key", str(tls / "server-key.pem")]
    server = Server(tmp_path / "data", *flags).start()
    try:
        assert server.url.startswith("https://127.0.0.1:")
        keys = account_of(server, AWS_CA_BUNDLE=str(tls / "ca.pem"))
        monkeypatch.setenv("AWS_CA_BUNDLE", str(tls / "ca.pem"))
        function(server, keys, "who", WHO, Timeout=20)
        answer, whole = call(server.client("lambda", keys), "who")
        assert answer == [server.url, 200, keys.account], whole
        node = "const url = process.env.AWS_ENDPOINT_URL + '/_warifu/health';"
        node += "export const handler = async () => (await fetch(url)).status"
        assert call(server.client("lambda", keys), node_function(server, keys, "node", node))[0] == 200
    finally:
        server.stop()


def test_where_a_proxy_ends_tls_the_public_url_answers_inside_all_the_same(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = "https://agents.example.test:8443"
    server = Server(tmp_path / "data", "--listen", f"127.0.0.1:{port}", "--public-url", url).start()
    try:
        assert server.url == url
        server.url = f"http://127.0.0.1:{port}"  # what the proxy would be given
        keys = account_of(server)
        function(server, keys, "who", WHO, Timeout=20)
        answer, whole = call(server.client("lambda", keys), "who")
        assert answer == [url, 200, keys.account], whole
    finally:
        server.stop()


DEF = "import os, sys, time\ndef handler(event, context):\n    "
FORK_BOMB = (
    DEF + "\n    while True:\n        try:\n"
    "            if os.fork() == 0: time.sleep(600)\n        except OSError: pass"
)


@pytest.mark.parametrize(
    ("name", "code", "kind", "message"),
    [
        ("exits", DEF + "os._exit(7)", "Runtime.ExitError", "Runtime exited with error: exit status 7"),
        ("crashes", DEF + "os.kill(os.getpid(), 11)", "Runtime.ExitError", "signal: segmentation fault"),
        ("loops", DEF + "while True: pass", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ("silent", DEF + "time.sleep(600)", "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        ("forks", FORK_BOMB, "Sandbox.Timedout", "Task timed out after 2.00 seconds"),
        (
            "eats",
            DEF + "\n    kept = []\n    while True: kept.append(b'x' * (1 << 22)); time.sleep(0.002)",
            "Runtime.OutOfMemory",
            "Runtime exited with error",
        ),
        ("lacks", "import nothing_of_that_name\n", "Runtime.ImportModuleError", "nothing_of_that_name"),
        ("ends", "import os\nos._exit(9)\n", "Runtime.ExitError", "exit status 9"),
    ],
)
def test_a_function_that_misbehaves_is_told_so_and_leaves_no_process(
    server: Server, owner: Keys, lam: Any, name: str, code: str, kind: str, message: str
) -> None:
    word = f"word-{uuid.uuid4()}"
    variables = {"Variables": {"WORD": word}}
    # A thousand processes pass 128 MB before they pass their number.
    memory_mb = 8192 if name == "forks" else 128
    function(server, owner, name, code, Timeout=2, MemorySize=memory_mb, Environment=variables)
    answer, whole = call(lam, name, LogType="Tail")
    assert whole["StatusCode"] == 200 and whole["FunctionError"] == "Unhandled"
    assert answer["errorType"] == kind and message in answer["errorMessage"], answer
    request = whole["ResponseMetadata"]["RequestId"]
    assert f"END RequestId: {request}" in tail(whole) and f"REPORT RequestId: {request}" in tail(whole)
    eventually(lambda: not processes_with(word))
    eventually(lambda: any(m.startswith(f"REPORT RequestId: {request}") for m in messages(server, owner, name)))
    lam.update_function_code(FunctionName=name, ZipFile=archive())
    assert call(lam, name, {"fine": True})[0] == {"fine": True}, "nothing of it stays behind"


def test_a_deleted_function_leaves_no_process(server: Server, owner: Keys, lam: Any) -> None:
    word = f"word-{uuid.uuid4()}"
    function(server, owner, "gone", Environment={"Variables": {"WORD": word}})
    assert call(lam, "gone", 1)[0] == 1 and processes_with(word)
    lam.delete_function(FunctionName="gone")
    eventually(lambda: not processes_with(word))


def test_a_server_that_stops_leaves_no_process(own_server: Server) -> None:
    keys = own_server.new_account()
    word = f"word-{uuid.uuid4()}"
    function(own_server, keys, "warm", Environment={"Variables": {"WORD": word}})
    assert call(own_server.client("lambda", keys), "warm", 1)[0] == 1 and processes_with(word)
    assert own_server.stop() == 0
    eventually(lambda: not processes_with(word), timeout_s=5)


def test_what_functions_wrote_before_the_server_stopped_is_kept(own_server: Server) -> None:
    keys = own_server.new_account()
    names = [f"writes-{number}" for number in range(6)]
    for name in names:
        function(own_server, keys, name, DEF + "print('said', event)")
    with ThreadPoolExecutor(len(names)) as callers:
        list(callers.map(lambda name: call(own_server.client("lambda", keys), name, name), names))
    assert own_server.stop() == 0
    own_server.start()
    for name in names:
        lines = messages(own_server, keys, name)
        assert f"said {name}" in lines and any(line.startswith("REPORT") for line in lines), name


def test_an_event_that_fails_is_tried_again(server: Server, owner: Keys, lam: Any) -> None:
    code = DEF + "print('tried', context.aws_request_id)\n    raise ValueError('no')"
    function(server, owner, "fails", code)
    sent = call(lam, "fails", 1, InvocationType="Event")[1]
    assert sent["StatusCode"] == 202 and sent["Payload"].read() == b""
    request = sent["ResponseMetadata"]["RequestId"]
    eventually(lambda: f"tried {request}" in messages(server, owner, "fails"))


def test_what_a_runtime_runs_on_is_said_when_it_is_another(server: Server, owner: Keys, lam: Any) -> None:
    code = "import sys\ndef handler(event, context):\n    return list(sys.version_info[:2])\n"
    function(server, owner, "old", code, Runtime="python3.9")
    shown = lam.get_function(FunctionName="old")["Configuration"]
    version, _ = call(lam, "old")
    if version == [3, 9]:
        assert "StateReason" not in shown
        return
    assert version > [3, 9], "never an older one"
    said = rf"python3\.9 is not installed here: it runs on Python 3\.{version[1]}\.\d+ \(/\S+\)"
    assert shown["State"] == "Active" and re.fullmatch(said, shown["StateReason"])
    started = eventually(lambda: [m for m in messages(server, owner, "old") if m.startswith("INIT_START")])
    assert re.search(said, started[0]), "its log says so too"
    assert shown["StateReason"] in server.log(), "and the server's"


def test_interpreter_and_code_are_read_only_inside(server: Server, owner: Keys, lam: Any) -> None:
    code = (
        "import os, sys\ndef handler(event, context):\n    out = {}\n"
        "    for folder in (sys.base_prefix, '/var/task', '/var/runtime', '/usr', '/'):\n"
        "        try: open(folder + '/written', 'w'); out[folder] = 'written'\n"
        "        except OSError as e: out[folder] = e.errno\n"
        "    open('/tmp/written', 'w').write('x')\n    return out\n"
    )
    function(server, owner, "writes", code)
    errors = call(lam, "writes")[0]
    assert errors and all(error in (13, 30) for error in errors.values()), errors


BOOTSTRAP = """#!/bin/sh
set -eu
api="http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation"
while :; do
  curl -sS -D /tmp/head -o /tmp/event "$api/next"
  id=$(sed -n 's/^Lambda-Runtime-Aws-Request-Id: *\\([^\\r]*\\).*/\\1/Ip' /tmp/head)
  printf '{"handler":"%s","event":%s}' "$_HANDLER" "$(cat /tmp/event)" >/tmp/answer
  curl -sS -X POST --data-binary @/tmp/answer "$api/$id/response" >/dev/null
done
"""


@pytest.mark.skipif(shutil.which("curl") is None, reason="the bootstrap of this test is a shell script with curl")
def test_provided_runtimes_run_their_bootstrap(server: Server, owner: Keys, lam: Any) -> None:
    entry = zipfile.ZipInfo("bootstrap")
    entry.external_attr = 0o755 << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr(entry, BOOTSTRAP)
    for name, code in (("provided", packed.getvalue()), ("empty", archive())):
        lam.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="what.ever",
            Role=execution_role(server, owner, f"{name}-role"),
            Code={"ZipFile": code},
            Timeout=10,
        )
    assert call(lam, "provided", {"a": 1})[0] == {"handler": "what.ever", "event": {"a": 1}}
    assert call(lam, "provided", [2])[0] == {"handler": "what.ever", "event": [2]}
    answer, whole = call(lam, "empty")
    assert whole["FunctionError"] == "Unhandled" and answer["errorType"] == "Runtime.ExitError"


def test_node_functions_answer_fail_and_see_layers(server: Server, owner: Keys, lam: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("nodejs/node_modules/layered/index.js", "module.exports = {value: 42};")
    layer = lam.publish_layer_version(LayerName="node", Content={"ZipFile": packed.getvalue()})["LayerVersionArn"]
    code = (
        "import {createRequire} from 'module'; const layered = createRequire('/var/task/')('layered');\n"
        "export const handler = async (event, context) => {\n"
        "  console.log('seen', event.a);\n"
        "  if (event.fail) throw new TypeError('broken');\n"
        "  return [event.a, layered.value, context.functionName, process.version]; };"
    )
    node_function(server, owner, "node", code, Layers=[layer])
    answer, whole = call(lam, "node", {"a": 1}, LogType="Tail")
    assert answer[:3] == [1, 42, "node"] and "seen 1" in tail(whole), answer
    reason = lam.get_function(FunctionName="node")["Configuration"].get("StateReason", "")
    assert answer[3].startswith("v22.") or answer[3][1:] in reason
    answer, whole = call(lam, "node", {"fail": 1})
    assert whole["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "TypeError" and answer["errorMessage"] == "broken"


LEAVES = """import http.client, os, socket
def handler(event, context):
    host, port = event
    try: socket.create_connection((host, port), timeout=2); straight = 'connected'
    except OSError as e: straight = e.errno
    proxy = os.environ.get('HTTPS_PROXY')
    if not proxy: return [straight, None]
    line = http.client.HTTPConnection(proxy.split('//')[1], timeout=5)
    line.set_tunnel(host, port)
    try: line.request('GET', '/'); return [straight, line.getresponse().read().decode()]
    except OSError as e: return [straight, str(e)]
"""


@pytest.mark.parametrize(
    ("flags", "reached"),
    [
        ((), None),
        (("--function-egress", "closed"), None),
        (("--function-egress", "public"), "refused"),
        (("--function-egress", "public", "--function-allow-network", "127.0.0.0/8"), "outside"),
    ],
)
def test_where_functions_may_connect_to_is_the_operators_to_say(
    tmp_path: Path, flags: tuple[str, ...], reached: str | None
) -> None:
    class Outside(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"outside")

        def log_message(self, *_: Any) -> None:
            pass

    outside = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=outside.serve_forever, daemon=True).start()
    server = Server(tmp_path / "data", *flags).start()
    try:
        keys = server.new_account()
        function(server, keys, "leaves", LEAVES, Timeout=20)
        straight, through = call(server.client("lambda", keys), "leaves", ["127.0.0.1", outside.server_port])[0]
        assert straight == 111, "its loopback is not the machine's"
        if reached == "refused":
            assert through.startswith("Tunnel connection failed: 403"), through
        else:
            assert through == reached
    finally:
        server.stop()
        outside.shutdown()
        outside.server_close()


def test_networks_for_functions_need_an_open_egress(tmp_path: Path) -> None:
    for flags in (["--function-allow-network", "10.0.0.0/8"],
                  ["--function-egress", "public", "--function-allow-network", "ten"],
                  ["--function-egress", "ajar"]):  # fmt: skip
        started = subprocess.run(
            [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data", str(tmp_path / "data"), *flags],
            capture_output=True, text=True, timeout=30, check=False, env=clean_environment(),
        )  # fmt: skip
        assert started.returncode != 0 and "--function-" in started.stderr


def test_what_is_not_there_says_so(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "plain")
    for ask in (
        lambda: lam.list_event_source_mappings(),
        lambda: lam.create_function_url_config(FunctionName="plain", AuthType="AWS_IAM"),
        lambda: lam.invoke_with_response_stream(FunctionName="plain"),
        lambda: lam.put_provisioned_concurrency_config(
            FunctionName="plain", Qualifier="1", ProvisionedConcurrentExecutions=1
        ),
    ):
        with refused("UnknownOperationException", 404):
            ask()
