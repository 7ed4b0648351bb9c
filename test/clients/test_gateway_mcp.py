"""Gateways as MCP clients meet them: mcp-proxy-for-aws as library and as process, the plain SDK, and bearer tokens."""

import asyncio
import io
import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import jwt
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client

from support import CLIENTS, REGION, Keys, Server, allow, clean_environment, policy, trust

HERE = Path(__file__).parent
PROXY = CLIENTS / "proxy" / "bin"
ECHO = {"type": "object", "properties": {"message": {"type": "string"}}, "required": ["message"]}


@pytest.fixture(scope="module")
def gateways(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """A server whose gateways may reach loopback."""
    running = Server(tmp_path_factory.mktemp("gateways") / "data", "--gateway-allow-network", "127.0.0.0/8").start()
    yield running
    assert running.stop() == 0, running.log()[-3000:]


@pytest.fixture(scope="module")
def upstream() -> str:
    """The URL of an MCP server with a tool `echo`."""
    process = subprocess.Popen(
        [str(PROXY / "python"), str(HERE / "gateway_upstream.py")],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        env=clean_environment(),
    )
    port = int(process.stdout.readline())
    yield f"http://127.0.0.1:{port}/mcp"
    process.terminate()
    process.wait(10)


@pytest.fixture
def owner(gateways: Server) -> Keys:
    return gateways.new_account()


@pytest.fixture
def caller(gateways: Server) -> Keys:
    return gateways.new_account()


class Gateway:
    """A gateway of `owner` with the upstream behind it."""

    def __init__(self, server: Server, owner: Keys, upstream: str, **settings: Any):
        iam = server.client("iam", owner)
        role = iam.create_role(
            RoleName="Gateway", AssumeRolePolicyDocument=trust({"Service": "bedrock-agentcore.amazonaws.com"})
        )["Role"]["Arn"]
        self.control = server.client("bedrock-agentcore-control", owner)
        self.made = self.control.create_gateway(
            **{"name": "tools", "protocolType": "MCP", "authorizerType": "AWS_IAM", "roleArn": role} | settings
        )
        self.id, self.url, self.arn = (self.made[f"gateway{part}"] for part in ("Id", "Url", "Arn"))
        target = self.control.create_gateway_target(
            gatewayIdentifier=self.id, name="up", targetConfiguration={"mcp": {"mcpServer": {"endpoint": upstream}}}
        )
        self.target = target["targetId"]
        self.wait()

    def wait(self) -> None:
        for _ in range(200):
            target = self.control.get_gateway_target(gatewayIdentifier=self.id, targetId=self.target)
            if target["status"] == "READY":
                return
            assert target["status"] in ("CREATING", "SYNCHRONIZING"), target
            time.sleep(0.05)
        raise AssertionError("the target did not become READY")

    def let_in(self, principal: str) -> None:
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": principal},
            "Action": "bedrock-agentcore:InvokeGateway",
            "Resource": self.arn,
        }
        self.control.put_resource_policy(resourceArn=self.arn, policy=policy(statement))


def talk(server: Server, keys: Keys, how: str, url: str) -> dict[str, Any]:
    done = subprocess.run(
        [str(PROXY / "python"), str(HERE / "gateway_client.py"), how, url, str(PROXY / "mcp-proxy-for-aws")],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env=server.environment(keys),
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def post(url: str, body: dict[str, Any], headers: dict[str, str] | None = None, keys: Keys | None = None) -> Any:
    """Status, headers and JSON of one request, signed by `keys`."""
    data = json.dumps(body)
    fields = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream", **(headers or {})}
    request = AWSRequest("POST", url, data=data, headers=fields)
    if keys:
        credentials = Credentials(keys.access_key, keys.secret, keys.token)
        SigV4Auth(credentials, "bedrock-agentcore", REGION).add_auth(request)
    sent = urllib.request.Request(url, data=data.encode(), headers=dict(request.headers), method="POST")
    try:
        with urllib.request.urlopen(sent, timeout=30) as answer:
            return answer.status, answer.headers, json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers, json.loads(refused.read())


LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}


@pytest.mark.parametrize("how", ["library", "proxy"])
def test_both_halves_open_a_gateway(gateways: Server, owner: Keys, caller: Keys, upstream: str, how: str) -> None:
    gateway = Gateway(gateways, owner, upstream)
    assert talk(gateways, owner, how, gateway.url) == {
        "tools": ["up___echo"],
        "text": "echo: hello",
        "failed": False,
    }
    refused = talk(gateways, caller, how, gateway.url)["error"]
    if how == "library":
        assert "403" in refused
    else:
        assert f"on resource: {gateway.arn} because no resource-based policy allows" in refused, refused
    gateway.let_in(f"arn:aws:iam::{caller.account}:root")
    assert talk(gateways, caller, how, gateway.url)["text"] == "echo: hello"


def test_a_refusal_is_explained_to_its_owner_and_its_caller(
    gateways: Server, owner: Keys, caller: Keys, upstream: str
) -> None:
    gateway = Gateway(gateways, owner, upstream)
    status, headers, body = post(gateway.url, LIST, keys=caller)
    assert (status, body["id"]) == (403, 1)
    request_id = headers["x-amzn-RequestId"]
    for keys in (owner, caller):
        explained = gateways.command("explain", request_id, env=keys.environment())
        assert explained.returncode == 0, explained.stderr
        assert "InvokeGateway" in explained.stdout
    other = gateways.new_account()
    assert gateways.command("explain", request_id, env=other.environment()).returncode != 0


def test_the_caller_needs_its_own_half(gateways: Server, owner: Keys, caller: Keys, upstream: str) -> None:
    gateway = Gateway(gateways, owner, upstream)
    gateway.let_in(f"arn:aws:iam::{caller.account}:root")
    iam = gateways.client("iam", caller)
    iam.create_user(UserName="agent")
    made = iam.create_access_key(UserName="agent")["AccessKey"]
    agent = Keys(caller.account, made["AccessKeyId"], made["SecretAccessKey"])
    status, _, body = post(gateway.url, LIST, keys=agent)
    assert status == 403
    assert "no identity-based policy allows" in body["error"]["message"]
    wrong = gateway.arn[:-1] + ("0" if gateway.arn[-1] != "0" else "1")
    for resource, wanted in ((wrong, 403), (gateway.arn, 200)):
        iam.put_user_policy(
            UserName="agent",
            PolicyName="invoke",
            PolicyDocument=policy(allow("bedrock-agentcore:InvokeGateway", resource)),
        )
        assert post(gateway.url, LIST, keys=agent)[0] == wanted


HANDLER = """
def handler(event, context):
    if event["message"] == "fail":
        raise KeyError("city")
    custom = context.client_context.custom
    return {"message": event["message"], "tool": custom["bedrockAgentCoreToolName"], "keys": sorted(event)}
"""


def function_of(server: Server, keys: Keys, role: str) -> str:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("lambda_function.py", HANDLER)
    made = server.client("lambda", keys).create_function(
        FunctionName="echo",
        Runtime="python3.12",
        Handler="lambda_function.handler",
        Role=role,
        Timeout=30,
        Code={"ZipFile": archive.getvalue()},
    )
    return made["FunctionArn"]


def test_a_function_answers_through_a_gateway(gateways: Server, owner: Keys, upstream: str) -> None:
    gateway = Gateway(gateways, owner, upstream, exceptionLevel="DEBUG")
    iam = gateways.client("iam", owner)
    role = iam.create_role(RoleName="Function", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"}))
    arn = function_of(gateways, owner, role["Role"]["Arn"])
    tool = {"name": "echo", "description": "Echoes", "inputSchema": ECHO}
    gateway.control.create_gateway_target(
        gatewayIdentifier=gateway.id,
        name="fn",
        targetConfiguration={"mcp": {"lambda": {"lambdaArn": arn, "toolSchema": {"inlinePayload": [tool]}}}},
        credentialProviderConfigurations=[{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
    )

    def call(message: str) -> dict[str, Any]:
        params = {"name": "fn___echo", "arguments": {"message": message}}
        return post(gateway.url, LIST | {"method": "tools/call", "params": params}, keys=owner)[2]["result"]

    denied = call("hello")
    assert denied["isError"]
    assert f"Access denied while invoking Lambda function {arn}" in denied["content"][0]["text"]
    may_invoke = policy(allow("lambda:InvokeFunction", arn))
    iam.put_role_policy(RoleName="Gateway", PolicyName="invoke", PolicyDocument=may_invoke)
    answered = call("hello")
    assert not answered["isError"], answered
    assert json.loads(answered["content"][0]["text"]) == {"message": "hello", "tool": "fn___echo", "keys": ["message"]}
    failed = call("fail")
    assert failed["isError"]
    assert "KeyError" in failed["content"][0]["text"]
    iam.delete_role_policy(RoleName="Gateway", PolicyName="invoke")
    assert call("hello")["isError"], "revoked at the next call"


def test_a_runtime_is_invoked_by_the_gateways_role_and_nobody_elses(
    gateways: Server, owner: Keys, upstream: str
) -> None:
    gateway = Gateway(gateways, owner, upstream, exceptionLevel="DEBUG")
    runtime = f"arn:aws:bedrock-agentcore:{REGION}:{owner.account}:runtime/agent-0123456789"
    gateway.control.create_gateway_target(
        gatewayIdentifier=gateway.id,
        name="agent",
        targetConfiguration={"http": {"agentcoreRuntime": {"arn": runtime}}},
        credentialProviderConfigurations=[{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
    )
    url = gateway.url.removesuffix("/mcp") + "/agent/invocations"
    status, _, body = post(url, {"prompt": "hello"}, keys=owner)
    assert status == 403
    assert "assumed-role/Gateway/" in body["message"], "the owner's own permissions are not its role's"
    assert f"bedrock-agentcore:InvokeAgentRuntime on resource: {runtime}" in body["message"]
    gateways.client("iam", owner).put_role_policy(
        RoleName="Gateway",
        PolicyName="agents",
        PolicyDocument=policy(allow("bedrock-agentcore:InvokeAgentRuntime", "*")),
    )
    status, _, body = post(url, {"prompt": "hello"}, keys=owner)
    assert (status, "No endpoint or agent found" in body["message"]) == (404, True), body


def test_a_function_of_another_account_must_let_the_gateways_role_in(
    gateways: Server, owner: Keys, caller: Keys, upstream: str
) -> None:
    gateway = Gateway(gateways, owner, upstream, exceptionLevel="DEBUG")
    role = gateways.client("iam", caller).create_role(
        RoleName="Function", AssumeRolePolicyDocument=trust({"Service": "lambda.amazonaws.com"})
    )
    arn = function_of(gateways, caller, role["Role"]["Arn"])
    tool = {"name": "echo", "description": "Echoes", "inputSchema": ECHO}
    gateway.control.create_gateway_target(
        gatewayIdentifier=gateway.id,
        name="far",
        targetConfiguration={"mcp": {"lambda": {"lambdaArn": arn, "toolSchema": {"inlinePayload": [tool]}}}},
        credentialProviderConfigurations=[{"credentialProviderType": "GATEWAY_IAM_ROLE"}],
    )
    iam, functions = gateways.client("iam", owner), gateways.client("lambda", caller)

    def answered() -> bool:
        params = {"name": "far___echo", "arguments": {"message": "hello"}}
        result = post(gateway.url, LIST | {"method": "tools/call", "params": params}, keys=owner)[2]["result"]
        assert not result["isError"] or "Access denied while invoking" in result["content"][0]["text"], result
        return not result["isError"]

    def permit(principal: str) -> None:
        functions.add_permission(
            FunctionName="echo", StatementId="gateway", Action="lambda:InvokeFunction", Principal=principal
        )

    assert not answered()
    may_invoke = policy(allow("lambda:InvokeFunction", arn))
    iam.put_role_policy(RoleName="Gateway", PolicyName="invoke", PolicyDocument=may_invoke)
    assert not answered(), "the role's half alone"
    permit(f"arn:aws:iam::{owner.account}:role/Gateway")
    assert answered()
    iam.delete_role_policy(RoleName="Gateway", PolicyName="invoke")
    assert not answered(), "the function's half alone"
    iam.put_role_policy(RoleName="Gateway", PolicyName="invoke", PolicyDocument=may_invoke)
    functions.remove_permission(FunctionName="echo", StatementId="gateway")
    permit(gateways.new_account().account)
    assert not answered(), "a third account's name"


def test_private_upstreams_are_refused_unless_allowed(server: Server, upstream: str) -> None:
    keys = server.new_account()
    with pytest.raises(AssertionError, match="FAILED"):
        Gateway(server, keys, upstream)


async def plain_session(url: str, headers: dict[str, str]) -> tuple[list[str], str]:
    async with httpx2.AsyncClient(headers=headers) as http:
        async with streamable_http_client(url, http_client=http) as streams:
            async with ClientSession(streams[0], streams[1]) as session:
                await session.initialize()
                tools = [tool.name for tool in (await session.list_tools()).tools]
                answer = await session.call_tool(tools[-1], {"message": "plain"})
                return tools, answer.content[0].text


SETTINGS = [
    {},
    {"sessionConfiguration": {"sessionTimeoutInSeconds": 900}},
    {
        "sessionConfiguration": {"sessionTimeoutInSeconds": 900},
        "streamingConfiguration": {"enableResponseStreaming": True},
    },
    {"searchType": "SEMANTIC", "supportedVersions": ["2025-06-18"]},
]


@pytest.mark.parametrize("settings", SETTINGS, ids=["plain", "sessions", "streaming", "search"])
def test_the_plain_sdk_talks_to_a_gateway(
    gateways: Server, owner: Keys, upstream: str, settings: dict[str, Any]
) -> None:
    more = {"protocolConfiguration": {"mcp": settings}} if settings else {}
    gateway = Gateway(gateways, owner, upstream, authorizerType="NONE", **more)
    tools, text = asyncio.run(plain_session(gateway.url, {}))
    assert text == "echo: plain"
    assert tools[-1] == "up___echo"
    assert ("x_amz_bedrock_agentcore_search" in tools) == ("searchType" in settings)


class Provider:
    """An OpenID provider on loopback."""

    def __init__(self) -> None:
        self.keys = {"k1": rsa.generate_private_key(65537, 2048), "e1": ec.generate_private_key(ec.SECP256R1())}
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(provider.document(self.path)).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def document(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        jwks = [json.loads(RSAAlgorithm.to_jwk(self.keys["k1"].public_key())) | {"kid": "k1"}]
        return {"keys": jwks + [json.loads(ECAlgorithm.to_jwk(self.keys["e1"].public_key())) | {"kid": "e1"}]}

    def claims(self, **change: Any) -> dict[str, Any]:
        now = int(time.time())
        claims = {"iss": self.url, "sub": "alice", "client_id": "c1", "scope": "use", "iat": now, "exp": now + 300}
        return {name: value for name, value in (claims | change).items() if value is not None}

    def token(self, key: str = "k1", algorithm: str = "RS256", **change: Any) -> str:
        return jwt.encode(self.claims(**change), self.keys[key], algorithm, headers={"kid": key})


@pytest.fixture(scope="module")
def provider() -> Provider:
    made = Provider()
    yield made
    made.server.shutdown()


@pytest.fixture
def guarded(gateways: Server, owner: Keys, upstream: str, provider: Provider) -> Gateway:
    authorizer = {
        "discoveryUrl": f"{provider.url}/.well-known/openid-configuration",
        "allowedClients": ["c1"],
        "allowedScopes": ["use"],
    }
    return Gateway(
        gateways,
        owner,
        upstream,
        authorizerType="CUSTOM_JWT",
        authorizerConfiguration={"customJWTAuthorizer": authorizer},
    )


def test_a_good_token_is_let_in(guarded: Gateway, provider: Provider) -> None:
    for key, algorithm in (("k1", "RS256"), ("k1", "PS512"), ("e1", "ES256")):
        headers = {"Authorization": f"Bearer {provider.token(key, algorithm)}"}
        tools, text = asyncio.run(plain_session(guarded.url, headers))
        assert (tools, text) == (["up___echo"], "echo: plain")


def test_every_other_token_is_not(guarded: Gateway, provider: Provider) -> None:
    now = int(time.time())
    stranger = rsa.generate_private_key(65537, 2048)
    tokens = {
        "issuer": provider.token(iss="https://other.example"),
        "client": provider.token(client_id="c2"),
        "no client": provider.token(client_id=None),
        "expired": provider.token(exp=now - 120),
        "no end": provider.token(exp=None),
        "not yet": provider.token(nbf=now + 600),
        "wrong key": jwt.encode(provider.claims(), stranger, "RS256", headers={"kid": "k1"}),
        "none": jwt.encode(provider.claims(), None, "none"),
        "hmac": jwt.encode(provider.claims(), "a" * 64, "HS256", headers={"kid": "k1"}),
        "no token": "",
    }
    for why, token in tokens.items():
        status, headers, body = post(guarded.url, LIST, {"Authorization": f"Bearer {token}"})
        assert (status, body["error"]["code"]) == (401, -32001), why
        assert headers["WWW-Authenticate"].startswith("Bearer resource_metadata="), why
    status, headers, _ = post(guarded.url, LIST, {"Authorization": f"Bearer {provider.token(scope='x')}"})
    assert status == 403
    assert 'error="insufficient_scope"' in headers["WWW-Authenticate"]


def test_the_metadata_document_leads_to_the_provider(guarded: Gateway, provider: Provider) -> None:
    challenge = post(guarded.url, LIST)[1]["WWW-Authenticate"]
    where = challenge.split('resource_metadata="')[1].split('"')[0]
    with urllib.request.urlopen(where, timeout=30) as answer:
        document = json.loads(answer.read())
    assert document["resource"] == guarded.url
    assert document["authorization_servers"] == [provider.url]
