"""The AWS SDK for JavaScript, unmodified, against the same server."""

import json
import subprocess
from pathlib import Path
from typing import Any

from support import CLIENTS, Keys, Server, allow, not_allowed, policy

SCRIPT = Path(__file__).parent / "memory.mjs"


def run(server: Server, keys: Keys, memory: str) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(SCRIPT), str(CLIENTS), memory],
        capture_output=True,
        text=True,
        timeout=60,
        env=server.environment(keys),
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_an_event_makes_the_round_trip(server: Server, owner: Keys, memory: dict[str, Any]) -> None:
    done = run(server, owner, memory["id"])
    assert done.get("eventId", "").startswith("0000001783165130534#"), done
    assert done["timestamp"] == "2026-07-04T11:38:50.534Z"
    assert done["payload"] == [
        {"conversational": {"content": {"text": "héllo 日本"}, "role": "USER"}},
        {"blob": {"deep": [1, "two", None]}},
    ]
    assert done["listed"] == [done["eventId"]] and done["deleted"] == done["eventId"] and done["left"] == 0


def test_a_denial_has_its_name_its_status_and_its_text(
    server: Server, control: Any, stranger: Keys, memory: dict[str, Any]
) -> None:
    principal = server.client("sts", stranger).get_caller_identity()["Arn"]
    assert run(server, stranger, memory["arn"]) == {
        "error": "AccessDeniedException",
        "status": 403,
        "message": not_allowed(principal, "bedrock-agentcore:CreateEvent", memory["arn"], "resource-based policy"),
    }
    control.put_resource_policy(
        resourceArn=memory["arn"],
        policy=policy(
            allow(
                [f"bedrock-agentcore:{verb}Event" for verb in ("Create", "Get", "Delete")]
                + ["bedrock-agentcore:ListEvents"],
                memory["arn"],
                Principal={"AWS": f"arn:aws:iam::{stranger.account}:root"},
            )
        ),
    )
    assert run(server, stranger, memory["arn"])["left"] == 0
