"""Metamorphic: policies that say the same in other words decide the same. Seeded; on the wire, against real calls and
the simulator. A failure names its seed."""

import copy
import json
import os
import random
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from support import Keys, Server

SEED = int(os.environ.get("WARIFU_METAMORPHIC_SEED", "20260704"))
SIMULATED_ROUNDS = 150
CALLED_ROUNDS = 30

Statement = dict[str, Any]
Statements = list[Statement]

ACTIONS = [
    "sqs:SendMessage",
    "sqs:ReceiveMessage",
    "sqs:Send*",
    "sqs:*",
    "s3:GetObject",
    "s3:Get*",
    "s3:?etObject",
    "*",
]
ARNS = [
    "*",
    "arn:aws:sqs:us-east-1:111111111111:orders",
    "arn:aws:sqs:*:111111111111:or*",
    "arn:aws:s3:::box/*",
    "arn:aws:s3:::box/${aws:username}/*",
    "arn:aws:s3:::b?x/k",
]
CONDITIONS = [
    {"StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}},
    {"StringLike": {"aws:PrincipalTag/team": "r*"}},
    {"StringNotEquals": {"aws:PrincipalTag/team": ["green", "blue"]}},
    {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}, "Null": {"aws:TagKeys": "false"}},
    {"Bool": {"aws:SecureTransport": "true"}},
    {"IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "192.0.2.0/24"]}},
]
ASKED = {
    "sqs:SendMessage": "arn:aws:sqs:us-east-1:111111111111:orders",
    "sqs:ReceiveMessage": "arn:aws:sqs:us-east-1:111111111111:orders",
    "s3:GetObject": "arn:aws:s3:::box/ann/k",
    "s3:PutObject": "arn:aws:s3:::box/k",
}
CONTEXTS = [
    [],
    [("aws:PrincipalTag/team", "string", ["red"]), ("aws:username", "string", ["ann"])],
    [
        ("aws:PrincipalTag/team", "string", ["blue"]),
        ("aws:TagKeys", "stringList", ["a"]),
        ("aws:SecureTransport", "boolean", ["true"]),
        ("aws:SourceIp", "ip", ["192.0.2.7"]),
    ],
]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def some(rng: random.Random, values: list[str], most: int = 3) -> list[str]:
    return rng.sample(values, rng.randint(1, most))


def random_statement(rng: random.Random, number: int) -> Statement:
    statement: Statement = {
        "Sid": f"S{number}",
        "Effect": rng.choice(["Allow", "Allow", "Allow", "Deny"]),
        rng.choice(["Action"] * 5 + ["NotAction"]): some(rng, ACTIONS),
        rng.choice(["Resource"] * 5 + ["NotResource"]): some(rng, ARNS),
    }
    if rng.random() < 0.4:
        statement["Condition"] = copy.deepcopy(rng.choice(CONDITIONS))
    return statement


def renamed(rng: random.Random, statements: Statements) -> Statements:
    """Other Sids, or none: they decide nothing."""
    for number, statement in enumerate(statements):
        statement.pop("Sid", None)
        if rng.random() < 0.7:
            statement["Sid"] = f"Other{rng.randint(0, 9)}x{number}"
    return statements


def reordered(rng: random.Random, statements: Statements) -> Statements:
    rng.shuffle(statements)
    return [dict(sorted(statement.items(), key=lambda _: rng.random())) for statement in statements]


def reordered_lists(rng: random.Random, statements: Statements) -> Statements:
    for statement in statements:
        for element in ("Action", "NotAction", "Resource", "NotResource"):
            if element in statement:
                rng.shuffle(statement[element])
        for keys in statement.get("Condition", {}).values():
            for values in keys.values():
                if isinstance(values, list):
                    rng.shuffle(values)
    return statements


def split(rng: random.Random, statements: Statements) -> Statements:
    """One statement for each entry of a positive list. Of a negated list all entries bind together."""
    out: Statements = []
    for statement in statements:
        element = rng.choice([one for one in ("Action", "Resource") if one in statement] or [""])
        if not element:
            out.append(statement)
            continue
        for entry in statement[element]:
            out.append({**copy.deepcopy(statement), element: entry})
    for number, statement in enumerate(out):
        statement["Sid"] = f"S{number}"
    return out


def merged(_: random.Random, statements: Statements) -> Statements:
    """Statements that differ in their actions alone become one."""
    out: Statements = []
    for statement in statements:
        rest = {name: value for name, value in statement.items() if name not in ("Sid", "Action")}
        for known in out:
            if "Action" in statement and "Action" in known:
                if {name: value for name, value in known.items() if name not in ("Sid", "Action")} == rest:
                    known["Action"] = listed(known["Action"]) + listed(statement["Action"])
                    break
        else:
            out.append(statement)
    return out


def doubled(rng: random.Random, statements: Statements) -> Statements:
    for statement in statements:
        for element in ("Action", "NotAction", "Resource", "NotResource"):
            if element in statement:
                statement[element] = statement[element] + [rng.choice(statement[element])]
    again = copy.deepcopy(rng.choice(statements))
    again["Sid"] = "Again"
    return [*statements, again]


def respelled(rng: random.Random, statements: Statements) -> Statements:
    """Actions and keys compare without case; a list of one may be written without its brackets."""
    for statement in statements:
        for element in ("Action", "NotAction"):
            if element in statement:
                statement[element] = [rng.choice([str.upper, str.lower, str])(one) for one in statement[element]]
        for element in ("Action", "NotAction", "Resource", "NotResource"):
            if element in statement and len(statement[element]) == 1:
                statement[element] = statement[element][0]
        for operator, keys in statement.get("Condition", {}).items():
            statement["Condition"][operator] = {rng.choice([str.lower, str])(key): value for key, value in keys.items()}
    return statements


CHANGES: list[Callable[[random.Random, Statements], Statements]] = [
    renamed,
    reordered,
    reordered_lists,
    split,
    merged,
    doubled,
    respelled,
]


def document(statements: Statements) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def changed(rng: random.Random, statements: Statements) -> tuple[list[str], list[Statements]]:
    """Some changes one after another, then perhaps several documents of one."""
    names = []
    for change in rng.sample(CHANGES, rng.randint(1, 4)):
        statements = change(rng, [{name: _as_list(name, value) for name, value in one.items()} for one in statements])
        names.append(change.__name__)
    if rng.random() < 0.5 and len(statements) > 1:
        names.append("parted")
        at = rng.randint(1, len(statements) - 1)
        return names, [statements[:at], statements[at:]]
    return names, [statements]


def _as_list(name: str, value: Any) -> Any:
    return listed(value) if name in ("Action", "NotAction", "Resource", "NotResource") else copy.deepcopy(value)


def simulated(iam: Any, documents: list[Statements], context: list[tuple[str, str, list[str]]]) -> dict[str, str]:
    entries = [
        {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": values} for name, kind, values in context
    ]
    results = iam.simulate_custom_policy(
        PolicyInputList=[document(one) for one in documents],
        ActionNames=list(ASKED),
        ResourceArns=sorted(set(ASKED.values())),
        ContextEntries=entries,
    )["EvaluationResults"]
    return {f"{one['EvalActionName']} {one['EvalResourceName']}": one["EvalDecision"] for one in results}


def test_the_simulator_decides_alike_however_it_is_said(iam: Any) -> None:
    seen: set[str] = set()
    used: set[str] = set()
    for number in range(SIMULATED_ROUNDS):
        rng = random.Random(f"{SEED}/{number}")
        statements = [random_statement(rng, i) for i in range(rng.randint(1, 5))]
        names, documents = changed(rng, copy.deepcopy(statements))
        used.update(names)
        for context in CONTEXTS:
            before = simulated(iam, [statements], context)
            after = simulated(iam, documents, context)
            assert after == before, f"seed {SEED}/{number}: {names}\n{document(statements)}\n{documents}"
            seen.update(before.values())
    assert seen == {"allowed", "explicitDeny", "implicitDeny"}, "the policies must be of all kinds"
    assert used == {change.__name__ for change in CHANGES} | {"parted"}


# Of a real memory: its ARN stands for `box`, another for what is not.
def called_statement(rng: random.Random, number: int, mine: str, other: str) -> Statement:
    actions = ["bedrock-agentcore:ListEvents", "bedrock-agentcore:List*", "bedrock-agentcore:GetMemory", "*"]
    conditions = [
        {"StringEquals": {"bedrock-agentcore:actorId": ["ann", "bob"]}},
        {"StringLike": {"bedrock-agentcore:actorId": "a*"}},
        {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}},
    ]
    statement: Statement = {
        "Sid": f"S{number}",
        "Effect": rng.choice(["Allow", "Allow", "Deny"]),
        rng.choice(["Action"] * 4 + ["NotAction"]): some(rng, actions, 2),
        "Resource": some(rng, [mine, other, "*"], 2),
    }
    if rng.random() < 0.4:
        statement["Condition"] = copy.deepcopy(rng.choice(conditions))
    return statement


def decided(call: Callable[[], Any]) -> str:
    try:
        call()
        return "allowed"
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDeniedException", error.response
        return "denied"


@pytest.fixture
def caller(server: Server, iam: Any, owner: Keys) -> Keys:
    iam.create_user(UserName="said")
    made = iam.create_access_key(UserName="said")["AccessKey"]
    return Keys(owner.account, made["AccessKeyId"], made["SecretAccessKey"])


def hold(iam: Any, documents: list[Statements]) -> None:
    """The user holds these, and nothing else: the first inline, a second by a group."""
    for name in iam.list_user_policies(UserName="said")["PolicyNames"]:
        iam.delete_user_policy(UserName="said", PolicyName=name)
    iam.put_user_policy(UserName="said", PolicyName="first", PolicyDocument=document(documents[0]))
    second = documents[1] if len(documents) > 1 else [{"Effect": "Deny", "Action": "sqs:*", "Resource": "*"}]
    iam.put_group_policy(GroupName="said", PolicyName="second", PolicyDocument=document(second))


def test_calls_are_decided_alike_however_it_is_said(
    server: Server, iam: Any, control: Any, memory: dict[str, Any], caller: Keys
) -> None:
    iam.create_group(GroupName="said")
    iam.add_user_to_group(GroupName="said", UserName="said")
    data = server.client("bedrock-agentcore", caller)
    as_caller = server.client("bedrock-agentcore-control", caller)
    calls = [
        lambda: data.list_events(memoryId=memory["id"], actorId="ann", sessionId="s"),
        lambda: data.list_events(memoryId=memory["id"], actorId="carl", sessionId="s"),
        lambda: data.list_sessions(memoryId=memory["id"], actorId="bob"),
        lambda: as_caller.get_memory(memoryId=memory["id"]),
    ]
    seen: set[str] = set()
    for number in range(CALLED_ROUNDS):
        rng = random.Random(f"{SEED}/called/{number}")
        other = memory["arn"] + "x"
        statements = [called_statement(rng, i, memory["arn"], other) for i in range(rng.randint(1, 4))]
        hold(iam, [statements])
        before = [decided(call) for call in calls]
        for _ in range(3):
            names, documents = changed(rng, copy.deepcopy(statements))
            hold(iam, documents)
            after = [decided(call) for call in calls]
            assert after == before, f"seed {SEED}/called/{number}: {names}\n{document(statements)}\n{documents}"
        seen.update(before)
    assert seen == {"allowed", "denied"}


def test_the_owners_policy_decides_alike_however_it_is_said(
    server: Server, control: Any, memory: dict[str, Any], owner: Keys, stranger: Keys
) -> None:
    data = server.client("bedrock-agentcore", stranger)
    calls = [
        lambda: data.list_events(memoryId=memory["arn"], actorId="ann", sessionId="s"),
        lambda: data.list_events(memoryId=memory["arn"], actorId="carl", sessionId="s"),
        lambda: data.list_sessions(memoryId=memory["arn"], actorId="bob"),
    ]
    principals = [f"arn:aws:iam::{stranger.account}:root", f"arn:aws:iam::{stranger.account}:user/admin", "*"]
    elsewhere = f"arn:aws:iam::{owner.account}:root"
    seen: set[str] = set()
    for number in range(CALLED_ROUNDS):
        rng = random.Random(f"{SEED}/owner/{number}")
        statements = []
        for i in range(rng.randint(1, 3)):
            statement = called_statement(rng, i, memory["arn"], memory["arn"])
            if "NotAction" in statement or "*" in statement["Action"]:
                statement.pop("NotAction", None)
                statement["Action"] = ["bedrock-agentcore:ListEvents"]
            statement["Action"] = [one for one in statement["Action"] if one != "bedrock-agentcore:GetMemory"] or [
                "bedrock-agentcore:ListSessions"
            ]
            statement["Resource"] = [memory["arn"]]
            named = rng.choice(principals)
            statement["Principal"] = "*" if named == "*" else {"AWS": [named, elsewhere]}
            statements.append(statement)

        def put(said: Statements) -> list[str]:
            control.put_resource_policy(resourceArn=memory["arn"], policy=document(said))
            return [decided(call) for call in calls]

        before = put(statements)
        for _ in range(3):
            names, documents = changed(rng, copy.deepcopy(statements))
            said = [statement for one in documents for statement in one]
            for number_in, statement in enumerate(said):
                statement["Sid"] = f"S{number_in}"
                if isinstance(statement["Principal"], dict):
                    rng.shuffle(statement["Principal"]["AWS"])
            assert put(said) == before, f"seed {SEED}/owner/{number}: {names}\n{document(statements)}\n{document(said)}"
        seen.update(before)
    assert seen == {"allowed", "denied"}
