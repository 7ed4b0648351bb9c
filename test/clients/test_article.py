"""Two accounts share one memory: the story that Warifu exists for, played with boto3 and the AWS CLI.

The programs in article/ make the calls of a published walk-through. Where the walk-through itself lies beside the
project, its own scripts are taken from it and run as printed, but for the numbers of the accounts and the memory."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from support import ROOT, Keys, Server, allow, policy, run_aws, run_python, trust, wait_until_active

SCRIPTS = Path(__file__).parent / "article"
PRINTED = ROOT.parent / "shared" / "seeds" / "000_0d38627623e9b731.txt"
SHARED_ACTIONS = [
    "CreateEvent",
    "GetEvent",
    "ListEvents",
    "ListActors",
    "ListSessions",
    "GetMemoryRecord",
    "ListMemoryRecords",
    "RetrieveMemoryRecords",
]
SESSION = ["--actor-id", "user-001", "--session-id", "cross-account-session-001"]


def sharing_policy(consumer: str, memory_arn: str) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AllowCrossAccountMemoryAccess",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{consumer}:role/ConsumerRole"},
                "Action": [f"bedrock-agentcore:{action}" for action in SHARED_ACTIONS],
                "Resource": memory_arn,
            }
        ],
    }


def role_session(server: Server, keys: Keys, role: str, session: str, statements: str) -> Keys:
    iam = server.client("iam", keys)
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust({"AWS": f"arn:aws:iam::{keys.account}:root"}))
    iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=statements)
    answer = server.client("sts", keys).assume_role(
        RoleArn=f"arn:aws:iam::{keys.account}:role/{role}", RoleSessionName=session
    )
    return Keys.of_credentials(keys.account, answer["Credentials"])


class Story:
    """The two accounts, and the roles that account B calls with."""

    def __init__(self, server: Server):
        self.server = server
        self.provider, self.consumer = server.new_account(), server.new_account()
        everything = policy(allow("*"))
        self.consumer_role = role_session(server, self.consumer, "ConsumerRole", "consumer", everything)
        self.denied_role = role_session(
            server, self.consumer, "CrossAccountDenyTestRole", "deny-test", policy(allow("bedrock-agentcore:*"))
        )

    def set_up_memory(self, script: Path) -> str:
        """Runs the first script as the provider; the memory's ARN."""
        done = run_python(self.server.environment(self.provider), script)
        assert done.returncode == 0, done.stderr
        found = re.fullmatch(r"Memory ID: (CrossAccountDemoMemory-\w{10})\nMemory ARN: (\S+)\n", done.stdout)
        assert found, done.stdout
        assert found.group(2) == f"arn:aws:bedrock-agentcore:us-east-1:{self.provider.account}:memory/{found.group(1)}"
        wait_until_active(self.server.client("bedrock-agentcore-control", self.provider), found.group(1))
        return found.group(2)

    def share(self, memory_arn: str, folder: Path) -> None:
        """Attaches the resource policy with the AWS CLI."""
        document = folder / "memory-cross-account-policy.json"
        document.write_text(json.dumps(sharing_policy(self.consumer.account, memory_arn), indent=2))
        done = run_aws(
            self.server.environment(self.provider),
            "bedrock-agentcore-control",
            "put-resource-policy",
            "--resource-arn",
            memory_arn,
            "--policy",
            f"file://{document}",
            "--region",
            "us-east-1",
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(json.loads(done.stdout)["policy"]) == json.loads(document.read_text())

    def run(self, keys: Keys, script: Path, *arguments: str) -> str:
        done = run_python(self.server.environment(keys), script, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def assert_denied(self, memory_arn: str) -> None:
        done = run_aws(
            self.server.environment(self.denied_role),
            "bedrock-agentcore",
            "list-events",
            "--region",
            "us-east-1",
            "--memory-id",
            memory_arn,
            *SESSION,
        )
        assert done.returncode != 0
        assert done.stderr.strip().removeprefix("aws: [ERROR]: ") == (
            "An error occurred (AccessDeniedException) when calling the ListEvents operation: User: "
            f"arn:aws:sts::{self.consumer.account}:assumed-role/CrossAccountDenyTestRole/deny-test is not authorized "
            "to perform: "
            f"bedrock-agentcore:ListEvents on resource: {memory_arn} because no resource-based policy allows the "
            "bedrock-agentcore:ListEvents action"
        )


@pytest.fixture
def story(server: Server) -> Story:
    return Story(server)


def test_two_accounts_share_one_memory(story: Story, tmp_path: Path) -> None:
    arn = story.set_up_memory(SCRIPTS / "setup_memory.py")
    story.share(arn, tmp_path)
    written = story.run(story.consumer_role, SCRIPTS / "write_cross_account.py", arn)
    event_id = re.fullmatch(r"Event created: (\d{19}#[0-9a-f]{8})\n", written).group(1)
    assert story.run(story.consumer_role, SCRIPTS / "list_events.py", arn) == f"Event ID: {event_id}\n"
    story.assert_denied(arn)

    listed = run_aws(
        story.server.environment(story.provider),
        "bedrock-agentcore",
        "list-events",
        "--region",
        "us-east-1",
        "--memory-id",
        arn.rsplit("/", 1)[1],
        *SESSION,
    )
    assert [event["eventId"] for event in json.loads(listed.stdout)["events"]] == [event_id], listed.stderr


def test_before_the_policy_is_attached_the_consumer_is_denied(story: Story) -> None:
    arn = story.set_up_memory(SCRIPTS / "setup_memory.py")
    done = run_python(story.server.environment(story.consumer_role), SCRIPTS / "list_events.py", arn)
    assert done.returncode != 0
    assert "because no resource-based policy allows the bedrock-agentcore:ListEvents action" in done.stderr


def printed_scripts() -> dict[str, str]:
    """The walk-through's scripts by the name that it runs them under, their lost indentation put back."""
    text = PRINTED.read_text()
    scripts: dict[str, str] = {}
    start = None
    for match in re.finditer(
        r"^(?P<first>import boto3|from strands import Agent)$|^uv run (?P<name>\w+\.py)$", text, re.MULTILINE
    ):
        if match.group("name"):
            scripts[match.group("name")] = indent(text[start : match.start()])
            start = None
        elif start is None:
            start = match.start()
    return scripts


def indent(code: str) -> str:
    """Inside brackets Python needs no indentation; the only blocks there end with the script."""
    lines, inside = [], False
    for line in code.splitlines():
        lines.append(("    " if inside else "") + line)
        inside = inside or line.startswith("for ") or line.endswith(" as session_manager:")
    return "\n".join(lines) + "\n"


@pytest.mark.skipif(not PRINTED.exists(), reason="the published walk-through does not lie beside the project")
def test_the_walk_through_runs_as_printed(story: Story, tmp_path: Path) -> None:
    scripts = printed_scripts()
    for name in ("setup_memory.py", "write_cross_account.py", "list_events.py"):
        (tmp_path / name).write_text(scripts[name])
    arn = story.set_up_memory(tmp_path / "setup_memory.py")
    for name in ("write_cross_account.py", "list_events.py"):
        text = (tmp_path / name).read_text()
        changed = re.sub(
            r'"arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/CrossAccountDemoMemory-NCd6eP6wJq"',
            f'"{arn}"',
            text,
        )
        assert changed != text
        (tmp_path / name).write_text(changed)

    story.share(arn, tmp_path)
    event_id = re.fullmatch(
        r"Event created: (\S+)\n", story.run(story.consumer_role, tmp_path / "write_cross_account.py")
    ).group(1)
    assert story.run(story.consumer_role, tmp_path / "list_events.py") == f"Event ID: {event_id}\n"
    story.assert_denied(arn)
