"""Records that clients write themselves: batches, namespaces, metadata filters, paging, lifetimes."""

from datetime import UTC, datetime
from typing import Any

import pytest

from long_term import SEMANTIC, file, listed, make_memory, record, say, search, texts, until
from support import UNCHECKED, Keys, Server, refused

UNKNOWN = "mem-00000000-0000-0000-0000-000000000000"
INDEXED = [
    {"key": "topic", "type": "STRING"},
    {"key": "tags", "type": "STRINGLIST"},
    {"key": "count", "type": "NUMBER"},
]


@pytest.fixture
def notes(control: Any) -> str:
    """A memory without strategies whose records may be filtered."""
    return make_memory(control, indexedKeys=INDEXED)["id"]


@pytest.fixture
def unchecked(server: Server, owner: Keys) -> Any:
    """A client that sends what boto3 would refuse to."""
    return server.client("bedrock-agentcore", owner, config=UNCHECKED)


def test_a_record_is_created_read_updated_and_deleted(data: Any, notes: str) -> None:
    (made,) = file(data, notes, record("r1", "Ann grows tomatoes.", metadata={"topic": {"stringValue": "garden"}}))
    assert made.startswith("mem-") and 40 <= len(made) <= 50
    kept = data.get_memory_record(memoryId=notes, memoryRecordId=made)["memoryRecord"]
    assert kept["content"] == {"text": "Ann grows tomatoes."} and kept["namespaces"] == ["/notes/"]
    assert kept["createdAt"] == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert kept["metadata"]["topic"] == {"stringValue": "garden"}
    assert "score" not in listed(data, notes)[0]

    changed = {"memoryRecordId": made, "timestamp": datetime.now(UTC), "content": {"text": "Ann grows leeks."}}
    answer = data.batch_update_memory_records(memoryId=notes, records=[changed])
    assert [one["status"] for one in answer["successfulRecords"]] == ["SUCCEEDED"] and not answer["failedRecords"]
    kept = data.get_memory_record(memoryId=notes, memoryRecordId=made)["memoryRecord"]
    assert kept["content"] == {"text": "Ann grows leeks."} and kept["namespaces"] == ["/notes/"]
    assert texts(search(data, notes, "leeks")) == ["Ann grows leeks."]

    assert data.delete_memory_record(memoryId=notes, memoryRecordId=made)["memoryRecordId"] == made
    with refused("ResourceNotFoundException", 404):
        data.get_memory_record(memoryId=notes, memoryRecordId=made)
    with refused("ResourceNotFoundException", 404):
        data.delete_memory_record(memoryId=notes, memoryRecordId=made)
    assert not listed(data, notes) and not search(data, notes, "leeks")


def test_records_are_found_as_soon_as_they_are_written(data: Any, notes: str) -> None:
    for at in range(20):
        (made,) = file(data, notes, record("r", f"Buoy number {at} rings in fog."))
        found = search(data, notes, f"buoy number {at}", top_k=100)
        assert made in [one["memoryRecordId"] for one in found]


def test_one_bad_record_fails_alone_in_a_batch(data: Any, control: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    (strategy,) = control.get_memory(memoryId=memory)["memory"]["strategies"]
    good = record("good", "Fine.", memoryStrategyId=strategy["strategyId"])
    bad = record("bad", "Not fine.", memoryStrategyId="Nowhere-aaaaaaaaaa")
    answer = data.batch_create_memory_records(memoryId=memory, records=[good, bad])
    assert [one["requestIdentifier"] for one in answer["successfulRecords"]] == ["good"]
    (failed,) = answer["failedRecords"]
    assert failed["requestIdentifier"] == "bad" and failed["status"] == "FAILED"
    assert failed["errorCode"] and failed["errorMessage"]
    assert texts(listed(data, memory)) == ["Fine."]


def test_updates_and_deletions_of_unknown_records_fail_alone(data: Any, notes: str) -> None:
    (made,) = file(data, notes, record("r1", "Kept."))
    updates = [
        {"memoryRecordId": id_, "timestamp": datetime.now(UTC), "content": {"text": "Changed."}}
        for id_ in (UNKNOWN, made)
    ]
    answer = data.batch_update_memory_records(memoryId=notes, records=updates)
    assert [one["memoryRecordId"] for one in answer["successfulRecords"]] == [made]
    assert [one["memoryRecordId"] for one in answer["failedRecords"]] == [UNKNOWN]
    answer = data.batch_delete_memory_records(
        memoryId=notes, records=[{"memoryRecordId": UNKNOWN}, {"memoryRecordId": made}]
    )
    assert [one["memoryRecordId"] for one in answer["successfulRecords"]] == [made]
    assert [one["memoryRecordId"] for one in answer["failedRecords"]] == [UNKNOWN]
    assert not listed(data, notes)


def test_a_batch_sent_twice_with_its_token_makes_its_records_once(data: Any, notes: str) -> None:
    batch = {"memoryId": notes, "records": [record("r1", "Once.")], "clientToken": "token-of-one-batch-0000000000001"}
    first = data.batch_create_memory_records(**batch)["successfulRecords"]
    assert data.batch_create_memory_records(**batch)["successfulRecords"] == first
    assert len(listed(data, notes)) == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"records": [record("r", "x")] * 101},
        {"records": [record("r", "")]},
        {"records": [record("r", "x" * 16001)]},
        {"records": [record("spaces are not allowed", "x")]},
        {"records": [record("r", "x", namespaces=["/a/", "/b/"])]},
        {"records": [record("r", "x", metadata={f"k{at}": {"stringValue": "v"} for at in range(21)})]},
        {"records": [{"requestIdentifier": "r"}]},
        {"records": [record("r", "x")], "recordExpirySpecification": {"recordExpiryDurationDays": 30}},
    ],
    ids=["101 records", "no text", "long text", "identifier", "two namespaces", "21 keys", "no content", "30 days"],
)
def test_a_batch_outside_its_bounds_writes_nothing(data: Any, unchecked: Any, notes: str, bad: dict[str, Any]) -> None:
    with refused("ValidationException", 400):
        unchecked.batch_create_memory_records(memoryId=notes, **bad)
    assert not listed(data, notes)


def test_lifetimes_of_records_are_taken_and_removed(data: Any, notes: str) -> None:
    (made,) = file(data, notes, record("r1", "Short."), recordExpirySpecification={"recordExpiryDurationDays": 31})
    changed = [{"memoryRecordId": made, "timestamp": datetime.now(UTC)}]
    for expiry in ({"recordExpiryDurationDays": 400}, {"action": "REMOVE"}):
        answer = data.batch_update_memory_records(memoryId=notes, records=changed, recordExpirySpecification=expiry)
        assert not answer["failedRecords"]
    assert texts(listed(data, notes)) == ["Short."]


def test_strategies_that_form_the_same_records_share_a_lifetime(control: Any) -> None:
    def strategy(kind: str, name: str, days: int) -> dict[str, Any]:
        return {kind: {"name": name, "recordExpirySpecification": {"recordExpiryDurationDays": days}}}

    facts, likes = strategy("semanticMemoryStrategy", "F", 31), strategy("userPreferenceMemoryStrategy", "L", 60)
    with refused("ValidationException", 400):
        control.create_memory(name="Apart", eventExpiryDuration=30, memoryStrategies=[facts, likes])
    likes["userPreferenceMemoryStrategy"]["recordExpirySpecification"] = {"recordExpiryDurationDays": 31}
    control.create_memory(name="Together", eventExpiryDuration=30, memoryStrategies=[facts, likes])


# Namespaces

PLACES = {
    "al": "/actors/al/",
    "alice": "/actors/alice/",
    "alice-trips": "/actors/alice/trips/",
    "bob": "/actors/bob/",
    "other": "/others/alice/",
}


@pytest.fixture
def spread(data: Any, notes: str) -> str:
    file(data, notes, *(record(name, f"Record of {name}.", where) for name, where in PLACES.items()))
    return notes


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ({"namespace": "/actors/alice/"}, {"alice"}),
        ({"namespace": "/actors/alice"}, {"alice"}),
        ({"namespace": "actors/alice/"}, {"alice"}),
        ({"namespace": "/actors/"}, set()),
        ({"namespace": "/actors/ali"}, set()),
        ({"namespacePath": "/actors/alice/"}, {"alice", "alice-trips"}),
        ({"namespacePath": "/actors/alice"}, {"alice", "alice-trips"}),
        ({"namespacePath": "/actors/al"}, {"al"}),
        ({"namespacePath": "/actors"}, {"al", "alice", "alice-trips", "bob"}),
        ({"namespacePath": "/act"}, set()),
        ({"namespacePath": "/alice/"}, set()),
        ({"namespacePath": "/"}, set(PLACES)),
    ],
)
def test_namespaces_are_exact_and_paths_are_subtrees_by_segments(
    data: Any, spread: str, where: dict[str, str], expected: set[str]
) -> None:
    names = {f"Record of {name}." for name in expected}
    assert set(texts(listed(data, spread, **where))) == names
    assert set(texts(search(data, spread, "record", top_k=100, **where))) == names


@pytest.mark.parametrize(
    "where",
    [{}, {"namespace": "/a/", "namespacePath": "/a/"}, {"namespace": "/a/{actorId}/"}, {"namespacePath": "/a b/"}],
    ids=["neither", "both", "braces", "space"],
)
def test_a_search_names_one_place_in_one_way(unchecked: Any, notes: str, where: dict[str, str]) -> None:
    with refused("ValidationException", 400):
        unchecked.list_memory_records(memoryId=notes, **where)
    with refused("ValidationException", 400):
        unchecked.retrieve_memory_records(memoryId=notes, searchCriteria={"searchQuery": "x"}, **where)


def test_a_record_moves_between_namespaces(data: Any, notes: str) -> None:
    (made,) = file(data, notes, record("r1", "Wanders.", "/here/"))
    change = {"memoryRecordId": made, "timestamp": datetime.now(UTC), "namespaces": ["/there/"]}
    assert not data.batch_update_memory_records(memoryId=notes, records=[change])["failedRecords"]
    assert not listed(data, notes, namespace="/here/") and not search(data, notes, "wanders", namespace="/here/")
    (moved,) = listed(data, notes, namespace="/there/")
    assert moved["memoryRecordId"] == made and moved["namespaces"] == ["/there/"]


def test_only_records_of_the_strategy_asked_for_are_found(data: Any, control: Any) -> None:
    other = {"semanticMemoryStrategy": {"name": "Other", "namespaceTemplates": ["/facts/{actorId}/"]}}
    memory = make_memory(control, SEMANTIC, other)
    first, second = (strategy["strategyId"] for strategy in memory["strategies"])
    file(
        data,
        memory["id"],
        record("r1", "By the first.", "/facts/ann/", memoryStrategyId=first),
        record("r2", "By the second.", "/facts/ann/", memoryStrategyId=second),
    )
    where = {"namespace": "/facts/ann/"}
    assert texts(listed(data, memory["id"], memoryStrategyId=second, **where)) == ["By the second."]
    found = search(data, memory["id"], "by", criteria={"memoryStrategyId": first}, **where)
    assert texts(found) == ["By the first."] and found[0]["memoryStrategyId"] == first


# Metadata

FILED = {
    "ten": {"topic": {"stringValue": "trains"}, "count": {"numberValue": 10}, "tags": {"stringListValue": ["a", "b"]}},
    "two": {"topic": {"stringValue": "trams"}, "count": {"numberValue": 2.5}, "tags": {"stringListValue": ["b"]}},
    "none": {"topic": {"stringValue": "trains"}},
}


def condition(key: str, operator: str, **value: Any) -> dict[str, Any]:
    right = {"right": {"metadataValue": value}} if value else {}
    return {"left": {"metadataKey": key}, "operator": operator, **right}


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([condition("topic", "EQUALS_TO", stringValue="trains")], {"ten", "none"}),
        ([condition("topic", "EQUALS_TO", stringValue="train")], set()),
        ([condition("count", "EQUALS_TO", numberValue=2.5)], {"two"}),
        ([condition("tags", "CONTAINS", stringValue="b")], {"ten", "two"}),
        ([condition("tags", "CONTAINS", stringListValue=["a"])], {"ten"}),
        ([condition("count", "EXISTS")], {"ten", "two"}),
        ([condition("count", "NOT_EXISTS")], {"none"}),
        ([condition("count", "GREATER_THAN", numberValue=2.5)], {"ten"}),
        ([condition("count", "GREATER_THAN_OR_EQUALS", numberValue=2.5)], {"ten", "two"}),
        ([condition("count", "LESS_THAN", numberValue=10)], {"two"}),
        ([condition("count", "LESS_THAN_OR_EQUALS", numberValue=10)], {"ten", "two"}),
        (
            [condition("topic", "EQUALS_TO", stringValue="trains"), condition("count", "LESS_THAN", numberValue=99)],
            {"ten"},
        ),
        ([condition("x-amz-agentcore-memory-createdAt", "AFTER", dateTimeValue=datetime(2026, 2, 1))], set(FILED)),
        ([condition("x-amz-agentcore-memory-createdAt", "BEFORE", dateTimeValue=datetime(2026, 2, 1))], set()),
        ([condition("x-amz-agentcore-memory-updatedAt", "AFTER", dateTimeValue=datetime(2020, 2, 1))], set(FILED)),
    ],
)
def test_metadata_filters_select_records(
    data: Any, notes: str, filters: list[dict[str, Any]], expected: set[str]
) -> None:
    file(data, notes, *(record(name, f"Note {name}.", metadata=metadata) for name, metadata in FILED.items()))
    names = {f"Note {name}." for name in expected}
    assert set(texts(listed(data, notes, namespacePath="/", metadataFilters=filters))) == names
    found = search(data, notes, "note", top_k=100, criteria={"metadataFilters": filters})
    assert set(texts(found)) == names


@pytest.mark.parametrize(
    "filters",
    [
        [condition("colour", "EXISTS")],
        [condition("topic", "GREATER_THAN", stringValue="a")],
        [condition("topic", "EQUALS_TO")],
        [condition("count", "BEFORE", dateTimeValue=datetime(2026, 1, 1))],
        [condition("topic", "SOUNDS_LIKE", stringValue="trains")],
        [condition("topic", "EXISTS")] * 6,
    ],
    ids=["not indexed", "greater than text", "no value", "number before a date", "unknown operator", "six filters"],
)
def test_a_filter_that_makes_no_sense_is_refused(unchecked: Any, notes: str, filters: list[dict[str, Any]]) -> None:
    with refused("ValidationException", 400):
        unchecked.list_memory_records(memoryId=notes, namespacePath="/", metadataFilters=filters)
    with refused("ValidationException", 400):
        unchecked.retrieve_memory_records(
            memoryId=notes, namespacePath="/", searchCriteria={"searchQuery": "x", "metadataFilters": filters}
        )


def test_a_filter_is_applied_before_the_ranking(data: Any, notes: str) -> None:
    near = [record(f"n{at}", "Trams trams trams.", metadata={"count": {"numberValue": 0}}) for at in range(50)]
    far = record("far", "A sentence about a tram, among many other things.", metadata={"count": {"numberValue": 1}})
    file(data, notes, *near, far)
    wanted = [condition("count", "EQUALS_TO", numberValue=1)]
    (found,) = search(data, notes, "trams", top_k=1, criteria={"metadataFilters": wanted})
    assert found["content"]["text"] == far["content"]["text"]


# Listing

def test_a_listing_gives_every_record_once_over_its_pages(data: Any, notes: str) -> None:
    made = [f"r{at}" for at in range(230)]
    for start in range(0, len(made), 100):
        file(data, notes, *(record(name, f"Number {name}.") for name in made[start : start + 100]))
    pages, token = [], {}
    while True:
        answer = data.list_memory_records(memoryId=notes, namespace="/notes/", maxResults=33, **token)
        assert len(answer["memoryRecordSummaries"]) <= 33
        pages += texts(answer["memoryRecordSummaries"])
        if not answer.get("nextToken"):
            break
        assert answer["memoryRecordSummaries"], "an empty page with a token"
        token = {"nextToken": answer["nextToken"]}
    assert sorted(pages) == sorted(f"Number {name}." for name in made)


def test_a_page_token_goes_on_while_records_are_deleted(data: Any, notes: str) -> None:
    file(data, notes, *(record(f"r{at}", f"Number {at}.") for at in range(10)))
    first = data.list_memory_records(memoryId=notes, namespacePath="/", maxResults=4)
    gone = [{"memoryRecordId": one["memoryRecordId"]} for one in first["memoryRecordSummaries"]]
    data.batch_delete_memory_records(memoryId=notes, records=gone)
    rest = data.list_memory_records(memoryId=notes, namespacePath="/", maxResults=100, nextToken=first["nextToken"])
    assert len(rest["memoryRecordSummaries"]) == 6


def test_tokens_of_another_listing_are_refused(data: Any, control: Any, notes: str) -> None:
    file(data, notes, *(record(f"r{at}", f"Number {at}.") for at in range(3)))
    token = data.list_memory_records(memoryId=notes, namespacePath="/", maxResults=1)["nextToken"]
    other = make_memory(control)["id"]
    for memory, where in ((other, {"namespacePath": "/"}), (notes, {"namespace": "/secret/"})):
        with refused("ValidationException", 400):
            data.list_memory_records(memoryId=memory, nextToken=token, **where)
    with refused("ValidationException", 400):
        data.list_memory_records(memoryId=notes, namespacePath="/", nextToken="AAAA")


def test_nothing_of_a_record_lies_in_the_open(own_server: Server) -> None:
    keys = own_server.new_account()
    control = own_server.client("bedrock-agentcore-control", keys)
    memory = make_memory(control, SEMANTIC)["id"]
    client = own_server.client("bedrock-agentcore", keys)
    file(client, memory, record("r", "Quetzalcoatlus nests here.", metadata={"word": {"stringValue": "Zyzzogeton"}}))
    # The second turn's hidden index text holds the first.
    say(client, memory, ("USER", "I own a gramophone called Xiphosura."), ("USER", "It is very old."))
    until(lambda: len(listed(client, memory)) >= 2, "the turns' records")
    assert search(client, memory, "Quetzalcoatlus")
    assert own_server.stop() == 0
    for path in (path for path in own_server.data.rglob("*") if path.is_file()):
        content = path.read_bytes().lower()
        for secret in (b"quetzalcoatlus", b"zyzzogeton", b"xiphosura", b"gramophon"):
            assert secret not in content, (path, secret)
    assert "Quetzalcoatlus" not in own_server.log()


def test_records_survive_a_restart(own_server: Server) -> None:
    keys = own_server.new_account()
    notes = make_memory(own_server.client("bedrock-agentcore-control", keys))["id"]
    data = own_server.client("bedrock-agentcore", keys)
    file(data, notes, record("r1", "The lighthouse keeper plays the oboe."), record("r2", "Soup is on at noon."))
    before = search(data, notes, "Who plays the oboe?")
    own_server.kill()
    own_server.start()
    data = own_server.client("bedrock-agentcore", keys)
    assert search(data, notes, "Who plays the oboe?") == before and len(before) == 2
