#!/usr/bin/env python3
"""Two accounts share one memory, in one terminal: each request, who asked, and the decision with its reason."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

BINARY = Path(__file__).resolve().parent.parent / "build" / "bin" / "warifu"
PROVIDER, CONSUMER = "111111111111", "222222222222"
SESSION = {"actorId": "user-001", "sessionId": "cross-account-session-001"}
COLOURS = {"allowed": "\033[32m", "denied": "\033[31m", "title": "\033[1m"}


def painted(text: str, colour: str) -> str:
    return f"{COLOURS[colour]}{text}\033[0m" if sys.stdout.isatty() else text


class Stage:
    """A server with two accounts, and how to speak to it as someone."""

    def __init__(self, folder: str):
        self.folder = folder
        self.server = subprocess.Popen(
            [str(BINARY), "serve", "--listen", "127.0.0.1:0", "--data", folder],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = next(
            found.group(1) for line in self.server.stdout if (found := re.search(r"listening on (https?://\S+)", line))
        )

    def account(self, number: str) -> dict[str, str]:
        """Makes an account; the keys of its administrator, as boto3 takes them."""
        made = json.loads(
            subprocess.run(
                [str(BINARY), "account", "create", number, "--json", "--endpoint-url", self.url, "--data", self.folder],
                check=True,
                capture_output=True,
                text=True,
            ).stdout
        )
        return {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def client(self, service: str, keys: dict[str, str]) -> Any:
        return boto3.client(
            service, region_name="us-east-1", endpoint_url=self.url, config=Config(retries={"max_attempts": 0}), **keys
        )

    def role_session(self, keys: dict[str, str], account: str, role: str, session: str, actions: str) -> dict[str, str]:
        """Makes a role that its account trusts and that may perform `actions`; the keys of a session of it."""
        iam = self.client("iam", keys)
        trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
        grant = {"Effect": "Allow", "Action": actions, "Resource": "*"}
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=document(trust))
        iam.put_role_policy(RoleName=role, PolicyName="permissions", PolicyDocument=document(grant))
        made = self.client("sts", keys).assume_role(
            RoleArn=f"arn:aws:iam::{account}:role/{role}", RoleSessionName=session
        )["Credentials"]
        return {
            "aws_access_key_id": made["AccessKeyId"],
            "aws_secret_access_key": made["SecretAccessKey"],
            "aws_session_token": made["SessionToken"],
        }


def document(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def ask(who: str, what: str, call: Callable[[], Any], because: str) -> Any:
    """Makes one request and tells the decision; `because` is the reason when it is allowed."""
    print(f"\n{who}\n  asks    {what}")
    try:
        answer = call()
        print(f"  {painted('allowed', 'allowed')} {because}")
        return answer
    except ClientError as refusal:
        print(f"  {painted('denied', 'denied')}  {refusal.response['Error']['Message']}")
        return None


def play(stage: Stage) -> None:
    owner, neighbour = stage.account(PROVIDER), stage.account(CONSUMER)
    role = stage.role_session(neighbour, CONSUMER, "ConsumerRole", "consumer", "*")
    other = stage.role_session(neighbour, CONSUMER, "CrossAccountDenyTestRole", "deny-test", "bedrock-agentcore:*")
    weak = stage.role_session(neighbour, CONSUMER, "WeakRole", "weak", "bedrock-agentcore:GetEvent")
    control = stage.client("bedrock-agentcore-control", owner)
    provider = f"account {PROVIDER}, administrator"

    memory = ask(
        provider,
        "CreateMemory CrossAccountDemoMemory",
        lambda: control.create_memory(name="CrossAccountDemoMemory", eventExpiryDuration=30),
        "the administrator's identity policy allows it",
    )["memory"]
    arn = memory["arn"]
    print(f"          {arn}")

    def list_events(keys: dict[str, str]) -> Any:
        return lambda: stage.client("bedrock-agentcore", keys).list_events(memoryId=arn, **SESSION)

    def consumer(name: str) -> str:
        return f"account {CONSUMER}, {name}"

    ask(consumer("ConsumerRole"), "ListEvents of that memory", list_events(role), "")

    grant = {
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:aws:iam::{CONSUMER}:role/{name}" for name in ("ConsumerRole", "WeakRole")]},
        "Action": ["bedrock-agentcore:CreateEvent", "bedrock-agentcore:ListEvents"],
        "Resource": arn,
    }
    ask(
        provider,
        "PutResourcePolicy: ConsumerRole and WeakRole may CreateEvent and ListEvents",
        lambda: control.put_resource_policy(resourceArn=arn, policy=document(grant)),
        "the administrator's identity policy allows it",
    )

    both = "both halves match: the role's identity policy, and the memory's resource policy"
    text = {"conversational": {"content": {"text": "Three nights in Kyoto. I love matcha sweets."}, "role": "USER"}}
    ask(
        consumer("ConsumerRole"),
        "CreateEvent",
        lambda: stage.client("bedrock-agentcore", role).create_event(
            memoryId=arn, eventTimestamp=datetime.now(timezone.utc), payload=[text], **SESSION
        ),
        both,
    )
    listed = ask(consumer("ConsumerRole"), "ListEvents", list_events(role), both)
    event = listed["events"][0]
    print(f"          {event['eventId']}: {event['payload'][0]['conversational']['content']['text']}")
    ask(
        consumer("CrossAccountDenyTestRole"),
        "ListEvents (its identity policy allows, the owner does not name it)",
        list_events(other),
        "",
    )
    ask(
        consumer("WeakRole"),
        "ListEvents (the owner names it, its identity policy does not allow)",
        list_events(weak),
        "",
    )


def main() -> int:
    if not BINARY.exists():
        print("there is no build/bin/warifu: make build")
        return 1
    print(painted("A deal holds only when both halves of the tally match.", "title"))
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        stage = Stage(os.path.join(folder, "data"))
        try:
            play(stage)
        finally:
            stage.server.terminate()
            stage.server.wait()
    return 0


if __name__ == "__main__":
    sys.exit(main())
