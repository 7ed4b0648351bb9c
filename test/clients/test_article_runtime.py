"""An agent shared across accounts, as a published article tells it: two resource policies put with the AWS CLI, and the
four gotchas on the way. Every call is of an agent that runs.

Where the article itself lies beside the project, its own commands and policies are taken from it and used as printed,
but for the ten characters that end an agent's id: the accounts have the article's numbers."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from article_agent import (
    CALLER,
    CARD,
    FOR_USER,
    HEARD,
    HOME_REGION,
    IDENTITY,
    INVOKE,
    OWNER,
    PRINTED,
    PRINTED_ID,
    RESOURCE,
    ROLE,
    SESSION_ARN,
    WRONG_ENDPOINTS,
    World,
    lint,
    printed_only,
    sharing,
)
from support import VENV_BIN, Server, allow, not_allowed, policy, refused
from test_why import explain, explained, layer


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = Server(tmp_path_factory.mktemp("article") / "data").start()
    yield World(server)
    assert server.stop() == 0, server.log()[-3000:]


@pytest.fixture
def world(running: World) -> World:
    running.reset()
    return running


def printed_json(text: str, after: str) -> Any:
    """The JSON value that begins after these words of the article."""
    rest = text[text.index(after) + len(after):]
    return json.JSONDecoder().raw_decode(rest, re.search(r"[\[{]", rest).start())[0]


@pytest.fixture
def printed(world: World) -> str:
    return PRINTED.read_text().replace(PRINTED_ID, world.runtime.rsplit("/", 1)[1])


def run_printed(world: World, command: str, folder: Path) -> subprocess.CompletedProcess:
    """A command line of the article, in a shell whose `aws` is the AWS CLI."""
    environment = world.server.environment(world.owner, HOME_REGION)
    environment["PATH"] = f"{VENV_BIN}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        ["sh", "-c", command], capture_output=True, text=True, timeout=60, env=environment, cwd=folder, check=False
    )


@printed_only
def test_the_printed_commands_and_policies_share_the_agent(world: World, printed: str, tmp_path: Path) -> None:
    commands = re.findall(r"^aws bedrock-agentcore-control put-resource-policy(?:.*\\\n)+.*", printed, re.MULTILINE)
    document = printed_json(printed, "Each policy:")
    assert len(commands) == 2 and document["Statement"][0]["Resource"] == world.runtime
    assert document == json.loads(sharing(world.runtime)), "the other tests' policies are the article's"
    for file, arn in (("runtime-policy.json", world.runtime), ("endpoint-policy.json", world.endpoint)):
        document["Statement"][0]["Resource"] = arn
        (tmp_path / file).write_text(json.dumps(document, indent=2))

    world.denied(world.runtime, RESOURCE)
    for command, still in zip(commands, (world.endpoint, None)):
        done = run_printed(world, command, tmp_path)
        assert done.returncode == 0, done.stderr
        if still:
            world.denied(still, RESOURCE)
    assert world.ask() == world.ask(runtimeUserId="ann") == HEARD
    for arn, file in ((world.runtime, "runtime-policy.json"), (world.endpoint, "endpoint-policy.json")):
        kept = json.loads(world.control.get_resource_policy(resourceArn=arn)["policy"])
        assert kept == json.loads((tmp_path / file).read_text())


@pytest.mark.parametrize("missing", ["runtime", "endpoint"])
def test_gotcha_1_each_of_the_two_policies_is_needed_and_named(world: World, missing: str, tmp_path: Path) -> None:
    lacking, other = world.runtime, world.endpoint
    if missing == "endpoint":
        lacking, other = other, lacking
    world.attach(other)
    request = world.denied(lacking, RESOURCE)

    owners = explained(world.server, world.owner, request)
    why = owners["Explanation"]
    assert owners["View"] == "owner" and why["Layer"] == RESOURCE and why["Absent"] == [RESOURCE]
    [fix] = why["Fixes"]
    assert fix["Account"] == OWNER and fix["Where"] == f"the resource-based policy of {lacking}"
    told = explain(world.server, world.owner, request).stdout
    assert f"To allow it, account {OWNER} adds to the resource-based policy of {lacking}:" in told

    callers = explained(world.server, world.caller, request)
    why = callers["Explanation"]
    assert callers["View"] == "caller" and why["Resource"] == lacking and why["Layer"] == RESOURCE
    assert layer(why, IDENTITY)["Verdict"] == "allows" and why["Fixes"] == []

    found = lint(tmp_path, sharing(other), "--for", other)
    assert set(found) == {"SECOND_POLICY_NEEDED"} and f"`{lacking}`" in found["SECOND_POLICY_NEEDED"]
    world.control.put_resource_policy(resourceArn=lacking, policy=policy(json.loads(fix["Statement"])))
    assert world.ask() == HEARD, "what explain says to add is enough"


def test_gotcha_1_the_same_for_users_and_cards(world: World) -> None:
    world.attach(Action=INVOKE)
    assert world.ask() == HEARD
    world.denied(world.runtime, RESOURCE, FOR_USER, runtimeUserId="ann")
    world.attach(world.runtime)
    world.denied(world.endpoint, RESOURCE, FOR_USER, runtimeUserId="ann")
    world.attach()
    assert world.ask(runtimeUserId="ann") == HEARD

    carded = world.deployed("carded", "9000", protocolConfiguration={"serverProtocol": "A2A"})
    client = world.server.client("bedrock-agentcore", world.session, region=HOME_REGION)
    world.identify([carded, f"{carded}/runtime-endpoint/DEFAULT"])
    for one in (carded, f"{carded}/runtime-endpoint/DEFAULT"):
        with refused("AccessDeniedException", 403, not_allowed(SESSION_ARN, CARD, one, RESOURCE)):
            client.get_agent_card(agentRuntimeArn=carded)
        world.attach(one)
    assert client.get_agent_card(agentRuntimeArn=carded)["agentCard"]["name"] == "carded"


@pytest.mark.parametrize("resource", ["*", f"arn:aws:bedrock-agentcore:{HOME_REGION}:{OWNER}:runtime/*", "the other's"])
def test_gotcha_2_a_resource_that_is_not_exact_is_refused(world: World, resource: str, tmp_path: Path) -> None:
    world.attach()
    for arn, other in ((world.runtime, world.endpoint), (world.endpoint, world.runtime)):
        named = other if resource == "the other's" else resource
        document = sharing(arn, Resource=named)
        with refused("ValidationException", 400, pattern=f"Resource must be the ARN of .*`{re.escape(arn)}`") as caught:
            world.control.put_resource_policy(resourceArn=arn, policy=document)
        kept = world.control.get_resource_policy(resourceArn=arn)["policy"]
        assert json.loads(kept)["Statement"][0]["Resource"] == arn, "the policy that stood stays"
        (tmp_path / "policy.json").write_text(document)
        put = "aws bedrock-agentcore-control put-resource-policy --policy file://policy.json --resource-arn"
        done = run_printed(world, f"{put} {arn}", tmp_path)
        assert done.returncode != 0 and "(ValidationException)" in done.stderr, done.stderr

        told = explain(world.server, world.owner, caught.error.response["ResponseMetadata"]["RequestId"])
        assert told.returncode == 1 and "no denial of that request id" in told.stderr, "it was no denial"
        code = "RESOURCE_MISMATCH" if named == other else "WILDCARD_RESOURCE"
        found = lint(tmp_path, document, "--for", arn)
        assert arn in found[code] and '"ERROR"' in found[code].upper(), found
        if named != other:
            assert code in lint(tmp_path, document), "a wildcard is seen without knowing where the policy goes"
    assert world.ask() == HEARD


def test_gotcha_3_source_account_denies_and_principal_account_works(world: World, tmp_path: Path) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": CALLER}}
    if PRINTED.exists():
        block = re.search(r'^"Condition": \{\n.*\n\}', PRINTED.read_text(), re.MULTILINE).group()
        assert json.loads("{%s}" % block)["Condition"] == condition
    world.attach(Condition=condition)
    request = world.denied(world.runtime, RESOURCE)

    why = explained(world.server, world.owner, request)["Explanation"]
    [statement] = layer(why, RESOURCE)["Statements"]
    [failed] = statement["Failed"]
    assert statement["Sid"] == "AllowCallerRole" and not statement["Applies"]
    assert (failed["Operator"], failed["Key"], failed["RequestValues"]) == ("StringEquals", "aws:SourceAccount", [])
    assert "only when a service calls on someone's behalf" in failed["Note"]
    assert "aws:PrincipalAccount is set here" in failed["Note"]
    assert [fix["Account"] for fix in why["Fixes"]] == [OWNER]
    told = explain(world.server, world.owner, request).stdout
    assert "Condition StringEquals aws:SourceAccount: the request has no such key" in told

    callers = explained(world.server, world.caller, request)
    why = callers["Explanation"]
    assert why["Layer"] == RESOURCE and layer(why, IDENTITY)["Verdict"] == "allows"
    keys = {key["Key"] for key in why["Keys"]}
    assert "aws:PrincipalAccount" in keys and "aws:SourceAccount" not in keys
    assert "AllowCallerRole" not in json.dumps(callers), "the owner's policies are not the caller's to see"

    found = lint(tmp_path, sharing(world.runtime, Condition=condition), "--for", world.runtime)
    assert "aws:PrincipalAccount" in found["SOURCE_KEY_WITH_IAM_PRINCIPAL"]

    condition = {"StringEquals": {"aws:PrincipalAccount": CALLER}}
    world.attach(Condition=condition)
    assert world.ask() == HEARD
    assert "SOURCE_KEY_WITH_IAM_PRINCIPAL" not in lint(tmp_path, sharing(world.runtime, Condition=condition))
    world.attach(Condition={"StringEquals": {"aws:PrincipalAccount": OWNER}})
    world.denied(world.runtime, RESOURCE)


def assert_gotcha_4_is_explained(world: World, request: str) -> None:
    callers = explained(world.server, world.caller, request)
    why = callers["Explanation"]
    assert callers["View"] == "caller" and why["Layer"] == IDENTITY and why["Resource"] == world.endpoint
    identity = layer(why, IDENTITY)
    assert (identity["Verdict"], identity["Missing"]) == ("silent", True)
    [failed] = identity["Statements"][0]["Failed"]
    assert failed["Element"] == "Resource" and WRONG_ENDPOINTS in failed["PolicyValues"]
    assert failed["RequestValues"] == [world.endpoint]
    [fix] = why["Fixes"]
    assert fix["Account"] == CALLER and json.loads(fix["Statement"])["Resource"] == world.endpoint
    told = explain(world.server, world.caller, request).stdout
    assert re.search(rf"{IDENTITY} +silent +← its allow is missing", told) and WRONG_ENDPOINTS in told

    owners = explained(world.server, world.owner, request)
    why = owners["Explanation"]
    assert owners["View"] == "owner" and why["Layer"] == IDENTITY
    assert layer(why, RESOURCE)["Verdict"] == "allows" and why["Fixes"] == [], "the owner has nothing to mend"
    assert WRONG_ENDPOINTS not in json.dumps(owners), "the caller's policies are not the owner's to see"


def test_gotcha_4_the_truthful_sentence_names_the_identity_policy(world: World, tmp_path: Path) -> None:
    world.attach()
    document = world.identify([world.runtime, WRONG_ENDPOINTS])
    request = world.denied(world.endpoint, IDENTITY)
    assert_gotcha_4_is_explained(world, request)

    apart = policy(allow(INVOKE, world.runtime), allow(INVOKE, WRONG_ENDPOINTS, Sid="Endpoints"))
    world.iam.put_role_policy(RoleName=ROLE, PolicyName="invokes", PolicyDocument=apart)
    request = world.denied(world.endpoint, IDENTITY)
    account = f"`{WRONG_ENDPOINTS}`: its account is `{CALLER}`, the resource's is `{OWNER}`"
    assert account in explain(world.server, world.caller, request).stdout

    found = lint(tmp_path, document)
    assert set(found) == {"ENDPOINT_UNDER_OTHER_ACCOUNT", "ENDPOINT_RESOURCE_MISSING"}
    assert f"is under account {CALLER}, the runtime under {OWNER}" in found["ENDPOINT_UNDER_OTHER_ACCOUNT"]
    fixed = world.identify([world.runtime, WRONG_ENDPOINTS.replace(f"*:{CALLER}", f"{HOME_REGION}:{OWNER}")])
    assert lint(tmp_path, fixed) == {}
    assert world.ask() == HEARD


@printed_only
def test_gotcha_4_as_printed(world: World, printed: str, tmp_path: Path) -> None:
    """By IAM's rules the `*` of the printed `runtime/*` spans `/`, so the article's policy reaches the endpoint after
    all; what it says of exact ARNs holds. Lint warns of it as it stands."""
    world.attach()
    wrong = printed_json(printed, "the identity policy on the caller role had:")
    right = printed_json(printed, "Fix: both ARNs must point to Account A")
    assert wrong[1] == WRONG_ENDPOINTS and wrong[0] == right[0]
    assert set(lint(tmp_path, world.identify(wrong))) == {"ENDPOINT_UNDER_OTHER_ACCOUNT"}
    assert world.ask() == HEARD
    world.identify(wrong[1:])
    world.denied(world.runtime, IDENTITY)
    assert lint(tmp_path, world.identify(right)) == {}
    assert world.ask() == HEARD


def test_gotcha_4_as_aws_words_it(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--denial-wording=aws").start()
    try:
        world = World(server)
        world.reset()
        world.attach(world.runtime)
        world.denied(world.endpoint, RESOURCE)
        world.attach()
        world.identify([world.runtime, WRONG_ENDPOINTS])
        request = world.denied(world.endpoint, RESOURCE)
        assert_gotcha_4_is_explained(world, request)
        assert world.ask(world.owner) == HEARD
    finally:
        assert server.stop() == 0, server.log()[-3000:]
