"""The article's second pattern: an instance's role assumes, by a profile, a role in the account of the agent."""

import configparser
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from article_agent import CALLER, HOME_REGION, IDENTITY, INVOKE, OWNER, PRINTED, RESOURCE, ROLE
from article_agent import World, lint, printed_only
from functions import eventually
from support import BINARY, Server, allow, clean_environment, policy, run_python, trust

INVOKER = "CrossAccountAgentInvoker"

INVOKING = """
import json, sys

import boto3

session = boto3.Session(profile_name="agent-invoker")
answer = session.client("bedrock-agentcore").invoke_agent_runtime(
    agentRuntimeArn=sys.argv[1], payload=json.dumps({"prompt": "chained"}).encode()
)
print(json.dumps(json.loads(answer["response"].read()) | {"who": session.client("sts").get_caller_identity()["Arn"]}))
"""

PROFILE = f"""[profile agent-invoker]
role_arn = arn:aws:iam::{OWNER}:role/{INVOKER}
credential_source = Ec2InstanceMetadata
region = {HOME_REGION}
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = Server(tmp_path_factory.mktemp("article") / "data").start()
    yield World(server)
    assert server.stop() == 0, server.log()[-3000:]


@pytest.fixture
def world(running: World) -> World:
    running.reset()
    return running


@pytest.fixture
def chain(world: World) -> Iterator[Any]:
    """Pattern 2: the invoker's role, whom it trusts and what the caller's role may, as a test sets them up."""
    owners = world.server.client("iam", world.owner)
    target = f"arn:aws:iam::{OWNER}:role/{INVOKER}"
    owners.create_role(
        RoleName=INVOKER, AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{CALLER}:role/{ROLE}"})
    )
    allowed = policy(allow(INVOKE, [world.runtime, world.endpoint]))
    owners.put_role_policy(RoleName=INVOKER, PolicyName="invokes", PolicyDocument=allowed)
    world.iam.put_role_policy(
        RoleName=ROLE, PolicyName="assumes", PolicyDocument=policy(allow("sts:AssumeRole", target))
    )
    yield owners
    for name in owners.list_role_policies(RoleName=INVOKER)["PolicyNames"]:
        owners.delete_role_policy(RoleName=INVOKER, PolicyName=name)
    owners.delete_role(RoleName=INVOKER)
    if "assumes" in world.iam.list_role_policies(RoleName=ROLE)["PolicyNames"]:
        world.iam.delete_role_policy(RoleName=ROLE, PolicyName="assumes")


@pytest.fixture
def instance(world: World, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The environment of a host whose instance role is the caller's, with the article's profile and no keys."""
    process = subprocess.Popen(
        [str(BINARY), "imds", "--role", f"arn:aws:iam::{CALLER}:role/{ROLE}"],
        env=world.server.environment(world.caller),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline().strip()
    assert line.startswith("export AWS_EC2_METADATA_SERVICE_ENDPOINT="), process.stderr.read()
    (tmp_path / "config").write_text(PROFILE)
    environment = clean_environment() | {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_EC2_METADATA_SERVICE_ENDPOINT": line.split("=", 1)[1],
        "AWS_ENDPOINT_URL": world.server.url,
        "HOME": str(tmp_path),
    }
    del environment["AWS_EC2_METADATA_DISABLED"]
    yield environment
    process.terminate()
    assert process.wait(10) == 0


def invoked(world: World, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess:
    (folder / "invoke.py").write_text(INVOKING)
    return run_python(environment, folder / "invoke.py", world.runtime)


@printed_only
def test_the_profile_is_the_articles() -> None:
    [profile] = re.findall(r"^\[profile agent-invoker\]\n(?:\w+ = .*\n)+", PRINTED.read_text(), re.MULTILINE)
    sections = []
    for text in (profile, PROFILE):
        parser = configparser.ConfigParser()
        parser.read_string(text)
        sections.append(dict(parser["profile agent-invoker"]))
    assert sections[0] == sections[1]


def test_pattern_2_the_chain_invokes_without_resource_policies(
    world: World, chain: Any, instance: dict[str, str], tmp_path: Path
) -> None:
    world.denied(world.runtime, RESOURCE)
    done = invoked(world, instance, tmp_path)
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["heard"] == {"prompt": "chained"}
    assert told["who"].startswith(f"arn:aws:sts::{OWNER}:assumed-role/{INVOKER}/"), told
    trail = world.server.client("cloudtrail", world.owner, region=HOME_REGION)
    by_name = [{"AttributeKey": "EventName", "AttributeValue": "GetCallerIdentity"}]

    def recorded() -> bool:
        events = trail.lookup_events(LookupAttributes=by_name)["Events"]
        whom = [json.loads(event["CloudTrailEvent"])["userIdentity"] for event in events]
        return any(one["type"] == "AssumedRole" and one["arn"] == told["who"] for one in whom)

    eventually(recorded)


def test_pattern_2_each_policy_of_the_chain_is_needed(
    world: World, chain: Any, instance: dict[str, str], tmp_path: Path
) -> None:
    target = f"arn:aws:iam::{OWNER}:role/{INVOKER}"
    not_assumed = f"is not authorized to perform: sts:AssumeRole on resource: {target}"
    chain.update_assume_role_policy(RoleName=INVOKER, PolicyDocument=trust({"AWS": f"arn:aws:iam::{OWNER}:root"}))
    done = invoked(world, instance, tmp_path)
    assert done.returncode != 0 and not_assumed in done.stderr, done.stderr
    trusting = trust({"AWS": f"arn:aws:iam::{CALLER}:role/{ROLE}"})
    chain.update_assume_role_policy(RoleName=INVOKER, PolicyDocument=trusting)
    world.iam.delete_role_policy(RoleName=ROLE, PolicyName="assumes")
    done = invoked(world, instance, tmp_path)
    assert done.returncode != 0 and not_assumed in done.stderr, done.stderr

    world.iam.put_role_policy(
        RoleName=ROLE, PolicyName="assumes", PolicyDocument=policy(allow("sts:AssumeRole", target))
    )
    for resource, lacking in ((world.endpoint, world.runtime), (world.runtime, world.endpoint)):
        document = policy(allow(INVOKE, resource))
        chain.put_role_policy(RoleName=INVOKER, PolicyName="invokes", PolicyDocument=document)
        done = invoked(world, instance, tmp_path)
        assert done.returncode != 0, "the invoker's policy names both, too"
        wanted = f"perform: {INVOKE} on resource: {lacking} because no {IDENTITY} allows the {INVOKE} action"
        assert wanted in done.stderr, done.stderr
    assert set(lint(tmp_path, document)) == {"ENDPOINT_RESOURCE_MISSING"}
    chain.put_role_policy(
        RoleName=INVOKER, PolicyName="invokes", PolicyDocument=policy(allow(INVOKE, [world.runtime, world.endpoint]))
    )
    done = invoked(world, instance, tmp_path)
    assert done.returncode == 0, done.stderr
