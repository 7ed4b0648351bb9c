"""Strands keeps a session in a memory, and a second process takes it up where the first left it."""

import json
from pathlib import Path
from typing import Any

from long_term import SEMANTIC, listed, make_memory, say, until
from support import Keys, Server, allow, policy, run_python

TURN = Path(__file__).parent / "strands_turn.py"


def turn(
    server: Server, keys: Keys, memory: str, text: str, *more: str, session: str = "trip-1", actor: str = "user-001"
) -> dict[str, Any]:
    """One turn in a process of its own."""
    done = run_python(server.environment(keys), TURN, memory, session, actor, text, *more)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.strip().splitlines()[-1])


def test_a_second_process_restores_the_session(server: Server, owner: Keys, memory: dict[str, Any]) -> None:
    first = turn(server, owner, memory["id"], "Plan a journey to Kyoto.")
    assert first == {"restored": 0, "answer": "1 messages, the first: Plan a journey to Kyoto.", "messages": 2}
    second = turn(server, owner, memory["id"], "Do you remember?")
    assert second == {"restored": 2, "answer": "3 messages, the first: Plan a journey to Kyoto.", "messages": 4}
    third = turn(server, owner, memory["id"], "And now?")
    assert third["restored"] == 4


def test_sessions_and_actors_are_apart(server: Server, owner: Keys, memory: dict[str, Any]) -> None:
    turn(server, owner, memory["id"], "Only here.")
    assert turn(server, owner, memory["id"], "Anything?", session="trip-2")["restored"] == 0
    assert turn(server, owner, memory["id"], "Anything?", actor="user-002")["restored"] == 0


def test_it_works_across_accounts_by_arn(server: Server, control: Any, stranger: Keys, memory: dict[str, Any]) -> None:
    control.put_resource_policy(
        resourceArn=memory["arn"],
        policy=policy(
            allow(
                ["bedrock-agentcore:CreateEvent", "bedrock-agentcore:ListEvents", "bedrock-agentcore:GetEvent"],
                memory["arn"],
                Principal={"AWS": f"arn:aws:iam::{stranger.account}:root"},
            )
        ),
    )
    turn(server, stranger, memory["arn"], "From next door.")
    assert turn(server, stranger, memory["arn"], "Again.")["restored"] == 2


def test_memories_of_another_session_reach_the_prompt(server: Server, owner: Keys, control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "I love matcha sweets."), ("USER", "I own a blue bicycle."), actor="user-001")
    until(lambda: len(listed(data, memory)) >= 2, "two facts")
    shown = turn(server, owner, memory, "Which sweets do I love?", "/facts/{actorId}/")["answer"]
    assert shown.startswith("1 messages, the first: <user_context>") and "matcha sweets" in shown
    assert "bicycle" not in shown, "a fact below the relevance asked for"


def test_what_an_agent_was_told_becomes_a_memory(server: Server, owner: Keys, control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    turn(server, owner, memory, "I play the tuba in the harbour orchestra.")
    until(lambda: listed(data, memory), "a fact")
    question = "What do I play in the harbour orchestra?"
    shown = turn(server, owner, memory, question, "/facts/{actorId}/", session="trip-2")["answer"]
    assert "The user plays the tuba in the harbour orchestra." in shown
