"""Organizations as boto3 and the AWS CLI see them, and what their policies do to calls."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from support import REGION, Keys, Server, allow, deny, policy, refused, run_aws, trust

SERVICE_CONTROL = "SERVICE_CONTROL_POLICY"
RESOURCE_CONTROL = "RESOURCE_CONTROL_POLICY"


@dataclass
class Estate:
    """An organization with one member that joined by invitation."""

    server: Server
    management: Keys
    member: Keys
    organization: dict[str, Any]
    root: str

    @property
    def client(self) -> Any:
        return self.server.client("organizations", self.management)

    def enable(self, kind: str) -> None:
        self.client.enable_policy_type(RootId=self.root, PolicyType=kind)

    def attach(self, name: str, kind: str, content: str, target: str) -> str:
        made = self.client.create_policy(Name=name, Description="", Type=kind, Content=content)["Policy"]
        identifier = made["PolicySummary"]["Id"]
        self.client.attach_policy(PolicyId=identifier, TargetId=target)
        return identifier


def join(server: Server, management: Keys, member: Keys) -> None:
    invitation = server.client("organizations", management).invite_account_to_organization(
        Target={"Id": member.account, "Type": "ACCOUNT"}, Notes="come in"
    )["Handshake"]
    accepted = server.client("organizations", member).accept_handshake(HandshakeId=invitation["Id"])["Handshake"]
    assert accepted["State"] == "ACCEPTED"


@pytest.fixture
def estate(server: Server) -> Estate:
    management, member = server.new_account(), server.new_account()
    client = server.client("organizations", management)
    organization = client.create_organization(FeatureSet="ALL")["Organization"]
    join(server, management, member)
    return Estate(server, management, member, organization, client.list_roots()["Roots"][0]["Id"])


def create_memory(server: Server, keys: Keys, name: str) -> Any:
    return server.client("bedrock-agentcore-control", keys).create_memory(name=name, eventExpiryDuration=30)


def administrator(keys: Keys) -> str:
    return f"arn:aws:iam::{keys.account}:user/admin"


def test_an_organization_has_its_management_account_and_a_root(server: Server) -> None:
    keys = server.new_account()
    client = server.client("organizations", keys)
    with refused("AWSOrganizationsNotInUseException", 400, "Your account is not a member of an organization."):
        client.describe_organization()
    made = client.create_organization()["Organization"]
    assert made["Id"].startswith("o-") and len(made["Id"]) == 12
    assert made["Arn"] == f"arn:aws:organizations::{keys.account}:organization/{made['Id']}"
    assert made["MasterAccountId"] == keys.account and made["FeatureSet"] == "ALL"
    assert made["MasterAccountArn"] == f"arn:aws:organizations::{keys.account}:account/{made['Id']}/{keys.account}"
    assert client.describe_organization()["Organization"] == made
    with refused("AlreadyInOrganizationException", 400):
        client.create_organization(FeatureSet="ALL")
    (root,) = client.list_roots()["Roots"]
    assert root["Name"] == "Root" and root["PolicyTypes"] == []
    (account,) = client.list_accounts()["Accounts"]
    assert account["Id"] == keys.account and account["Status"] == "ACTIVE"
    client.delete_organization()
    with refused("AWSOrganizationsNotInUseException"):
        client.list_accounts()


def test_accounts_join_by_invitation_and_leave(server: Server) -> None:
    management, member, stranger = server.new_account(), server.new_account(), server.new_account()
    client, guest = server.client("organizations", management), server.client("organizations", member)
    organization = client.create_organization()["Organization"]["Id"]
    target = {"Id": member.account, "Type": "ACCOUNT"}
    first = client.invite_account_to_organization(Target=target)["Handshake"]
    assert first["State"] == "OPEN" and first["Action"] == "INVITE"
    assert first["Arn"].startswith(f"arn:aws:organizations::{management.account}:handshake/{organization}/invite/h-")
    with refused("DuplicateHandshakeException"):
        client.invite_account_to_organization(Target=target)
    assert [one["Id"] for one in guest.list_handshakes_for_account()["Handshakes"]] == [first["Id"]]
    assert guest.describe_handshake(HandshakeId=first["Id"])["Handshake"]["State"] == "OPEN"
    with refused("HandshakeNotFoundException"):
        server.client("organizations", stranger).accept_handshake(HandshakeId=first["Id"])
    with refused("AccessDeniedException"):
        client.accept_handshake(HandshakeId=first["Id"])
    assert guest.decline_handshake(HandshakeId=first["Id"])["Handshake"]["State"] == "DECLINED"
    second = client.invite_account_to_organization(Target=target)["Handshake"]["Id"]
    assert client.cancel_handshake(HandshakeId=second)["Handshake"]["State"] == "CANCELED"
    with refused("InvalidHandshakeTransitionException"):
        guest.accept_handshake(HandshakeId=second)
    join(server, management, member)
    assert len(client.list_handshakes_for_organization()["Handshakes"]) == 3
    assert guest.describe_organization()["Organization"]["Id"] == organization
    with refused("AccessDeniedException", 400, "You don't have permissions to access this resource."):
        guest.list_accounts()
    with refused("HandshakeConstraintViolationException"):
        client.invite_account_to_organization(Target=target)
    with refused("OrganizationNotEmptyException"):
        client.delete_organization()
    with refused("MasterCannotLeaveOrganizationException"):
        client.leave_organization()
    guest.leave_organization()
    with refused("AWSOrganizationsNotInUseException"):
        guest.describe_organization()
    join(server, management, member)
    client.remove_account_from_organization(AccountId=member.account)
    client.delete_organization()


def test_a_made_account_is_administered_through_its_role(server: Server) -> None:
    management = server.new_account()
    client = server.client("organizations", management)
    client.create_organization()
    email = f"made-{management.account}@example.com"
    made = client.create_account(Email=email, AccountName="made", Tags=[{"Key": "team", "Value": "red"}])
    status = client.describe_create_account_status(CreateAccountRequestId=made["CreateAccountStatus"]["Id"])
    assert status["CreateAccountStatus"]["State"] == "SUCCEEDED"
    account = status["CreateAccountStatus"]["AccountId"]
    described = client.describe_account(AccountId=account)["Account"]
    assert described["Email"] == email and described["Name"] == "made" and described["JoinedMethod"] == "CREATED"
    assert client.list_tags_for_resource(ResourceId=account)["Tags"] == [{"Key": "team", "Value": "red"}]
    again = client.create_account(Email=email, AccountName="again")["CreateAccountStatus"]
    assert (again["State"], again["FailureReason"]) == ("FAILED", "EMAIL_ALREADY_EXISTS")
    listed = client.list_create_account_status(States=["SUCCEEDED"])["CreateAccountStatuses"]
    assert [one["AccountId"] for one in listed] == [account]
    answer = server.client("sts", management).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/OrganizationAccountAccessRole", RoleSessionName="admin"
    )
    keys = Keys.of_credentials(account, answer["Credentials"])
    assert server.client("sts", keys).get_caller_identity()["Account"] == account
    create_memory(server, keys, "Made")


def test_units_make_a_tree(estate: Estate) -> None:
    client = estate.client
    work = client.create_organizational_unit(ParentId=estate.root, Name="Work")["OrganizationalUnit"]
    dev = client.create_organizational_unit(ParentId=work["Id"], Name="Dev")["OrganizationalUnit"]
    with refused("DuplicateOrganizationalUnitException"):
        client.create_organizational_unit(ParentId=work["Id"], Name="Dev")
    with refused("ParentNotFoundException"):
        client.create_organizational_unit(ParentId="r-zzzz", Name="Dev")
    account = estate.member.account
    client.move_account(AccountId=account, SourceParentId=estate.root, DestinationParentId=dev["Id"])
    with refused("SourceParentNotFoundException"):
        client.move_account(AccountId=account, SourceParentId=estate.root, DestinationParentId=dev["Id"])
    assert client.list_parents(ChildId=account)["Parents"] == [{"Id": dev["Id"], "Type": "ORGANIZATIONAL_UNIT"}]
    assert client.list_parents(ChildId=work["Id"])["Parents"] == [{"Id": estate.root, "Type": "ROOT"}]
    assert client.list_children(ParentId=dev["Id"], ChildType="ACCOUNT")["Children"] == [
        {"Id": account, "Type": "ACCOUNT"}
    ]
    assert [one["Id"] for one in client.list_accounts_for_parent(ParentId=dev["Id"])["Accounts"]] == [account]
    units = client.list_organizational_units_for_parent(ParentId=estate.root)["OrganizationalUnits"]
    assert [unit["Name"] for unit in units] == ["Work"]
    renamed = client.update_organizational_unit(OrganizationalUnitId=dev["Id"], Name="Development")
    assert renamed["OrganizationalUnit"]["Name"] == "Development"
    with refused("OrganizationalUnitNotEmptyException"):
        client.delete_organizational_unit(OrganizationalUnitId=dev["Id"])
    client.move_account(AccountId=account, SourceParentId=dev["Id"], DestinationParentId=estate.root)
    client.delete_organizational_unit(OrganizationalUnitId=dev["Id"])
    with refused("OrganizationalUnitNotFoundException"):
        client.describe_organizational_unit(OrganizationalUnitId=dev["Id"])


def test_a_service_control_policy_denies_members_and_spares_the_management_account(
    server: Server, estate: Estate
) -> None:
    create_memory(server, estate.member, "Before")
    estate.enable(SERVICE_CONTROL)
    content = policy(deny("bedrock-agentcore:CreateMemory"))
    made = estate.attach("NoMemories", SERVICE_CONTROL, content, estate.root)
    expected = (
        f"User: {administrator(estate.member)} is not authorized to perform: bedrock-agentcore:CreateMemory "
        "on resource: * with an explicit deny in a service control policy"
    )
    with refused("AccessDeniedException", 403, expected):
        create_memory(server, estate.member, "During")
    create_memory(server, estate.management, "Exempt")
    estate.client.update_policy(PolicyId=made, Content=policy(deny("s3:*")))
    create_memory(server, estate.member, "Updated")
    estate.client.update_policy(PolicyId=made, Content=content)
    with refused("AccessDeniedException"):
        create_memory(server, estate.member, "During")
    server.client("organizations", estate.member).leave_organization()
    create_memory(server, estate.member, "After")


def test_an_allow_list_must_allow_at_every_level(server: Server, estate: Estate) -> None:
    client = estate.client
    estate.enable(SERVICE_CONTROL)
    unit = client.create_organizational_unit(ParentId=estate.root, Name="Work")["OrganizationalUnit"]["Id"]
    client.move_account(AccountId=estate.member.account, SourceParentId=estate.root, DestinationParentId=unit)
    with refused("ConstraintViolationException", pattern="You cannot remove the last policy"):
        client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    made = estate.attach("OnlyIam", SERVICE_CONTROL, policy(allow("iam:*")), unit)
    create_memory(server, estate.member, "Full")
    client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=unit)
    with refused("AccessDeniedException", pattern="because no service control policy allows the "
                 "bedrock-agentcore:CreateMemory action$"):
        create_memory(server, estate.member, "Listed")
    server.client("iam", estate.member).list_users()
    with refused("PolicyInUseException"):
        client.delete_policy(PolicyId=made)
    client.disable_policy_type(RootId=estate.root, PolicyType=SERVICE_CONTROL)
    create_memory(server, estate.member, "Off")
    client.delete_policy(PolicyId=made)


def test_a_resource_control_policy_denies_who_is_not_of_the_organization(server: Server, estate: Estate) -> None:
    stranger = server.new_account()
    iam = server.client("iam", estate.member)
    everybody = {"AWS": [stranger.account, estate.management.account, estate.member.account]}
    iam.create_role(RoleName="Shared", AssumeRolePolicyDocument=trust(everybody))

    def assume(keys: Keys) -> None:
        server.client("sts", keys).assume_role(
            RoleArn=f"arn:aws:iam::{estate.member.account}:role/Shared", RoleSessionName="session"
        )

    assume(stranger)
    estate.enable(RESOURCE_CONTROL)
    perimeter = deny(
        "sts:AssumeRole",
        Principal="*",
        Condition={
            "StringNotEqualsIfExists": {"aws:PrincipalOrgID": estate.organization["Id"]},
            "BoolIfExists": {"aws:PrincipalIsAWSService": "false"},
        },
    )
    estate.attach("Perimeter", RESOURCE_CONTROL, policy(perimeter), estate.member.account)
    with refused("AccessDenied", 403, pattern="with an explicit deny in a resource control policy$"):
        assume(stranger)
    assume(estate.management)
    assume(estate.member)
    with refused("ConstraintViolationException"):
        estate.client.detach_policy(PolicyId="p-RCPFullAWSAccess", TargetId=estate.root)
    estate.client.remove_account_from_organization(AccountId=estate.member.account)
    assume(stranger)


def test_resource_policies_can_ask_for_the_organization(
    server: Server, estate: Estate, memory: Any, control: Any
) -> None:
    arn = memory["arn"]
    condition = {"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": f"{estate.organization['Id']}/{estate.root}/*"}}
    statement = allow("bedrock-agentcore:ListActors", arn, Principal="*", Condition=condition)
    control.put_resource_policy(resourceArn=arn, policy=policy(statement))
    server.client("bedrock-agentcore", estate.member).list_actors(memoryId=arn)
    with refused("AccessDeniedException"):
        server.client("bedrock-agentcore", server.new_account()).list_actors(memoryId=arn)
    server.client("organizations", estate.member).leave_organization()
    with refused("AccessDeniedException"):
        server.client("bedrock-agentcore", estate.member).list_actors(memoryId=arn)


def test_bad_policies_and_bad_requests_are_refused_by_name(estate: Estate) -> None:
    client = estate.client

    def make(content: str, kind: str = SERVICE_CONTROL) -> None:
        client.create_policy(Name="bad", Description="", Type=kind, Content=content)

    with refused("MalformedPolicyDocumentException", 400):
        make("{")
    with refused("MalformedPolicyDocumentException"):
        make(policy(deny("s3:*", Principal="*")))
    with refused("MalformedPolicyDocumentException", pattern="Effect must be Deny"):
        make(policy(allow("s3:*", Principal="*")), RESOURCE_CONTROL)
    with refused("PolicyTypeNotAvailableForOrganizationException"):
        make("{}", "TAG_POLICY")
    with refused("InvalidInputException"):
        client.describe_effective_policy(PolicyType=SERVICE_CONTROL)
    with refused("EffectivePolicyNotFoundException"):
        client.describe_effective_policy(PolicyType="TAG_POLICY")
    with refused("PolicyTypeNotEnabledException"):
        client.attach_policy(PolicyId="p-FullAWSAccess", TargetId=estate.root)
    with refused("PolicyNotFoundException"):
        client.describe_policy(PolicyId="p-0123456789")
    with refused("InvalidInputException"):
        client.list_accounts(NextToken="forged")
    estate.enable(SERVICE_CONTROL)
    with refused("PolicyTypeAlreadyEnabledException"):
        estate.enable(SERVICE_CONTROL)
    with refused("ConstraintViolationException") as answer:
        client.detach_policy(PolicyId="p-FullAWSAccess", TargetId=estate.root)
    assert answer.error.response["Reason"] == "MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"


def test_operations_need_permission_on_their_own_arns(server: Server, estate: Estate) -> None:
    iam = server.client("iam", estate.management)
    unit = estate.client.create_organizational_unit(ParentId=estate.root, Name="Work")["OrganizationalUnit"]
    iam.create_user(UserName="clerk")
    iam.put_user_policy(
        UserName="clerk", PolicyName="p", PolicyDocument=policy(allow("organizations:Describe*", unit["Arn"]))
    )
    key = iam.create_access_key(UserName="clerk")["AccessKey"]
    clerk = server.client(
        "organizations", Keys(estate.management.account, key["AccessKeyId"], key["SecretAccessKey"])
    )
    assert clerk.describe_organizational_unit(OrganizationalUnitId=unit["Id"])["OrganizationalUnit"] == unit
    root = f"arn:aws:organizations::{estate.management.account}:account/{estate.organization['Id']}"
    with refused("AccessDeniedException", 400, pattern=f"on resource: {root}/{estate.member.account} because"):
        clerk.describe_account(AccountId=estate.member.account)


def test_the_command_line_pages_through_lists(server: Server, estate: Estate) -> None:
    for number in range(23):
        estate.client.create_organizational_unit(ParentId=estate.root, Name=f"unit {number}")
    pages = estate.client.get_paginator("list_organizational_units_for_parent").paginate(
        ParentId=estate.root, PaginationConfig={"PageSize": 5}
    )
    assert len({unit["Id"] for page in pages for unit in page["OrganizationalUnits"]}) == 23
    environment = server.environment(estate.management, REGION)

    def aws(*arguments: str) -> Any:
        done = run_aws(environment, "organizations", *arguments, "--output", "json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    units = aws("list-organizational-units-for-parent", "--parent-id", estate.root, "--page-size", "7")
    assert len({unit["Id"] for unit in units["OrganizationalUnits"]}) == 23
    assert len(aws("list-accounts", "--page-size", "1")["Accounts"]) == 2
    policies = aws("list-policies", "--filter", SERVICE_CONTROL, "--page-size", "1")["Policies"]
    assert [one["Id"] for one in policies] == ["p-FullAWSAccess"] and policies[0]["AwsManaged"]
