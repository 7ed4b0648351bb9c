"""`warifu imds`: a developer's machine has instance metadata, and profiles with `credential_source =
Ec2InstanceMetadata` assume roles from there, as on an instance of EC2."""

import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Iterator

import pytest

from support import BINARY, Keys, Server, allow, policy, run_aws, run_python, trust

ROLE = "Instance"
TARGET = "Target"


@pytest.fixture
def roles(server: Server, iam: Any, owner: Keys, stranger: Keys) -> tuple[str, str]:
    """A role of `owner`'s that its account may assume, and one of `stranger`'s that the first may assume."""
    hub = iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust({"AWS": owner.account}))["Role"]["Arn"]
    theirs = server.client("iam", stranger)
    target = theirs.create_role(RoleName=TARGET, AssumeRolePolicyDocument=trust({"AWS": hub}))["Role"]["Arn"]
    iam.put_role_policy(RoleName=ROLE, PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole", target)))
    return hub, target


@pytest.fixture
def imds(server: Server, owner: Keys, roles: tuple[str, str]) -> Iterator[str]:
    """The address of a running `warifu imds`, from the line that it prints."""
    process = subprocess.Popen(
        [str(BINARY), "imds", "--role", roles[0]],
        env=server.environment(owner),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline().strip()
    assert line.startswith("export AWS_EC2_METADATA_SERVICE_ENDPOINT=http://127.0.0.1:"), process.stderr.read()
    yield line.split("=", 1)[1]
    process.terminate()
    assert process.wait(10) == 0


@pytest.fixture
def environment(server: Server, imds: str, roles: tuple[str, str], tmp_path: Path) -> dict[str, str]:
    """Of a person whose only credentials are the metadata's, with the article's profile."""
    config = tmp_path / "config"
    config.write_text(
        f"[profile chained]\nrole_arn = {roles[1]}\ncredential_source = Ec2InstanceMetadata\nregion = us-east-1\n"
    )
    out = server.environment(Keys("", "", ""))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_EC2_METADATA_DISABLED"):
        out.pop(name, None)
    return out | {"AWS_CONFIG_FILE": str(config), "AWS_EC2_METADATA_SERVICE_ENDPOINT": imds}


def test_the_cli_has_the_roles_credentials(environment: dict[str, str], owner: Keys) -> None:
    done = run_aws(environment, "sts", "get-caller-identity")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Arn"].startswith(f"arn:aws:sts::{owner.account}:assumed-role/{ROLE}/i-")


def test_a_profile_with_credential_source_assumes_a_role_of_another_account(
    environment: dict[str, str], stranger: Keys
) -> None:
    done = run_aws(environment, "sts", "get-caller-identity", "--profile", "chained")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Arn"].startswith(f"arn:aws:sts::{stranger.account}:assumed-role/{TARGET}/")


def test_boto3_assumes_it_too(environment: dict[str, str], stranger: Keys, tmp_path: Path) -> None:
    script = tmp_path / "who.py"
    script.write_text(
        "import boto3\n"
        "session = boto3.Session(profile_name='chained')\n"
        "print(session.client('sts').get_caller_identity()['Arn'])\n"
    )
    done = run_python(environment, script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"arn:aws:sts::{stranger.account}:assumed-role/{TARGET}/")


def test_version_one_is_refused(imds: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{imds}/latest/meta-data/iam/security-credentials/")
    assert refused.value.code == 401


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--role", "arn:aws:iam::000000000000:role/None"], "not authorized to perform: sts:AssumeRole"),
        (["--role", "arn:aws:iam::000000000000:role/None", "--listen", "0.0.0.0:0"], "is not of this machine"),
    ],
)
def test_what_cannot_be_served_is_said_at_once(
    server: Server, owner: Keys, arguments: list[str], message: str
) -> None:
    done = subprocess.run(
        [str(BINARY), "imds", *arguments],
        env=server.environment(owner),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr
