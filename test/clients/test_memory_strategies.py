"""What strategies decide: where records lie, what metadata they carry, and what becomes of them when they change."""

import re
from typing import Any

import pytest

from long_term import PREFERENCE, SEMANTIC, listed, make_memory, say, search, settled, texts, until
from support import refused

TEAMS = {"semanticMemoryStrategy": {"name": "Facts", "namespaceTemplates": ["/teams/{team}/{actorId}/"]}}
EPISODES = {
    "episodicMemoryStrategy": {
        "name": "Episodes",
        "namespaceTemplates": ["/episodes/{actorId}/{sessionId}/"],
        "reflectionConfiguration": {"namespaceTemplates": ["/episodes/{actorId}/"]},
    }
}


def test_namespace_variables_of_an_event_choose_the_place(control: Any, data: Any) -> None:
    memory = make_memory(control, TEAMS, namespaceKeys=[{"key": "team"}])["id"]
    for team, instrument in (("red", "tuba"), ("blue", "harp")):
        config = {"namespaceVariables": {"team": team}}
        say(data, memory, ("USER", f"I play the {instrument}."), session=team, extractionConfig=config)
    until(lambda: len(listed(data, memory)) >= 2, "both facts")
    assert texts(listed(data, memory, namespace="/teams/red/ann/")) == ["The user plays the tuba."]
    assert texts(search(data, memory, "harp", namespacePath="/teams/blue")) == ["The user plays the harp."]


def test_namespace_variables_must_be_declared_and_allowed(control: Any, data: Any) -> None:
    keys = [{"key": "team", "validation": {"allowedValues": ["red", "blue"]}}]
    memory = make_memory(control, TEAMS, namespaceKeys=keys)["id"]
    for variables in ({"team": "green"}, {"colour": "red"}):
        with refused("ValidationException", 400):
            say(data, memory, ("USER", "I play."), extractionConfig={"namespaceVariables": variables})
    with refused("ValidationException", 400):
        control.create_memory(name="Undeclared", eventExpiryDuration=30, memoryStrategies=[TEAMS])


def test_consistent_metadata_is_copied_from_the_event_and_filters(control: Any, data: Any) -> None:
    schema = {"metadataSchema": [{"key": "trip", "type": "STRING", "extractionType": "STRICTLY_CONSISTENT"}]}
    strategy = {"semanticMemoryStrategy": SEMANTIC["semanticMemoryStrategy"] | {"memoryRecordSchema": schema}}
    memory = make_memory(control, strategy, indexedKeys=[{"key": "trip", "type": "STRING"}])["id"]
    for trip, town in (("t1", "Kyoto"), ("t2", "Cuenca")):
        metadata = {"trip": {"stringValue": trip}}
        say(data, memory, ("USER", f"I booked a hotel in {town}."), session=trip, metadata=metadata)
    say(data, memory, ("USER", "I booked a hotel in Bergen."), session="t3")
    until(lambda: len(listed(data, memory)) >= 3, "all facts")
    wanted = [
        {"left": {"metadataKey": "trip"}, "operator": "EQUALS_TO", "right": {"metadataValue": {"stringValue": "t2"}}}
    ]
    (found,) = search(data, memory, "hotel", criteria={"metadataFilters": wanted}, namespacePath="/")
    assert "Cuenca" in found["content"]["text"] and found["metadata"]["trip"] == {"stringValue": "t2"}
    none = [{"left": {"metadataKey": "trip"}, "operator": "NOT_EXISTS"}]
    (found,) = search(data, memory, "hotel", criteria={"metadataFilters": none}, namespacePath="/")
    assert "Bergen" in found["content"]["text"]


def test_two_strategies_of_one_event_write_into_their_own_places(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC, PREFERENCE)
    ids = {one["name"]: one["strategyId"] for one in memory["strategies"]}
    say(data, memory["id"], ("USER", "I love mackerel, and I drive a green tractor."))
    until(lambda: len(listed(data, memory["id"])) >= 2, "both kinds")
    for kept in settled(data, memory["id"]):
        where = {ids["Facts"]: "/facts/ann/", ids["Likes"]: "/likes/ann/"}[kept["memoryStrategyId"]]
        assert kept["namespaces"] == [where]


def test_a_strategy_that_moves_writes_to_its_new_place(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC)
    (strategy,) = memory["strategies"]
    say(data, memory["id"], ("USER", "I play the tuba."))
    until(lambda: listed(data, memory["id"], namespace="/facts/ann/"), "the first fact")
    change = {"memoryStrategyId": strategy["strategyId"], "namespaceTemplates": ["/moved/{actorId}/"]}
    control.update_memory(memoryId=memory["id"], memoryStrategies={"modifyMemoryStrategies": [change]})
    say(data, memory["id"], ("USER", "I sail to Gotland."), session="s-2")
    until(lambda: listed(data, memory["id"], namespace="/moved/ann/"), "the second fact")
    settled(data, memory["id"])
    assert texts(listed(data, memory["id"], namespace="/facts/ann/")) == ["The user plays the tuba."]


def test_a_removed_strategy_forms_nothing_more(control: Any, data: Any) -> None:
    memory = make_memory(control, SEMANTIC, PREFERENCE)
    (facts,) = [one["strategyId"] for one in memory["strategies"] if one["name"] == "Facts"]
    gone = {"deleteMemoryStrategies": [{"memoryStrategyId": facts}]}
    control.update_memory(memoryId=memory["id"], memoryStrategies=gone)
    say(data, memory["id"], ("USER", "I love mackerel."))
    until(lambda: listed(data, memory["id"], namespace="/likes/ann/"), "the preference")
    settled(data, memory["id"])
    assert not listed(data, memory["id"], namespace="/facts/ann/")


def test_an_episode_is_written_when_it_is_over(control: Any, data: Any) -> None:
    memory = make_memory(control, EPISODES)["id"]
    say(data, memory, ("USER", "Can you book me a table for two at the Blue Heron on Friday?"), session="e-1")
    say(data, memory, ("ASSISTANT", "I called them: Friday at eight is booked."), session="e-1")
    assert not settled(data, memory)
    say(data, memory, ("USER", "Great, thank you, that works."), session="e-1")
    until(lambda: listed(data, memory, namespace="/episodes/ann/e-1/"), "the episode")
    settled(data, memory)
    (episode,) = texts(listed(data, memory, namespace="/episodes/ann/e-1/"))
    for part in ("situation", "intent", "assessment", "justification", "reflection"):
        assert re.search(rf"<{part}>[^<]+</{part}>", episode), episode
    assert "Blue Heron" in episode


@pytest.mark.parametrize(
    "said",
    [
        "我喜欢抹茶甜点。",
        "Ich wohne seit Mai in Görlitz und mag keine Oliven.",
        "J'habite à Brest et je déteste le fenouil.",
    ],
    ids=["Chinese", "German", "French"],
)
def test_other_languages_are_kept_as_they_were_said(control: Any, data: Any, said: str) -> None:
    memory = make_memory(control, SEMANTIC)["id"]
    say(data, memory, ("USER", said))
    until(lambda: listed(data, memory), "a record")
    kept = " ".join(texts(settled(data, memory)))
    assert all(part in kept for part in re.split(r"[ 。.]", said) if len(part) > 3), kept
