"""A gateway that two accounts share: the scripts of a published walk-through run as printed, where it lies beside us.

Printing lost their indentation, which INDENTATION gives back; besides, only the gateway's id is filled in."""

import configparser
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support import CLIENTS, REGION, ROOT, VENV_BIN, Keys, Server, clean_environment
from test_gateway_mcp import LIST, post

PRINTED = ROOT.parent / "shared" / "seeds" / "002_741248773480791d.txt"
PROVIDER, CONSUMER = "111122223333", "444455556666"
TOOL = " - echo-tools___echo_message: Echo back a message for testing\n"

# What speaks MCP with signatures stands on an older SDK than the other clients, in an environment of its own.
PYTHONS = {"test_gateway_invoke.py": CLIENTS / "proxy" / "bin" / "python"}

# How each script begins in print, and what follows it.
PLACES = {
    "setup_gateway.py": ('"""Create a Gateway with IAM', "Running this creates"),
    "test_gateway_invoke.py": ("import asyncio\n", "First, call from"),
    "setup_resource_policy.py": ("import json\nimport boto3\nGATEWAY_ARN", "uv run setup_resource_policy.py"),
    "cleanup.py": ('"""Delete the created', "uv run cleanup.py"),
}
# From which line on a script is indented how deep.
INDENTATION = {
    "setup_gateway.py": (
        "0:0 16:1 29:2 34:1 35:2 37:1 38:0 39:1 54:2 65:1 66:2 67:1 69:0 71:1 75:0 76:1 78:2 79:1 81:2 89:1 90:2 93:1 "
        "94:0 95:1 138:2 140:3 141:2 142:1 183:2 187:3 188:2 189:1 201:2 202:1 207:0 208:1"
    ),
    "test_gateway_invoke.py": "0:0 9:1 18:2 23:3 24:4 28:5 29:1 30:2 31:3 32:1 33:2 34:0 35:1",
    "setup_resource_policy.py": "0:0",
    "cleanup.py": "0:0 10:1 11:0 16:1 18:0 19:1 20:0 33:1 34:2 37:3 38:2 41:3 44:2 46:1 47:2 48:0",
}

pytestmark = pytest.mark.skipif(
    not PRINTED.exists(), reason="the published walk-through does not lie beside the project"
)


def printed(name: str) -> str:
    text = PRINTED.read_text()
    begin, end = PLACES[name]
    start = text.index(begin)
    levels = dict(tuple(map(int, step.split(":"))) for step in INDENTATION[name].split())
    lines, level = [], 0
    for number, line in enumerate(text[start : text.index(end, start)].splitlines()):
        level = levels.get(number, level)
        lines.append("    " * level + line)
    return "\n".join(lines) + "\n"


class Story:
    """Two accounts on one server, each a profile of the AWS configuration, and the scripts in a folder."""

    def __init__(self, server: Server, folder: Path):
        self.server, self.folder = server, folder
        profiles = {"account-a": server.new_account(PROVIDER), "account-b": server.new_account(CONSUMER)}
        self.provider: Keys = profiles["account-a"]
        self.consumer: Keys = profiles["account-b"]
        configuration = configparser.ConfigParser()
        for profile, keys in profiles.items():
            configuration[f"profile {profile}"] = {
                "region": REGION,
                "endpoint_url": server.url,
                "aws_access_key_id": keys.access_key,
                "aws_secret_access_key": keys.secret,
            }
        with open(folder / "aws.ini", "w") as file:
            configuration.write(file)
        for name in PLACES:
            (folder / name).write_text(printed(name))

    def run(self, name: str, *arguments: str) -> str:
        done = subprocess.run(
            [str(PYTHONS.get(name, VENV_BIN / "python")), name, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
            check=False,
            env=clean_environment() | {"AWS_CONFIG_FILE": str(self.folder / "aws.ini")},
        )
        assert done.returncode == 0, done.stderr + done.stdout + self.server.log()[-3000:]
        return done.stdout

    def configuration(self) -> dict[str, Any]:
        return json.loads((self.folder / "gateway_config.json").read_text())

    def fill_in(self, name: str, pattern: str, value: str) -> None:
        text = (self.folder / name).read_text()
        changed = re.sub(pattern, value, text)
        assert changed != text
        (self.folder / name).write_text(changed)


@pytest.fixture
def story(own_server: Server, tmp_path: Path) -> Story:
    return Story(own_server, tmp_path)


def test_the_walk_through_runs_as_printed(story: Story) -> None:
    said = story.run("setup_gateway.py")
    assert "Gateway is READY!" in said and "Target is READY!" in said and "Setup complete!" in said
    made = story.configuration()
    assert re.fullmatch(r"cross-account-test-[0-9a-z]{10}", made["gateway_id"])
    assert made["gateway_arn"] == f"arn:aws:bedrock-agentcore:{REGION}:{PROVIDER}:gateway/{made['gateway_id']}"
    assert made["gateway_url"] == f"{story.server.url}/_gateway/{made['gateway_id']}/mcp"

    story.fill_in("test_gateway_invoke.py", r'"https://<your-gateway-id>[^"]*"', f'"{made["gateway_url"]}"')
    story.fill_in("setup_resource_policy.py", "<your-gateway-id>", made["gateway_id"])

    own = story.run("test_gateway_invoke.py", "account-a")
    assert f"Account: {PROVIDER}\n" in own and own.endswith("SUCCESS! tools/list returned:\n" + TOOL), own

    denied = story.run("test_gateway_invoke.py", "account-b")
    assert f"Account: {CONSUMER}\n" in denied and "SUCCESS" not in denied, denied
    assert re.search(r"^FAILED: ", denied, re.MULTILINE), denied
    # The script's library shows no more than that; what it was sent says which half is missing, word for word.
    status, _, body = post(made["gateway_url"], LIST, keys=story.consumer)
    action = "bedrock-agentcore:InvokeGateway"
    caller = story.server.client("sts", story.consumer).get_caller_identity()["Arn"]
    assert (status, body["error"]["message"]) == (
        403,
        f"User: {caller} is not authorized to perform: {action} on resource: {made['gateway_arn']} because no "
        f"resource-based policy allows the {action} action",
    )

    assert story.run("setup_resource_policy.py") == "Resource policy attached!\n"
    shared = story.run("test_gateway_invoke.py", "account-b")
    assert f"Account: {CONSUMER}\n" in shared and shared.endswith("SUCCESS! tools/list returned:\n" + TOOL), shared

    said = story.run("cleanup.py")
    assert "Deleted resource policy\n" in said and "Error" not in said, said
    assert said.endswith("Cleanup complete!\n"), said
    control = story.server.client("bedrock-agentcore-control", story.provider)
    assert control.list_gateways()["items"] == []
    after = story.run("test_gateway_invoke.py", "account-b")
    assert "SUCCESS" not in after, after
