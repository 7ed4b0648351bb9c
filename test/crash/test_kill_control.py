"""`kill -9` under changes of accounts, identities and memories: what was acknowledged is there, and works."""

import json
import random
import re
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from line import CREDENTIALS, Line, make_memory, xml
from raw import label
from support import Keys, Server, allow, policy, trust
from workers import Worker, run_and_kill

ROUNDS = 6
WORKERS = 3
CHANGES_MAX = 50


@dataclass
class Claim:
    """Something that the server acknowledged: `holds` asks whether it is so."""

    what: str
    holds: Callable[[Line], bool]


@dataclass
class Sharer(Worker):
    """Makes, one after the other, all that an owner makes to share a memory."""

    claims: list[Claim] = field(default_factory=list)
    memories: list[tuple[str, str]] = field(default_factory=list)

    def change(self, line: Line, number: int) -> None:
        for claim in self._share(line, f"{self.name}_{number}"):
            self.claims.append(claim)
            self.answers.release()

    def _share(self, line: Line, name: str) -> Any:
        token = str(uuid.uuid4())
        self.memories.append((name, token))
        memory = make_memory(line, name, clientToken=token, tags={"made": name})
        path = f"/memories/{label(memory['id'])}/details"
        yield Claim(f"memory {name}", lambda line: line.call("GET", path).json().get("memory") == memory)

        shared = policy(allow("bedrock-agentcore:ListEvents", memory["arn"], Principal={"AWS": self.keys.account}))
        of_memory = f"/resourcepolicy/{label(memory['arn'])}"
        answer = line.call("PUT", of_memory, {"policy": shared})
        assert answer.status == 201, answer
        yield Claim(
            f"resource policy of {name}",
            lambda line: json.loads(line.call("GET", of_memory).json().get("policy", "{}")) == json.loads(shared),
        )

        role_trust = trust({"AWS": f"arn:aws:iam::{self.keys.account}:root"})
        answer = line.query("iam", "CreateRole", RoleName=name, AssumeRolePolicyDocument=role_trust)
        role_id = xml(answer, "RoleId")
        yield Claim(f"role {name}", lambda line: xml(line.query("iam", "GetRole", RoleName=name), "RoleId") == role_id)

        answer = line.query(
            "iam", "CreatePolicy", PolicyName=name, PolicyDocument=policy(allow("bedrock-agentcore:ListMemories"))
        )
        policy_arn = xml(answer, "Arn")
        yield Claim(
            f"policy {name}",
            lambda line: xml(line.query("iam", "GetPolicy", PolicyArn=policy_arn), "PolicyName") == name,
        )

        answer = line.query("iam", "AttachRolePolicy", RoleName=name, PolicyArn=policy_arn)
        assert answer.status == 200, answer
        yield Claim(
            f"attachment of {name}",
            lambda line: xml(line.query("iam", "ListAttachedRolePolicies", RoleName=name), "PolicyArn") == policy_arn,
        )

        role = f"arn:aws:iam::{self.keys.account}:role/{name}"
        answer = line.query("sts", "AssumeRole", RoleArn=role, RoleSessionName=name)
        session = Keys(self.keys.account, *(xml(answer, part) for part in CREDENTIALS))
        yield Claim(f"session {name}", lambda line: session_works(line, session))


def session_works(line: Line, session: Keys) -> bool:
    """The session may list memories, as its role's policy says, and nothing else."""
    with Line(line.server, session) as own:
        listed = own.call("POST", "/memories/", {"maxResults": 1})
        other = own.call("POST", f"/memories/{label('Memory-0123456789')}/actors", {})
    return listed.status == 200 and other.status == 403


def verify_memories(line: Line, workers: list[Sharer]) -> None:
    """Each creation, repeated with its token, answers the one memory of that name that is there."""
    wanted = [(name, token) for worker in workers for name, token in worker.memories]
    made = {name: make_memory(line, name, clientToken=token, tags={"made": name}) for name, token in wanted}
    listed = [memory["id"] for memory in line.pages("/memories/", "memories")]
    for name, memory in made.items():
        assert [memory_id for memory_id in listed if memory_id.startswith(f"{name}-")] == [memory["id"]], name
        tags = line.call("GET", f"/tags/{label(memory['arn'])}").json()["tags"]
        assert tags == {"made": name}, f"memory {name} is half there"


def test_a_kill_loses_no_change_of_identities_and_memories(make_server: Any, seed: int) -> None:
    random_ = random.Random(seed)
    server = make_server().start()
    keys = server.new_account()
    claims: list[Claim] = []
    for number in range(ROUNDS):
        workers = run_and_kill(
            Sharer, server, keys, f"R{number}_", random_, count=WORKERS, changes_max=CHANGES_MAX
        )
        claims += [claim for worker in workers for claim in worker.claims]
        server.start()
        with Line(server, keys) as line:
            verify_memories(line, workers)
    with Line(server, keys) as line:
        lost = [claim.what for claim in claims if not claim.holds(line)]
    assert lost == [] and len(claims) > 6 * ROUNDS
    # Deleting is a change like others, and the last one that was acknowledged counts.
    with Line(server, keys) as line:
        memory = make_memory(line, "Short")
        assert line.call("DELETE", f"/memories/{label(memory['id'])}/delete").status == 202
    server.kill()
    server.start()
    with Line(server, keys) as line:
        assert line.call("GET", f"/memories/{label(memory['id'])}/details").status == 404


def test_a_kill_loses_no_account(make_server: Any, seed: int) -> None:
    random_ = random.Random(seed)
    server = make_server().start()
    made: list[Keys] = []
    for number in range(4):
        arguments = ["account", "create", f"50000000{number:04d}", "--json"]
        timer = threading.Timer(random_.uniform(0, 0.08) if number % 2 else 10, server.kill)
        timer.start()
        done = server.command(*arguments)
        timer.cancel()
        timer.join()
        if server.process.poll() is None:
            server.kill()
        server.start()
        if done.returncode != 0:
            # What was cut off may have happened; if so as a whole, with an administrator whose key can be renewed.
            assert re.search(r"\S", done.stderr), done
            listed = arguments[2] in server.command("account", "list").stdout
            arguments[1] = "key" if listed else "create"
            done = server.command(*arguments)
            assert done.returncode == 0, done.stderr
        answer = json.loads(done.stdout)
        made.append(Keys(answer["AccountId"], answer["AccessKeyId"], answer["SecretAccessKey"]))
    for keys in made:
        with Line(server, keys) as line:
            arn = xml(line.query("sts", "GetCallerIdentity"), "Arn")
            assert arn.startswith(f"arn:aws:iam::{keys.account}:user/")
