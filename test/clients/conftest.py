import itertools
from pathlib import Path
from typing import Any

import pytest

from support import BINARY, REGION, Keys, Server, allow, policy, trust, wait_until_active

_names = itertools.count(1)


def pytest_report_header() -> str:
    return f"server under test: {BINARY}"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """One server for all tests that do not stop it; each test brings accounts of its own."""
    running = Server(tmp_path_factory.mktemp("server") / "data").start()
    yield running
    assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture
def own_server(tmp_path: Path) -> Server:
    """A server that the test may stop, kill and start again."""
    running = Server(tmp_path / "data").start()
    yield running
    if running.process.poll() is None:
        running.stop()


@pytest.fixture
def owner(server: Server) -> Keys:
    """The administrator of an account that owns memories."""
    return server.new_account()


@pytest.fixture
def stranger(server: Server) -> Keys:
    """The administrator of another account."""
    return server.new_account()


@pytest.fixture
def control(server: Server, owner: Keys) -> Any:
    return server.client("bedrock-agentcore-control", owner)


@pytest.fixture
def data(server: Server, owner: Keys) -> Any:
    return server.client("bedrock-agentcore", owner)


@pytest.fixture
def iam(server: Server, owner: Keys) -> Any:
    return server.client("iam", owner)


@pytest.fixture
def sts(server: Server, owner: Keys) -> Any:
    return server.client("sts", owner)


@pytest.fixture
def memory(control: Any) -> dict[str, Any]:
    """An active memory of `owner`."""
    made = control.create_memory(name=f"Memory{next(_names)}", eventExpiryDuration=30)["memory"]
    return wait_until_active(control, made["id"])


@pytest.fixture
def make_user(server: Server, iam: Any, owner: Keys) -> Any:
    """Makes an IAM user of `owner`'s account with the statements given, and returns the keys."""

    def make(*statements: dict[str, Any], name: str = "", **options: Any) -> Keys:
        name = name or f"user-{next(_names)}"
        iam.create_user(UserName=name, **options)
        if statements:
            iam.put_user_policy(UserName=name, PolicyName="inline", PolicyDocument=policy(*statements))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return Keys(owner.account, key["AccessKeyId"], key["SecretAccessKey"])

    return make


@pytest.fixture
def make_session(server: Server) -> Any:
    """Makes a role in the account of `keys`, trusted by it, with these statements; returns a session of the role."""

    def make(keys: Keys, role: str, *statements: dict[str, Any], session: str = "test", **options: Any) -> Keys:
        iam = server.client("iam", keys)
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": keys.account}))
        iam.put_role_policy(
            RoleName=role, PolicyName="inline", PolicyDocument=policy(*(statements or [allow("bedrock-agentcore:*")]))
        )
        answer = server.client("sts", keys).assume_role(
            RoleArn=f"arn:aws:iam::{keys.account}:role/{role}", RoleSessionName=session, **options
        )
        return Keys.of_credentials(keys.account, answer["Credentials"])

    return make


@pytest.fixture
def region() -> str:
    return REGION
