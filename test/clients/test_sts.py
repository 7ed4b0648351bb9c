"""STS: who am I, and who may become whom."""

import json
import re
from datetime import datetime, timezone
from typing import Any

import pytest

from support import UNCHECKED, Keys, Server, allow, deny, not_allowed, policy, refused, trust


@pytest.fixture
def make_role(iam: Any, owner: Keys) -> Any:
    """Makes a role in `owner`'s account; answers its ARN."""

    def make(
        name: str,
        principal: Any = None,
        *statements: dict[str, Any],
        condition: dict[str, Any] | None = None,
        action: Any = "sts:AssumeRole",
        **options: Any,
    ) -> str:
        document = json.loads(trust(principal or {"AWS": owner.account}))
        document["Statement"][0]["Action"] = action
        if condition:
            document["Statement"][0]["Condition"] = condition
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document), **options)["Role"]["Arn"]
        if statements:
            iam.put_role_policy(RoleName=name, PolicyName="inline", PolicyDocument=policy(*statements))
        return arn

    return make


def assume(server: Server, keys: Keys, arn: str, **options: Any) -> Keys:
    answer = server.client("sts", keys).assume_role(RoleArn=arn, **({"RoleSessionName": "test"} | options))
    return Keys.of_credentials(arn.split(":")[4], answer["Credentials"])


def identity(server: Server, keys: Keys) -> str:
    return server.client("sts", keys).get_caller_identity()["Arn"]


def test_everyone_may_ask_who_they_are_even_when_denied(server: Server, sts: Any, owner: Keys, make_user: Any) -> None:
    me = sts.get_caller_identity()
    assert me["Account"] == owner.account and me["Arn"].startswith(f"arn:aws:iam::{owner.account}:user/")
    assert me["UserId"].startswith("AIDA")
    denied = make_user(deny("*"), name="denied")
    assert identity(server, denied) == f"arn:aws:iam::{owner.account}:user/denied"


def test_a_session_has_the_roles_name_and_its_own(server: Server, sts: Any, owner: Keys, make_role: Any) -> None:
    arn = make_role("Reader", None, allow("bedrock-agentcore:ListMemories"), Path="/team/")
    assert arn == f"arn:aws:iam::{owner.account}:role/team/Reader"
    answer = sts.assume_role(RoleArn=arn, RoleSessionName="me@work")
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{owner.account}:assumed-role/Reader/me@work"
    assert re.fullmatch(r"AROA[A-Z0-9]{17}:me@work", answer["AssumedRoleUser"]["AssumedRoleId"])
    credentials = answer["Credentials"]
    assert credentials["AccessKeyId"].startswith("ASIA") and len(credentials["AccessKeyId"]) == 20
    lifetime = credentials["Expiration"] - datetime.now(timezone.utc)
    assert 3500 < lifetime.total_seconds() <= 3600

    session = Keys.of_credentials(owner.account, credentials)
    me = server.client("sts", session).get_caller_identity()
    assert (me["Arn"], me["UserId"]) == (answer["AssumedRoleUser"]["Arn"], answer["AssumedRoleUser"]["AssumedRoleId"])
    control = server.client("bedrock-agentcore-control", session)
    control.list_memories()
    with refused(
        "AccessDeniedException",
        403,
        text=not_allowed(me["Arn"], "bedrock-agentcore:CreateMemory", "*", "identity-based policy"),
    ):
        control.create_memory(name="No", eventExpiryDuration=30)


def test_across_accounts_both_the_trust_and_the_caller_must_allow(
    server: Server, owner: Keys, stranger: Keys, make_role: Any
) -> None:
    arn = make_role("Shared", {"AWS": f"arn:aws:iam::{stranger.account}:root"})
    assert identity(server, assume(server, stranger, arn)) == f"arn:aws:sts::{owner.account}:assumed-role/Shared/test"

    iam = server.client("iam", stranger)
    iam.create_user(UserName="weak")
    key = iam.create_access_key(UserName="weak")["AccessKey"]
    weak = Keys(stranger.account, key["AccessKeyId"], key["SecretAccessKey"])
    with refused(
        "AccessDenied",
        403,
        pattern=rf"user/weak is not authorized to perform: sts:AssumeRole on resource: {re.escape(arn)}",
    ):
        assume(server, weak, arn)
    iam.put_user_policy(UserName="weak", PolicyName="p", PolicyDocument=policy(allow("sts:AssumeRole", arn)))
    assume(server, weak, arn)


def test_without_trust_nobody_gets_in(server: Server, owner: Keys, stranger: Keys, make_role: Any) -> None:
    arn = make_role("Private")
    with refused("AccessDenied", 403):
        assume(server, stranger, arn)
    with refused("AccessDenied", 403):  # what does not exist looks no different
        assume(server, stranger, arn + "Not")


def test_in_one_account_trust_that_names_the_user_suffices(
    server: Server, owner: Keys, make_user: Any, make_role: Any
) -> None:
    named = make_user(name="named")
    assume(server, named, make_role("ForNamed", {"AWS": f"arn:aws:iam::{owner.account}:user/named"}))
    with refused("AccessDenied", 403):
        assume(server, named, make_role("ForAccount", {"AWS": owner.account}))


def test_an_external_id_must_match(server: Server, stranger: Keys, make_role: Any) -> None:
    arn = make_role("Partner", {"AWS": stranger.account}, condition={"StringEquals": {"sts:ExternalId": "tally-7"}})
    assume(server, stranger, arn, ExternalId="tally-7")
    with refused("AccessDenied", 403):
        assume(server, stranger, arn)
    with refused("AccessDenied", 403):
        assume(server, stranger, arn, ExternalId="tally-8")


def test_a_session_policy_only_takes_away(server: Server, owner: Keys, make_role: Any) -> None:
    arn = make_role("Wide", None, allow("bedrock-agentcore:*"))
    limited = assume(server, owner, arn, Policy=policy(allow(["bedrock-agentcore:ListMemories", "iam:*"])))
    control = server.client("bedrock-agentcore-control", limited)
    control.list_memories()
    with refused(
        "AccessDeniedException",
        403,
        pattern="because no session policy allows the bedrock-agentcore:CreateMemory action",
    ):
        control.create_memory(name="No", eventExpiryDuration=30)
    with refused("AccessDenied", 403, pattern="because no identity-based policy allows the iam:ListUsers action"):
        server.client("iam", limited).list_users()


def test_a_managed_session_policy_limits_too(server: Server, owner: Keys, make_role: Any) -> None:
    arn = make_role("Wide2", None, allow("*"))
    limited = assume(server, owner, arn, PolicyArns=[{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}])
    server.client("iam", limited).list_users()
    with refused("AccessDenied", 403):
        server.client("iam", limited).create_user(UserName="no")


def test_session_tags_need_permission_and_become_principal_tags(
    server: Server, owner: Keys, make_role: Any, memory: dict[str, Any]
) -> None:
    statement = allow(
        "bedrock-agentcore:ListEvents",
        Condition={"StringEquals": {"bedrock-agentcore:actorId": "${aws:PrincipalTag/actor}"}},
    )
    tags = [{"Key": "actor", "Value": "ann"}]
    plain = make_role("Untagged", None, statement)
    with refused("AccessDenied", 403):
        assume(server, owner, plain, Tags=tags)
    arn = make_role("Tagging", None, statement, action=["sts:AssumeRole", "sts:TagSession"])
    data = server.client("bedrock-agentcore", assume(server, owner, arn, Tags=tags))
    data.list_events(memoryId=memory["id"], actorId="ann", sessionId="one")
    with refused("AccessDeniedException", 403):
        data.list_events(memoryId=memory["id"], actorId="bob", sessionId="one")


def test_durations_have_limits(server: Server, owner: Keys, make_role: Any) -> None:
    short = make_role("Short")
    long = make_role("Long", None, allow("sts:AssumeRole"), MaxSessionDuration=43200)
    assume(server, owner, long, DurationSeconds=43200)
    with refused(
        "ValidationError", 400, text="The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
    ):
        assume(server, owner, short, DurationSeconds=3601)
    chained = assume(server, owner, long)
    with refused(
        "ValidationError",
        400,
        text="The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by " "role chaining.",
    ):
        assume(server, chained, long, DurationSeconds=3601)
    assume(server, chained, long, DurationSeconds=3600)


@pytest.mark.parametrize(
    ("change", "code", "pattern"),
    [
        ({"RoleArn": "arn:aws:iam::111111111111:nonsense"}, "ValidationError", "is invalid"),
        (
            {"RoleSessionName": "has:colon"},
            "ValidationError",
            r"Value 'has:colon' at 'roleSessionName' failed to satisfy constraint",
        ),
        ({"Policy": "{"}, "MalformedPolicyDocument", ""),
        ({"DurationSeconds": 899}, "ValidationError", "durationSeconds"),
    ],
)
def test_invalid_requests_are_named(
    server: Server, owner: Keys, make_role: Any, change: dict[str, Any], code: str, pattern: str
) -> None:
    request = {"RoleArn": make_role("Some"), "RoleSessionName": "test"} | change
    with refused(code, 400, pattern=pattern):
        server.client("sts", owner, config=UNCHECKED).assume_role(**request)


def test_a_deleted_role_takes_its_sessions_with_it(server: Server, iam: Any, owner: Keys, make_role: Any) -> None:
    session = assume(server, owner, make_role("Brief", None, allow("bedrock-agentcore:*")))
    control = server.client("bedrock-agentcore-control", session)
    control.list_memories()
    iam.delete_role_policy(RoleName="Brief", PolicyName="inline")
    with refused("AccessDeniedException", 403):
        control.list_memories()
    iam.delete_role(RoleName="Brief")
    with pytest.raises(control.exceptions.ClientError):
        control.list_memories()
    # A role of the same name is another role.
    make_role("Brief", None, allow("bedrock-agentcore:*"))
    with pytest.raises(control.exceptions.ClientError):
        control.list_memories()


def test_a_boundary_limits_what_identity_policies_grant(server: Server, iam: Any, owner: Keys, make_user: Any) -> None:
    boundary = iam.create_policy(PolicyName="Bound", PolicyDocument=policy(allow("bedrock-agentcore:List*")))["Policy"][
        "Arn"
    ]
    keys = make_user(allow("bedrock-agentcore:*"), name="bound", PermissionsBoundary=boundary)
    control = server.client("bedrock-agentcore-control", keys)
    control.list_memories()
    with refused(
        "AccessDeniedException",
        403,
        text=not_allowed(
            f"arn:aws:iam::{owner.account}:user/bound", "bedrock-agentcore:CreateMemory", "*", "permissions boundary"
        ),
    ):
        control.create_memory(name="No", eventExpiryDuration=30)


def test_session_tokens_carry_the_user(server: Server, sts: Any, owner: Keys) -> None:
    answer = sts.get_session_token(DurationSeconds=900)
    session = Keys.of_credentials(owner.account, answer["Credentials"])
    assert identity(server, session) == sts.get_caller_identity()["Arn"]
    server.client("bedrock-agentcore-control", session).list_memories()


def test_federated_sessions_are_limited_by_their_policy(server: Server, sts: Any, owner: Keys) -> None:
    answer = sts.get_federation_token(Name="guest", Policy=policy(allow("bedrock-agentcore:ListMemories")))
    guest = Keys.of_credentials(owner.account, answer["Credentials"])
    assert answer["FederatedUser"]["Arn"] == f"arn:aws:sts::{owner.account}:federated-user/guest"
    assert identity(server, guest) == answer["FederatedUser"]["Arn"]
    control = server.client("bedrock-agentcore-control", guest)
    control.list_memories()
    with refused("AccessDeniedException", 403):
        control.create_memory(name="No", eventExpiryDuration=30)


def test_a_key_tells_its_account(sts: Any, stranger: Keys) -> None:
    assert sts.get_access_key_info(AccessKeyId=stranger.access_key)["Account"] == stranger.account
