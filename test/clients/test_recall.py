"""Long-term memory finds what was said: recall over `test/data/conversations` with the embedder built in."""

import pytest

from recall import Recall, all_dialogues, judge, ranks, report, run
from support import Server

# The project's target is 0.76 for both; what stands is some points above that (docs/guides/memory.md).
RECALL_AT_10_MIN = 0.80
RECALL_IN_WORDS_MIN = 0.85


@pytest.fixture(scope="module")
def apart(server: Server) -> dict[str, Recall]:
    """Each dialogue asked of its own actor."""
    found = run(server, all_dialogues())
    print("\n" + report(found))
    return found


@pytest.fixture(scope="module")
def pooled(server: Server) -> dict[str, Recall]:
    """Each question asked of all that anybody said."""
    found = run(server, all_dialogues(), pool=True)
    print("\n" + report(found))
    return found


@pytest.mark.parametrize("which", ["dev", "held"])
def test_a_dialogue_answers_questions_about_itself(apart: dict[str, Recall], which: str) -> None:
    assert apart[which].of(10) >= RECALL_AT_10_MIN, report(apart)
    assert apart[which].of_words() >= RECALL_IN_WORDS_MIN, report(apart)


@pytest.mark.parametrize("which", ["dev", "held"])
def test_one_actor_with_many_dialogues_finds_the_right_one(pooled: dict[str, Recall], which: str) -> None:
    assert pooled[which].of(10) >= RECALL_AT_10_MIN, report(pooled)
    assert pooled[which].of_words() >= RECALL_IN_WORDS_MIN, report(pooled)


def test_a_record_counts_only_when_it_holds_most_of_a_turn() -> None:
    wanted = [{"matcha", "sweet", "kyoto", "trip", "august"}]
    assert ranks(["The user loves matcha sweets."], wanted, set()) == [None]
    assert ranks(["Nothing.", "A trip to Kyoto for matcha sweets."], wanted, set()) == [1]


def test_nothing_retrieved_is_a_recall_of_zero() -> None:
    dialogue = all_dialogues()[0]
    found = judge([], dialogue, dialogue.questions[0])
    assert found.questions == 1 and found.of(10) == 0 and found.of_words() == 0
