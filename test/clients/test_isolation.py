"""For every modelled operation: no credentials, no permission, another account, too large a body: what is refused."""

from typing import Any

import pytest

from model import Operation, operations
from support import Keys, Server, wait_until_active

ALL = operations()
AUTHORIZED = [
    operation for operation in ALL if operation.rules.get("authorizer") is None and not operation.facts.get("unsigned")
]
# Operations that name a resource by an ARN, which may belong to anyone.
BY_ARN = [
    operation
    for operation in ALL
    if operation.service == "agentcore"
    and (
        operation.rules.get("on") == "named"
        or (
            operation.rules.get("on") == "memory"
            and "{memoryId}" in operation.facts["uri"]
            and operation.name not in ("GetMemory", "UpdateMemory", "DeleteMemory")
        )
    )
]


@pytest.fixture(scope="module")
def admin(server: Server) -> Keys:
    return server.new_account()


@pytest.fixture(scope="module")
def nobody(server: Server, admin: Keys) -> Keys:
    """A user of `admin`'s account who holds no policy at all."""
    iam = server.client("iam", admin)
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    return Keys(admin.account, key["AccessKeyId"], key["SecretAccessKey"])


@pytest.fixture(scope="module")
def foreign_arn(server: Server) -> str:
    """A memory that exists, in an account that grants nothing."""
    control = server.client("bedrock-agentcore-control", server.new_account())
    made = control.create_memory(name="Foreign", eventExpiryDuration=30)["memory"]
    return wait_until_active(control, made["id"])["arn"]


def test_the_model_is_read() -> None:
    assert len(ALL) > 100 and len(BY_ARN) >= 15


@pytest.mark.parametrize("operation", [operation for operation in ALL if not operation.facts.get("unsigned")], ids=str)
def test_without_credentials_it_is_refused(server: Server, operation: Operation) -> None:
    answer = operation.request().send(server)
    assert answer.status == operation.refused_status, answer.body
    assert answer.code == (
        "MissingAuthenticationToken" if operation.is_query else "MissingAuthenticationTokenException"
    )


@pytest.mark.parametrize("operation", AUTHORIZED, ids=str)
def test_without_permission_it_is_denied_by_name(server: Server, nobody: Keys, operation: Operation) -> None:
    answer = operation.request().signed(server, nobody, operation.signing_name).send(server)
    assert answer.status == operation.refused_status, (answer.status, answer.body)
    assert answer.code == ("AccessDenied" if operation.is_query else "AccessDeniedException"), answer.body
    who = f"arn:aws:iam::{nobody.account}:user/nobody"
    expected = f"User: {who} is not authorized to perform: {operation.action} on resource: "
    assert answer.message.startswith(expected), answer.message


@pytest.mark.parametrize("operation", BY_ARN, ids=str)
def test_anothers_memory_is_denied_even_to_an_administrator(
    server: Server, admin: Keys, foreign_arn: str, operation: Operation
) -> None:
    member = "resourceArn" if operation.rules["on"] == "named" else "memoryId"
    chosen: dict[str, Any] = {member: foreign_arn}
    answer = operation.request(**chosen).signed(server, admin, operation.signing_name).send(server)
    assert (answer.status, answer.code) == (403, "AccessDeniedException"), answer.body
    assert f"{operation.action} on resource: {foreign_arn} because no resource-based policy allows" in answer.message


# Uploads of code are refused by their head, before a byte of them is read: test_lambda.py.
@pytest.mark.parametrize("operation", [operation for operation in ALL if operation.body_bytes_max <= 16 << 20], ids=str)
def test_too_large_a_body_is_refused(server: Server, admin: Keys, operation: Operation) -> None:
    request = operation.request()
    padding = b"&Padding=" if operation.is_query else b" "
    request.body += padding + b" " * (operation.body_bytes_max - len(request.body))
    assert len(request.body) > operation.body_bytes_max
    answer = request.signed(server, admin, operation.signing_name).send(server)
    assert answer.status == 413, (answer.status, answer.body)
