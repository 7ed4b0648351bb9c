"""Resource policies of memories: their wire shape, their validation, and that they take effect at the next call."""

import json
from typing import Any

import pytest

from support import Keys, Server, allow, not_allowed, policy, refused

READ_ACTIONS = ["bedrock-agentcore:ListEvents", "bedrock-agentcore:GetEvent"]


def sharing(arn: str, principal: Any, action: Any = "bedrock-agentcore:ListEvents", **more: Any) -> str:
    return policy(allow(action, arn, Principal=principal, **more))


def list_events(server: Server, keys: Keys, memory_arn: str, **change: Any) -> list[dict[str, Any]]:
    request = {"memoryId": memory_arn, "actorId": "ann", "sessionId": "one"} | change
    return server.client("bedrock-agentcore", keys).list_events(**request)["events"]


def test_put_answers_the_policy_and_get_returns_it_unchanged(
    control: Any, memory: dict[str, Any], stranger: Keys
) -> None:
    document = sharing(memory["arn"], {"AWS": f"arn:aws:iam::{stranger.account}:root"})
    put = control.put_resource_policy(resourceArn=memory["arn"], policy=document)
    assert put["ResponseMetadata"]["HTTPStatusCode"] == 201
    assert json.loads(put["policy"]) == json.loads(document)
    got = control.get_resource_policy(resourceArn=memory["arn"])
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert json.loads(got["policy"]) == json.loads(document)
    assert json.loads(got["policy"])["Statement"][0]["Action"] == "bedrock-agentcore:ListEvents"


def test_get_without_a_policy_answers_without_one(control: Any, memory: dict[str, Any]) -> None:
    got = control.get_resource_policy(resourceArn=memory["arn"])
    assert got["ResponseMetadata"]["HTTPStatusCode"] == 200 and not got.get("policy")


def test_put_replaces_the_whole_document(control: Any, memory: dict[str, Any], stranger: Keys) -> None:
    root = {"AWS": f"arn:aws:iam::{stranger.account}:root"}
    control.put_resource_policy(resourceArn=memory["arn"], policy=sharing(memory["arn"], root))
    second = sharing(memory["arn"], root, READ_ACTIONS)
    control.put_resource_policy(resourceArn=memory["arn"], policy=second)
    assert json.loads(control.get_resource_policy(resourceArn=memory["arn"])["policy"]) == json.loads(second)


def test_delete_removes_it_and_a_second_delete_finds_none(control: Any, memory: dict[str, Any], stranger: Keys) -> None:
    control.put_resource_policy(
        resourceArn=memory["arn"], policy=sharing(memory["arn"], {"AWS": f"arn:aws:iam::{stranger.account}:root"})
    )
    assert control.delete_resource_policy(resourceArn=memory["arn"])["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert not control.get_resource_policy(resourceArn=memory["arn"]).get("policy")
    with refused("ResourceNotFoundException", 404):
        control.delete_resource_policy(resourceArn=memory["arn"])


def test_a_memory_that_does_not_exist_has_no_policy(control: Any, memory: dict[str, Any]) -> None:
    missing = memory["arn"][:-10] + "0123456789"
    with refused("ResourceNotFoundException", 404):
        control.get_resource_policy(resourceArn=missing)
    with refused("ResourceNotFoundException", 404):
        control.put_resource_policy(resourceArn=missing, policy=sharing(missing, {"AWS": "111111111111"}))


BROKEN = {
    "not json": "{",
    "not an object": "[]",
    "no statement": json.dumps({"Version": "2012-10-17"}),
    "no version": json.dumps({"Statement": [allow("bedrock-agentcore:GetEvent", "ARN", Principal="*")]}),
    "no principal": policy(allow("bedrock-agentcore:GetEvent", "ARN")),
    "no effect": policy({"Principal": "*", "Action": "bedrock-agentcore:GetEvent", "Resource": "ARN"}),
    "no action": policy({"Effect": "Allow", "Principal": "*", "Resource": "ARN"}),
    "any resource": policy(allow("bedrock-agentcore:GetEvent", "*", Principal="*")),
    "another resource": policy(allow("bedrock-agentcore:GetEvent", "ARNx", Principal="*")),
    "a wildcard of the resource": policy(allow("bedrock-agentcore:GetEvent", "ARN*", Principal="*")),
    "an action of another service": policy(allow("s3:GetObject", "ARN", Principal="*")),
    "an action that memories do not have": policy(allow("bedrock-agentcore:InvokeGateway", "ARN", Principal="*")),
    "an effect that is none": policy(
        {"Effect": "Maybe", "Principal": "*", "Action": "bedrock-agentcore:GetEvent", "Resource": "ARN"}
    ),
    "an operator that is none": policy(
        allow("bedrock-agentcore:GetEvent", "ARN", Principal="*", Condition={"Equals": {"a": "b"}})
    ),
    "a malformed principal": policy(
        allow("bedrock-agentcore:GetEvent", "ARN", Principal={"AWS": "arn:aws:iam::1:role/*"})
    ),
    "too many statements": policy(
        *[allow("bedrock-agentcore:GetEvent", "ARN", Principal="*", Sid=f"s{n}") for n in range(101)]
    ),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_policy_that_could_mislead_is_refused(control: Any, memory: dict[str, Any], what: str) -> None:
    with refused("ValidationException", 400):
        control.put_resource_policy(resourceArn=memory["arn"], policy=BROKEN[what].replace("ARN", memory["arn"]))
    assert not control.get_resource_policy(resourceArn=memory["arn"]).get("policy")


def test_sizes_are_accepted_up_to_their_limit(control: Any, memory: dict[str, Any]) -> None:
    statement = allow("bedrock-agentcore:GetEvent", memory["arn"], Principal="*")
    control.put_resource_policy(resourceArn=memory["arn"], policy=policy(*[statement] * 100))
    document = policy(statement)
    control.put_resource_policy(resourceArn=memory["arn"], policy=document + " " * (20480 - len(document)))
    with refused("ValidationException", 400):
        control.put_resource_policy(resourceArn=memory["arn"], policy=document + " " * (20481 - len(document)))


def test_both_halves_are_needed_across_accounts(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys, make_session: Any
) -> None:
    able = make_session(stranger, "Able", allow("bedrock-agentcore:ListEvents"))
    unable = make_session(stranger, "Unable", allow("bedrock-agentcore:GetEvent"))
    action, arn = "bedrock-agentcore:ListEvents", memory["arn"]

    def principal(role: str) -> str:
        return f"arn:aws:sts::{stranger.account}:assumed-role/{role}/test"

    with refused(
        "AccessDeniedException", 403, text=not_allowed(principal("Able"), action, arn, "resource-based policy")
    ):
        list_events(server, able, arn)
    control.put_resource_policy(resourceArn=arn, policy=sharing(arn, {"AWS": f"arn:aws:iam::{stranger.account}:root"}))
    assert list_events(server, able, arn) == []
    with refused(
        "AccessDeniedException", 403, text=not_allowed(principal("Unable"), action, arn, "identity-based policy")
    ):
        list_events(server, unable, arn)
    control.delete_resource_policy(resourceArn=arn)
    with refused(
        "AccessDeniedException", 403, text=not_allowed(principal("Able"), action, arn, "resource-based policy")
    ):
        list_events(server, able, arn)


def test_a_role_is_named_exactly(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys, make_session: Any
) -> None:
    named = make_session(stranger, "Named", allow("bedrock-agentcore:*"))
    other = make_session(stranger, "NamedToo", allow("bedrock-agentcore:*"))
    control.put_resource_policy(
        resourceArn=memory["arn"],
        policy=sharing(memory["arn"], {"AWS": [f"arn:aws:iam::{stranger.account}:role/Named"]}),
    )
    assert list_events(server, named, memory["arn"]) == []
    for keys in (other, stranger):
        with refused("AccessDeniedException", 403, pattern="because no resource-based policy allows"):
            list_events(server, keys, memory["arn"])


def test_one_session_may_be_named(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys, make_session: Any
) -> None:
    named = make_session(stranger, "Role", session="this-one")
    sts = server.client("sts", stranger)
    other = Keys.of_credentials(
        stranger.account,
        sts.assume_role(RoleArn=f"arn:aws:iam::{stranger.account}:role/Role", RoleSessionName="that-one")[
            "Credentials"
        ],
    )
    control.put_resource_policy(
        resourceArn=memory["arn"],
        policy=sharing(memory["arn"], {"AWS": f"arn:aws:sts::{stranger.account}:assumed-role/Role/this-one"}),
    )
    assert list_events(server, named, memory["arn"]) == []
    with refused("AccessDeniedException", 403):
        list_events(server, other, memory["arn"])


def test_the_same_account_needs_one_half_only(
    server: Server, control: Any, memory: dict[str, Any], owner: Keys, make_user: Any
) -> None:
    silent = make_user(name="silent")
    arn, user_arn = memory["arn"], f"arn:aws:iam::{owner.account}:user/silent"
    with refused(
        "AccessDeniedException",
        403,
        text=not_allowed(user_arn, "bedrock-agentcore:ListEvents", arn, "identity-based policy"),
    ):
        list_events(server, silent, arn)
    control.put_resource_policy(resourceArn=arn, policy=sharing(arn, {"AWS": user_arn}))
    assert list_events(server, silent, arn) == []
    # The account's root delegates to its identity policies and grants nothing by itself.
    control.put_resource_policy(resourceArn=arn, policy=sharing(arn, {"AWS": owner.account}))
    with refused("AccessDeniedException", 403):
        list_events(server, silent, arn)
    assert list_events(server, make_user(allow("bedrock-agentcore:ListEvents", arn)), arn) == []


def test_an_explicit_deny_outvotes_everything(
    server: Server, control: Any, memory: dict[str, Any], owner: Keys
) -> None:
    arn = memory["arn"]
    control.put_resource_policy(
        resourceArn=arn,
        policy=policy(
            allow("bedrock-agentcore:*", arn, Principal="*"),
            {"Effect": "Deny", "Principal": "*", "Action": "bedrock-agentcore:ListEvents", "Resource": arn},
        ),
    )
    with refused("AccessDeniedException", 403, pattern="with an explicit deny in a resource-based policy$"):
        list_events(server, owner, arn)
    assert server.client("bedrock-agentcore", owner).list_actors(memoryId=arn)["actorSummaries"] == []


def test_conditions_see_the_actor_and_the_session(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys
) -> None:
    arn = memory["arn"]
    control.put_resource_policy(
        resourceArn=arn,
        policy=sharing(
            arn,
            {"AWS": f"arn:aws:iam::{stranger.account}:root"},
            Condition={
                "StringEquals": {"bedrock-agentcore:actorId": "ann"},
                "StringLike": {"bedrock-agentcore:sessionId": "on*"},
            },
        ),
    )
    assert list_events(server, stranger, arn) == []
    for change in ({"actorId": "bob"}, {"sessionId": "two"}, {"actorId": "Ann"}):
        with refused("AccessDeniedException", 403):
            list_events(server, stranger, arn, **change)


def test_conditions_see_who_calls_and_from_where(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys
) -> None:
    arn = memory["arn"]
    for condition, holds in (
        ({"StringEquals": {"aws:PrincipalAccount": stranger.account}}, True),
        ({"StringEquals": {"aws:PrincipalAccount": "999999999999"}}, False),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, True),
        ({"NotIpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, False),
        # Absent on a direct call: the key comes only from a service that calls for a resource.
        ({"StringEquals": {"aws:SourceAccount": stranger.account}}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, True),
        ({"StringEquals": {"aws:RequestedRegion": "us-east-1"}}, True),
        ({"DateLessThan": {"aws:CurrentTime": "2020-01-01T00:00:00Z"}}, False),
    ):
        control.put_resource_policy(resourceArn=arn, policy=sharing(arn, "*", Condition=condition))
        if holds:
            assert list_events(server, stranger, arn) == [], condition
        else:
            with refused("AccessDeniedException", 403):
                list_events(server, stranger, arn)


def test_conditions_see_the_tags_of_the_memory(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys
) -> None:
    arn = memory["arn"]
    control.put_resource_policy(
        resourceArn=arn, policy=sharing(arn, "*", Condition={"StringEquals": {"aws:ResourceTag/open": "yes"}})
    )
    with refused("AccessDeniedException", 403):
        list_events(server, stranger, arn)
    control.tag_resource(resourceArn=arn, tags={"open": "yes"})
    assert list_events(server, stranger, arn) == []
    control.untag_resource(resourceArn=arn, tagKeys=["open"])
    with refused("AccessDeniedException", 403):
        list_events(server, stranger, arn)


def test_a_policy_goes_with_its_memory(control: Any, memory: dict[str, Any]) -> None:
    control.put_resource_policy(resourceArn=memory["arn"], policy=sharing(memory["arn"], "*"))
    control.delete_memory(memoryId=memory["id"])
    with refused("ResourceNotFoundException", 404):
        control.get_resource_policy(resourceArn=memory["arn"])


def test_only_the_owner_writes_it(server: Server, control: Any, memory: dict[str, Any], stranger: Keys) -> None:
    arn = memory["arn"]
    control.put_resource_policy(resourceArn=arn, policy=sharing(arn, "*", "bedrock-agentcore:*"))
    theirs = server.client("bedrock-agentcore-control", stranger)
    for call in (
        lambda: theirs.put_resource_policy(resourceArn=arn, policy=sharing(arn, "*")),
        lambda: theirs.delete_resource_policy(resourceArn=arn),
        lambda: theirs.get_resource_policy(resourceArn=arn),
    ):
        with pytest.raises(theirs.exceptions.ClientError) as refusal:
            call()
        assert refusal.value.response["Error"]["Code"] in ("AccessDeniedException", "ValidationException")
    assert json.loads(control.get_resource_policy(resourceArn=arn)["policy"])["Statement"][0]["Principal"] == "*"


def test_a_role_made_again_under_its_name_is_another(
    server: Server, control: Any, memory: dict[str, Any], stranger: Keys, make_session: Any
) -> None:
    session = make_session(stranger, "Reader")
    role = f"arn:aws:iam::{stranger.account}:role/Reader"
    document = policy(allow("bedrock-agentcore:ListActors", memory["arn"], Principal={"AWS": role}))
    control.put_resource_policy(resourceArn=memory["arn"], policy=document)
    server.client("bedrock-agentcore", session).list_actors(memoryId=memory["arn"])
    assert control.get_resource_policy(resourceArn=memory["arn"])["policy"] == document
    iam = server.client("iam", stranger)
    old = iam.get_role(RoleName="Reader")["Role"]["RoleId"]
    iam.delete_role_policy(RoleName="Reader", PolicyName="inline")
    iam.delete_role(RoleName="Reader")
    again = make_session(stranger, "Reader")
    with refused("AccessDeniedException", 403, pattern="no resource-based policy allows"):
        server.client("bedrock-agentcore", again).list_actors(memoryId=memory["arn"])
    shown = control.get_resource_policy(resourceArn=memory["arn"])["policy"]
    assert old in shown and role not in shown
    control.put_resource_policy(resourceArn=memory["arn"], policy=document)
    server.client("bedrock-agentcore", again).list_actors(memoryId=memory["arn"])
