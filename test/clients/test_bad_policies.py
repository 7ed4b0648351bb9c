"""Documents that mean harm, or nothing, at every door that takes a policy: refused by name of the element, at once, and
nothing of them is kept."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support import NO_RETRIES, Keys, Server, trust

BOUND_S = 5
GOOD = '"Effect":"Allow","Action":"s3:Get*","Resource":"*"'


def document(statement: str) -> str:
    return '{"Version":"2012-10-17","Statement":[{%s}]}' % statement


# What is wrong, and a word that the refusal must hold.
BAD = {
    "deep JSON": ("[" * 4000, "json"),
    "deep JSON in its place": (document(GOOD + ',"Condition":' + '{"a":' * 600 + "1" + "}" * 600), "json"),
    "an element twice": (document(GOOD + ',"Effect":"Deny"'), "effect"),
    "a key twice": (document(GOOD + ',"Condition":{"Bool":{"aws:a":"true","aws:a":"false"}}'), "aws:a"),
    "half a character": (document(GOOD.replace("Get", r"\ud800")), "json"),
    "a number for an action": (document(GOOD.replace('"s3:Get*"', "5")), "action"),
    "a number that is none": (document(GOOD + ',"Condition":{"NumericEquals":{"s3:max-keys":"ten"}}'), "ten"),
    "an unknown element": (document(GOOD + ',"Resources":"*"'), "resources"),
    "an unknown operator": (document(GOOD + ',"Condition":{"StringIs":{"a:b":"c"}}'), "stringis"),
    "an unknown effect": (document(GOOD.replace("Allow", "Permit")), "permit"),
}


class Doors:
    """Each way in for a policy: refuses with this code."""

    def __init__(self, server: Server, owner: Keys, memory: str):
        self.iam = server.client("iam", owner, config=NO_RETRIES)
        self.sts = server.client("sts", owner, config=NO_RETRIES)
        self.control = server.client("bedrock-agentcore-control", owner, config=NO_RETRIES)
        self.organizations = server.client("organizations", owner, config=NO_RETRIES)
        self.memory = memory
        self.role = f"arn:aws:iam::{owner.account}:role/doors"

    def all(self) -> dict[str, tuple[str, Callable[[str], Any]]]:
        return {
            "a managed policy": (
                "MalformedPolicyDocument",
                lambda text: self.iam.create_policy(PolicyName="doors", PolicyDocument=text),
            ),
            "an inline policy": (
                "MalformedPolicyDocument",
                lambda text: self.iam.put_role_policy(RoleName="doors", PolicyName="p", PolicyDocument=text),
            ),
            "a trust policy": (
                "MalformedPolicyDocument",
                lambda text: self.iam.update_assume_role_policy(
                    RoleName="doors",
                    PolicyDocument=text.replace('"Resource"', '"Principal"').replace("s3:Get*", "sts:AssumeRole"),
                ),
            ),
            "a session policy": (
                "MalformedPolicyDocument",
                lambda text: self.sts.assume_role(RoleArn=self.role, RoleSessionName="night", Policy=text[:2048]),
            ),
            "a resource policy": (
                "ValidationException",
                lambda text: self.control.put_resource_policy(
                    resourceArn=self.memory,
                    policy=text.replace('"Resource":"*"', f'"Principal":"*","Resource":"{self.memory}"').replace(
                        "s3:Get*", "bedrock-agentcore:Get*"
                    ),
                ),
            ),
            "a service control policy": (
                "MalformedPolicyDocumentException",
                lambda text: self.organizations.create_policy(
                    Name="doors", Description="d", Type="SERVICE_CONTROL_POLICY", Content=text
                ),
            ),
            "a simulation": (
                "InvalidInput",
                lambda text: self.iam.simulate_custom_policy(PolicyInputList=[text], ActionNames=["s3:GetObject"]),
            ),
        }


@pytest.fixture
def doors(server: Server, owner: Keys, memory: dict[str, Any]) -> Doors:
    made = Doors(server, owner, memory["arn"])
    made.iam.create_role(RoleName="doors", AssumeRolePolicyDocument=trust({"AWS": owner.account}))
    made.organizations.create_organization(FeatureSet="ALL")
    root = made.organizations.list_roots()["Roots"][0]["Id"]
    made.organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    return made


@pytest.mark.parametrize("wrong", BAD)
def test_a_bad_policy_is_refused_by_name_at_every_door(doors: Doors, wrong: str) -> None:
    text, word = BAD[wrong]
    for door, (code, call) in doors.all().items():
        begun = time.monotonic()
        with pytest.raises(ClientError) as caught:
            call(text)
        assert time.monotonic() - begun < BOUND_S, door
        error = caught.value.response["Error"]
        assert error["Code"] == code, (door, error)
        if door != "a session policy" or len(text) <= 2048:
            assert word in error["Message"].lower(), (door, error)
    assert doors.iam.list_policies(Scope="Local")["Policies"] == []
    assert doors.iam.list_role_policies(RoleName="doors")["PolicyNames"] == []
    assert "policy" not in doors.control.get_resource_policy(resourceArn=doors.memory)


def test_the_worst_patterns_are_decided_at_once(doors: Doors) -> None:
    pattern = "arn:aws:s3:::" + "*a" * 250 + "b"
    statement = {"Effect": "Deny", "Action": "s3:*", "Resource": [pattern] * 9}
    text = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    begun = time.monotonic()
    [result] = doors.iam.simulate_custom_policy(
        PolicyInputList=[text], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::" + "a" * 1500]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny" and time.monotonic() - begun < BOUND_S
