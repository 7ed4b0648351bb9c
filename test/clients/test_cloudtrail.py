"""CloudTrail: every call leaves a record in its caller's account, and in the owner's where that is another."""

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

from raw import Request
from support import Keys, Server, allow, policy, refused, run_aws, trust


def lookup(server: Server, keys: Keys, region: str = "us-east-1", **options: Any) -> list[dict[str, Any]]:
    """All events that match, newest first, over all pages."""
    pages = server.client("cloudtrail", keys, region).get_paginator("lookup_events").paginate(**options)
    return [event for page in pages for event in page["Events"]]


def by(key: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": key, "AttributeValue": value}]}


def record(event: dict[str, Any]) -> dict[str, Any]:
    return json.loads(event["CloudTrailEvent"])


def one(server: Server, keys: Keys, **options: Any) -> dict[str, Any]:
    found = lookup(server, keys, **options)
    assert len(found) == 1, found
    return found[0]


def test_a_change_is_recorded_with_what_it_asked_and_answered(server: Server, iam: Any, owner: Keys) -> None:
    made = iam.create_user(UserName="recorded")
    event = one(server, owner, **by("EventName", "CreateUser"))
    told = record(event)
    assert event["EventId"] == told["eventID"] and event["ReadOnly"] == "false"
    assert event["EventSource"] == told["eventSource"] == "iam.amazonaws.com"
    assert {"ResourceType": "AWS::IAM::User", "ResourceName": "recorded"} in event["Resources"]
    assert told["requestParameters"] == {"userName": "recorded"}
    assert told["responseElements"]["user"]["arn"] == made["User"]["Arn"]
    assert told["requestID"] == made["ResponseMetadata"]["RequestId"]
    assert told["recipientAccountId"] == owner.account and "sharedEventID" not in told
    assert told["userIdentity"]["type"] == "IAMUser" and told["userIdentity"]["accessKeyId"] == owner.access_key
    assert told["sourceIPAddress"] == "127.0.0.1" and told["userAgent"].startswith("Boto3/")
    assert told["eventType"] == "AwsApiCall" and told["managementEvent"] and told["eventCategory"] == "Management"
    now = datetime.now(timezone.utc)
    assert now - timedelta(minutes=1) < event["EventTime"] <= now


def test_secrets_do_not_reach_the_trail(server: Server, iam: Any, owner: Keys) -> None:
    iam.create_user(UserName="keeper")
    secret = iam.create_access_key(UserName="keeper")["AccessKey"]["SecretAccessKey"]
    arn = iam.create_role(RoleName="become", AssumeRolePolicyDocument=trust({"AWS": owner.account}))["Role"]["Arn"]
    session = server.client("sts", owner).assume_role(RoleArn=arn, RoleSessionName="me")["Credentials"]
    trail = "".join(event["CloudTrailEvent"] for event in lookup(server, owner))
    assert "CreateAccessKey" in trail and "AssumeRole" in trail
    for hidden in (secret, session["SecretAccessKey"], owner.secret):
        assert hidden not in trail and json.dumps(hidden)[1:-1] not in trail


def test_a_session_is_named_by_its_session_and_its_role(server: Server, iam: Any, owner: Keys) -> None:
    arn = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=trust({"AWS": owner.account}))["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="p", PolicyDocument=policy(allow("iam:ListRoles")))
    answer = server.client("sts", owner).assume_role(RoleArn=arn, RoleSessionName="monday")
    session = Keys.of_credentials(owner.account, answer["Credentials"])
    server.client("iam", session).list_roles()
    with refused("AccessDenied"):
        server.client("iam", session).list_users()

    listed, denied = (one(server, owner, **by("EventName", name)) for name in ("ListRoles", "ListUsers"))
    assert listed["Username"] == "monday" and listed["AccessKeyId"] == session.access_key
    assert {event["EventName"] for event in lookup(server, owner, **by("Username", "monday"))} == {
        "ListRoles",
        "ListUsers",
    }
    who = record(listed)["userIdentity"]
    assert who["type"] == "AssumedRole" and who["arn"].endswith(":assumed-role/reader/monday")
    issuer = who["sessionContext"]["sessionIssuer"]
    assert issuer["type"] == "Role" and issuer["arn"] == arn and issuer["userName"] == "reader"
    assert who["principalId"] == f"{issuer['principalId']}:monday"
    assert who["sessionContext"]["attributes"]["mfaAuthenticated"] == "false"
    told = record(denied)
    assert told["errorCode"] == "AccessDenied" and "is not authorized to perform: iam:ListUsers" in told["errorMessage"]
    assert told["responseElements"] is None
    assumed = record(one(server, owner, **by("EventName", "AssumeRole")))
    assert assumed["readOnly"] and assumed["responseElements"]["credentials"]["accessKeyId"] == session.access_key


def both_halves(server: Server, caller: Keys, owner: Keys, name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The caller's and the owner's copy of one call; what they share and what they must not is looked at."""
    callers = record(one(server, caller, **by("EventName", name)))
    owners = record(one(server, owner, **by("EventName", name)))
    assert callers["sharedEventID"] == owners["sharedEventID"] and callers["eventID"] != owners["eventID"]
    assert callers["recipientAccountId"] == caller.account and owners["recipientAccountId"] == owner.account
    assert callers["requestID"] == owners["requestID"]
    assert callers["userIdentity"]["arn"].startswith(f"arn:aws:iam::{caller.account}:user/")
    assert owners["userIdentity"] == {
        "type": "AWSAccount",
        "principalId": callers["userIdentity"]["principalId"],
        "accountId": caller.account,
    }
    assert one(server, owner, **by("EventId", owners["eventID"]))["EventName"] == name
    assert lookup(server, caller, **by("EventId", owners["eventID"])) == []
    return callers, owners


def test_a_denial_across_accounts_is_told_to_both(server: Server, owner: Keys, stranger: Keys, control: Any) -> None:
    memory = control.create_memory(name="Shared", eventExpiryDuration=30)["memory"]["arn"]
    with refused("AccessDeniedException"):
        server.client("bedrock-agentcore-control", stranger).get_resource_policy(resourceArn=memory)
    callers, owners = both_halves(server, stranger, owner, "GetResourcePolicy")
    resource = {"accountId": owner.account, "type": "AWS::BedrockAgentCore::Memory", "ARN": memory}
    assert callers["resources"] == owners["resources"] == [resource]
    assert callers["errorCode"] == owners["errorCode"] == "AccessDeniedException"
    assert "is not authorized" in callers["errorMessage"] and "errorMessage" not in owners


def test_a_role_assumed_from_another_account_is_told_to_both(
    server: Server, owner: Keys, stranger: Keys, iam: Any
) -> None:
    arn = iam.create_role(RoleName="lent", AssumeRolePolicyDocument=trust({"AWS": stranger.account}))["Role"]["Arn"]
    server.client("sts", stranger).assume_role(RoleArn=arn, RoleSessionName="visit")
    callers, owners = both_halves(server, stranger, owner, "AssumeRole")
    assert "errorCode" not in owners and callers["requestParameters"] == owners["requestParameters"]
    assert owners["requestParameters"]["roleSessionName"] == "visit"
    named = [event["EventName"] for event in lookup(server, owner, **by("ResourceName", "lent"))]
    assert named == ["AssumeRole", "CreateRole"]


def test_what_memories_hold_is_not_looked_up(server: Server, owner: Keys, control: Any, data: Any) -> None:
    memory = control.create_memory(name="Quiet", eventExpiryDuration=30)["memory"]["id"]
    said = [{"conversational": {"content": {"text": "a private word"}, "role": "USER"}}]
    data.create_event(
        memoryId=memory, actorId="a", sessionId="s", eventTimestamp=datetime.now(timezone.utc), payload=said
    )
    data.list_events(memoryId=memory, actorId="a", sessionId="s")
    names = {event["EventName"] for event in lookup(server, owner)}
    assert "CreateMemory" in names and not names & {"CreateEvent", "ListEvents"}


def test_pages_and_times(server: Server, iam: Any, owner: Keys) -> None:
    for _ in range(7):
        iam.list_users()
    client = server.client("cloudtrail", owner)
    first = client.lookup_events(**by("EventName", "ListUsers"), MaxResults=5)
    assert len(first["Events"]) == 5 and first["NextToken"]
    rest = client.lookup_events(**by("EventName", "ListUsers"), MaxResults=5, NextToken=first["NextToken"])
    assert len(rest["Events"]) == 2 and "NextToken" not in rest
    ids = [event["EventId"] for event in first["Events"] + rest["Events"]]
    assert len(set(ids)) == 7
    with refused("InvalidNextTokenException"):
        client.lookup_events(**by("EventName", "GetUser"), NextToken=first["NextToken"])
    now = datetime.now(timezone.utc)
    with refused("InvalidTimeRangeException"):
        client.lookup_events(StartTime=now, EndTime=now - timedelta(seconds=10))
    assert client.lookup_events(EndTime=now - timedelta(days=1))["Events"] == []
    assert len(client.lookup_events(StartTime=now - timedelta(days=1), EndTime=now)["Events"]) >= 7
    with refused("InvalidMaxResultsException"):
        client.lookup_events(MaxResults=51)


def test_regions_are_apart_and_global_services_are_in_the_first(server: Server, iam: Any, owner: Keys) -> None:
    iam.list_groups()
    server.client("bedrock-agentcore-control", owner, "eu-west-1").list_memories()
    assert [event["EventName"] for event in lookup(server, owner, "eu-west-1")] == ["ListMemories"]
    assert record(one(server, owner, **by("EventName", "ListGroups")))["awsRegion"] == "us-east-1"


def test_looking_needs_permission(server: Server, iam: Any, owner: Keys) -> None:
    iam.create_user(UserName="curious")
    key = iam.create_access_key(UserName="curious")["AccessKey"]
    with refused("AccessDeniedException", pattern="cloudtrail:LookupEvents"):
        server.client("cloudtrail", Keys(owner.account, key["AccessKeyId"], key["SecretAccessKey"])).lookup_events()
    assert one(server, owner, **by("EventName", "LookupEvents"), MaxResults=50)["Username"] == "curious"


def test_the_aws_cli_reads_the_trail(server: Server, iam: Any, owner: Keys) -> None:
    iam.create_group(GroupName="auditors")
    done = run_aws(
        server.environment(owner),
        *["cloudtrail", "lookup-events", "--output", "json"],
        *["--lookup-attributes", "AttributeKey=ResourceName,AttributeValue=auditors"],
    )
    assert done.returncode == 0, done.stderr
    assert [event["EventName"] for event in json.loads(done.stdout)["Events"]] == ["CreateGroup"]


def test_records_outlive_the_server(own_server: Server) -> None:
    keys = own_server.new_account()
    own_server.client("iam", keys).list_users()
    assert own_server.stop() == 0
    own_server.start()
    assert one(own_server, keys, **by("EventName", "ListUsers"))["Username"]


def test_who_cannot_be_told_is_counted_and_not_recorded(server: Server, owner: Keys) -> None:
    def counted() -> float:
        told = Request("GET", "/_warifu/metrics").send(server).body.decode()
        found = re.search(r'^warifu_unauthenticated_total\{service="iam"\} (\S+)$', told, re.MULTILINE)
        return float(found.group(1)) if found else 0

    before = counted()
    forged = Keys(owner.account, owner.access_key, "not the secret")
    with refused("SignatureDoesNotMatch"):
        server.client("iam", forged).list_users()
    assert counted() == before + 1
    assert lookup(server, owner, **by("EventName", "ListUsers")) == []
