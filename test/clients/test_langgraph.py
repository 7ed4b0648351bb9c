"""LangGraph keeps its checkpoints in a memory: saved, listed, restored by another saver, and deleted."""

from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph_checkpoint_aws import AgentCoreMemorySaver

from support import REGION, Keys, Server, allow, policy


class State(TypedDict):
    said: Annotated[list[str], lambda old, new: old + new]


def graph(saver: AgentCoreMemorySaver) -> Any:
    """Two steps that each say one thing more."""
    builder = StateGraph(State)
    builder.add_node("greet", lambda state: {"said": [f"hello {len(state['said'])}"]})
    builder.add_node("part", lambda state: {"said": [f"goodbye {len(state['said'])}"]})
    builder.add_edge(START, "greet")
    builder.add_edge("greet", "part")
    builder.add_edge("part", END)
    return builder.compile(checkpointer=saver)


def saver_for(server: Server, keys: Keys, memory_id: str) -> AgentCoreMemorySaver:
    return AgentCoreMemorySaver(
        memory_id,
        region_name=REGION,
        endpoint_url=server.url,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token,
    )


@pytest.fixture
def config() -> dict[str, Any]:
    return {"configurable": {"thread_id": "thread-1", "actor_id": "ann"}}


def test_a_thread_goes_on_in_another_process_place(
    server: Server, owner: Keys, memory: dict[str, Any], config: dict[str, Any]
) -> None:
    first = graph(saver_for(server, owner, memory["id"])).invoke({"said": ["hi"]}, config)
    assert first["said"] == ["hi", "hello 1", "goodbye 2"]
    # A new saver knows nothing but the memory.
    again = graph(saver_for(server, owner, memory["id"]))
    assert again.get_state(config).values["said"] == first["said"]
    second = again.invoke({"said": ["more"]}, config)
    assert second["said"] == ["hi", "hello 1", "goodbye 2", "more", "hello 4", "goodbye 5"]


def test_checkpoints_are_listed_newest_first_and_restored_one_by_one(
    server: Server, owner: Keys, memory: dict[str, Any], config: dict[str, Any]
) -> None:
    app = graph(saver_for(server, owner, memory["id"]))
    app.invoke({"said": ["hi"]}, config)
    history = list(app.get_state_history(config))
    assert [len(state.values.get("said", [])) for state in history] == [3, 2, 1, 0]
    restored = graph(saver_for(server, owner, memory["id"])).get_state(history[1].config)
    assert restored.values == history[1].values and restored.next == ("part",)
    assert len(list(saver_for(server, owner, memory["id"]).list(config, limit=2))) == 2


def test_threads_and_actors_do_not_see_one_another(
    server: Server, owner: Keys, memory: dict[str, Any], config: dict[str, Any]
) -> None:
    app = graph(saver_for(server, owner, memory["id"]))
    app.invoke({"said": ["hi"]}, config)
    for change in ({"thread_id": "thread-2"}, {"actor_id": "bob"}):
        other = {"configurable": config["configurable"] | change}
        assert app.get_state(other).values == {}


def test_a_thread_is_deleted(server: Server, owner: Keys, memory: dict[str, Any], config: dict[str, Any]) -> None:
    saver = saver_for(server, owner, memory["id"])
    graph(saver).invoke({"said": ["hi"]}, config)
    saver.delete_thread("thread-1", "ann")
    assert saver.get_tuple(config) is None


def test_it_works_across_accounts_by_arn(
    server: Server, control: Any, stranger: Keys, memory: dict[str, Any], config: dict[str, Any]
) -> None:
    control.put_resource_policy(
        resourceArn=memory["arn"],
        policy=policy(
            allow(
                ["bedrock-agentcore:CreateEvent", "bedrock-agentcore:ListEvents"],
                memory["arn"],
                Principal={"AWS": f"arn:aws:iam::{stranger.account}:root"},
            )
        ),
    )
    done = graph(saver_for(server, stranger, memory["arn"])).invoke({"said": ["hi"]}, config)
    assert done["said"][-1] == "goodbye 2"
