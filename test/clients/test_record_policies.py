"""Who may read and write which records: condition keys of namespaces and strategies, in both kinds of policies."""

from datetime import UTC, datetime
from typing import Any

import pytest

from long_term import SEMANTIC, file, listed, make_memory, record, search, texts
from support import Keys, Server, allow, deny, policy, refused

READ = ["bedrock-agentcore:ListMemoryRecords", "bedrock-agentcore:RetrieveMemoryRecords"]
WRITE = ["bedrock-agentcore:BatchCreateMemoryRecords", "bedrock-agentcore:BatchUpdateMemoryRecords"]
NAMESPACE, PATH, STRATEGY = (f"bedrock-agentcore:{name}" for name in ("namespace", "namespacePath", "strategyId"))


@pytest.fixture
def memory(control: Any, data: Any) -> dict[str, Any]:
    """A memory with a record of each of three tenants."""
    made = make_memory(control, SEMANTIC)
    strategy = made["strategies"][0]["strategyId"]
    places = ("/tenants/a/", "/tenants/a/x/", "/tenants/ab/", "/tenants/b/")
    file(data, made["id"], *(record(f"r{at}", f"Of {at}.", where) for at, where in enumerate(places)))
    file(data, made["id"], record("s", "Of the strategy.", "/facts/ann/", memoryStrategyId=strategy))
    return made


class Reader:
    """Someone who lists and searches; what is refused must be refused to both."""

    def __init__(self, data: Any, memory: str):
        self.data, self.memory = data, memory

    def sees(self, strategy: str | None = None, **where: str) -> set[str]:
        more = {"memoryStrategyId": strategy} if strategy else {}
        found = search(self.data, self.memory, "of", 100, criteria=more, **where)
        kept = listed(self.data, self.memory, **more, **where)
        assert set(texts(found)) == set(texts(kept))
        return set(texts(kept))

    def is_refused(self, strategy: str | None = None, **where: str) -> None:
        more = {"memoryStrategyId": strategy} if strategy else {}
        with refused("AccessDeniedException", 403):
            search(self.data, self.memory, "of", criteria=more, **where)
        with refused("AccessDeniedException", 403):
            listed(self.data, self.memory, **more, **where)


@pytest.fixture
def reader(server: Server, memory: dict[str, Any], make_user: Any) -> Any:
    """Makes a user of the owner's account with these statements."""

    def make(*statements: dict[str, Any]) -> Reader:
        return Reader(server.client("bedrock-agentcore", make_user(*statements)), memory["id"])

    return make


@pytest.fixture
def guest(server: Server, control: Any, memory: dict[str, Any], stranger: Keys) -> Any:
    """Makes the memory's resource policy of these statements, for the administrator of another account."""

    def make(*statements: dict[str, Any]) -> Reader:
        principal = {"Principal": {"AWS": f"arn:aws:iam::{stranger.account}:root"}}
        document = policy(*(statement | principal | {"Resource": memory["arn"]} for statement in statements))
        control.put_resource_policy(resourceArn=memory["arn"], policy=document)
        return Reader(server.client("bedrock-agentcore", stranger), memory["arn"])

    return make


@pytest.fixture(params=["identity policy", "resource policy"])
def granted(request: Any, reader: Any, guest: Any) -> Any:
    """The same grant in either kind of policy."""
    return reader if request.param == "identity policy" else guest


def test_a_grant_of_a_namespace_opens_that_namespace_alone(granted: Any) -> None:
    caller = granted(allow(READ, Condition={"StringEquals": {NAMESPACE: "/tenants/a/"}}))
    assert caller.sees(namespace="/tenants/a/") == {"Of 0."}
    for where in ("/tenants/b/", "/tenants/a/x/", "/tenants/ab/", "/tenants/", "/"):
        caller.is_refused(namespace=where)


def test_a_grant_of_a_namespace_lets_no_path_through(granted: Any) -> None:
    caller = granted(allow(READ, Condition={"StringLike": {NAMESPACE: ["/tenants/a/", "/tenants/a/*"]}}))
    assert caller.sees(namespace="/tenants/a/x/") == {"Of 1."}
    for where in ("/tenants/a/", "/tenants/a", "/tenants/a/x/", "/"):
        caller.is_refused(namespacePath=where)


def test_a_grant_of_a_path_lets_no_namespace_through(granted: Any) -> None:
    caller = granted(allow(READ, Condition={"StringLike": {PATH: "/tenants/a/*"}}))
    assert caller.sees(namespacePath="/tenants/a/") == {"Of 0.", "Of 1."}
    assert caller.sees(namespacePath="/tenants/a/x/") == {"Of 1."}
    for where in ("/tenants/a/", "/tenants/a/x/"):
        caller.is_refused(namespace=where)
    for where in ("/tenants/b/", "/tenants/ab/", "/tenants/", "/"):
        caller.is_refused(namespacePath=where)


def test_a_path_is_denied_however_it_is_written(granted: Any) -> None:
    """The service takes `/x`, `x/` and `/x/` for one place; so must a policy."""
    caller = granted(
        allow(READ),
        deny(READ, Condition={"StringLike": {PATH: "/tenants/b/*"}}),
        deny(READ, Condition={"StringEquals": {NAMESPACE: "/tenants/b/"}}),
    )
    assert "Of 0." in caller.sees(namespacePath="/tenants/a/")
    for where in ("/tenants/b/", "/tenants/b", "tenants/b/", "tenants/b", "/tenants/b//", "//tenants//b"):
        for member in ("namespace", "namespacePath"):
            assert "Of 3." not in seen_or_nothing(caller, **{member: where})


def seen_or_nothing(caller: Reader, **where: str) -> set[str]:
    """What the caller sees there; nothing when it is refused for any reason."""
    try:
        return caller.sees(**where)
    except caller.data.exceptions.AccessDeniedException:
        return set()
    except caller.data.exceptions.ValidationException:
        return set()


def test_an_asterisk_in_a_request_is_no_wildcard(granted: Any) -> None:
    caller = granted(allow(READ, Condition={"StringLike": {NAMESPACE: "/tenants/*"}}))
    assert caller.sees(namespace="/tenants/b/") == {"Of 3."}
    assert seen_or_nothing(caller, namespace="/tenants/*") == set()
    assert seen_or_nothing(caller, namespace="/tenants/*/") == set()


def test_a_grant_of_a_strategy_needs_the_request_to_name_it(granted: Any, memory: dict[str, Any]) -> None:
    strategy = memory["strategies"][0]["strategyId"]
    caller = granted(allow(READ, Condition={"StringEquals": {STRATEGY: strategy}}))
    assert caller.sees(strategy=strategy, namespacePath="/") == {"Of the strategy."}
    caller.is_refused(namespacePath="/")
    caller.is_refused(strategy="Facts-aaaaaaaaaa", namespacePath="/")


def test_a_negated_condition_needs_the_key_to_be_there(granted: Any) -> None:
    """StringNotEquals is true of an absent key: only with Null does it keep a path out."""
    alone = {"StringNotEquals": {NAMESPACE: "/tenants/b/"}}
    caller = granted(allow(READ, Condition=alone | {"Null": {NAMESPACE: "false"}}))
    assert caller.sees(namespace="/tenants/a/") == {"Of 0."}
    caller.is_refused(namespace="/tenants/b/")
    caller.is_refused(namespacePath="/tenants/a/")


def test_a_tenant_named_by_a_tag_sees_its_own_namespace(
    server: Server, memory: dict[str, Any], make_user: Any
) -> None:
    own = allow(READ, Condition={"StringLike": {NAMESPACE: "/tenants/${aws:PrincipalTag/tenant}/*"}})
    keys = make_user(own, Tags=[{"Key": "tenant", "Value": "a"}])
    caller = Reader(server.client("bedrock-agentcore", keys), memory["id"])
    assert caller.sees(namespace="/tenants/a/x/") == {"Of 1."}
    caller.is_refused(namespace="/tenants/b/")
    caller.is_refused(namespace="/tenants/ab/")


def test_reading_by_id_is_another_right(data: Any, server: Server, memory: dict[str, Any], make_user: Any) -> None:
    (kept,) = listed(data, memory["id"], namespace="/tenants/a/")
    by_id = allow("bedrock-agentcore:GetMemoryRecord", Condition={"StringLike": {NAMESPACE: "*"}})
    keys = make_user(allow(READ), by_id)
    client = server.client("bedrock-agentcore", keys)
    for call in (client.get_memory_record, client.delete_memory_record):
        with refused("AccessDeniedException", 403):
            call(memoryId=memory["id"], memoryRecordId=kept["memoryRecordId"])


def test_a_grant_of_a_namespace_reads_by_id_only_there(
    data: Any, server: Server, memory: dict[str, Any], make_user: Any
) -> None:
    by_id = ["bedrock-agentcore:GetMemoryRecord", "bedrock-agentcore:DeleteMemoryRecord"]
    keys = make_user(allow(by_id, Condition={"StringEquals": {NAMESPACE: "/tenants/a/"}}))
    client = server.client("bedrock-agentcore", keys)
    (own,) = listed(data, memory["id"], namespace="/tenants/a/")
    (other,) = listed(data, memory["id"], namespace="/tenants/b/")
    call = {"memoryId": memory["id"], "memoryRecordId": own["memoryRecordId"]}
    assert client.get_memory_record(**call, namespace="/tenants/a/")["memoryRecord"]["content"] == own["content"]
    call["memoryRecordId"] = other["memoryRecordId"]
    for operation in (client.get_memory_record, client.delete_memory_record):
        with refused("ResourceNotFoundException", 404):
            operation(**call, namespace="/tenants/a/")
        for where in ({}, {"namespace": "/tenants/b/"}):
            with refused("AccessDeniedException", 403):
                operation(**call, **where)


# Writing

OWN = {"ForAllValues:StringLike": {NAMESPACE: "/tenants/a/*"}, "Null": {NAMESPACE: "false"}}


def test_a_batch_is_allowed_only_when_each_of_its_namespaces_is(
    server: Server, memory: dict[str, Any], make_user: Any
) -> None:
    client = server.client("bedrock-agentcore", make_user(allow(WRITE, Condition=OWN)))
    file(client, memory["id"], record("r1", "Mine.", "/tenants/a/"), record("r2", "Mine.", "/tenants/a/y/"))
    for spaces in (("/tenants/b/",), ("/tenants/a/", "/tenants/b/"), ("/tenants/b/", "/tenants/a/"), (None,)):
        batch = [record(f"r{at}", "Not mine.", where) for at, where in enumerate(spaces)]
        with refused("AccessDeniedException", 403):
            client.batch_create_memory_records(memoryId=memory["id"], records=batch)


def test_a_plain_condition_does_not_pass_on_one_of_several_namespaces(
    data: Any, server: Server, memory: dict[str, Any], make_user: Any
) -> None:
    one = allow(WRITE, Condition={"StringEquals": {NAMESPACE: "/tenants/a/"}})
    client = server.client("bedrock-agentcore", make_user(one))
    batch = [record("r1", "Slipped in.", "/tenants/a/"), record("r2", "Slipped in.", "/tenants/b/")]
    with refused("AccessDeniedException", 403):
        client.batch_create_memory_records(memoryId=memory["id"], records=batch)
    assert "Slipped in." not in texts(listed(data, memory["id"]))


def test_an_update_that_names_where_a_record_lies_touches_only_records_there(data: Any, memory: dict[str, Any]) -> None:
    (other,) = listed(data, memory["id"], namespace="/tenants/b/")
    change = {
        "memoryRecordId": other["memoryRecordId"],
        "timestamp": datetime.now(UTC),
        "content": {"text": "Stolen."},
        "namespaces": ["/tenants/a/"],
        "sourceNamespaces": ["/tenants/a/"],
    }
    answer = data.batch_update_memory_records(memoryId=memory["id"], records=[change])
    assert not answer["successfulRecords"] and len(answer["failedRecords"]) == 1
    assert texts(listed(data, memory["id"], namespace="/tenants/b/")) == ["Of 3."]


def test_a_deletion_that_names_where_a_record_lies_touches_only_records_there(
    data: Any, memory: dict[str, Any]
) -> None:
    (other,) = listed(data, memory["id"], namespace="/tenants/b/")
    gone = {"memoryRecordId": other["memoryRecordId"], "namespace": "/tenants/a/"}
    answer = data.batch_delete_memory_records(memoryId=memory["id"], records=[gone])
    assert not answer["successfulRecords"] and len(answer["failedRecords"]) == 1
    assert texts(listed(data, memory["id"], namespace="/tenants/b/")) == ["Of 3."]


@pytest.mark.parametrize("declares", [False, True], ids=["says nothing of its place", "claims it for its own"])
def test_a_tenant_cannot_pull_the_record_of_another_into_its_namespace(
    data: Any, server: Server, memory: dict[str, Any], make_user: Any, declares: bool
) -> None:
    (other,) = listed(data, memory["id"], namespace="/tenants/b/")
    client = server.client("bedrock-agentcore", make_user(allow(WRITE, Condition=OWN)))
    change = {
        "memoryRecordId": other["memoryRecordId"],
        "timestamp": datetime.now(UTC),
        "namespaces": ["/tenants/a/"],
        "content": {"text": "Pulled over."},
    } | ({"sourceNamespaces": ["/tenants/a/"]} if declares else {})
    try:
        answer = client.batch_update_memory_records(memoryId=memory["id"], records=[change])
        assert not answer["successfulRecords"], answer
    except client.exceptions.AccessDeniedException:
        pass
    assert texts(listed(data, memory["id"], namespace="/tenants/b/")) == ["Of 3."]


# Events and jobs

def test_ingesting_is_granted_by_actor(server: Server, memory: dict[str, Any], make_user: Any) -> None:
    own = allow("bedrock-agentcore:IngestData", Condition={"StringEquals": {"bedrock-agentcore:actorId": "ann"}})
    client = server.client("bedrock-agentcore", make_user(own))
    source = {"inline": {"payload": [{"json": {"content": {"note": "The pump is loud."}}}]}}
    rest = {"memoryId": memory["id"], "source": source, "contentTimestamp": datetime.now(UTC)}
    assert client.ingest_data(actorId="ann", **rest)["sessionId"]
    with refused("AccessDeniedException", 403):
        client.ingest_data(actorId="bob", **rest)


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("GetMemoryRecord", lambda c, m, r: c.get_memory_record(memoryId=m, memoryRecordId=r)),
        ("DeleteMemoryRecord", lambda c, m, r: c.delete_memory_record(memoryId=m, memoryRecordId=r)),
        ("ListMemoryRecords", lambda c, m, r: c.list_memory_records(memoryId=m, namespacePath="/")),
        ("RetrieveMemoryRecords", lambda c, m, r: search(c, m, "x")),
        ("BatchCreateMemoryRecords", lambda c, m, r: c.batch_create_memory_records(memoryId=m, records=[])),
        ("BatchUpdateMemoryRecords", lambda c, m, r: c.batch_update_memory_records(memoryId=m, records=[])),
        ("BatchDeleteMemoryRecords", lambda c, m, r: c.batch_delete_memory_records(memoryId=m, records=[])),
        ("ListMemoryExtractionJobs", lambda c, m, r: c.list_memory_extraction_jobs(memoryId=m)),
        (
            "StartMemoryExtractionJob",
            lambda c, m, r: c.start_memory_extraction_job(memoryId=m, extractionJob={"jobId": "none"}),
        ),
    ],
)
def test_every_operation_on_records_is_denied_by_default(
    server: Server, memory: dict[str, Any], make_user: Any, data: Any, action: str, call: Any
) -> None:
    first = listed(data, memory["id"])[0]["memoryRecordId"]
    client = server.client("bedrock-agentcore", make_user(allow("bedrock-agentcore:GetMemory")))
    denial = f"no identity-based policy allows the bedrock-agentcore:{action}"
    with refused("AccessDeniedException", 403, pattern=denial):
        call(client, memory["id"], first)
