"""The walk-through's agents: its Strands scripts as printed, in two processes, the model answered behind the bridge."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from chat_double import ChatDouble, text_of
from long_term import listed, until
from support import Server
from test_article import PRINTED, Story, printed_scripts
from test_long_term_memory import PRINTED_ARN

pytestmark = pytest.mark.skipif(not PRINTED.exists(), reason="the walk-through does not lie beside the project")
PRINTED_STRATEGY = "UserFacts-Vu0glFBLrC"


@pytest.fixture
def double() -> Iterator[ChatDouble]:
    with ChatDouble() as running:
        yield running


@pytest.fixture
def story(tmp_path: Path, double: ChatDouble) -> Iterator[Story]:
    model = ("--llm-url", double.url, "--llm-model", "echo", "--extractor", "builtin")
    running = Server(tmp_path / "data", *model).start()
    yield Story(running)
    assert running.stop() == 0, running.log()[-3000:]


def strategy_of(story: Story, arn: str) -> str:
    control = story.server.client("bedrock-agentcore-control", story.provider)
    memory = control.get_memory(memoryId=arn.rsplit("/", 1)[1])["memory"]
    (strategy,) = [one for one in memory["strategies"] if one["name"] == "UserFacts"]
    return strategy["strategyId"]


def test_the_agents_of_the_walk_through_remember(story: Story, double: ChatDouble, tmp_path: Path) -> None:
    scripts = printed_scripts()
    (tmp_path / "setup_memory.py").write_text(scripts["setup_memory.py"])
    arn = story.set_up_memory(tmp_path / "setup_memory.py")
    strategy = strategy_of(story, arn)
    story.share(arn, tmp_path)
    for name in ("write_cross_account.py", "strands_cross_account.py", "strands_short_term.py"):
        changed = scripts[name].replace(PRINTED_ARN, arn).replace(PRINTED_STRATEGY, strategy)
        assert changed != scripts[name]
        (tmp_path / name).write_text(changed)

    story.run(story.consumer_role, tmp_path / "write_cross_account.py")
    provider = story.server.client("bedrock-agentcore", story.provider)
    where = f"/strategies/{strategy}/actors/user-001/"
    until(lambda: len(listed(provider, arn, namespace=where)) >= 2, "the facts of the conversation")

    printed = story.run(story.consumer_role, tmp_path / "strands_cross_account.py")
    asked = double.requests[-1]["messages"]
    assert asked[0]["role"] == "system" and asked[0]["content"].startswith("You are a travel planner.")
    prompt = text_of(asked[-1]["content"])
    assert prompt.startswith("<user_context>") and "What are some recommended places in Kyoto?" in prompt
    assert re.search(r"Kyoto .*3 nights and 4 days|3-night, 4-day", prompt), prompt
    assert "You said: " in printed and "recommended places in Kyoto" in printed

    story.run(story.consumer_role, tmp_path / "strands_short_term.py")
    asked = double.requests[-1]["messages"]
    assert [message["role"] for message in asked] == ["system", "user", "assistant", "user"]
    assert "What are some recommended places in Kyoto?" in text_of(asked[1]["content"])
    assert "You said: " in text_of(asked[2]["content"])
    assert "Do you remember our earlier conversation?" in text_of(asked[3]["content"])
