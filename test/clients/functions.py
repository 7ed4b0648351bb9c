"""What tests of Lambda share: archives, roles, functions."""

import base64
import contextlib
import io
import json
import time
import zipfile
from pathlib import Path
from typing import Any, Callable

from support import Keys, Server, allow, policy, trust

ECHO = "def handler(event, context):\n    return event\n"
HANDLER = "lambda_function.handler"
BASIC = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


def archive(code: str = ECHO, **files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("lambda_function.py", code)
        for name, text in files.items():
            packed.writestr(name, text)
    return buffer.getvalue()


def execution_role(server: Server, keys: Keys, name: str = "Runs", logs: bool = True, *more: dict[str, Any]) -> str:
    """A role that Lambda may assume; with `logs` it may write them."""
    iam = server.client("iam", keys)
    made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    if logs:
        iam.attach_role_policy(RoleName=name, PolicyArn=BASIC)
    if more:
        iam.put_role_policy(RoleName=name, PolicyName="more", PolicyDocument=policy(*more))
    return made["Role"]["Arn"]


def function(server: Server, keys: Keys, name: str, code: str = ECHO, **options: Any) -> dict[str, Any]:
    client = server.client("lambda", keys)
    role = options.pop("Role", None) or execution_role(server, keys, f"{name}-role")
    made = client.create_function(
        FunctionName=name,
        Runtime=options.pop("Runtime", "python3.12"),
        Handler=HANDLER,
        Role=role,
        Code={"ZipFile": archive(code)},
        **options,
    )
    client.get_waiter("function_active_v2").wait(FunctionName=name)
    return made


def call(client: Any, name: str, event: Any = None, **options: Any) -> tuple[Any, dict[str, Any]]:
    """The function's answer, read, and the whole response."""
    answer = client.invoke(FunctionName=name, Payload=json.dumps(event), **options)
    return json.loads(answer["Payload"].read() or "null"), answer


def tail(answer: dict[str, Any]) -> str:
    return base64.b64decode(answer["LogResult"]).decode()


def eventually(look: Callable[[], Any], timeout_s: float = 20) -> Any:
    """The first true thing that `look` answers."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.05)


def processes_with(word: str) -> list[int]:
    """Processes of this machine that have `word` in their environment, as functions have their variables."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if word.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
    return found


def messages(server: Server, keys: Keys, name: str) -> list[str]:
    """What the function has written so far, as CloudWatch Logs answers it."""
    logs = server.client("logs", keys)
    group = f"/aws/lambda/{name}"
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        return []
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
    return [event["message"].rstrip("\n") for page in pages for event in page["events"]]


def may_invoke(resource: str) -> dict[str, Any]:
    return allow("lambda:InvokeFunction", resource)
