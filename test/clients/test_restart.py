"""What was acknowledged is there after a restart and after a kill; sessions go on; nothing lies in the open."""

from datetime import datetime, timezone
from typing import Any

from support import Keys, Server, allow, policy, refused, trust, wait_until_active

NEEDLE = "a sentence that nobody else would write"


def write(server: Server, keys: Keys, memory_id: str, text: str) -> str:
    event = server.client("bedrock-agentcore", keys).create_event(
        memoryId=memory_id,
        actorId="ann",
        sessionId="one",
        eventTimestamp=datetime.now(timezone.utc),
        payload=[{"conversational": {"content": {"text": text}, "role": "USER"}}],
        metadata={"k": {"stringValue": "v"}},
    )
    return event["event"]["eventId"]


def events(server: Server, keys: Keys, memory_id: str, **more: Any) -> list[str]:
    client = server.client("bedrock-agentcore", keys)
    listed = client.list_events(memoryId=memory_id, actorId="ann", sessionId="one", maxResults=100, **more)["events"]
    return [event["eventId"] for event in listed]


def make_memory(server: Server, keys: Keys) -> dict[str, Any]:
    control = server.client("bedrock-agentcore-control", keys)
    return wait_until_active(
        control, control.create_memory(name="Kept", eventExpiryDuration=30, tags={"a": "b"})["memory"]["id"]
    )


def test_a_restart_keeps_everything(own_server: Server) -> None:
    owner, stranger = own_server.new_account(), own_server.new_account()
    memory = make_memory(own_server, owner)
    made = [write(own_server, owner, memory["id"], f"{NEEDLE} {number}") for number in range(5)]
    own_server.client("bedrock-agentcore-control", owner).put_resource_policy(
        resourceArn=memory["arn"],
        policy=policy(
            allow(
                "bedrock-agentcore:ListEvents",
                memory["arn"],
                Principal={"AWS": f"arn:aws:iam::{stranger.account}:root"},
            )
        ),
    )
    iam = own_server.client("iam", owner)
    iam.create_role(RoleName="R", AssumeRolePolicyDocument=trust({"AWS": owner.account}))
    iam.put_role_policy(RoleName="R", PolicyName="p", PolicyDocument=policy(allow("bedrock-agentcore:ListEvents")))
    session = Keys.of_credentials(
        owner.account,
        own_server.client("sts", owner).assume_role(
            RoleArn=f"arn:aws:iam::{owner.account}:role/R", RoleSessionName="session"
        )["Credentials"],
    )

    assert own_server.stop() == 0
    own_server.start()
    for keys in (owner, stranger, session):
        assert events(own_server, keys, memory["arn"]) == made[::-1]
    control = own_server.client("bedrock-agentcore-control", owner)
    assert control.get_memory(memoryId=memory["id"])["memory"]["createdAt"] == memory["createdAt"]
    assert control.list_tags_for_resource(resourceArn=memory["arn"])["tags"] == {"a": "b"}
    with refused("AccessDeniedException", 403):
        own_server.client("bedrock-agentcore", session).list_actors(memoryId=memory["id"])
    assert write(own_server, owner, memory["id"], "after") not in made


def test_a_kill_loses_nothing_that_was_acknowledged(own_server: Server) -> None:
    owner = own_server.new_account()
    memory = make_memory(own_server, owner)
    made: list[str] = []
    for _ in range(3):
        made += [write(own_server, owner, memory["id"], NEEDLE) for _ in range(10)]
        own_server.kill()
        own_server.start()
        assert events(own_server, owner, memory["id"]) == sorted(made, reverse=True)


def test_nothing_lies_in_the_open(own_server: Server) -> None:
    owner = own_server.new_account()
    memory = make_memory(own_server, owner)
    write(own_server, owner, memory["id"], NEEDLE)
    own_server.client("bedrock-agentcore", owner).create_event(
        memoryId=memory["id"],
        actorId="ann",
        sessionId="one",
        eventTimestamp=datetime.now(timezone.utc),
        payload=[{"blob": NEEDLE}],
    )
    assert own_server.stop() == 0
    secrets = [NEEDLE.encode(), owner.secret.encode()]
    for file in own_server.data.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert not [secret for secret in secrets if secret in content], file
    assert NEEDLE not in own_server.log() and owner.secret not in own_server.log()


def test_a_paging_token_survives_a_restart(own_server: Server) -> None:
    owner = own_server.new_account()
    memory = make_memory(own_server, owner)
    made = [write(own_server, owner, memory["id"], str(number)) for number in range(3)]
    request = {"memoryId": memory["id"], "actorId": "ann", "sessionId": "one"}
    token = own_server.client("bedrock-agentcore", owner).list_events(**request, maxResults=1)["nextToken"]
    assert own_server.stop() == 0
    own_server.start()
    rest = own_server.client("bedrock-agentcore", owner).list_events(**request, nextToken=token)["events"]
    assert [event["eventId"] for event in rest] == made[1::-1]
