"""What the writers asked for and what the server told them, held against what it answers after a kill."""

import hashlib
import json
import random
import threading
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from line import Line, actors_path, event_path, session_path, sessions_path

CREATED, FOUND, DELETED, MISSING = 201, 200, 200, 404
REPEATED_PER_ROUND = 12


class Place(NamedTuple):
    """A session, with all that leads to it."""

    memory: str
    actor: str
    session: str

    @property
    def path(self) -> str:
        return session_path(*self)


@dataclass
class Event:
    """One event that a writer asked for. `id` is None until the server acknowledged it or was seen to hold it."""

    place: Place
    token: str
    timestamp: float
    payload: list[Any]
    metadata: dict[str, Any]
    id: str | None = None
    deletion_asked: bool = False
    deleted: bool = False

    def request(self) -> dict[str, Any]:
        return {
            "actorId": self.place.actor,
            "sessionId": self.place.session,
            "eventTimestamp": self.timestamp,
            "payload": self.payload,
            "clientToken": self.token,
            "metadata": self.metadata,
        }

    def check(self, answered: dict[str, Any]) -> None:
        """`answered` is this event, all of it."""
        place = Place(answered["memoryId"], answered["actorId"], answered["sessionId"])
        assert place == self.place, (place, self.place)
        assert answered["eventTimestamp"] == self.timestamp, (answered["eventId"], answered["eventTimestamp"])
        assert answered["payload"] == self.payload, f"{answered['eventId']} is not what was sent"
        assert answered["metadata"] == self.metadata, answered["eventId"]

    def create(self, line: Line) -> None:
        """Sends it; again when it was sent before, which must give the event that is there."""
        answer = line.call("POST", f"/memories/{self.place.memory}/events", self.request())
        assert answer.status == CREATED, answer
        event = answer.json()["event"]
        assert self.id in (None, event["eventId"]), f"{self.token} made {event['eventId']} beside {self.id}"
        self.check(event)
        self.id = event["eventId"]

    def delete(self, line: Line) -> None:
        """Deletes it; it may be gone only when that was asked before."""
        accepted = (DELETED, MISSING) if self.deletion_asked else (DELETED,)
        self.deletion_asked = True
        answer = line.call("DELETE", self.path)
        assert answer.status in accepted, answer
        self.deleted = True

    @property
    def path(self) -> str:
        return event_path(*self.place, self.id or "")

    def digest(self) -> str:
        return digest(self.timestamp, self.payload, self.metadata)


def digest(timestamp: float, payload: list[Any], metadata: dict[str, Any]) -> str:
    """Stands for an event without holding it; a timestamp of whole seconds may come back as an integer."""
    return hashlib.sha256(json.dumps([float(timestamp), payload, metadata], sort_keys=True).encode()).hexdigest()


def listed(line: Line, place: Place) -> dict[str, dict[str, Any]]:
    """The events of a session by id, none of them twice."""
    found: dict[str, dict[str, Any]] = {}
    for event in line.pages(place.path, "events"):
        assert event["eventId"] not in found, f"{event['eventId']} is listed twice"
        found[event["eventId"]] = event
    return found


@dataclass
class Round:
    """The events of one round; `add` may be called by several threads."""

    places: list[Place]
    events: list[Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, event: Event) -> None:
        with self._lock:
            self.events.append(event)

    def verify(self, line: Line, whole: list[Place], random_: random.Random) -> int:
        """Checks all events of the round, and repeats what was in flight. The sessions in `whole` hold no events of
        other rounds. Returns how many events were there though nobody was told so."""
        acknowledged = [event for event in self.events if event.id is not None]
        unanswered = [event for event in self.events if event.id is None]
        unasked = self._read_listings(line, whole)
        self._read_one_by_one(line, acknowledged)

        kept = [event for event in acknowledged if not event.deletion_asked]
        for event in unanswered + random_.sample(kept, min(len(kept), REPEATED_PER_ROUND)):
            event.create(line)
        for event in self.events:
            if event.deletion_asked and not event.deleted:
                event.delete(line)

        for place in whole:
            expected = {event.id for event in self.events if event.place == place and not event.deleted}
            assert set(listed(line, place)) == expected, place
        return unasked

    def _read_listings(self, line: Line, whole: list[Place]) -> int:
        unasked = 0
        by_token = {event.token: event for event in self.events}
        for place in whole:
            found = listed(line, place)
            for event_id, answered in found.items():
                asked = by_token[answered["metadata"]["token"]["stringValue"]]
                asked.check(answered)
                assert asked.id in (None, event_id), f"{asked.token} is there twice: {asked.id}, {event_id}"
                assert not asked.deleted, f"{event_id} is there though its deletion was acknowledged"
                unasked += asked.id is None
                asked.id = event_id
            for event in self.events:
                if event.place == place and event.id is not None and not event.deletion_asked:
                    assert event.id in found, f"{event.id} was acknowledged and is not listed"
        return unasked

    def _read_one_by_one(self, line: Line, acknowledged: list[Event]) -> None:
        for event in acknowledged:
            answer = line.call("GET", event.path)
            if event.deleted:
                assert answer.status == MISSING, answer
            elif answer.status != MISSING or not event.deletion_asked:
                assert answer.status == FOUND, f"{event.id} was acknowledged: {answer}"
                event.check(answer.json()["event"])


@dataclass
class History:
    """All rounds that are over: for each session, the ids that it holds and a digest of what each is."""

    sessions: dict[Place, dict[str, str]] = field(default_factory=dict)
    emptied: set[Place] = field(default_factory=set)

    def settle(self, done: Round) -> None:
        for event in done.events:
            if event.deleted:
                self.emptied.add(event.place)
            else:
                self.sessions.setdefault(event.place, {})[event.id or ""] = event.digest()

    def verify_names(self, line: Line, memory: str) -> None:
        """Every session with events is listed, and no session that never had one; actors alike."""
        living = {place for place in self.sessions if place.memory == memory}
        allowed = living | {place for place in self.emptied if place.memory == memory}
        actors = [actor["actorId"] for actor in line.pages(actors_path(memory), "actorSummaries")]
        assert len(actors) == len(set(actors))
        assert {place.actor for place in living} <= set(actors) <= {place.actor for place in allowed}
        for actor in actors:
            answered = [entry["sessionId"] for entry in line.pages(sessions_path(memory, actor), "sessionSummaries")]
            assert len(answered) == len(set(answered))
            assert {place.session for place in living if place.actor == actor} <= set(answered)
            assert set(answered) <= {place.session for place in allowed if place.actor == actor}

    def verify_session(self, line: Line, place: Place) -> None:
        expected, found = self.sessions[place], listed(line, place)
        assert set(found) == set(expected), place
        for event_id, event in found.items():
            answered = digest(event["eventTimestamp"], event["payload"], event["metadata"])
            assert answered == expected[event_id], f"{event_id} of {place} is not what was sent: {str(event)[:2000]}"
