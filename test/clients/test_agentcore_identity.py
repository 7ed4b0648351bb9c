"""AgentCore Identity as boto3 and the AgentCore SDK speak to it: providers, workloads, keys and tokens."""

import asyncio
import json
import os
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Iterator
from urllib.parse import parse_qs

import pytest
from bedrock_agentcore.services.identity import IdentityClient

from support import REGION, Keys, Server, allow, refused, run_aws


class Issuer(HTTPServer):
    """An authorization server that issues a new token to each asking."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[dict[str, list[str]]] = []
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Issuer

    def do_GET(self) -> None:
        self.answer({"issuer": self.server.url, "token_endpoint": f"{self.server.url}/token"})

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(form | {"authorization": [self.headers.get("Authorization", "")]})
        self.answer({"access_token": f"token-{len(self.server.asked)}", "expires_in": 3600, "token_type": "Bearer"})

    def answer(self, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    running = Issuer()
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield running
    running.shutdown()


@pytest.fixture(scope="module")
def near(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that may ask identity providers on this machine."""
    running = Server(tmp_path_factory.mktemp("near") / "data", "--gateway-allow-network", "127.0.0.0/8").start()
    yield running
    assert running.stop() == 0


def custom(url: str) -> dict[str, Any]:
    discovery = {"discoveryUrl": f"{url}/.well-known/openid-configuration"}
    return {
        "name": "idp",
        "credentialProviderVendor": "CustomOauth2",
        "oauth2ProviderConfigInput": {
            "customOauth2ProviderConfig": {"oauthDiscovery": discovery, "clientId": "me", "clientSecret": "hush"}
        },
    }


def test_an_api_key_is_kept_and_never_shown(server: Server, control: Any, data: Any, owner: Keys) -> None:
    made = control.create_api_key_credential_provider(name="weather", apiKey="s3cret", tags={"team": "a"})
    assert made["credentialProviderArn"].endswith(":token-vault/default/apikeycredentialprovider/weather")
    assert made["apiKeySecretArn"]["secretArn"].startswith(f"arn:aws:secretsmanager:{REGION}:{owner.account}:secret:")
    assert "s3cret" not in str(control.get_api_key_credential_provider(name="weather"))
    assert control.list_tags_for_resource(resourceArn=made["credentialProviderArn"])["tags"] == {"team": "a"}
    with refused("ValidationException", 400, "Credential provider with name: weather already exists"):
        control.create_api_key_credential_provider(name="weather", apiKey="other")
    control.create_workload_identity(name="agent")
    token = data.get_workload_access_token(workloadName="agent")["workloadAccessToken"]
    ask = {"resourceCredentialProviderName": "weather", "workloadIdentityToken": token}
    assert data.get_resource_api_key(**ask)["apiKey"] == "s3cret"
    with refused("UnauthorizedException", 401):
        data.get_resource_api_key(**ask | {"workloadIdentityToken": "made-up"})
    stored = b"".join(path.read_bytes() for path in server.data.rglob("*") if path.is_file())
    assert b"s3cret" not in stored and b"s3cret" not in server.log().encode()


def test_a_workload_must_be_allowed_what_its_token_asks_for(server: Server, control: Any, make_user: Any) -> None:
    control.create_api_key_credential_provider(name="weather", apiKey="s3cret")
    for name in ("agent", "other"):
        control.create_workload_identity(name=name)
    directory = f"arn:aws:bedrock-agentcore:{REGION}:*:workload-identity-directory/default"
    keys = make_user(
        allow("bedrock-agentcore:GetWorkloadAccessToken"),
        allow(
            "bedrock-agentcore:GetResourceApiKey",
            [
                f"arn:aws:bedrock-agentcore:{REGION}:*:token-vault/default*",
                directory,
                f"{directory}/workload-identity/agent",
            ],
        ),
    )
    client = server.client("bedrock-agentcore", keys)

    def key_for(workload: str) -> str:
        token = client.get_workload_access_token(workloadName=workload)["workloadAccessToken"]
        return client.get_resource_api_key(resourceCredentialProviderName="weather", workloadIdentityToken=token)[
            "apiKey"
        ]

    assert key_for("agent") == "s3cret"
    with refused("AccessDeniedException", 403, pattern="workload-identity/other"):
        key_for("other")


def test_the_sdk_gets_tokens_of_the_client_credentials_grant(
    near: Server, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in near.environment(near.new_account()).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    client = IdentityClient(REGION)
    made = client.create_oauth2_credential_provider(custom(issuer.url))
    assert "hush" not in str(made) and made["status"] == "READY"
    name = client.create_workload_identity()["name"]
    token = client.get_workload_access_token(name)["workloadAccessToken"]
    begun = len(issuer.asked)

    def ask(**more: Any) -> str:
        return asyncio.run(
            client.get_token(provider_name="idp", agent_identity_token=token, auth_flow="M2M", **more)
        )

    first = ask(scopes=["read", "write"])
    assert ask(scopes=["read", "write"]) == first and len(issuer.asked) == begun + 1
    assert issuer.asked[-1]["scope"] == ["read write"] and issuer.asked[-1]["authorization"][0].startswith("Basic ")
    assert ask(scopes=["read", "write"], force_authentication=True) != first


def test_identity_providers_on_private_networks_are_not_asked(control: Any, data: Any, issuer: Issuer) -> None:
    begun = len(issuer.asked)
    control.create_oauth2_credential_provider(**custom(issuer.url))
    control.create_workload_identity(name="agent")
    token = data.get_workload_access_token(workloadName="agent")["workloadAccessToken"]
    with refused("ValidationException", 400, pattern="may not connect"):
        data.get_resource_oauth2_token(
            resourceCredentialProviderName="idp", workloadIdentityToken=token, oauth2Flow="M2M", scopes=[]
        )
    assert len(issuer.asked) == begun


def test_what_is_not_here_is_refused_by_name(control: Any, data: Any) -> None:
    control.create_workload_identity(name="agent")
    token = data.get_workload_access_token_for_user_id(workloadName="agent", userId="ann")["workloadAccessToken"]
    control.create_oauth2_credential_provider(**custom("https://idp.example"))
    with refused("ValidationException", 400, pattern="USER_FEDERATION is not supported"):
        data.get_resource_oauth2_token(
            resourceCredentialProviderName="idp", workloadIdentityToken=token, oauth2Flow="USER_FEDERATION", scopes=[]
        )
    key = "arn:aws:kms:us-east-1:111111111111:key/12345678-1234-1234-1234-123456789012"
    with refused("ValidationException", 400, pattern="kmsKeyArn is not supported"):
        control.set_token_vault_cmk(kmsConfiguration={"keyType": "CustomerManagedKey", "kmsKeyArn": key})
    assert control.get_token_vault()["kmsConfiguration"] == {"keyType": "ServiceManagedKey"}


def test_the_aws_cli_lists_what_there_is(server: Server, owner: Keys, control: Any) -> None:
    control.create_workload_identity(name="agent")
    listed = run_aws(server.environment(owner), "bedrock-agentcore-control", "list-workload-identities")
    assert listed.returncode == 0, listed.stderr
    assert [item["name"] for item in json.loads(listed.stdout)["workloadIdentities"]] == ["agent"]
