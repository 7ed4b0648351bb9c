"""A running server under test, and who may talk to it."""

import itertools
import json
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("WARIFU_BINARY", ROOT / "build" / "bin" / "warifu"))
CLIENTS = ROOT / "build" / "clients"
VENV_BIN = CLIENTS / "venv" / "bin"
REGION = "us-east-1"
START_TIMEOUT_S = 20
STOP_TIMEOUT_S = 20
SERVICES = ("bedrock-agentcore", "bedrock-agentcore-control", "iam", "sts")

# What the SDKs repeat on their own would hide an error; what they validate on their own would never reach the server.
NO_RETRIES = Config(retries={"max_attempts": 0}, read_timeout=30, connect_timeout=5)
UNCHECKED = NO_RETRIES.merge(Config(parameter_validation=False))


@dataclass(frozen=True)
class Keys:
    """What a caller signs with; `account` is whom it belongs to."""

    account: str
    access_key: str
    secret: str
    token: str | None = None

    @classmethod
    def of_credentials(cls, account: str, credentials: dict[str, Any]) -> "Keys":
        """From the `Credentials` member of an STS answer."""
        return cls(account, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])

    def environment(self) -> dict[str, str]:
        """The variables that every AWS SDK reads."""
        variables = {"AWS_ACCESS_KEY_ID": self.access_key, "AWS_SECRET_ACCESS_KEY": self.secret}
        return variables | ({"AWS_SESSION_TOKEN": self.token} if self.token else {})


class Server:
    """The release binary, serving on a port of its own choice from a folder of its own."""

    def __init__(self, data: Path, *flags: str, env: dict[str, str] | None = None):
        self.data = data
        self.env = env or {}
        self.log_file = data.parent / f"{data.name}.log"
        self.flags = flags
        self.url = ""
        self.lines: list[str] = []
        self.process: subprocess.Popen | None = None

    def start(self) -> "Server":
        self.url = ""
        self.data.mkdir(parents=True, exist_ok=True)
        log = open(self.log_file, "ab")
        command = [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data", str(self.data), *self.flags]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, env=clean_environment() | self.env
        )
        log.close()
        ready = threading.Event()
        threading.Thread(target=self._read, args=(self.process.stdout, ready), daemon=True).start()
        if not ready.wait(START_TIMEOUT_S) or not self.url:
            self.process.kill()
            raise AssertionError(f"the server did not start:\n{self.log()}")
        return self

    def _read(self, stream: Any, ready: threading.Event) -> None:
        for raw in stream:
            line = raw.decode(errors="replace")
            self.lines.append(line)
            found = re.search(r"listening on (https?://\S+)", line)
            if found and not ready.is_set():
                self.url = found.group(1)
                ready.set()
        ready.set()

    def log(self) -> str:
        """What it has said so far, on both streams."""
        file = self.log_file
        return "".join(self.lines) + (file.read_text(errors="replace") if file.exists() else "")

    def stop(self) -> int:
        """Asks it to stop, and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"the server did not stop within {STOP_TIMEOUT_S} s:\n{self.log()[-3000:]}") from None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    @property
    def port(self) -> int:
        return int(self.url.rsplit(":", 1)[1])

    def command(self, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        """Runs `warifu <arguments>` against this server."""
        return subprocess.run(
            [str(BINARY), *arguments, "--endpoint-url", self.url, "--data", str(self.data)],
            capture_output=True,
            text=True,
            timeout=30,
            stdin=subprocess.DEVNULL,
            check=False,
            env=clean_environment() | (env or {}),
        )

    def new_account(self, account: str | None = None) -> Keys:
        """Makes an account with an administrator; without a number, one that no other test has."""
        account = account or next(_account_numbers)
        done = self.command("account", "create", account, "--json")
        assert done.returncode == 0, done.stderr + done.stdout
        made = json.loads(done.stdout)
        assert made["AccountId"] == account
        return Keys(account, made["AccessKeyId"], made["SecretAccessKey"])

    def client(self, service: str, keys: Keys, region: str = REGION, config: Config = NO_RETRIES) -> Any:
        return boto3.client(
            service,
            region_name=region,
            endpoint_url=self.url,
            config=config,
            aws_access_key_id=keys.access_key,
            aws_secret_access_key=keys.secret,
            aws_session_token=keys.token,
        )

    def environment(self, keys: Keys, region: str = REGION) -> dict[str, str]:
        """What a program needs to use this server as `keys` without knowing that it is not AWS."""
        return (
            clean_environment()
            | keys.environment()
            | {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
        )


_account_numbers = (f"{number:012d}" for number in itertools.count(300000000001))


def clean_environment() -> dict[str, str]:
    """This process's environment without any AWS setting of the person who runs the tests."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "WARIFU_"))}
    return kept | {
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def run_aws(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess:
    """The AWS CLI, as a person would type it."""
    return subprocess.run(
        [str(VENV_BIN / "aws"), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def run_python(environment: dict[str, str], script: Path, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [str(VENV_BIN / "python"), str(script), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment,
        stdin=subprocess.DEVNULL,
        check=False,
    )


class refused:
    """A block that must fail with a ClientError of this code, and of this status and text when they are given.

    `text` is the whole message, `pattern` a regular expression that it must contain."""

    def __init__(self, code: str, status: int | None = None, text: str | None = None, pattern: str | None = None):
        self.code, self.status, self.text, self.pattern = code, status, text, pattern
        self.error: ClientError | None = None

    def __enter__(self) -> "refused":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: Any) -> bool:
        if kind is None:
            pytest.fail(f"was allowed; expected {self.code}")
        if not isinstance(error, ClientError):
            return False
        self.error = error
        answer = error.response
        assert answer["Error"]["Code"] == self.code, answer
        if self.status is not None:
            assert answer["ResponseMetadata"]["HTTPStatusCode"] == self.status, answer
        if self.text is not None:
            assert answer["Error"]["Message"] == self.text
        if self.pattern is not None:
            assert re.search(self.pattern, answer["Error"]["Message"]), answer["Error"]["Message"]
        return True


def not_allowed(principal: str, action: str, resource: str, why: str) -> str:
    """AWS's text for a denial; `why` is the type of policy that is missing."""
    return (
        f"User: {principal} is not authorized to perform: {action} on resource: {resource} "
        f"because no {why} allows the {action} action"
    )


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


def trust(principal: Any, **more: Any) -> str:
    return json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", **more}],
        }
    )


def wait_until_active(control: Any, memory_id: str) -> dict[str, Any]:
    for _ in range(50):
        memory = control.get_memory(memoryId=memory_id)["memory"]
        if memory["status"] == "ACTIVE":
            return memory
        time.sleep(0.05)
    raise AssertionError(f"{memory_id} did not become ACTIVE")
