"""Memories form from events and are found: the walk-through's second half, the forms of records, and search."""

import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from long_term import PREFERENCE, SEMANTIC, SUMMARY, listed, make_memory, say, search, settled, texts, until
from support import Keys, Server, refused, run_aws
from test_article import PRINTED, SCRIPTS, Story, printed_scripts

PRINTED_ID = "CrossAccountDemoMemory-NCd6eP6wJq"
PRINTED_ARN = f"arn:aws:bedrock-agentcore:us-east-1:111111111111:memory/{PRINTED_ID}"
FORMS_WITHIN_S = 2.0
# Two seconds at the most before a session that never pauses for 200 ms is read, and what reading takes.
PAUSE_S, FORMS_UNDER_A_STREAM_S = 0.05, 4.0
TRIP = (
    ("USER", "Hello! I'd like help planning a trip."),
    ("ASSISTANT", "Of course! Where are you thinking of traveling to?"),
    (
        "USER",
        "I'd like to go to Kyoto next month for 3 nights and 4 days. I'd rather focus on Japanese sweets and cafes "
        "than temples and shrines. I also love matcha sweets.",
    ),
    ("ASSISTANT", "A trip centered around Japanese sweets and cafes in Kyoto! Let me put together some plans."),
)


def next_month(now: datetime) -> str:
    return (now.replace(day=1) + timedelta(days=31)).strftime("%B %Y")


@pytest.fixture
def story(server: Server) -> Story:
    return Story(server)


def assert_memories_of_the_trip(lines: list[tuple[str, str]], month: str) -> None:
    """`lines` are strategy ids and texts, as the walk-through prints them."""
    facts = [text for strategy, text in lines if re.fullmatch(r"UserFacts-\w{10}", strategy)]
    likes = [json.loads(text) for strategy, text in lines if re.fullmatch(r"UserPreferences-\w{10}", strategy)]
    assert len(facts) + len(likes) == len(lines), lines
    assert "The user loves matcha sweets." in facts
    (trip,) = [fact for fact in facts if "Kyoto" in fact and month in fact]
    assert re.search(r"3 nights and 4 days|3-night, 4-day", trip), trip
    for fact in facts:
        assert re.fullmatch(r"The user .+\.", fact), fact
        assert not re.search(r"\b(I|I'd|my|next month)\b", fact), fact
    assert any("matcha" in like["preference"] for like in likes), likes
    assert any("temples" in like["preference"] and "cafes" in like["preference"] for like in likes), likes


def assert_found_by_relevance(lines: list[str]) -> None:
    """`lines` as the search script prints them."""
    found = [re.fullmatch(r"Score=(\d\.\d+): (.+)", line) for line in lines]
    assert found and all(found), lines
    scores = [float(match.group(1)) for match in found]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert scores[0] >= 0.3 and "matcha" in found[0].group(2), lines
    assert sum("sweets" in match.group(2) for match in found[:4]) >= 3, lines


def run_second_half(story: Story, arn: str, check: Path, find: Path, *arguments: str) -> None:
    """The provider lists what has formed, the consumer searches it; a role that is not named does neither."""
    provider = story.server.client("bedrock-agentcore", story.provider)
    month = next_month(datetime.now(UTC))
    until(lambda: len(listed(provider, arn)) >= 4, "the memories of the trip", FORMS_WITHIN_S)
    settled(provider, arn)
    printed = story.run(story.provider, check, *arguments).splitlines()
    assert_memories_of_the_trip(re.findall(r"^\[(\S+)\] (.+)$", "\n".join(printed), re.MULTILINE), month)
    assert_found_by_relevance(story.run(story.consumer_role, find, *arguments).splitlines())
    for kept in listed(provider, arn):
        assert kept["namespaces"] == [f"/strategies/{kept['memoryStrategyId']}/actors/user-001/"]
    assert_search_is_denied(story, arn)


def assert_search_is_denied(story: Story, arn: str) -> None:
    for command, action, more in (
        ("list-memory-records", "ListMemoryRecords", []),
        ("retrieve-memory-records", "RetrieveMemoryRecords", ["--search-criteria", "searchQuery=food"]),
    ):
        arguments = ("--region", "us-east-1", "--memory-id", arn, "--namespace-path", "/", *more)
        done = run_aws(story.server.environment(story.denied_role), "bedrock-agentcore", command, *arguments)
        assert done.returncode != 0
        assert f"no resource-based policy allows the bedrock-agentcore:{action} action" in done.stderr


def test_another_account_finds_what_the_conversation_said(story: Story, tmp_path: Path) -> None:
    arn = story.set_up_memory(SCRIPTS / "setup_memory.py")
    story.share(arn, tmp_path)
    story.run(story.consumer_role, SCRIPTS / "write_cross_account.py", arn)
    run_second_half(
        story, arn, SCRIPTS / "check_long_term_memory.py", SCRIPTS / "search_from_consumer.py", arn
    )


@pytest.mark.skipif(not PRINTED.exists(), reason="the published walk-through does not lie beside the project")
def test_the_second_half_of_the_walk_through_runs_as_printed(story: Story, tmp_path: Path) -> None:
    scripts = printed_scripts()
    (tmp_path / "setup_memory.py").write_text(scripts["setup_memory.py"])
    arn = story.set_up_memory(tmp_path / "setup_memory.py")
    for name in ("write_cross_account.py", "check_long_term_memory.py", "search_from_consumer.py"):
        changed = scripts[name].replace(PRINTED_ARN, arn).replace(PRINTED_ID, arn.rsplit("/", 1)[1])
        assert changed != scripts[name]
        (tmp_path / name).write_text(changed)
    story.share(arn, tmp_path)
    story.run(story.consumer_role, tmp_path / "write_cross_account.py")
    run_second_half(story, arn, tmp_path / "check_long_term_memory.py", tmp_path / "search_from_consumer.py")


def test_memories_form_within_two_seconds(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC, PREFERENCE)["id"]
    say(data, memory, *TRIP)
    written = time.monotonic()
    until(lambda: search(data, memory, "matcha sweets", namespace="/facts/ann/"), "a fact", FORMS_WITHIN_S)
    until(lambda: search(data, memory, "matcha sweets", namespace="/likes/ann/"), "a preference", FORMS_WITHIN_S)
    assert time.monotonic() - written < FORMS_WITHIN_S


def test_memories_form_while_a_session_never_pauses(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    begun = time.monotonic()
    first = None
    for number in range(1000):
        say(data, memory, ("USER", f"My locker number {number} is in hall {number % 7}."))
        if first := listed(data, memory):
            break
        time.sleep(PAUSE_S)
    assert first and time.monotonic() - begun < FORMS_UNDER_A_STREAM_S


def test_preferences_are_compact_json_of_three_members(control: Any, data: Any) -> None:
    memory = make_memory(control, PREFERENCE)["id"]
    say(data, memory, *TRIP)
    until(lambda: len(listed(data, memory)) >= 2, "preferences")
    for text in texts(settled(data, memory)):
        value = json.loads(text)
        assert list(value) == ["context", "preference", "categories"]
        assert text == json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        assert value["context"].startswith("The user") and value["preference"]
        assert value["categories"] and all(isinstance(category, str) for category in value["categories"])


def test_relative_dates_are_resolved_against_the_event(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    moment = datetime(2026, 1, 31, 15, 0, tzinfo=UTC)
    say(data, memory, ("USER", "Next month I start a pottery course in Girona."), eventTimestamp=moment)
    (fact,) = texts(until(lambda: listed(data, memory), "a fact"))
    assert "February 2026" in fact and "pottery" in fact and "Girona" in fact and "ext month" not in fact


def test_a_named_speaker_is_remembered_by_name_whatever_the_role(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "Odile: I keep three goats behind the school."))
    say(data, memory, ("ASSISTANT", "Bashir: My brother repairs accordions in Tirana."))
    until(lambda: len(listed(data, memory)) >= 2, "both facts")
    kept = texts(settled(data, memory))
    assert any("Odile" in text and "goats" in text for text in kept), kept
    assert any("Bashir" in text and "accordions" in text for text in kept), kept


def test_what_the_assistant_says_is_no_fact_about_the_user(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    said = "I own a vineyard near Tokaj and I adore brass bands."
    say(data, memory, ("ASSISTANT", said), ("USER", "I drive a green tractor."))
    until(lambda: listed(data, memory), "a fact")
    kept = texts(settled(data, memory))
    assert any("tractor" in text for text in kept)
    assert not any("vineyard" in text or "brass" in text for text in kept), kept


def test_summaries_are_topics_of_the_session(control: Any, data: Any) -> None:
    memory = make_memory(control, SUMMARY)["id"]
    say(data, memory, *TRIP, session="trip")
    until(lambda: listed(data, memory, namespace="/digest/ann/trip/"), "a summary")
    for text in texts(settled(data, memory)):
        assert re.fullmatch(r'(<topic name="[^"<>]+">[^<>]+</topic>\s*)+', text), text


def test_the_same_thing_said_twice_is_one_memory(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "I play the tuba in the harbour orchestra."))
    until(lambda: listed(data, memory), "a fact")
    for session in ("s-2", "s-3"):
        say(data, memory, ("USER", "I play the tuba in the harbour orchestra."), session=session)
        say(data, memory, ("USER", f"My {session} cousin collects thimbles."), session=session)
        until(lambda mark=session: any(mark in text for text in texts(listed(data, memory))), "the next fact")
    kept = texts(settled(data, memory))
    assert sum("tuba" in text for text in kept) == 1, kept


def test_events_without_extraction_form_nothing(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "I hide gold coins in the piano."), extractionMode="SKIP")
    say(data, memory, ("USER", "I bake rye bread on Sundays."))
    until(lambda: listed(data, memory), "a fact")
    kept = texts(settled(data, memory))
    assert any("rye bread" in text for text in kept) and not any("coins" in text for text in kept), kept


def test_a_strategy_that_comes_later_does_not_look_back(control: Any, data: Any) -> None:
    memory = make_memory(control)["id"]
    say(data, memory, ("USER", "I sailed around Gotland in May."))
    control.update_memory(memoryId=memory, memoryStrategies={"addMemoryStrategies": [SEMANTIC]})
    say(data, memory, ("USER", "I restore church clocks."))
    until(lambda: listed(data, memory), "a fact")
    kept = texts(settled(data, memory))
    assert any("clocks" in text for text in kept) and not any("Gotland" in text for text in kept), kept


def test_actors_and_sessions_are_apart(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "I collect old maps of Iceland."), actor="ann")
    say(data, memory, ("USER", "I collect old maps of Portugal."), actor="anna")
    until(lambda: len(listed(data, memory)) >= 2, "both facts")
    (of_ann,) = texts(search(data, memory, "old maps", namespacePath="/facts/ann"))
    assert "Iceland" in of_ann


def test_search_orders_by_score_and_cuts_at_top_k_alone(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    subjects = ("the harp", "chess", "trams", "orchids", "curling", "comets", "knots", "cheese")
    for at, subject in enumerate(subjects):
        say(data, memory, ("USER", f"I read a book about {subject} every winter."), session=f"s-{at}")
    until(lambda: len(listed(data, memory)) == len(subjects), "all facts")
    every = search(data, memory, "Which book about comets was it?", top_k=20)
    assert len(every) == len(subjects)
    scores = [record["score"] for record in every]
    assert scores == sorted(scores, reverse=True) and all(0 <= score <= 1 for score in scores)
    assert "comets" in every[0]["content"]["text"] and scores[0] >= 0.3 > scores[-1]
    for depth in (1, 3):
        ids = [record["memoryRecordId"] for record in search(data, memory, "Which book about comets was it?", depth)]
        assert ids == [record["memoryRecordId"] for record in every[:depth]]


def test_an_unrelated_query_still_finds_the_nearest(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "I play the tuba."))
    until(lambda: listed(data, memory), "a fact")
    (found,) = search(data, memory, "test", top_k=1)
    assert found["score"] < 0.3


def test_pages_of_a_search_make_up_its_answer(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    for at in range(5):
        say(data, memory, ("USER", f"My uncle number {at} grows pears."), session=f"s-{at}")
    until(lambda: len(listed(data, memory)) == 5, "all facts")
    whole = [record["memoryRecordId"] for record in search(data, memory, "Who grows pears?", top_k=5)]
    pages, token = [], {}
    while True:
        answer = data.retrieve_memory_records(
            memoryId=memory,
            namespacePath="/",
            maxResults=2,
            searchCriteria={"searchQuery": "Who grows pears?", "topK": 5},
            **token,
        )
        pages += [record["memoryRecordId"] for record in answer["memoryRecordSummaries"]]
        if not answer.get("nextToken"):
            break
        token = {"nextToken": answer["nextToken"]}
    assert pages == whole and len(whole) == 5


def test_a_memory_that_is_not_there_is_not_searched(data: Any) -> None:
    with refused("ResourceNotFoundException", 404):
        search(data, "Nowhere-aaaaaaaaaa", "anything")


def test_deleting_a_memory_deletes_its_records(control: Any, data: Any, owner: Keys) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", "I play the tuba."))
    until(lambda: listed(data, memory), "a fact")
    control.delete_memory(memoryId=memory)
    with refused("ResourceNotFoundException", 404):
        search(data, memory, "tuba")
