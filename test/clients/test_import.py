"""Import: a real account's details, resource policies and organization from files, and questions about them offline."""

import json
from pathlib import Path
from typing import Any

import pytest

from support import Keys, Server, allow, deny, policy, run_aws, trust

ESTATE = Path(__file__).resolve().parent / "estate"
APP = "610000000001"
DATA = "610000000002"
PAYER = "610000000003"
BUILDER = f"arn:aws:iam::{APP}:role/ci/Builder"
ANN = f"arn:aws:iam::{APP}:user/ann"
SECRET = f"arn:aws:secretsmanager:us-east-1:{DATA}:secret:orders-AbCdEf"
READ_SECRET = "secretsmanager:GetSecretValue"


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server that holds the estate of the folder beside this file: two accounts, a policy, an organization."""
    running = Server(tmp_path_factory.mktemp("estate") / "data").start()
    done = running.command(
        "import",
        str(ESTATE / "app.json"),
        str(ESTATE / "data.json"),
        "--resource-policies",
        str(ESTATE / "resource-policies.json"),
        "--organization",
        str(ESTATE / "organization.json"),
    )
    assert done.returncode == 0, done.stderr
    assert f"app.json: {APP}: 2 Users, 1 Groups, 2 Roles, 2 Policies" in done.stdout, done.stdout
    yield running
    running.stop()


def asked(server: Server, principal: str, action: str, resource: str, *more: str) -> dict[str, Any]:
    done = server.command(
        "explain", "--principal", principal, "--action", action, "--resource", resource, *more, "--json"
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_an_imported_estate_decides_as_the_real_one(estate: Server) -> None:
    assert asked(estate, BUILDER, READ_SECRET, SECRET)["Allowed"], "both halves allow"
    other = asked(estate, ANN, READ_SECRET, SECRET)
    assert not other["Allowed"] and "no resource-based policy allows" in other["Message"]
    bounded = asked(estate, BUILDER, "iam:CreateUser", f"arn:aws:iam::{APP}:user/new")
    assert "no permissions boundary allows" in bounded["Message"], bounded["Message"]
    guarded = asked(estate, ANN, "ec2:RunInstances", f"arn:aws:ec2:eu-west-1:{APP}:instance/*")
    assert "explicit deny in a service control policy" in guarded["Message"], guarded["Message"]
    assert asked(estate, ANN, "ec2:RunInstances", f"arn:aws:ec2:us-east-1:{APP}:instance/*")["Allowed"]


def test_it_tells_who_can(estate: Server) -> None:
    done = estate.command("who-can", READ_SECRET, SECRET, "--json")
    assert done.returncode == 0, done.stderr
    found = {one["Arn"] for one in json.loads(done.stdout)["Principals"]}
    assert found == {BUILDER, f"arn:aws:iam::{DATA}:root", f"arn:aws:iam::{DATA}:role/Keeper"}, found


def test_it_is_simulated_through_the_api(estate: Server) -> None:
    made = estate.command("account", "key", APP, "--json")
    assert made.returncode == 0, made.stderr
    keys = json.loads(made.stdout)
    iam = estate.client("iam", Keys(APP, keys["AccessKeyId"], keys["SecretAccessKey"]))
    [result] = iam.simulate_principal_policy(
        PolicySourceArn=BUILDER, ActionNames=["s3:PutObject"], ResourceArns=["arn:aws:s3:::artifacts/build-1"]
    )["EvaluationResults"]
    assert result["EvalDecision"] == "allowed", result
    role = iam.get_role(RoleName="Builder")["Role"]
    assert role["RoleId"] == "AROA4BUILDER00000001" and role["Path"] == "/ci/"
    [statement] = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Federated": "arn:aws:iam::610000000001:oidc-provider/token.example.com"}
    version = iam.get_policy_version(PolicyArn=f"arn:aws:iam::{APP}:policy/Artifacts", VersionId="v4")["PolicyVersion"]
    assert version["IsDefaultVersion"] and version["Document"]["Statement"][0]["Sid"] == "Write"


def test_importing_again_changes_nothing(estate: Server) -> None:
    before = estate.command("who-can", "s3:PutObject", "arn:aws:s3:::artifacts/build-1").stdout
    again = estate.command("import", str(ESTATE / "app.json"), "--organization", str(ESTATE / "organization.json"))
    assert again.returncode == 0, again.stderr
    assert estate.command("who-can", "s3:PutObject", "arn:aws:s3:::artifacts/build-1").stdout == before != ""


def test_errors_name_the_file_and_the_element(estate: Server, tmp_path: Path) -> None:
    file = tmp_path / "bad.json"

    def refusal(content: str, *options: str) -> str:
        file.write_text(content)
        done = estate.command("import", *options, str(file))
        assert done.returncode == 1 and done.stdout == ""
        return done.stderr

    details = json.loads((ESTATE / "app.json").read_text())
    details["RoleDetailList"][0]["AssumeRolePolicyDocument"]["Statement"][0]["Efect"] = "Allow"
    assert f"{file}: RoleDetailList[0].AssumeRolePolicyDocument: " in refusal(json.dumps(details))
    assert f"{file}: " in refusal("{")
    assert "no user, group, role or policy says which account this is" in refusal("{}")
    assert f"{file}: has no Organization" in refusal("{}", "--organization")
    assert "account 619999999999 is not here" in refusal(
        json.dumps({"arn:aws:sqs:us-east-1:619999999999:q": json.loads(policy(allow("sqs:*", Principal="*")))}),
        "--resource-policies",
    )
    missing = estate.command("import", str(tmp_path / "none.json"))
    assert missing.returncode == 1 and "none.json: cannot be read" in missing.stderr


def described(server: Server, keys: Keys) -> dict[str, Any]:
    """What the AWS CLI prints, less what use and attachment order change."""
    done = run_aws(server.environment(keys), "iam", "get-account-authorization-details", "--output", "json")
    assert done.returncode == 0, done.stderr
    details = json.loads(done.stdout)
    for role in details["RoleDetailList"]:
        role.pop("RoleLastUsed", None)
    return details


def test_what_this_server_prints_it_reads_back(server: Server, own_server: Server, tmp_path: Path) -> None:
    keys = server.new_account("610000000009")
    iam = server.client("iam", keys)
    boundary = iam.create_policy(
        PolicyName="limit", Path="/limits/", PolicyDocument=policy(allow("s3:*")), Description="at most"
    )["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=boundary, PolicyDocument=policy(allow("sqs:*")), SetAsDefault=True)
    iam.create_group(GroupName="staff")
    iam.put_group_policy(GroupName="staff", PolicyName="in", PolicyDocument=policy(deny("iam:*")))
    iam.create_user(UserName="bob", PermissionsBoundary=boundary, Tags=[{"Key": "team", "Value": "red"}])
    iam.add_user_to_group(GroupName="staff", UserName="bob")
    iam.attach_user_policy(UserName="bob", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.create_role(
        RoleName="app", Path="/x/", AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{keys.account}:user/bob"})
    )
    reads = policy(allow("s3:Get*", "arn:aws:s3:::b/*"))
    iam.put_role_policy(RoleName="app", PolicyName="in,line@1", PolicyDocument=reads)
    iam.create_instance_profile(InstanceProfileName="box")
    iam.add_role_to_instance_profile(InstanceProfileName="box", RoleName="app")
    iam.create_service_linked_role(AWSServiceName="network.bedrock-agentcore.amazonaws.com")

    before = described(server, keys)
    file = tmp_path / "details.json"
    file.write_text(json.dumps(before))
    done = own_server.command("import", str(file))
    assert done.returncode == 0, done.stderr
    made = json.loads(own_server.command("account", "key", keys.account, "--json").stdout)
    again = Keys(keys.account, made["AccessKeyId"], made["SecretAccessKey"])
    assert described(own_server, again) == before
