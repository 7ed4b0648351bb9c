"""What tests of long-term memory share: memories with strategies, events, records, and waiting for extraction."""

import itertools
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from support import wait_until_active

EXTRACTION_TIMEOUT_S = 20
_names = itertools.count(1)
# Role and text of an event's messages.
Said = tuple[str, str]

SEMANTIC = {"semanticMemoryStrategy": {"name": "Facts", "namespaceTemplates": ["/facts/{actorId}/"]}}
PREFERENCE = {"userPreferenceMemoryStrategy": {"name": "Likes", "namespaceTemplates": ["/likes/{actorId}/"]}}
SUMMARY = {"summaryMemoryStrategy": {"name": "Digest", "namespaceTemplates": ["/digest/{actorId}/{sessionId}/"]}}


def make_memory(control: Any, *strategies: dict[str, Any], **options: Any) -> dict[str, Any]:
    """An active memory with these strategies."""
    made = control.create_memory(
        name=f"LongTerm{next(_names)}", eventExpiryDuration=30, memoryStrategies=list(strategies), **options
    )["memory"]
    return wait_until_active(control, made["id"])


def payload(*said: Said) -> list[dict[str, Any]]:
    return [{"conversational": {"content": {"text": text}, "role": role}} for role, text in said]


def say(data: Any, memory: str, *said: Said, actor: str = "ann", session: str = "s-1", **options: Any) -> str:
    """Writes one event; its id."""
    options.setdefault("eventTimestamp", datetime.now(UTC))
    event = data.create_event(memoryId=memory, actorId=actor, sessionId=session, payload=payload(*said), **options)
    return event["event"]["eventId"]


def listed(data: Any, memory: str, **where: Any) -> list[dict[str, Any]]:
    """All records there, over all pages; of the whole memory when nothing is said."""
    pages = data.get_paginator("list_memory_records").paginate(
        memoryId=memory, PaginationConfig={"PageSize": 100}, **(where or {"namespacePath": "/"})
    )
    return [record for page in pages for record in page["memoryRecordSummaries"]]


def texts(records: Iterable[dict[str, Any]]) -> list[str]:
    return [record["content"]["text"] for record in records]


def search(data: Any, memory: str, query: str, top_k: int = 10, **where: Any) -> list[dict[str, Any]]:
    criteria = {"searchQuery": query, "topK": top_k} | where.pop("criteria", {})
    where = where or {"namespacePath": "/"}
    return data.retrieve_memory_records(memoryId=memory, searchCriteria=criteria, **where)["memoryRecordSummaries"]


def until(found: Callable[[], Any], what: str, timeout_s: float = EXTRACTION_TIMEOUT_S) -> Any:
    """Asks until the answer is true, and returns it."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come within {timeout_s} s")


def jobs(data: Any, memory: str) -> list[dict[str, Any]]:
    pages = data.get_paginator("list_memory_extraction_jobs").paginate(
        memoryId=memory, PaginationConfig={"PageSize": 50}
    )
    return [job for page in pages for job in page["jobs"]]


def settled(data: Any, memory: str, timeout_s: float = EXTRACTION_TIMEOUT_S) -> list[dict[str, Any]]:
    """All records once no job waits or runs and nothing more appears; fails if a job failed."""
    before: list[str] | None = None
    quiet = 0
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        there = jobs(data, memory)
        failed = [job for job in there if job["status"] == "FAILED"]
        assert not failed, f"extraction failed: {failed[:3]}"
        records = listed(data, memory)
        now = sorted(record["memoryRecordId"] for record in records)
        quiet = quiet + 1 if not there and now == before else 0
        if quiet >= 3:
            return records
        before = now
        time.sleep(0.2)
    raise AssertionError(f"not extracted within {timeout_s} s: {jobs(data, memory)[:3]}")


def record(identifier: str, text: str, namespace: str | None = "/notes/", **more: Any) -> dict[str, Any]:
    """What BatchCreateMemoryRecords takes."""
    namespaces = [namespace] if namespace else []
    return {
        "requestIdentifier": identifier,
        "content": {"text": text},
        "namespaces": namespaces,
        "timestamp": datetime(2026, 3, 1, 12, tzinfo=UTC),
    } | more


def file(data: Any, memory: str, *records: dict[str, Any], **options: Any) -> list[str]:
    """Creates records, all of which must succeed; their ids."""
    answer = data.batch_create_memory_records(memoryId=memory, records=list(records), **options)
    assert not answer["failedRecords"], answer
    made = {one["requestIdentifier"]: one["memoryRecordId"] for one in answer["successfulRecords"]}
    return [made[one["requestIdentifier"]] for one in records]
