"""What functions can reach and do where they run, and what is left of those that misbehave."""

import io
import json
import socket
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest

from functions import call, execution_role, function
from support import BINARY, Keys, Server, clean_environment


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
        node = "export const handler = async () => (await fetch(process.env.AWS_ENDPOINT_URL + '/_warifu/health')).status"
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
