"""IAM, as boto3 sees it: users, groups, roles, policies, and how they refuse."""

import json
import re
from typing import Any

import pytest

from support import Keys, Server, allow, deny, policy, refused, trust

READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


def test_a_user_is_made_read_listed_and_deleted(iam: Any, owner: Keys) -> None:
    made = iam.create_user(UserName="ann", Path="/team/", Tags=[{"Key": "team", "Value": "blue"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{owner.account}:user/team/ann"
    assert re.fullmatch(r"AIDA[A-Z0-9]{17}", made["UserId"])
    assert iam.get_user(UserName="ann")["User"]["Tags"] == [{"Key": "team", "Value": "blue"}]
    assert [user["UserName"] for user in iam.list_users(PathPrefix="/team/")["Users"]] == ["ann"]
    with refused("EntityAlreadyExists", 409):
        iam.create_user(UserName="ann")
    iam.delete_user(UserName="ann")
    with refused("NoSuchEntity", 404, text="The user with name ann cannot be found."):
        iam.get_user(UserName="ann")


def test_a_user_that_holds_something_is_not_deleted(iam: Any) -> None:
    iam.create_user(UserName="busy")
    key = iam.create_access_key(UserName="busy")["AccessKey"]["AccessKeyId"]
    with refused("DeleteConflict", 409):
        iam.delete_user(UserName="busy")
    iam.delete_access_key(UserName="busy", AccessKeyId=key)
    iam.attach_user_policy(UserName="busy", PolicyArn=READ_ONLY)
    with refused("DeleteConflict", 409):
        iam.delete_user(UserName="busy")
    iam.detach_user_policy(UserName="busy", PolicyArn=READ_ONLY)
    iam.delete_user(UserName="busy")


def test_access_keys_work_while_they_are_active(server: Server, iam: Any, make_user: Any) -> None:
    keys = make_user(allow("iam:GetUser"), name="keyed")
    mine = server.client("iam", keys)
    assert mine.get_user(UserName="keyed")["User"]["UserName"] == "keyed"
    assert iam.get_access_key_last_used(AccessKeyId=keys.access_key)["UserName"] == "keyed"
    iam.update_access_key(UserName="keyed", AccessKeyId=keys.access_key, Status="Inactive")
    with refused("InvalidClientTokenId", 403):
        mine.get_user(UserName="keyed")
    iam.update_access_key(UserName="keyed", AccessKeyId=keys.access_key, Status="Active")
    mine.get_user(UserName="keyed")
    iam.delete_access_key(UserName="keyed", AccessKeyId=keys.access_key)
    with refused("InvalidClientTokenId", 403):
        mine.get_user(UserName="keyed")


def test_a_user_has_two_keys_at_most(iam: Any) -> None:
    iam.create_user(UserName="two-keys")
    for _ in range(2):
        iam.create_access_key(UserName="two-keys")
    with refused("LimitExceeded", 409):
        iam.create_access_key(UserName="two-keys")
    listed = iam.list_access_keys(UserName="two-keys")["AccessKeyMetadata"]
    assert len(listed) == 2 and all("SecretAccessKey" not in key for key in listed)


def test_permissions_come_from_groups_inline_and_managed_policies(server: Server, iam: Any, make_user: Any) -> None:
    keys = make_user(name="member")
    control = server.client("bedrock-agentcore-control", keys)

    def allowed() -> bool:
        try:
            control.list_memories()
            return True
        except control.exceptions.AccessDeniedException:
            return False

    assert not allowed()
    iam.create_group(GroupName="readers")
    iam.put_group_policy(
        GroupName="readers", PolicyName="p", PolicyDocument=policy(allow("bedrock-agentcore:ListMemories"))
    )
    assert not allowed()
    iam.add_user_to_group(GroupName="readers", UserName="member")
    assert allowed()
    iam.remove_user_from_group(GroupName="readers", UserName="member")
    assert not allowed()
    arn = iam.create_policy(PolicyName="Listing", PolicyDocument=policy(allow("bedrock-agentcore:List*")))["Policy"][
        "Arn"
    ]
    iam.attach_user_policy(UserName="member", PolicyArn=arn)
    assert allowed()
    iam.put_user_policy(
        UserName="member", PolicyName="no", PolicyDocument=policy(deny("bedrock-agentcore:ListMemories"))
    )
    with refused("AccessDeniedException", 403, pattern="with an explicit deny in an identity-based policy"):
        control.list_memories()
    iam.delete_user_policy(UserName="member", PolicyName="no")
    iam.detach_user_policy(UserName="member", PolicyArn=arn)
    assert not allowed()


def test_policy_versions_replace_one_another(server: Server, iam: Any, make_user: Any) -> None:
    keys = make_user(name="versioned")
    arn = iam.create_policy(PolicyName="V", PolicyDocument=policy(allow("bedrock-agentcore:ListMemories")))["Policy"][
        "Arn"
    ]
    iam.attach_user_policy(UserName="versioned", PolicyArn=arn)
    control = server.client("bedrock-agentcore-control", keys)
    control.list_memories()
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(deny("*")), SetAsDefault=True)[
        "PolicyVersion"
    ]
    assert made["VersionId"] == "v2"
    with refused("AccessDeniedException", 403):
        control.list_memories()
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    control.list_memories()
    with refused("DeleteConflict", 409):
        iam.delete_policy_version(PolicyArn=arn, VersionId="v1")
    for _ in range(3):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(deny("*")))
    with refused("LimitExceeded", 409):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=policy(deny("*")))
    document = iam.get_policy_version(PolicyArn=arn, VersionId="v1")["PolicyVersion"]["Document"]
    assert document == json.loads(policy(allow("bedrock-agentcore:ListMemories")))
    with refused("DeleteConflict", 409):
        iam.delete_policy(PolicyArn=arn)


def test_managed_policies_of_aws_are_real_documents(iam: Any) -> None:
    version = iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess", VersionId=version)
    assert document["PolicyVersion"]["Document"]["Statement"] == [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    with refused("NoSuchEntity", 404):
        iam.get_policy(PolicyArn="arn:aws:iam::aws:policy/NoSuchPolicy")


def test_a_role_comes_back_with_its_trust(iam: Any, owner: Keys) -> None:
    document = trust({"Service": "bedrock-agentcore.amazonaws.com"})
    made = iam.create_role(
        RoleName="Exec", AssumeRolePolicyDocument=document, Description="runs", MaxSessionDuration=7200
    )["Role"]
    assert re.fullmatch(r"AROA[A-Z0-9]{17}", made["RoleId"])
    read = iam.get_role(RoleName="Exec")["Role"]
    assert read["AssumeRolePolicyDocument"] == json.loads(document)
    assert (read["MaxSessionDuration"], read["Description"]) == (7200, "runs")
    iam.get_waiter("role_exists").wait(RoleName="Exec", WaiterConfig={"Delay": 1, "MaxAttempts": 3})
    iam.update_assume_role_policy(RoleName="Exec", PolicyDocument=trust({"AWS": owner.account}))
    statement = iam.get_role(RoleName="Exec")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]
    assert statement["Principal"] == {"AWS": f"arn:aws:iam::{owner.account}:root"}


def test_a_role_that_holds_policies_is_not_deleted(iam: Any, owner: Keys) -> None:
    iam.create_role(RoleName="Held", AssumeRolePolicyDocument=trust({"AWS": owner.account}))
    iam.put_role_policy(RoleName="Held", PolicyName="p", PolicyDocument=policy(allow("*")))
    with refused("DeleteConflict", 409):
        iam.delete_role(RoleName="Held")
    iam.delete_role_policy(RoleName="Held", PolicyName="p")
    iam.delete_role(RoleName="Held")


def test_a_trusted_role_that_was_made_again_is_another_one(
    iam: Any, server: Server, owner: Keys, stranger: Keys, make_session: Any
) -> None:
    caller = make_session(stranger, "Caller", allow("sts:AssumeRole"))
    iam.create_role(
        RoleName="Trusting", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{stranger.account}:role/Caller"})
    )
    arn = f"arn:aws:iam::{owner.account}:role/Trusting"
    server.client("sts", caller).assume_role(RoleArn=arn, RoleSessionName="one")

    theirs = server.client("iam", stranger)
    theirs.delete_role_policy(RoleName="Caller", PolicyName="inline")
    theirs.delete_role(RoleName="Caller")
    again = make_session(stranger, "Caller", allow("sts:AssumeRole"))
    with refused("AccessDenied", 403):
        server.client("sts", again).assume_role(RoleArn=arn, RoleSessionName="two")
    principal = iam.get_role(RoleName="Trusting")["Role"]["AssumeRolePolicyDocument"]["Statement"][0]["Principal"][
        "AWS"
    ]
    assert re.fullmatch(r"AROA[A-Z0-9]{17}", principal)


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        "{}",
        json.dumps({"Statement": []}),
        policy({"Effect": "Allow", "Resource": "*"}),
        policy({"Effect": "Allow", "Action": "*"}),
        policy({"Effect": "Permit", "Action": "*", "Resource": "*"}),
        policy(allow("no colon")),
        policy(allow("s3:Get", "not-an-arn")),
        policy(allow("*", Principal="*")),
        policy(allow("*", Condition={"NoSuchOperator": {"a": "b"}})),
        json.dumps({"Version": "2020-01-01", "Statement": [allow("*")]}),
    ],
)
def test_a_malformed_policy_is_refused(iam: Any, document: str) -> None:
    with refused("MalformedPolicyDocument", 400):
        iam.create_policy(PolicyName="Broken", PolicyDocument=document)
    with refused("NoSuchEntity", 404):
        iam.get_policy(PolicyArn=f"arn:aws:iam::{iam.get_user()['User']['Arn'].split(':')[4]}:policy/Broken")


def test_a_trust_in_nobody_is_refused(iam: Any, owner: Keys) -> None:
    missing = f"arn:aws:iam::{owner.account}:role/nobody"
    with refused("MalformedPolicyDocument", 400, text=f'Invalid principal in policy: "AWS":"{missing}"'):
        iam.create_role(RoleName="Lost", AssumeRolePolicyDocument=trust({"AWS": missing}))


def test_lists_are_paged(iam: Any) -> None:
    for number in range(7):
        iam.create_user(UserName=f"page-{number}", Path="/pages/")
    names = [
        user["UserName"]
        for page in iam.get_paginator("list_users").paginate(PathPrefix="/pages/", PaginationConfig={"PageSize": 3})
        for user in page["Users"]
    ]
    assert names == [f"page-{number}" for number in range(7)]


def test_names_have_limits(iam: Any) -> None:
    iam.create_user(UserName="x" * 64)
    for name in ("x" * 65, "has space", "slash/ed"):
        with refused("ValidationError", 400):
            iam.create_user(UserName=name)


def test_one_account_never_sees_another(server: Server, iam: Any, stranger: Keys) -> None:
    iam.create_user(UserName="secret")
    theirs = server.client("iam", stranger)
    assert "secret" not in {user["UserName"] for user in theirs.list_users()["Users"]}
    with refused("NoSuchEntity", 404):
        theirs.get_user(UserName="secret")


def test_iam_takes_any_region_in_the_scope(server: Server, owner: Keys) -> None:
    names = {user["UserName"] for user in server.client("iam", owner, region="eu-west-3").list_users()["Users"]}
    assert names == {user["UserName"] for user in server.client("iam", owner).list_users()["Users"]}


def test_account_details_hold_everything(iam: Any, owner: Keys) -> None:
    iam.create_role(RoleName="Detail", AssumeRolePolicyDocument=trust({"AWS": owner.account}))
    iam.put_role_policy(RoleName="Detail", PolicyName="p", PolicyDocument=policy(allow("s3:*")))
    details = iam.get_account_authorization_details(Filter=["Role"])
    role = next(role for role in details["RoleDetailList"] if role["RoleName"] == "Detail")
    assert role["RolePolicyList"] == [{"PolicyName": "p", "PolicyDocument": json.loads(policy(allow("s3:*")))}]
    assert iam.get_account_summary()["SummaryMap"]["Roles"] >= 1
