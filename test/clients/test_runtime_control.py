"""Agent runtimes as boto3 speaks to them, and who may invoke one from another account: each half of the tally."""

import json
from typing import Any

import pytest

from support import Keys, Server, allow, policy, refused, trust

IMAGE = {"containerConfiguration": {"containerUri": "111111111111.dkr.ecr.us-east-1.amazonaws.com/agent:1"}}
INVOKE = "bedrock-agentcore:InvokeAgentRuntime"


@pytest.fixture
def role(iam: Any) -> str:
    """The ARN of a role that agents may run as."""
    made = iam.create_role(
        RoleName="AgentRole", AssumeRolePolicyDocument=trust({"Service": "bedrock-agentcore.amazonaws.com"})
    )
    return made["Role"]["Arn"]


def create(control: Any, role: str, **more: Any) -> dict[str, Any]:
    network = {"networkMode": "PUBLIC"}
    request = {"agentRuntimeName": "helper", "agentRuntimeArtifact": IMAGE, "networkConfiguration": network}
    return control.create_agent_runtime(**(request | {"roleArn": role} | more))


@pytest.fixture
def runtime(control: Any, role: str) -> dict[str, Any]:
    return create(control, role)


def invoke(server: Server, keys: Keys, arn: str, **more: Any) -> Any:
    return server.client("bedrock-agentcore", keys).invoke_agent_runtime(agentRuntimeArn=arn, payload=b"{}", **more)


def share(control: Any, stranger: Keys, *arns: str, **more: Any) -> None:
    for arn in arns:
        principal = {"AWS": f"arn:aws:iam::{stranger.account}:root"}
        control.put_resource_policy(
            resourceArn=arn, policy=policy(allow(f"{INVOKE}*", arn, Principal=principal, **more))
        )


def test_a_runtime_is_what_it_was_asked_to_be(control: Any, role: str) -> None:
    made = create(control, role, environmentVariables={"A": "b"}, tags={"team": "blue"})
    assert made["agentRuntimeVersion"] == "1"
    got = control.get_agent_runtime(agentRuntimeId=made["agentRuntimeId"])
    assert (got["status"], got["environmentVariables"], got["agentRuntimeArtifact"]) == ("READY", {"A": "b"}, IMAGE)
    assert got["lifecycleConfiguration"] == {"idleRuntimeSessionTimeout": 900, "maxLifetime": 28800}
    assert "description" not in got and "protocolConfiguration" not in got
    assert control.list_tags_for_resource(resourceArn=made["agentRuntimeArn"])["tags"] == {"team": "blue"}
    assert [one["agentRuntimeId"] for one in control.list_agent_runtimes()["agentRuntimes"]] == [made["agentRuntimeId"]]


def test_default_follows_and_other_endpoints_pin(control: Any, role: str, runtime: dict[str, Any]) -> None:
    of = {"agentRuntimeId": runtime["agentRuntimeId"]}
    control.create_agent_runtime_endpoint(name="prod", **of)
    updated = control.update_agent_runtime(agentRuntimeArtifact=IMAGE, roleArn=role, **of)
    assert updated["agentRuntimeVersion"] == "2" and updated["workloadIdentityDetails"]
    live = {one["name"]: one["liveVersion"] for one in control.list_agent_runtime_endpoints(**of)["runtimeEndpoints"]}
    assert live == {"DEFAULT": "2", "prod": "1"}
    with refused("ConflictException"):
        control.delete_agent_runtime(**of)
    control.delete_agent_runtime_endpoint(endpointName="prod", **of)
    control.delete_agent_runtime(**of)
    with refused("ResourceNotFoundException"):
        control.get_agent_runtime(**of)


def test_another_account_needs_both_policies(
    server: Server, control: Any, stranger: Keys, runtime: dict[str, Any]
) -> None:
    arn = runtime["agentRuntimeArn"]
    with refused("AccessDeniedException", pattern=f"on resource: {arn} because no resource-based policy allows"):
        invoke(server, stranger, arn)
    share(control, stranger, arn)
    with refused("AccessDeniedException", pattern="/runtime-endpoint/DEFAULT because no resource-based"):
        invoke(server, stranger, arn)
    share(control, stranger, f"{arn}/runtime-endpoint/DEFAULT")
    with refused("RuntimeClientError", 424, pattern="docker driver"):
        invoke(server, stranger, arn)
    only = {"StringEquals": {"aws:SourceAccount": stranger.account}}
    share(control, stranger, arn, f"{arn}/runtime-endpoint/DEFAULT", Condition=only)
    with refused("AccessDeniedException", pattern="no resource-based policy allows"):
        invoke(server, stranger, arn)


def test_a_wildcard_is_no_resource(control: Any, runtime: dict[str, Any]) -> None:
    arn = runtime["agentRuntimeArn"]
    with refused("ValidationException"):
        control.put_resource_policy(resourceArn=arn, policy=policy(allow(INVOKE, "*", Principal="*")))
    assert not json.loads(control.get_resource_policy(resourceArn=arn).get("policy") or "null")
