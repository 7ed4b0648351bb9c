"""Agents for tests: code archives in S3, the role that they run as, runtimes that are invoked."""

import io
import json
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

from support import REGION, Keys, Server, allow, policy, trust

RUNTIME = f"PYTHON_{sysconfig.get_config_var('py_version_nodot')[0]}_{sysconfig.get_config_var('py_version_nodot')[1:]}"


def archive(code: str, folders: list[Path] | None = None) -> bytes:
    """A zip with `main.py` and the packages of `folders` beside it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zip_:
        zip_.writestr("main.py", code)
        for folder in folders or []:
            for file in sorted(folder.rglob("*")):
                if file.is_file() and "__pycache__" not in file.parts:
                    zip_.write(file, file.relative_to(folder.parent))
        for module in ("typing_extensions.py", "six.py", "sniffio.py"):
            file = Path(sysconfig.get_path("purelib")) / module
            if folders and file.is_file():
                zip_.write(file, module)
    return buffer.getvalue()


# What the SDK's app imports; pure Python but for pydantic_core, which is built for the interpreter that runs the tests.
SDK = (
    "annotated_types anyio bedrock_agentcore boto3 botocore click dateutil h11 idna jmespath pydantic pydantic_core "
    "s3transfer starlette typing_inspection urllib3 uvicorn websockets"
).split()


def sdk_folders() -> list[Path]:
    """The SDK's package and what it needs, but for boto3, which agents find beside their own code."""
    site = Path(sysconfig.get_path("purelib"))
    return [site / name for name in SDK if name not in ("boto3", "botocore", "s3transfer") and (site / name).is_dir()]


def agent_role(server: Server, keys: Keys, *statements: dict[str, Any], name: str = "AgentRole") -> str:
    iam = server.client("iam", keys)
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=trust({"Service": "bedrock-agentcore.amazonaws.com"})
    )
    logs = allow(["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], "*")
    iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=policy(logs, *statements))
    return made["Role"]["Arn"]


def deploy(
    server: Server, keys: Keys, name: str, zip_: bytes, role: str, region: str = REGION, **more: Any
) -> dict[str, Any]:
    """Uploads the code and makes a runtime of it."""
    s3 = server.client("s3", keys)
    bucket = f"agent-code-{keys.account}-{name}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key=f"{name}.zip", Body=zip_)
    code = {
        "code": {"s3": {"bucket": bucket, "prefix": f"{name}.zip"}},
        "runtime": RUNTIME,
        "entryPoint": ["main.py"],
    }
    return server.client("bedrock-agentcore-control", keys, region).create_agent_runtime(
        agentRuntimeName=name,
        agentRuntimeArtifact={"codeConfiguration": code},
        networkConfiguration={"networkMode": "PUBLIC"},
        roleArn=role,
        **more,
    )


def ask(server: Server, keys: Keys, arn: str, payload: Any, **more: Any) -> Any:
    """What the agent answers to a JSON payload, read to its end."""
    client = server.client("bedrock-agentcore", keys)
    answer = client.invoke_agent_runtime(agentRuntimeArn=arn, payload=json.dumps(payload), **more)
    return json.loads(answer["response"].read())
