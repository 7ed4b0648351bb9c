"""Which condition keys a request has, by who makes it: each exactly where AWS sets it, absent elsewhere. Read from the
explanations of refused calls, which show every key that the request really had."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from support import NO_RETRIES, Keys, Server, allow, deny, policy, trust

# Of every signed request over the public endpoint that names a resource (IAM user guide, "AWS global condition context
# keys"). SDKs send their name and version as the user agent.
ALWAYS = {
    "aws:CurrentTime",
    "aws:EpochTime",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalType",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:SecureTransport",
    "aws:SourceIp",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:userid",
}
SESSION = {"aws:MultiFactorAuthPresent", "aws:TokenIssueTime"}
ROLE = {"aws:RoleSessionName"}
LISTED = {"bedrock-agentcore:actorId", "bedrock-agentcore:sessionId", "aws:ResourceTag/stage"}
REFUSED = deny(["bedrock-agentcore:*"])


@pytest.fixture
def tagged(control: Any) -> dict[str, Any]:
    return control.create_memory(name="Tagged", eventExpiryDuration=30, tags={"stage": "prod"})["memory"]


def keys_of(server: Server, admin: Keys, call: Callable[[], Any]) -> dict[str, list[str]]:
    """The keys of a call that is refused, as its own account sees them."""
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    assert answer["Error"]["Code"] in ("AccessDeniedException", "AccessDenied"), answer
    request_id = answer["ResponseMetadata"]["RequestId"]
    done = server.command("explain", request_id, "--json", env=admin.environment())
    assert done.returncode == 0, done.stderr
    return {one["Key"]: one["Values"] for one in json.loads(done.stdout)["Explanation"]["Keys"]}


def listing(server: Server, keys: Keys, memory: str, config: Config = NO_RETRIES) -> Callable[[], Any]:
    client = server.client("bedrock-agentcore", keys, config=config)
    return lambda: client.list_events(memoryId=memory, actorId="ann", sessionId="one")


def test_a_users_call(server: Server, owner: Keys, tagged: dict[str, Any], make_user: Any, iam: Any) -> None:
    user = make_user(allow("*"), REFUSED, name="kate")
    found = keys_of(server, owner, listing(server, user, tagged["id"]))
    assert set(found) == ALWAYS | LISTED | {"aws:username"}
    assert found["aws:username"] == ["kate"] and found["aws:PrincipalType"] == ["User"]
    assert found["aws:PrincipalArn"] == [f"arn:aws:iam::{owner.account}:user/kate"]
    assert found["aws:userid"][0].startswith("AIDA")
    assert found["aws:ViaAWSService"] == found["aws:SecureTransport"] == found["aws:PrincipalIsAWSService"] == ["false"]
    assert found["aws:SourceIp"] == ["127.0.0.1"] and found["aws:RequestedRegion"] == ["us-east-1"]
    assert found["aws:ResourceAccount"] == [owner.account] and found["aws:ResourceTag/stage"] == ["prod"]
    iam.tag_user(UserName="kate", Tags=[{"Key": "team", "Value": "red"}])
    assert keys_of(server, owner, listing(server, user, tagged["id"]))["aws:PrincipalTag/team"] == ["red"]


def test_a_roles_sessions_call(server: Server, owner: Keys, tagged: dict[str, Any], iam: Any) -> None:
    arn = iam.create_role(
        RoleName="worker",
        AssumeRolePolicyDocument=trust(
            {"AWS": f"arn:aws:iam::{owner.account}:root"},
            Action=["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"],
        ),
        Tags=[{"Key": "team", "Value": "of-role"}, {"Key": "floor", "Value": "3"}],
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="worker", PolicyName="p", PolicyDocument=policy(allow("*"), REFUSED))
    sts = server.client("sts", owner)

    def session(**more: Any) -> Keys:
        made = sts.assume_role(RoleArn=arn, RoleSessionName="night", **more)
        return Keys.of_credentials(owner.account, made["Credentials"])

    of_role = {"aws:PrincipalTag/team", "aws:PrincipalTag/floor"}
    plain = keys_of(server, owner, listing(server, session(), tagged["id"]))
    assert set(plain) == ALWAYS | LISTED | SESSION | ROLE | of_role
    assert plain["aws:PrincipalArn"] == [arn] and plain["aws:PrincipalType"] == ["AssumedRole"]
    assert plain["aws:userid"][0].endswith(":night") and plain["aws:RoleSessionName"] == ["night"]
    assert plain["aws:PrincipalTag/team"] == ["of-role"] and plain["aws:MultiFactorAuthPresent"] == ["false"]

    more = session(Tags=[{"Key": "Team", "Value": "of-session"}], SourceIdentity="ann")
    found = keys_of(server, owner, listing(server, more, tagged["id"]))
    assert {name.lower() for name in found} == {
        name.lower() for name in ALWAYS | LISTED | SESSION | ROLE | of_role | {"aws:SourceIdentity"}
    }
    tags = {name.lower(): values for name, values in found.items()}
    assert tags["aws:principaltag/team"] == ["of-session"] and found["aws:SourceIdentity"] == ["ann"]


def test_a_federated_users_and_a_users_sessions_call(
    server: Server, owner: Keys, tagged: dict[str, Any], make_user: Any
) -> None:
    user = make_user(allow("*"), REFUSED, name="fay")
    sts = server.client("sts", user)
    federated = sts.get_federation_token(Name="guest", Policy=policy(allow("*")))
    guest = Keys.of_credentials(owner.account, federated["Credentials"])
    found = keys_of(server, owner, listing(server, guest, tagged["id"]))
    assert set(found) == ALWAYS | LISTED | SESSION
    assert found["aws:PrincipalArn"] == [f"arn:aws:sts::{owner.account}:federated-user/guest"]
    assert found["aws:PrincipalType"] == ["FederatedUser"]
    session = Keys.of_credentials(owner.account, sts.get_session_token()["Credentials"])
    found = keys_of(server, owner, listing(server, session, tagged["id"]))
    assert set(found) == ALWAYS | LISTED | SESSION | {"aws:username"}, "a user still, and by temporary credentials"


def test_keys_of_the_request_itself(server: Server, owner: Keys, make_user: Any) -> None:
    user = make_user(allow("*"), REFUSED)
    control = server.client("bedrock-agentcore-control", user)
    tags = {"team": "red", "floor": "3"}
    found = keys_of(server, owner, lambda: control.create_memory(name="m", eventExpiryDuration=30, tags=tags))
    asked = {name: values for name, values in found.items() if name not in ALWAYS | {"aws:username"}}
    assert sorted(asked.pop("aws:TagKeys")) == ["floor", "team"]
    assert asked == {"aws:RequestTag/team": ["red"], "aws:RequestTag/floor": ["3"]}
    untagged = keys_of(server, owner, lambda: control.create_memory(name="m", eventExpiryDuration=30))
    assert not {name for name in untagged if "Tag" in name}

    elsewhere = server.client("bedrock-agentcore-control", user, region="eu-west-1")
    assert keys_of(server, owner, elsewhere.list_memories)["aws:RequestedRegion"] == ["eu-west-1"]
    named = server.client("bedrock-agentcore-control", user, config=NO_RETRIES.merge(Config(user_agent="mine/1.0")))
    assert keys_of(server, owner, named.list_memories)["aws:UserAgent"][0].startswith("mine/1.0")


RECORD = "mem-" + "0" * 36
JOB = {"jobId": "00000000-0000-0000-0000-000000000000"}
SEARCH = {"searchQuery": "tea", "topK": 1}
THERE = {"requestIdentifier": "a", "content": {"text": "t"}, "namespaces": ["/n/"], "timestamp": 1}
EVENT = {"actorId": "ann", "sessionId": "one"}
# Of each call on a memory: the service's own keys, which name what the request named and nothing else.
SERVICE_KEYS: dict[str, tuple[str, dict[str, Any], dict[str, str]]] = {
    "create_event": (
        "create_event",
        EVENT | {"eventTimestamp": 1, "payload": []},
        {"actorId": "ann", "sessionId": "one"},
    ),
    "create_event without a session": (
        "create_event",
        {"actorId": "ann", "eventTimestamp": 1, "payload": []},
        {"actorId": "ann"},
    ),
    "get_event": ("get_event", EVENT | {"eventId": "0#a"}, {"actorId": "ann", "sessionId": "one"}),
    "delete_event": ("delete_event", EVENT | {"eventId": "0#a"}, {"actorId": "ann", "sessionId": "one"}),
    "list_sessions": ("list_sessions", {"actorId": "ann"}, {"actorId": "ann"}),
    "list_actors": ("list_actors", {}, {}),
    "retrieve by namespace": (
        "retrieve_memory_records",
        {"namespace": "/n/", "searchCriteria": SEARCH},
        {"namespace": "/n/"},
    ),
    "retrieve by path and strategy": (
        "retrieve_memory_records",
        {"namespacePath": "/n/", "searchCriteria": SEARCH | {"memoryStrategyId": "Facts-0123456789"}},
        {"namespacePath": "/n/", "strategyId": "Facts-0123456789"},
    ),
    "list by namespace and strategy": (
        "list_memory_records",
        {"namespace": "/n/", "memoryStrategyId": "Facts-0123456789"},
        {"namespace": "/n/", "strategyId": "Facts-0123456789"},
    ),
    "list by path": ("list_memory_records", {"namespacePath": "/n/"}, {"namespacePath": "/n/"}),
    "batch_create": ("batch_create_memory_records", {"records": [THERE]}, {"namespace": "/n/"}),
    "get_memory_record": ("get_memory_record", {"memoryRecordId": RECORD}, {}),
    "delete_memory_record": ("delete_memory_record", {"memoryRecordId": RECORD}, {}),
    "batch_delete": ("batch_delete_memory_records", {"records": [{"memoryRecordId": RECORD}]}, {}),
    "list_memory_extraction_jobs": ("list_memory_extraction_jobs", {}, {}),
    "start_memory_extraction_job": ("start_memory_extraction_job", {"extractionJob": JOB}, {}),
}


@pytest.mark.parametrize("name", SERVICE_KEYS)
def test_the_services_own_keys_are_what_the_request_named(
    server: Server, owner: Keys, tagged: dict[str, Any], make_user: Any, name: str
) -> None:
    operation, arguments, wanted = SERVICE_KEYS[name]
    data = server.client("bedrock-agentcore", make_user(allow("*"), REFUSED), config=NO_RETRIES)
    found = keys_of(server, owner, lambda: getattr(data, operation)(memoryId=tagged["id"], **arguments))
    own = {key.split(":", 1)[1]: values for key, values in found.items() if key.startswith("bedrock-agentcore:")}
    assert own == {key: [value] for key, value in wanted.items()}
    others = {key for key in found if not key.startswith("bedrock-agentcore:")}
    assert others == ALWAYS | {"aws:username", "aws:ResourceTag/stage"}


def test_who_assumes_a_role_tells_more(server: Server, owner: Keys, make_user: Any) -> None:
    user = make_user(allow("*"), deny("sts:*"))
    sts = server.client("sts", user)
    role = f"arn:aws:iam::{owner.account}:role/any"
    found = keys_of(
        server,
        owner,
        lambda: sts.assume_role(
            RoleArn=role,
            RoleSessionName="night",
            ExternalId="x-1",
            SourceIdentity="ann",
            Tags=[{"Key": "k", "Value": "v"}],
            TransitiveTagKeys=["k"],
        ),
    )
    asked = {name: values for name, values in found.items() if name not in ALWAYS | {"aws:username"}}
    assert asked.pop("sts:DurationSeconds", None) is None, "it was not asked for"
    assert asked == {
        "sts:RoleSessionName": ["night"],
        "sts:ExternalId": ["x-1"],
        "sts:SourceIdentity": ["ann"],
        "sts:TransitiveTagKeys": ["k"],
        "aws:RequestTag/k": ["v"],
        "aws:TagKeys": ["k"],
    }
    bare = keys_of(server, owner, lambda: sts.assume_role(RoleArn=role, RoleSessionName="night"))
    assert {name for name in bare if name.startswith("sts:")} == {"sts:RoleSessionName"}
