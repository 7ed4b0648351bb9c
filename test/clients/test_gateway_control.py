"""The gateway's control plane as boto3, the AWS CLI and the AgentCore SDK speak to it."""

import json
import os
import re
from typing import Any

import pytest
from bedrock_agentcore.gateway import GatewayClient

from support import REGION, Keys, Server, allow, deny, policy, refused, run_aws, trust

LAMBDA = "arn:aws:lambda:us-east-1:111111111111:function:echo"
ROLE_CREDENTIAL = [{"credentialProviderType": "GATEWAY_IAM_ROLE"}]
TOOLS = [
    {
        "name": "echo",
        "description": "Echoes",
        "inputSchema": {
            "type": "object",
            "properties": {"message": {"type": "string"}, "tags": {"type": "array", "items": {"type": "string"}}},
            "required": ["message"],
        },
    }
]
LAMBDA_TARGET = {"mcp": {"lambda": {"lambdaArn": LAMBDA, "toolSchema": {"inlinePayload": TOOLS}}}}


@pytest.fixture
def role(iam: Any) -> str:
    """The ARN of a role that gateways may assume."""
    made = iam.create_role(
        RoleName="GatewayRole", AssumeRolePolicyDocument=trust({"Service": "bedrock-agentcore.amazonaws.com"})
    )
    return made["Role"]["Arn"]


@pytest.fixture
def gateway(control: Any, role: str) -> dict[str, Any]:
    return control.create_gateway(name="Tools", roleArn=role, protocolType="MCP", authorizerType="AWS_IAM")


def test_a_gateway_is_what_it_was_asked_to_be(
    server: Server, owner: Keys, control: Any, role: str, gateway: dict[str, Any]
) -> None:
    assert gateway["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert re.fullmatch(r"tools-[0-9a-z]{10}", gateway["gatewayId"])
    assert gateway["gatewayArn"].endswith(f":{owner.account}:gateway/{gateway['gatewayId']}")
    assert gateway["gatewayUrl"] == f"{server.url}/_gateway/{gateway['gatewayId']}/mcp"
    read = control.get_gateway(gatewayIdentifier=gateway["gatewayId"])
    assert {k: v for k, v in read.items() if k != "ResponseMetadata"} == {
        k: v for k, v in gateway.items() if k != "ResponseMetadata"
    }
    by_arn = control.get_gateway(gatewayIdentifier=gateway["gatewayArn"])
    assert by_arn["gatewayId"] == gateway["gatewayId"]
    listed = control.list_gateways()["items"]
    assert [item["gatewayId"] for item in listed] == [gateway["gatewayId"]]
    workload = control.get_workload_identity(name=gateway["gatewayId"])
    assert workload["workloadIdentityArn"] == gateway["workloadIdentityDetails"]["workloadIdentityArn"]


def test_targets_come_and_go(control: Any, gateway: dict[str, Any]) -> None:
    names = {"gatewayIdentifier": gateway["gatewayId"]}
    target = control.create_gateway_target(
        **names, name="echo", targetConfiguration=LAMBDA_TARGET, credentialProviderConfigurations=ROLE_CREDENTIAL
    )
    assert target["ResponseMetadata"]["HTTPStatusCode"] == 202 and target["status"] == "READY"
    assert re.fullmatch(r"[0-9A-Z]{10}", target["targetId"])
    assert target["targetConfiguration"] == LAMBDA_TARGET
    one = names | {"targetId": target["targetId"]}
    assert control.get_gateway_target(**one)["targetConfiguration"] == LAMBDA_TARGET
    assert control.list_gateway_targets(**names)["items"][0]["targetType"] == "LAMBDA"
    with refused("ConflictException", 409):
        control.delete_gateway(**names)
    updated = control.update_gateway_target(
        **one,
        name="echo",
        description="now with words",
        targetConfiguration=LAMBDA_TARGET,
        credentialProviderConfigurations=ROLE_CREDENTIAL,
    )
    assert updated["description"] == "now with words"
    assert control.delete_gateway_target(**one)["status"] == "DELETING"
    with refused("ResourceNotFoundException", 404):
        control.get_gateway_target(**one)
    assert control.delete_gateway(**names)["status"] == "DELETING"
    with refused("ResourceNotFoundException", 404):
        control.get_gateway(**names)


def test_a_role_that_the_service_may_not_assume_is_named(control: Any, iam: Any) -> None:
    made = iam.create_role(RoleName="Other", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    gateway = control.create_gateway(
        name="tools", roleArn=made["Role"]["Arn"], protocolType="MCP", authorizerType="AWS_IAM"
    )
    with refused("ValidationException", 400, pattern="Gateway execution role lacks permission"):
        control.create_gateway_target(
            gatewayIdentifier=gateway["gatewayId"],
            name="echo",
            targetConfiguration=LAMBDA_TARGET,
            credentialProviderConfigurations=ROLE_CREDENTIAL,
        )


def test_the_role_must_be_passed_and_the_authorizer_may_be_forbidden(
    server: Server, make_user: Any, role: str
) -> None:
    everything = allow("bedrock-agentcore:*")
    request = {"name": "tools", "roleArn": role, "protocolType": "MCP"}
    without = server.client("bedrock-agentcore-control", make_user(everything))
    with refused("AccessDeniedException", 403, pattern=f"iam:PassRole on resource: {re.escape(role)}"):
        without.create_gateway(**request, authorizerType="AWS_IAM")
    ban = deny(
        "bedrock-agentcore:CreateGateway",
        Condition={"StringEquals": {"bedrock-agentcore:GatewayAuthorizerType": "NONE"}},
    )
    careful = server.client("bedrock-agentcore-control", make_user(everything, allow("iam:PassRole"), ban))
    with refused("AccessDeniedException", 403, pattern="explicit deny"):
        careful.create_gateway(**request, authorizerType="NONE")
    assert careful.create_gateway(**request, authorizerType="AWS_IAM")["status"] == "READY"


def test_tags_are_conditions_and_go_with_the_gateway(control: Any, role: str) -> None:
    arn = control.create_gateway(
        name="tagged", roleArn=role, protocolType="MCP", authorizerType="AWS_IAM", tags={"team": "a"}
    )["gatewayArn"]
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"team": "a"}
    control.tag_resource(resourceArn=arn, tags={"stage": "test"})
    control.untag_resource(resourceArn=arn, tagKeys=["team"])
    assert control.list_tags_for_resource(resourceArn=arn)["tags"] == {"stage": "test"}
    control.delete_gateway(gatewayIdentifier=arn)
    with refused("ResourceNotFoundException", 404):
        control.list_tags_for_resource(resourceArn=arn)


def test_a_resource_policy_names_the_gateway_and_its_action(
    control: Any, gateway: dict[str, Any], stranger: Keys
) -> None:
    arn = gateway["gatewayArn"]
    principal = {"AWS": f"arn:aws:iam::{stranger.account}:root"}

    def put(action: str, resource: str) -> Any:
        document = policy(allow(action, resource, Principal=principal))
        return control.put_resource_policy(resourceArn=arn, policy=document)

    with refused("ValidationException", 400, pattern="Resource must be the ARN"):
        put("bedrock-agentcore:InvokeGateway", "*")
    with refused("ValidationException", 400, pattern="not supported for this resource type"):
        put("bedrock-agentcore:CreateEvent", arn)
    assert put("bedrock-agentcore:InvokeGateway", arn)["ResponseMetadata"]["HTTPStatusCode"] == 201
    document = json.loads(control.get_resource_policy(resourceArn=arn)["policy"])
    assert document["Statement"][0]["Principal"] == principal
    assert control.delete_resource_policy(resourceArn=arn)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_the_policy_of_a_jwt_gateway_speaks_of_everybody(control: Any, role: str, stranger: Keys) -> None:
    arn = control.create_gateway(
        name="tokens",
        roleArn=role,
        protocolType="MCP",
        authorizerType="CUSTOM_JWT",
        authorizerConfiguration={
            "customJWTAuthorizer": {
                "discoveryUrl": "https://idp.example/.well-known/openid-configuration",
                "allowedClients": ["client"],
            }
        },
    )["gatewayArn"]
    statement = allow("bedrock-agentcore:InvokeGateway", arn)
    with refused("ValidationException", 400, pattern="must have the principal"):
        control.put_resource_policy(
            resourceArn=arn,
            policy=policy(statement | {"Principal": {"AWS": f"arn:aws:iam::{stranger.account}:root"}}),
        )
    control.put_resource_policy(resourceArn=arn, policy=policy(statement | {"Principal": "*"}))


def test_a_gateway_that_takes_tokens_has_no_policy_for_principals(control: Any, role: str, stranger: Keys) -> None:
    settings = {"name": "becomes-tokens", "roleArn": role, "protocolType": "MCP"}
    made = control.create_gateway(**settings, authorizerType="AWS_IAM")
    tokens = settings | {
        "gatewayIdentifier": made["gatewayId"],
        "authorizerType": "CUSTOM_JWT",
        "authorizerConfiguration": {
            "customJWTAuthorizer": {
                "discoveryUrl": "https://idp.example/.well-known/openid-configuration",
                "allowedClients": ["client"],
            }
        },
    }
    statement = allow("bedrock-agentcore:InvokeGateway", made["gatewayArn"])
    principal = {"Principal": {"AWS": f"arn:aws:iam::{stranger.account}:root"}}
    control.put_resource_policy(resourceArn=made["gatewayArn"], policy=policy(statement | principal))
    with refused("ValidationException", 400, pattern="must have the principal"):
        control.update_gateway(**tokens)
    assert control.get_gateway(gatewayIdentifier=made["gatewayId"])["authorizerType"] == "AWS_IAM"
    control.put_resource_policy(resourceArn=made["gatewayArn"], policy=policy(statement | {"Principal": "*"}))
    assert control.update_gateway(**tokens)["authorizerType"] == "CUSTOM_JWT"


def test_rules_and_rate_limits(control: Any, gateway: dict[str, Any]) -> None:
    names = {"gatewayIdentifier": gateway["gatewayId"]}
    control.create_gateway_target(
        **names, name="echo", targetConfiguration=LAMBDA_TARGET, credentialProviderConfigurations=ROLE_CREDENTIAL
    )
    rule = control.create_gateway_rule(
        **names, priority=1, actions=[{"routeToTarget": {"staticRoute": {"targetName": "echo"}}}]
    )
    assert rule["status"] == "ACTIVE"
    assert control.list_gateway_rules(**names)["gatewayRules"][0]["ruleId"] == rule["ruleId"]
    limit = control.create_gateway_rate_limit(
        **names,
        dimensionKeys=["targetName"],
        entries=[{"dimensions": {"targetName": "*"}, "requests": [{"rate": 2.5, "period": "minute"}]}],
    )
    read = control.get_gateway_rate_limit(**names, rateLimitId=limit["rateLimitId"])
    assert read["entries"][0]["requests"] == [{"rate": 2.5, "period": "minute"}]


def test_the_aws_cli_makes_one(server: Server, owner: Keys, role: str) -> None:
    environment = server.environment(owner)
    made = run_aws(
        environment,
        *("bedrock-agentcore-control", "create-gateway", "--name", "by-cli", "--role-arn", role),
        *("--protocol-type", "MCP", "--authorizer-type", "AWS_IAM"),
    )
    assert made.returncode == 0, made.stderr
    gateway_id = json.loads(made.stdout)["gatewayId"]
    gone = run_aws(environment, "bedrock-agentcore-control", "delete-gateway", "--gateway-identifier", gateway_id)
    assert gone.returncode == 0, gone.stderr


def test_the_sdks_client_makes_one_and_waits(
    server: Server, owner: Keys, role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment(owner).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    client = GatewayClient(region_name=REGION)
    gateway = client.create_gateway_and_wait(
        name="by-sdk", role_arn=role, protocol_type="MCP", authorizer_type="AWS_IAM"
    )
    assert gateway["status"] == "READY"
    target = client.create_gateway_target_and_wait(
        gateway_identifier=gateway["gatewayId"],
        name="echo",
        target_configuration=LAMBDA_TARGET,
        credential_provider_configurations=ROLE_CREDENTIAL,
    )
    client.delete_gateway_target_and_wait(gateway_identifier=gateway["gatewayId"], target_id=target["targetId"])
    client.delete_gateway_and_wait(gateway_identifier=gateway["gatewayId"])
