"""Why: denials explained to whom they concern, questions asked without a call, policies simulated and linted."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support import BINARY, Keys, Server, allow, clean_environment, deny, policy, refused, trust

LIST_EVENTS = "bedrock-agentcore:ListEvents"


def denied(server: Server, keys: Keys, memory_arn: str) -> str:
    """The request id of a ListEvents that was refused."""
    client = server.client("bedrock-agentcore", keys)
    with pytest.raises(ClientError) as caught:
        client.list_events(memoryId=memory_arn, actorId="ann", sessionId="one")
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException", caught.value.response
    return caught.value.response["ResponseMetadata"]["RequestId"]


def explain(server: Server, keys: Keys, *arguments: str) -> subprocess.CompletedProcess:
    return server.command("explain", *arguments, env=keys.environment())


def explained(server: Server, keys: Keys, *arguments: str) -> dict[str, Any]:
    done = explain(server, keys, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def layer(explanation: dict[str, Any], words: str) -> dict[str, Any]:
    return next(one for one in explanation["Layers"] if one["Layer"] == words)


@pytest.fixture
def shared(control: Any, memory: dict[str, Any], stranger: Keys) -> dict[str, Any]:
    """A memory whose policy has the article's third gotcha: a key that is not there when a role calls directly."""
    control.put_resource_policy(
        resourceArn=memory["arn"],
        policy=policy(
            allow(
                LIST_EVENTS,
                memory["arn"],
                Sid="AllowCaller",
                Principal={"AWS": f"arn:aws:iam::{stranger.account}:root"},
                Condition={"StringEquals": {"aws:SourceAccount": stranger.account}},
            )
        ),
    )
    return memory


def test_the_owner_is_told_which_condition_failed_and_why(
    server: Server, owner: Keys, stranger: Keys, shared: dict[str, Any]
) -> None:
    answer = explained(server, owner, denied(server, stranger, shared["arn"]))
    assert answer["View"] == "owner" and "Message" not in answer
    why = answer["Explanation"]
    [statement] = layer(why, "resource-based policy")["Statements"]
    [failed] = statement["Failed"]
    assert statement["Sid"] == "AllowCaller" and not statement["Applies"]
    assert (failed["Operator"], failed["Key"]) == ("StringEquals", "aws:SourceAccount")
    assert failed["PolicyValues"] == [stranger.account] and failed["RequestValues"] == []
    assert "only when a service calls on someone's behalf" in failed["Note"]
    assert "aws:PrincipalAccount is set here" in failed["Note"]
    [fix] = why["Fixes"]
    assert fix["Account"] == owner.account and json.loads(fix["Statement"])["Resource"] == shared["arn"]
    assert "user/admin" not in json.dumps(answer), "CloudTrail does not name another account's users"

    text = explain(server, owner, answer["RequestId"]).stdout
    assert "Condition StringEquals aws:SourceAccount: the request has no such key" in text
    assert f"To allow it, account {owner.account} adds to the resource-based policy of {shared['arn']}" in text


def test_the_fix_allows_it(
    server: Server, control: Any, owner: Keys, stranger: Keys, shared: dict[str, Any]
) -> None:
    [fix] = explained(server, owner, denied(server, stranger, shared["arn"]))["Explanation"]["Fixes"]
    control.put_resource_policy(resourceArn=shared["arn"], policy=policy(json.loads(fix["Statement"])))
    client = server.client("bedrock-agentcore", stranger)
    assert client.list_events(memoryId=shared["arn"], actorId="ann", sessionId="one")["events"] == []


def test_the_caller_sees_its_half_and_others_nothing(
    server: Server, stranger: Keys, shared: dict[str, Any]
) -> None:
    request_id = denied(server, stranger, shared["arn"])
    answer = explained(server, stranger, request_id)
    assert answer["View"] == "caller" and answer["Operation"] == "ListEvents"
    assert "no resource-based policy allows" in answer["Message"]
    why = answer["Explanation"]
    assert layer(why, "identity-based policy")["Verdict"] == "allows"
    assert {"aws:PrincipalArn", "aws:SourceIp", "bedrock-agentcore:actorId"} <= {key["Key"] for key in why["Keys"]}
    assert "AllowCaller" not in json.dumps(answer) and why["Fixes"] == []

    third = explain(server, server.new_account(), request_id)
    management = server.command("explain", request_id)
    unknown = explain(server, stranger, "00000000-0000-0000-0000-000000000000")
    assert third.returncode == management.returncode == unknown.returncode == 1
    assert third.stderr == management.stderr == unknown.stderr
    assert "no denial of that request id is kept for your account" in third.stderr


def test_it_takes_the_right_to_decode_messages(
    server: Server, owner: Keys, stranger: Keys, shared: dict[str, Any], make_user: Any
) -> None:
    request_id = denied(server, stranger, shared["arn"])
    blind = make_user(allow("*"), deny("sts:DecodeAuthorizationMessage"))
    seeing = make_user(allow("sts:DecodeAuthorizationMessage"))
    assert "no denial of that request id" in explain(server, blind, request_id).stderr
    assert explained(server, seeing, request_id)["View"] == "owner"


def test_a_denial_in_one_account_outlives_a_restart(own_server: Server) -> None:
    owner = own_server.new_account()
    iam = own_server.client("iam", owner)
    iam.create_user(UserName="bob")
    made = iam.create_access_key(UserName="bob")["AccessKey"]
    bob = Keys(owner.account, made["AccessKeyId"], made["SecretAccessKey"])
    with pytest.raises(ClientError) as caught:
        own_server.client("iam", bob).list_users()
    request_id = caught.value.response["ResponseMetadata"]["RequestId"]
    assert own_server.stop() == 0
    own_server.start()
    answer = explained(own_server, owner, request_id)
    assert answer["View"] == "whole" and answer["Explanation"]["Principal"]["Arn"].endswith(":user/bob")
    [fix] = answer["Explanation"]["Fixes"]
    iam = own_server.client("iam", owner)
    iam.put_user_policy(UserName="bob", PolicyName="fix", PolicyDocument=policy(json.loads(fix["Statement"])))
    own_server.client("iam", bob).list_users()


def test_questions_need_no_call(server: Server, owner: Keys, stranger: Keys, shared: dict[str, Any]) -> None:
    question = [
        "--principal",
        f"arn:aws:iam::{stranger.account}:user/admin",
        "--action",
        LIST_EVENTS,
        "--resource",
        shared["arn"],
    ]
    assert explained(server, stranger, *question)["Allowed"] is False
    assert "management credentials" in explain(server, owner, *question).stderr
    whole = json.loads(server.command("explain", *question, "--json").stdout)
    assert whole["View"] == "whole" and "aws:SourceAccount" in json.dumps(whole)
    with_key = server.command("explain", *question, "--context", f"aws:SourceAccount={stranger.account}")
    assert with_key.stdout.startswith("ALLOWED"), with_key.stdout + with_key.stderr


def test_who_can_lists_principals_with_their_path(
    server: Server, owner: Keys, stranger: Keys, memory: dict[str, Any], make_user: Any
) -> None:
    make_user(allow(LIST_EVENTS, memory["arn"], Sid="Listens"), name="listener")
    mine = server.command("who-can", LIST_EVENTS, memory["arn"], env=owner.environment())
    assert mine.returncode == 0, mine.stderr
    line = next(one for one in mine.stdout.splitlines() if ":user/listener" in one)
    assert "identity-based policy: inline policy inline (Listens)" in line
    everyone = server.command("who-can", LIST_EVENTS, memory["arn"], "--json")
    accounts = {one["Account"] for one in json.loads(everyone.stdout)["Principals"]}
    assert owner.account in accounts and stranger.account not in accounts


def test_who_can_across_accounts_takes_the_management_credentials(
    server: Server, owner: Keys, stranger: Keys, control: Any, memory: dict[str, Any]
) -> None:
    open_to = {"AWS": f"arn:aws:iam::{stranger.account}:root"}
    statement = allow(LIST_EVENTS, memory["arn"], Sid="Open", Principal=open_to)
    control.put_resource_policy(resourceArn=memory["arn"], policy=policy(statement))

    def accounts(**options: Any) -> set[str]:
        done = server.command("who-can", LIST_EVENTS, memory["arn"], "--json", **options)
        assert done.returncode == 0, done.stderr
        return {one["Account"] for one in json.loads(done.stdout)["Principals"]}

    assert {owner.account, stranger.account} <= accounts()
    assert accounts(env=owner.environment()) == {owner.account}
    assert accounts(env=stranger.environment()) == {stranger.account}, "its own principals, not the owner's"


def test_encoded_messages_open_for_the_callers_account(tmp_path: Path) -> None:
    running = Server(tmp_path / "data", "--encoded-denials").start()
    try:
        caller, other = running.new_account(), running.new_account()
        role = "arn:aws:iam::" + other.account + ":role/closed"
        with pytest.raises(ClientError) as caught:
            running.client("sts", caller).assume_role(RoleArn=role, RoleSessionName="session")
        message = caught.value.response["Error"]["Message"]
        head, encoded = message.split(" Encoded authorization failure message: ")
        assert head.endswith(role)
        decoded = running.client("sts", caller).decode_authorization_message(EncodedMessage=encoded)
        content = json.loads(decoded["DecodedMessage"])
        assert content["allowed"] is False and content["explicitDeny"] is False
        assert content["context"]["action"] == "sts:AssumeRole" and content["context"]["resource"] == role
        keys = {item["key"] for item in content["context"]["conditions"]["items"]}
        assert "aws:PrincipalArn" in keys
        with refused("InvalidAuthorizationMessageException", 400):
            running.client("sts", other).decode_authorization_message(EncodedMessage=encoded)
    finally:
        running.stop()


def test_a_custom_policy_is_simulated(iam: Any) -> None:
    document = policy(allow("s3:GetObject", "arn:aws:s3:::${aws:username}/*"))
    [result] = iam.simulate_custom_policy(
        PolicyInputList=[document], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::ann/x"]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["ResourceSpecificResults"][0]["MissingContextValues"] == ["aws:username"]
    entry = {"ContextKeyName": "aws:username", "ContextKeyValues": ["ann"], "ContextKeyType": "string"}
    [result] = iam.simulate_custom_policy(
        PolicyInputList=[document],
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::ann/x"],
        ContextEntries=[entry],
    )["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    [statement] = result["MatchedStatements"]
    assert statement["SourcePolicyId"] == "PolicyInputList.1" and statement["StartPosition"]["Line"] == 1
    assert iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"] == ["aws:username"]


# Of each type of context entry: an operator, the policy's value, what meets it and what does not.
CONTEXT_TYPES = {
    "string": ("StringEquals", "red", ["red"], ["blue"]),
    "stringList": ("ForAnyValue:StringEquals", "red", ["blue", "red"], ["blue", "green"]),
    "numeric": ("NumericLessThan", "10", ["9.5"], ["10"]),
    "numericList": ("ForAllValues:NumericLessThan", "10", ["1", "2"], ["1", "20"]),
    "boolean": ("Bool", "true", ["true"], ["false"]),
    "booleanList": ("ForAnyValue:Bool", "true", ["false", "true"], ["false"]),
    "ip": ("IpAddress", "10.0.0.0/8", ["10.1.2.3"], ["11.0.0.1"]),
    "ipList": ("ForAllValues:IpAddress", "10.0.0.0/8", ["10.1.2.3", "10.0.0.1"], ["10.1.2.3", "11.0.0.1"]),
    "binary": ("BinaryEquals", "YQ==", ["YQ=="], ["Yg=="]),
    "binaryList": ("ForAnyValue:BinaryEquals", "YQ==", ["Yg==", "YQ=="], ["Yg=="]),
    "date": ("DateGreaterThan", "2026-01-01T00:00:00Z", ["2026-06-01T00:00:00Z"], ["2025-06-01T00:00:00Z"]),
    "dateList": ("ForAnyValue:DateGreaterThan", "2026-01-01T00:00:00Z", ["2025-01-01", "2027-01-01"], ["2025-01-01"]),
}


@pytest.mark.parametrize("kind", CONTEXT_TYPES)
def test_context_entries_of_every_type_count(iam: Any, kind: str) -> None:
    operator, value, meets, fails = CONTEXT_TYPES[kind]
    document = policy(allow("s3:GetObject", Condition={operator: {"my:key": value}}))

    def decision(values: list[str]) -> str:
        entry = {"ContextKeyName": "my:key", "ContextKeyType": kind, "ContextKeyValues": values}
        [result] = iam.simulate_custom_policy(
            PolicyInputList=[document], ActionNames=["s3:GetObject"], ContextEntries=[entry]
        )["EvaluationResults"]
        assert not result["MissingContextValues"]
        return result["EvalDecision"]

    assert decision(meets) == "allowed" and decision(fails) == "implicitDeny"


def test_context_keys_are_those_that_the_policies_name(iam: Any, owner: Keys, make_user: Any) -> None:
    document = policy(
        allow("s3:GetObject", "arn:aws:s3:::${aws:username}/*", Condition={"Bool": {"aws:SecureTransport": "true"}})
    )
    named = iam.get_context_keys_for_custom_policy(PolicyInputList=[document])["ContextKeyNames"]
    assert sorted(named) == ["aws:SecureTransport", "aws:username"]
    make_user(allow("*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}), name="keyed")
    arn = f"arn:aws:iam::{owner.account}:user/keyed"
    both = iam.get_context_keys_for_principal_policy(PolicySourceArn=arn, PolicyInputList=[document])
    assert sorted(both["ContextKeyNames"]) == ["aws:PrincipalTag/team", "aws:SecureTransport", "aws:username"]


def test_a_principals_policies_are_simulated_page_by_page(iam: Any, owner: Keys, make_user: Any) -> None:
    make_user(allow("s3:Get*"), deny("s3:GetObject", "arn:aws:s3:::secret/*"), name="simulated")
    pages = iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=f"arn:aws:iam::{owner.account}:user/simulated",
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=["arn:aws:s3:::open/a", "arn:aws:s3:::secret/a"],
        ResourceOwner=f"arn:aws:iam::{owner.account}:root",
        PaginationConfig={"PageSize": 1},
    )
    decisions = [
        (result["EvalActionName"], result["EvalResourceName"], result["EvalDecision"])
        for page in pages
        for result in page["EvaluationResults"]
    ]
    assert decisions == [
        ("s3:GetObject", "arn:aws:s3:::open/a", "allowed"),
        ("s3:GetObject", "arn:aws:s3:::secret/a", "explicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::open/a", "implicitDeny"),
        ("s3:PutObject", "arn:aws:s3:::secret/a", "implicitDeny"),
    ]


def test_a_cross_account_simulation_needs_both_halves(iam: Any, owner: Keys, memory: dict[str, Any]) -> None:
    caller = "arn:aws:iam::555555555555:user/ann"
    ask = {
        "PolicyInputList": [policy(allow("*"))],
        "ActionNames": [LIST_EVENTS],
        "ResourceArns": [memory["arn"]],
        "CallerArn": caller,
    }
    [alone] = iam.simulate_custom_policy(**ask)["EvaluationResults"]
    assert alone["EvalDecision"] == "implicitDeny"
    sharing = policy(allow(LIST_EVENTS, memory["arn"], Principal={"AWS": caller}))
    [both] = iam.simulate_custom_policy(**ask, ResourcePolicy=sharing)["EvaluationResults"]
    assert both["EvalDecision"] == "allowed" and set(both["EvalDecisionDetails"].values()) == {"allowed"}


GOTCHAS = {
    "two-policies.json": (
        policy(
            allow(
                "bedrock-agentcore:InvokeAgentRuntime",
                "arn:aws:bedrock-agentcore:eu-west-1:111111111111:runtime/agent-abcdefghij",
                Principal={"AWS": "arn:aws:iam::222222222222:root"},
            )
        ),
        "SECOND_POLICY_NEEDED",
    ),
    "wildcard.json": (
        policy(
            allow(
                "bedrock-agentcore:InvokeAgentRuntime", "*", Principal={"AWS": "arn:aws:iam::222222222222:root"}
            )
        ),
        "WILDCARD_RESOURCE",
    ),
    "source-account.json": (
        policy(
            allow(
                "bedrock-agentcore:ListEvents",
                "arn:aws:bedrock-agentcore:eu-west-1:111111111111:memory/m-abcdefghij",
                Principal={"AWS": "arn:aws:iam::222222222222:root"},
                Condition={"StringEquals": {"aws:SourceAccount": "222222222222"}},
            )
        ),
        "SOURCE_KEY_WITH_IAM_PRINCIPAL",
    ),
    "endpoint-path.json": (
        policy(
            allow(
                "bedrock-agentcore:InvokeAgentRuntime",
                [
                    "arn:aws:bedrock-agentcore:eu-west-1:111111111111:runtime/*",
                    "arn:aws:bedrock-agentcore:*:222222222222:runtime/*/runtime-endpoint/*",
                ],
            )
        ),
        "ENDPOINT_UNDER_OTHER_ACCOUNT",
    ),
}


@pytest.mark.parametrize("name", GOTCHAS)
def test_lint_warns_of_the_articles_gotchas(tmp_path: Path, name: str) -> None:
    document, code = GOTCHAS[name]
    file = tmp_path / name
    file.write_text(document)
    command = [str(BINARY), "lint", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=clean_environment())
    assert done.returncode == 2 and code in done.stdout, done.stdout + done.stderr
    as_json = subprocess.run(
        [*command, "--json"], capture_output=True, text=True, timeout=20, check=False, env=clean_environment()
    )
    assert code in [finding["Code"] for finding in json.loads(as_json.stdout)]


def test_lint_asks_the_server_whom_it_knows(server: Server, owner: Keys, tmp_path: Path) -> None:
    file = tmp_path / "trust.json"
    there, nobody = f"arn:aws:iam::{owner.account}:user/admin", f"arn:aws:iam::{owner.account}:role/nobody"
    file.write_text(trust({"AWS": [there, nobody]}))
    assert server.command("lint", str(file)).returncode == 0, "offline it cannot know"
    done = server.command("lint", str(file), "--principals", env=owner.environment())
    assert done.returncode == 2, done.stderr
    [line] = [one for one in done.stdout.splitlines() if "PRINCIPAL_NOT_FOUND" in one]
    assert nobody in line and there not in line


def test_validate_policy_answers_the_same_findings(server: Server, owner: Keys) -> None:
    analyzer = server.client("accessanalyzer", owner)
    document, code = GOTCHAS["source-account.json"]
    findings = analyzer.validate_policy(policyDocument=document, policyType="RESOURCE_POLICY")["findings"]
    [finding] = [one for one in findings if one["issueCode"] == code]
    assert finding["findingType"] == "WARNING"
    place = finding["locations"][0]["span"]["start"]["offset"]
    assert document[place:].startswith('"222222222222"')
    missing = trust({"AWS": f"arn:aws:iam::{owner.account}:role/nobody"})
    findings = analyzer.validate_policy(
        policyDocument=missing,
        policyType="RESOURCE_POLICY",
        validatePolicyResourceType="AWS::IAM::AssumeRolePolicyDocument",
    )["findings"]
    assert "PRINCIPAL_NOT_FOUND" in [one["issueCode"] for one in findings]
