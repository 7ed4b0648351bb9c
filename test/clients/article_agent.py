"""The two accounts of an article on agents shared across accounts, with an agent that runs in the first."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agents_made import agent_role, archive, deploy
from support import BINARY, ROOT, Keys, Server, allow, clean_environment, not_allowed, policy, refused, trust

PRINTED = ROOT.parent / "shared" / "seeds" / "001_7149e0d29dc5bc7c.txt"
printed_only = pytest.mark.skipif(not PRINTED.exists(), reason="the article does not lie beside the project")

OWNER, CALLER = "111111111111", "222222222222"
HOME_REGION = "eu-west-1"
PRINTED_ID = "agent-abcdefghij"
ROLE = "the-caller-role"
SESSION_ARN = f"arn:aws:sts::{CALLER}:assumed-role/{ROLE}/internal-tool"
INVOKE = "bedrock-agentcore:InvokeAgentRuntime"
FOR_USER = "bedrock-agentcore:InvokeAgentRuntimeForUser"
CARD = "bedrock-agentcore:GetAgentCard"
WRONG_ENDPOINTS = f"arn:aws:bedrock-agentcore:*:{CALLER}:runtime/*/runtime-endpoint/*"
RESOURCE, IDENTITY = "resource-based policy", "identity-based policy"
HEARD = {"heard": {"prompt": "hi"}}

AGENT = '''
import json, os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Agent(BaseHTTPRequestHandler):
    def answer(self, told):
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer({"name": "carded"} if "agent-card" in self.path else {"status": "Healthy"})

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer({"heard": asked})

    def log_message(self, *args):
        pass


ThreadingHTTPServer(("0.0.0.0", int(os.environ["SERVES_AT"])), Agent).serve_forever()
'''


class World:
    """The article's two accounts: an agent that runs in the first, a role of the second that calls it."""

    def __init__(self, server: Server):
        self.server = server
        self.owner, self.caller = server.new_account(OWNER), server.new_account(CALLER)
        self.control = server.client("bedrock-agentcore-control", self.owner, region=HOME_REGION)
        self.iam = server.client("iam", self.caller)
        self.runtime = self.deployed("agent", "8080")
        self.endpoint = f"{self.runtime}/runtime-endpoint/DEFAULT"
        self.iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{CALLER}:root"}))
        made = server.client("sts", self.caller).assume_role(
            RoleArn=f"arn:aws:iam::{CALLER}:role/{ROLE}", RoleSessionName="internal-tool"
        )
        self.session = Keys.of_credentials(CALLER, made["Credentials"])

    def deployed(self, name: str, port: str, **more: Any) -> str:
        role = agent_role(self.server, self.owner, name=f"Runs-{name}")
        served = {"environmentVariables": {"SERVES_AT": port}} | more
        return deploy(self.server, self.owner, name, archive(AGENT), role, HOME_REGION, **served)["agentRuntimeArn"]

    def reset(self) -> None:
        """No resource policies, and an identity policy as it should be."""
        for arn in (self.runtime, self.endpoint):
            if self.control.get_resource_policy(resourceArn=arn).get("policy"):
                self.control.delete_resource_policy(resourceArn=arn)
        self.identify([self.runtime, self.endpoint])

    def identify(self, resources: list[str]) -> str:
        document = policy(allow([INVOKE, FOR_USER, CARD], resources))
        self.iam.put_role_policy(RoleName=ROLE, PolicyName="invokes", PolicyDocument=document)
        return document

    def attach(self, *arns: str, **more: Any) -> None:
        for arn in arns or (self.runtime, self.endpoint):
            self.control.put_resource_policy(resourceArn=arn, policy=sharing(arn, **more))

    def ask(self, keys: Keys | None = None, **more: Any) -> dict[str, Any]:
        client = self.server.client("bedrock-agentcore", keys or self.session, region=HOME_REGION)
        answer = client.invoke_agent_runtime(agentRuntimeArn=self.runtime, payload=b'{"prompt": "hi"}', **more)
        return json.loads(answer["response"].read())

    def denied(self, arn: str, why: str, action: str = INVOKE, **more: Any) -> str:
        """The id of a request that must be refused with exactly this reason."""
        with refused("AccessDeniedException", 403, not_allowed(SESSION_ARN, action, arn, why)) as caught:
            self.ask(**more)
        return caught.error.response["ResponseMetadata"]["RequestId"]


def sharing(arn: str, **more: Any) -> str:
    principal = {"AWS": [f"arn:aws:iam::{CALLER}:root", f"arn:aws:iam::{CALLER}:role/{ROLE}"]}
    return policy(allow([INVOKE, FOR_USER, CARD], arn, Sid="AllowCallerRole", Principal=principal) | more)


def lint(folder: Path, document: str, *options: str) -> dict[str, str]:
    """The codes that `warifu lint` finds, with what it says."""
    file = folder / "linted.json"
    file.write_text(document)
    command = [str(BINARY), "lint", str(file), *options, "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False, env=clean_environment())
    found = {one["Code"]: json.dumps(one) for one in json.loads(done.stdout)}
    assert done.returncode == (2 if found else 0), done.stderr
    return found
