"""AWS Lambda: functions that run, by boto3 and the AWS CLI."""

import json
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from functions import (
    ECHO,
    HANDLER,
    archive,
    call,
    eventually,
    execution_role,
    function,
    may_invoke,
    messages,
    tail,
)
from support import UNCHECKED, Keys, Server, allow, refused, run_aws, trust


@pytest.fixture
def lam(server: Server, owner: Keys) -> Any:
    return server.client("lambda", owner)


def arn_of(keys: Keys, name: str) -> str:
    return f"arn:aws:lambda:us-east-1:{keys.account}:function:{name}"


# What the article on gateways does.
def test_the_articles_function_is_made_and_answers(server: Server, owner: Keys, iam: Any, lam: Any) -> None:
    role = iam.create_role(
        RoleName="CrossAccountTestLambdaRole", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"})
    )
    iam.attach_role_policy(
        RoleName="CrossAccountTestLambdaRole",
        PolicyArn="arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
    )
    code = (
        "import json\n\ndef handler(event, context):\n    return {\n"
        '        "statusCode": 200,\n'
        '        "body": json.dumps({"message": f"Hello from Gateway! Input: {event}"})\n    }\n'
    )
    options = {
        "FunctionName": "cross-account-gateway-test",
        "Runtime": "python3.12",
        "Handler": HANDLER,
        "Role": role["Role"]["Arn"],
        "Code": {"ZipFile": archive(code)},
    }
    made = lam.create_function(**options)
    assert made["FunctionArn"] == arn_of(owner, "cross-account-gateway-test")
    with pytest.raises(lam.exceptions.ResourceConflictException):
        lam.create_function(**options)
    got = lam.get_function(FunctionName="cross-account-gateway-test")["Configuration"]
    assert got["FunctionArn"] == made["FunctionArn"] and got["State"] == "Active"
    answer, whole = call(lam, "cross-account-gateway-test", {"message": "hi"})
    assert answer == {"statusCode": 200, "body": '{"message": "Hello from Gateway! Input: {\'message\': \'hi\'}"}'}
    assert whole["StatusCode"] == 200 and whole["ExecutedVersion"] == "$LATEST" and "FunctionError" not in whole
    assert lam.delete_function(FunctionName="cross-account-gateway-test")["ResponseMetadata"]["HTTPStatusCode"] == 204
    with refused("ResourceNotFoundException", 404):
        lam.get_function(FunctionName="cross-account-gateway-test")


def test_the_log_ends_the_answer_when_asked_and_reaches_cloudwatch(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "talks", "def handler(event, context):\n    print('said', event['n'])\n    return 1\n")
    _, answer = call(lam, "talks", {"n": 7}, LogType="Tail")
    request = answer["ResponseMetadata"]["RequestId"]
    assert f"START RequestId: {request} Version: $LATEST" in tail(answer) and "said 7" in tail(answer)
    assert f"END RequestId: {request}" in tail(answer) and f"REPORT RequestId: {request}" in tail(answer)
    written = eventually(lambda: [m for m in messages(server, owner, "talks") if m.startswith("REPORT")] and
                         messages(server, owner, "talks"))
    assert "said 7" in written and any(m.startswith(f"START RequestId: {request}") for m in written)


def test_a_role_without_rights_to_logs_has_no_log(server: Server, owner: Keys, lam: Any) -> None:
    role = execution_role(server, owner, "Silent", logs=False)
    function(server, owner, "silent", "def handler(event, context):\n    print('x')\n    return 1\n", Role=role)
    answer = call(lam, "silent", LogType="Tail")
    assert answer[0] == 1 and "x\n" in tail(answer[1]), "it ran, and wrote"
    principal = f"{owner.account}:assumed-role/Silent/"
    refusals = eventually(
        lambda: [line for line in server.log().splitlines() if principal in line and 'service="logs"' in line]
    )
    assert "no identity-based policy allows the logs:PutLogEvents action" in refusals[0]
    assert server.client("logs", owner).describe_log_groups()["logGroups"] == []


def test_a_function_that_fails_says_how(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "raises", "def handler(event, context):\n    raise ValueError('no ' + event['what'])\n")
    answer, whole = call(lam, "raises", {"what": "luck"})
    assert whole["StatusCode"] == 200 and whole["FunctionError"] == "Unhandled"
    assert answer["errorType"] == "ValueError" and answer["errorMessage"] == "no luck"
    function(server, owner, "slow", "import time\ndef handler(event, context):\n    time.sleep(60)\n", Timeout=1)
    answer, whole = call(lam, "slow")
    assert whole["FunctionError"] == "Unhandled" and "Task timed out after 1.00 seconds" in answer["errorMessage"]


def test_inside_boto3_works_against_this_server_as_the_role(server: Server, owner: Keys, lam: Any) -> None:
    function(
        server,
        owner,
        "whoami",
        "import boto3, os\ndef handler(event, context):\n"
        "    me = boto3.client('sts').get_caller_identity()['Arn']\n"
        "    return [me, os.environ['AB'], context.function_name, context.invoked_function_arn]\n",
        Environment={"Variables": {"AB": "1"}},
        Timeout=20,
    )
    answer, whole = call(lam, "whoami")
    assert "FunctionError" not in whole, answer
    assert answer[0].startswith(f"arn:aws:sts::{owner.account}:assumed-role/whoami-role/")
    assert answer[1:] == ["1", "whoami", arn_of(owner, "whoami")]


def test_updates_take_effect_at_the_next_call(server: Server, owner: Keys, lam: Any) -> None:
    made = function(server, owner, "changes", "def handler(event, context):\n    return 1\n")
    assert call(lam, "changes")[0] == 1
    changed = lam.update_function_code(
        FunctionName="changes", ZipFile=archive("def handler(event, context):\n    return 2\n")
    )
    lam.get_waiter("function_updated_v2").wait(FunctionName="changes")
    assert changed["CodeSha256"] != made["CodeSha256"] and changed["RevisionId"] != made["RevisionId"]
    assert call(lam, "changes")[0] == 2
    with refused("PreconditionFailedException", 412):
        lam.update_function_configuration(FunctionName="changes", Timeout=9, RevisionId=made["RevisionId"])
    assert lam.update_function_configuration(FunctionName="changes", Timeout=9)["Timeout"] == 9


def test_versions_and_aliases_lead_to_what_was_published(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "versioned", "def handler(event, context):\n    return context.function_version\n")
    assert lam.publish_version(FunctionName="versioned")["Version"] == "1"
    assert lam.publish_version(FunctionName="versioned")["Version"] == "1"
    lam.update_function_configuration(FunctionName="versioned", Description="second")
    assert lam.publish_version(FunctionName="versioned")["Version"] == "2"
    alias = lam.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    assert alias["AliasArn"] == arn_of(owner, "versioned") + ":live"
    answer, whole = call(lam, "versioned", Qualifier="live")
    assert answer == "1" and whole["ExecutedVersion"] == "1"
    assert call(lam, "versioned:2")[0] == "2" and call(lam, "versioned")[0] == "$LATEST"
    lam.update_alias(FunctionName="versioned", Name="live", FunctionVersion="2")
    assert call(lam, arn_of(owner, "versioned") + ":live")[0] == "2"
    assert [v["Version"] for v in lam.list_versions_by_function(FunctionName="versioned")["Versions"]] == [
        "$LATEST",
        "1",
        "2",
    ]
    with refused("ResourceConflictException", 409):
        lam.delete_function(FunctionName="versioned", Qualifier="2")
    with refused("ResourceNotFoundException", 404):
        lam.invoke(FunctionName="versioned", Qualifier="3")


def test_another_account_invokes_only_with_both_halves(
    server: Server, owner: Keys, stranger: Keys, lam: Any, make_session: Any
) -> None:
    arn = function(server, owner, "shared")["FunctionArn"]
    without = make_session(stranger, "Without", allow("sts:GetCallerIdentity"))
    having = make_session(stranger, "Having", may_invoke(arn))
    theirs, ours = server.client("lambda", having), server.client("lambda", without)
    with refused("AccessDeniedException", 403, pattern="no resource-based policy allows the lambda:InvokeFunction"):
        theirs.invoke(FunctionName=arn)
    statement = json.loads(
        lam.add_permission(
            FunctionName="shared",
            StatementId="them",
            Action="lambda:InvokeFunction",
            Principal=stranger.account,
        )["Statement"]
    )
    assert statement == {
        "Sid": "them",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{stranger.account}:root"},
        "Action": "lambda:InvokeFunction",
        "Resource": arn,
    }
    assert call(theirs, arn, {"a": 1})[0] == {"a": 1}
    with refused("AccessDeniedException", 403, pattern="no identity-based policy allows the lambda:InvokeFunction"):
        ours.invoke(FunctionName=arn)
    # The function's policy is not its aliases'.
    lam.publish_version(FunctionName="shared")
    with refused("AccessDeniedException", 403):
        theirs.invoke(FunctionName=arn, Qualifier="1")
    with refused("ResourceConflictException", 409):
        lam.add_permission(
            FunctionName="shared", StatementId="them", Action="lambda:InvokeFunction", Principal=stranger.account
        )
    shown = lam.get_policy(FunctionName="shared")
    assert json.loads(shown["Policy"])["Statement"] == [statement] and shown["RevisionId"]
    with refused("PreconditionFailedException", 412):
        lam.remove_permission(FunctionName="shared", StatementId="them", RevisionId="other")
    lam.remove_permission(FunctionName="shared", StatementId="them", RevisionId=shown["RevisionId"])
    with refused("AccessDeniedException", 403):
        theirs.invoke(FunctionName=arn)
    with refused("ResourceNotFoundException", 404):
        lam.get_policy(FunctionName="shared")


def test_permissions_that_are_none_are_refused(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "guarded")
    options = {"FunctionName": "guarded", "StatementId": "s", "Action": "lambda:InvokeFunction"}
    for principal in ("nobody", f"arn:aws:iam::{owner.account}:role/Missing", "arn:aws:s3:::bucket"):
        with refused("InvalidParameterValueException", 400, pattern="principal was invalid"):
            lam.add_permission(Principal=principal, **options)
    with refused("InvalidParameterValueException", 400, pattern="LATEST"):
        lam.add_permission(Principal="s3.amazonaws.com", Qualifier="$LATEST", **options)
    added = lam.add_permission(
        Principal="s3.amazonaws.com", SourceArn="arn:aws:s3:::bucket", SourceAccount=owner.account, **options
    )
    assert json.loads(added["Statement"])["Condition"] == {
        "StringEquals": {"AWS:SourceAccount": owner.account},
        "ArnLike": {"AWS:SourceArn": "arn:aws:s3:::bucket"},
    }
    role = execution_role(server, owner, "Named")
    for number in ("r1", "r2"):
        lam.add_permission(**(options | {"StatementId": number, "Principal": role}))
    statements = json.loads(lam.get_policy(FunctionName="guarded")["Policy"])["Statement"]
    assert [statement["Sid"] for statement in statements][-2:] == ["r1", "r2"]
    with refused("PolicyLengthExceededException", 400):
        for number in range(200):
            lam.add_permission(**(options | {"StatementId": f"s{number}", "Principal": f"x{number}.amazonaws.com"}))


def test_removing_a_permission_can_be_bound_to_whom_it_was_given(
    server: Server, owner: Keys, lam: Any, make_user: Any
) -> None:
    function(server, owner, "bound")
    role = execution_role(server, owner, "GivenTo")
    for number, principal in enumerate(("s3.amazonaws.com", "444455556666", role)):
        lam.add_permission(
            FunctionName="bound", StatementId=f"s{number}", Action="lambda:InvokeFunction", Principal=principal
        )

    def remover(principal: str) -> Any:
        bound = {"StringEquals": {"lambda:Principal": principal}}
        return server.client("lambda", make_user(allow("lambda:RemovePermission", Condition=bound)))

    principals = ("s3.amazonaws.com", "444455556666", role)
    for number, principal in enumerate(principals):
        other = remover(principals[number - 1])
        with refused("AccessDeniedException", 403):
            other.remove_permission(FunctionName="bound", StatementId=f"s{number}")
        with refused("AccessDeniedException", 403):
            remover(principal).remove_permission(FunctionName="bound", StatementId="none")
        remover(principal).remove_permission(FunctionName="bound", StatementId=f"s{number}")
    with refused("ResourceNotFoundException", 404):
        lam.get_policy(FunctionName="bound")


def test_what_creates_a_function_must_pass_its_role(server: Server, owner: Keys, make_user: Any) -> None:
    role = execution_role(server, owner, "Passed")
    options = {"Runtime": "python3.12", "Handler": HANDLER, "Role": role, "Code": {"ZipFile": archive()}}
    maker = server.client("lambda", make_user(allow("lambda:*")))
    with refused("AccessDeniedException", 403, pattern=r"iam:PassRole on resource: .*role/Passed"):
        maker.create_function(FunctionName="passed", **options)
    to_others = allow("iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}})
    with refused("AccessDeniedException", 403):
        server.client("lambda", make_user(allow("lambda:*"), to_others)).create_function(
            FunctionName="passed", **options
        )
    to_lambda = allow(
        "iam:PassRole", role, Condition={"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    )
    server.client("lambda", make_user(allow("lambda:*"), to_lambda)).create_function(FunctionName="passed", **options)


def test_a_role_that_lambda_cannot_assume_is_refused(server: Server, owner: Keys, iam: Any, lam: Any) -> None:
    iam.create_role(RoleName="Elsewhere", AssumeRolePolicyDocument=trust({"Service": "ec2.amazonaws.com"}))
    options = {"Runtime": "python3.12", "Handler": HANDLER, "Code": {"ZipFile": archive()}}
    for role in ("Elsewhere", "Missing"):
        with refused(
            "InvalidParameterValueException", 400, "The role defined for the function cannot be assumed by Lambda."
        ):
            lam.create_function(FunctionName="f", Role=f"arn:aws:iam::{owner.account}:role/{role}", **options)
    guarded = trust(
        {"Service": "lambda.amazonaws.com"},
        Condition={"ArnLike": {"aws:SourceArn": arn_of(owner, "right")}},
    )
    iam.create_role(RoleName="Guarded", AssumeRolePolicyDocument=guarded)
    arn = f"arn:aws:iam::{owner.account}:role/Guarded"
    with refused("InvalidParameterValueException", 400):
        lam.create_function(FunctionName="wrong", Role=arn, **options)
    lam.create_function(FunctionName="right", Role=arn, **options)


def test_code_lies_in_s3_and_is_read_as_who_creates_the_function(
    server: Server, owner: Keys, lam: Any, make_user: Any
) -> None:
    role = execution_role(server, owner, "FromS3")
    s3 = server.client("s3", owner)
    bucket = f"functions-{owner.account}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    old = s3.put_object(Bucket=bucket, Key="f.zip", Body=archive())["VersionId"]
    s3.put_object(Bucket=bucket, Key="f.zip", Body=archive("def handler(event, context):\n    return 'new'\n"))
    options = {"FunctionName": "from-s3", "Runtime": "python3.12", "Handler": HANDLER, "Role": role}
    code = {"S3Bucket": bucket, "S3Key": "f.zip"}
    creates = allow(["lambda:*", "iam:PassRole"], "*")
    with refused("AccessDeniedException", 403, pattern="Your access has been denied by S3"):
        server.client("lambda", make_user(creates, name="creates")).create_function(Code=code, **options)
    with refused("InvalidParameterValueException", 400, pattern="S3 Error Code: NoSuchKey"):
        lam.create_function(Code=code | {"S3Key": "none.zip"}, **options)
    with refused("InvalidParameterValueException", 400, pattern="both S3Bucket and S3Key"):
        lam.create_function(Code={"S3Bucket": bucket}, **options)
    lam.create_function(Code=code | {"S3ObjectVersion": old}, **options)
    lam.get_waiter("function_active_v2").wait(FunctionName="from-s3")
    assert call(lam, "from-s3", {"a": 1})[0] == {"a": 1}
    reads = allow(["s3:GetObject"], f"arn:aws:s3:::{bucket}/*")
    server.client("lambda", make_user(creates, reads, name="reads")).update_function_code(
        FunctionName="from-s3", S3Bucket=bucket, S3Key="f.zip"
    )
    assert call(lam, "from-s3")[0] == "new"


def test_archives_that_are_none_or_lead_out_are_refused(server: Server, owner: Keys, lam: Any) -> None:
    role = execution_role(server, owner, "Archives")
    options = {"Runtime": "python3.12", "Handler": HANDLER, "Role": role}
    for bad in (b"no archive", archive()[:-20], archive(**{"../out": "x"}), archive(**{"/etc/x": "x"})):
        with refused("InvalidParameterValueException", 400, pattern="Could not unzip uploaded file"):
            lam.create_function(FunctionName="f", Code={"ZipFile": bad}, **options)
    with refused("InvalidParameterValueException", 400, pattern="KMSKeyArn"):
        lam.create_function(
            FunctionName="f",
            Code={"ZipFile": archive()},
            KMSKeyArn="arn:aws:kms:us-east-1:111122223333:key/1",
            **options,
        )


def test_a_large_archive_is_taken_and_a_bomb_is_not(server: Server, owner: Keys, lam: Any) -> None:
    import io
    import os
    import zipfile

    role = execution_role(server, owner, "Large")
    options = {"Runtime": "python3.12", "Handler": HANDLER, "Role": role}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as packed:
        packed.writestr("lambda_function.py", ECHO)
        packed.writestr("data.bin", os.urandom(20_000_000))
    made = lam.create_function(FunctionName="large", Code={"ZipFile": buffer.getvalue()}, **options)
    assert made["CodeSize"] == len(buffer.getvalue())
    assert call(lam, "large", {"n": 1})[0] == {"n": 1}
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("lambda_function.py", ECHO)
        for number in range(3):
            packed.writestr(f"zeros{number}", b"\0" * 100_000_000)
    with refused("InvalidParameterValueException", 400, pattern="Unzipped size must be smaller than 262144000 bytes"):
        lam.create_function(FunctionName="bomb", Code={"ZipFile": bomb.getvalue()}, **options)


@pytest.mark.parametrize("path", ["/2015-03-31/functions", "/2018-10-31/layers/l/versions"])
def test_only_uploads_may_be_large_and_by_their_head_alone(server: Server, path: str) -> None:
    def first_line(length: int, scope: str) -> bytes:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nContent-Length: {length}\r\n"
            f"Authorization: AWS4-HMAC-SHA256 Credential=AKIA/20260101/us-east-1/{scope}/aws4_request\r\n"
            "Expect: 100-continue\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
            line.sendall(head.encode())
            return line.recv(64).split(b"\r\n")[0]

    assert first_line(70_167_211, "lambda") == b"HTTP/1.1 100 Continue"
    assert first_line(70_167_212, "lambda").startswith(b"HTTP/1.1 413")
    assert first_line((16 << 20) + 1, "logs").startswith(b"HTTP/1.1 413")


def test_the_code_can_be_fetched_where_get_function_says(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "fetched")
    code = lam.get_function(FunctionName="fetched")["Code"]
    assert code["RepositoryType"] == "S3"
    with urllib.request.urlopen(code["Location"]) as answer:
        assert answer.read() == archive()
    with pytest.raises(urllib.error.HTTPError) as gone:
        urllib.request.urlopen(code["Location"][:-4] + "AAAA")
    assert gone.value.code == 403


def test_invocation_types_and_what_they_take(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "types", "def handler(event, context):\n    print('ran', event)\n    return event\n")
    assert call(lam, "types", InvocationType="DryRun")[1]["StatusCode"] == 204
    assert call(lam, "types", {"event": 1}, InvocationType="Event")[1]["StatusCode"] == 202
    eventually(lambda: "ran {'event': 1}" in messages(server, owner, "types"))
    unchecked = server.client("lambda", owner, config=UNCHECKED)
    with refused("InvalidRequestContentException", 400, pattern="Could not parse request body into json"):
        unchecked.invoke(FunctionName="types", Payload=b"{")
    with refused("RequestTooLargeException", 413):
        lam.invoke(FunctionName="types", Payload=json.dumps("x" * 6_291_456))
    with refused("RequestTooLargeException", 413, pattern="for the Event invocation type"):
        lam.invoke(FunctionName="types", InvocationType="Event", Payload=json.dumps("x" * 1_048_576))
    assert call(lam, "types", "x" * 1_000_000)[0] == "x" * 1_000_000


def test_concurrency_can_be_reserved_and_taken_away(server: Server, owner: Keys, lam: Any) -> None:
    function(server, owner, "throttled")
    lam.put_function_concurrency(FunctionName="throttled", ReservedConcurrentExecutions=0)
    with refused("TooManyRequestsException", 429, "Rate Exceeded.") as error:
        lam.invoke(FunctionName="throttled")
    assert error.error.response["Reason"] == "ReservedFunctionConcurrentInvocationLimitExceeded"
    assert lam.get_function(FunctionName="throttled")["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    lam.delete_function_concurrency(FunctionName="throttled")
    assert call(lam, "throttled", 1)[0] == 1
    limits = lam.get_account_settings()["AccountLimit"]
    assert limits["ConcurrentExecutions"] == 1000 and limits["CodeSizeZipped"] == 52428800


def test_layers_lie_in_opt_and_need_their_own_permission(
    server: Server, owner: Keys, stranger: Keys, lam: Any
) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("python/from_layer.py", "VALUE = 42\n")
    published = server.client("lambda", stranger).publish_layer_version(
        LayerName="shared", Content={"ZipFile": buffer.getvalue()}, CompatibleRuntimes=["python3.12"]
    )
    layer = published["LayerVersionArn"]
    assert layer == f"arn:aws:lambda:us-east-1:{stranger.account}:layer:shared:1"
    code = "import from_layer\ndef handler(event, context):\n    return from_layer.VALUE\n"
    role = execution_role(server, owner, "Layered")
    with refused("AccessDeniedException", 403, pattern="lambda:GetLayerVersion"):
        function(server, owner, "layered", code, Role=role, Layers=[layer])
    theirs = server.client("lambda", stranger)
    theirs.add_layer_version_permission(
        LayerName="shared",
        VersionNumber=1,
        StatementId="all",
        Action="lambda:GetLayerVersion",
        Principal=owner.account,
    )
    made = function(server, owner, "layered", code, Role=role, Layers=[layer])
    assert made["Layers"][0]["Arn"] == layer
    assert call(lam, "layered")[0] == 42
    assert theirs.list_layers()["Layers"][0]["LatestMatchingVersion"]["Version"] == 1
    assert theirs.get_layer_version_by_arn(Arn=layer)["Version"] == 1
    theirs.delete_layer_version(LayerName="shared", VersionNumber=1)
    with refused("ResourceNotFoundException", 404):
        theirs.get_layer_version(LayerName="shared", VersionNumber=1)
    assert call(lam, "layered")[0] == 42, "who has it keeps it"


def test_tags_and_lists(server: Server, owner: Keys, lam: Any) -> None:
    role = execution_role(server, owner, "Listed")
    for name in ("list-a", "list-b", "list-c"):
        function(server, owner, name, Role=role, Tags={"team": "x"})
    pages = lam.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 2})
    assert [f["FunctionName"] for page in pages for f in page["Functions"]] == ["list-a", "list-b", "list-c"]
    arn = arn_of(owner, "list-a")
    lam.tag_resource(Resource=arn, Tags={"more": "y"})
    lam.untag_resource(Resource=arn, TagKeys=["team"])
    assert lam.list_tags(Resource=arn)["Tags"] == {"more": "y"}
    assert lam.get_function(FunctionName="list-a")["Tags"] == {"more": "y"}


def test_the_cli_creates_and_invokes(server: Server, owner: Keys, tmp_path: Path) -> None:
    role = execution_role(server, owner, "ByCli")
    packed, out = tmp_path / "f.zip", tmp_path / "out.json"
    packed.write_bytes(archive())
    environment = server.environment(owner)
    made = run_aws(
        environment, "lambda", "create-function", "--function-name", "cli", "--runtime", "python3.12",
        "--handler", HANDLER, "--role", role, "--zip-file", f"fileb://{packed}",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert json.loads(made.stdout)["State"] == "Active"
    answered = run_aws(
        environment, "lambda", "invoke", "--function-name", "cli", "--payload", '{"a": 1}', str(out),
    )  # fmt: skip
    assert answered.returncode == 0, answered.stderr
    assert json.loads(out.read_text()) == {"a": 1} and json.loads(answered.stdout)["StatusCode"] == 200


def test_functions_are_there_after_a_restart(own_server: Server) -> None:
    keys = own_server.new_account()
    function(own_server, keys, "stays")
    own_server.stop()
    own_server.start()
    assert call(own_server.client("lambda", keys), "stays", [1])[0] == [1]
