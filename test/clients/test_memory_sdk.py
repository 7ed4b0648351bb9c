"""The AgentCore SDK's own clients, Strands' memory store and LangGraph's store, each through its own calls."""

import asyncio
import itertools
from typing import Any

import boto3
import pytest
from bedrock_agentcore.memory import MemoryClient, MemoryControlPlaneClient, MemorySessionManager
from bedrock_agentcore.memory.constants import ConversationalMessage, MessageRole, StrategyType
from bedrock_agentcore.memory.integrations.strands.memorystore import AgentCoreMemoryStore as StrandsStore
from bedrock_agentcore.memory.integrations.strands.memorystore import create_agentcore_memory_stores
from langchain_core.messages import AIMessage, HumanMessage
from langgraph_checkpoint_aws import AgentCoreMemoryStore as LangGraphStore

from long_term import PREFERENCE, SEMANTIC, listed, make_memory, say, search, settled, texts, until
from support import REGION, Keys, Server

_names = itertools.count(1)
POTTERY = "I throw pots on a kick wheel every Saturday."


@pytest.fixture
def signed_in(server: Server, owner: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """This process's environment as a user's shell has it: keys, region and the endpoint."""
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)  # it would keep the credentials of the test before
    for name, value in server.environment(owner).items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)


@pytest.fixture
def facts(control: Any) -> str:
    return make_memory(control, SEMANTIC)["id"]


@pytest.fixture
def client(signed_in: None) -> MemoryClient:
    return MemoryClient(region_name=REGION)


def name() -> str:
    return f"Sdk{next(_names)}"


# MemoryClient


def test_the_memory_client_makes_a_memory_talks_and_retrieves(client: MemoryClient) -> None:
    made = client.create_memory_and_wait(
        name=name(),
        strategies=[
            {StrategyType.SEMANTIC.value: {"name": "Facts"}},
            {StrategyType.USER_PREFERENCE.value: {"name": "L"}},
        ],
        poll_interval=1,
    )
    memory = made["id"]
    strategies = {one["name"]: one for one in client.get_memory_strategies(memory)}
    assert set(strategies) == {"Facts", "L"} and client.get_memory_status(memory) == "ACTIVE"
    client.create_event(memory, "ann", "s-1", [(POTTERY, "USER"), ("A kick wheel!", "ASSISTANT")])
    where = f"/strategies/{strategies['Facts']['strategyId']}/actors/ann/"
    assert client.wait_for_memories(memory, where, max_wait=20, poll_interval=1)
    (found,) = client.retrieve_memories(memory, namespace=where, query="What does she do on Saturdays?")
    assert "kick wheel" in found["content"]["text"] and found["score"] > 0
    (by_path,) = client.retrieve_memories(memory, namespace_path="/strategies/", query="kick wheel", top_k=1)
    assert by_path["memoryRecordId"] == found["memoryRecordId"]
    assert client.retrieve_memories(memory, namespace="/elsewhere/", query="pots") == []
    assert client.retrieve_memories("Nowhere-aaaaaaaaaa", namespace=where, query="pots") == []


def test_the_memory_client_reuses_a_memory_of_the_same_name(client: MemoryClient) -> None:
    called = name()
    strategies = [{"semanticMemoryStrategy": {"name": "Facts"}}]
    first = client.create_or_get_memory(called, strategies)
    assert client.create_or_get_memory(called, strategies)["id"] == first["id"]
    assert first["id"] in [one["id"] for one in client.list_memories()]


def test_the_memory_client_adds_changes_and_removes_strategies(client: MemoryClient) -> None:
    memory = client.create_memory_and_wait(name=name(), strategies=[], poll_interval=1)["id"]
    waits = {"poll_interval": 1, "max_wait": 20}
    client.add_semantic_strategy_and_wait(memory, "Facts", **waits)
    client.add_user_preference_strategy_and_wait(memory, "Likes", namespaces=["/likes/{actorId}/"], **waits)
    client.add_summary_strategy_and_wait(memory, "Digest", namespaces=["/digest/{actorId}/{sessionId}/"], **waits)
    client.add_episodic_strategy_and_wait(
        memory,
        "Episodes",
        namespaces=["/episodes/{actorId}/{sessionId}/"],
        reflection_namespaces=["/episodes/{actorId}/"],
        **waits,
    )
    strategies = {one["name"]: one for one in client.get_memory_strategies(memory)}
    assert set(strategies) == {"Facts", "Likes", "Digest", "Episodes"}
    client.modify_strategy(memory, strategies["Likes"]["strategyId"], description="What she likes")
    client.delete_strategy(memory, strategies["Digest"]["strategyId"])
    until(lambda: len(client.get_memory_strategies(memory)) == 3, "the removal")
    client.create_event(memory, "ann", "s-1", [("I love mackerel.", "USER")])
    assert client.wait_for_memories(memory, "/likes/ann/", "mackerel", max_wait=20, poll_interval=1)
    client.delete_memory_and_wait(memory, max_wait=20, poll_interval=1)
    assert memory not in [one["id"] for one in client.list_memories()]


def test_a_turn_of_the_memory_client_hands_memories_to_the_model(client: MemoryClient, facts: str, data: Any) -> None:
    say(data, facts, ("USER", POTTERY), session="before")
    until(lambda: listed(data, facts), "a fact")
    seen: list[list[dict[str, Any]]] = []

    def model(_: str, memories: list[dict[str, Any]]) -> str:
        seen.append(memories)
        return "Pots, I believe."

    memories, answer, event = client.process_turn_with_llm(
        facts, "ann", "s-2", "What do I make on my kick wheel?", model, retrieval_namespace="/facts/ann/"
    )
    assert answer == "Pots, I believe." and seen == [memories] and len(memories) == 1
    assert event["sessionId"] == "s-2"
    assert len(client.get_last_k_turns(facts, "ann", "s-2", k=1)[0]) == 2


# MemorySessionManager


def test_the_session_manager_searches_lists_reads_and_deletes(signed_in: None, facts: str, data: Any) -> None:
    manager = MemorySessionManager(memory_id=facts, region_name=REGION)
    session = manager.create_memory_session(actor_id="ann", session_id="s-1")
    session.add_turns([ConversationalMessage(POTTERY, MessageRole.USER)])
    session.add_turns([ConversationalMessage("My kiln is called Bertha.", MessageRole.USER)])
    until(lambda: len(session.list_long_term_memory_records(namespace_path="/facts")) >= 2, "two facts")
    first = session.search_long_term_memories("What is the kiln called?", namespace="/facts/ann/", top_k=1)[0]
    assert "Bertha" in first.content["text"]
    assert session.get_memory_record(first.memoryRecordId).memoryRecordId == first.memoryRecordId
    session.delete_memory_record(first.memoryRecordId)
    assert not any("Bertha" in text for text in texts(listed(data, facts)))
    answer = manager.delete_all_long_term_memories_in_namespace("/facts/ann/")
    assert not answer["failedRecords"] and not listed(data, facts)


def test_the_session_manager_retrieves_for_a_turn_and_forks(signed_in: None, facts: str, data: Any) -> None:
    from bedrock_agentcore.memory.constants import RetrievalConfig

    say(data, facts, ("USER", POTTERY), session="before")
    until(lambda: listed(data, facts), "a fact")
    session = MemorySessionManager(memory_id=facts, region_name=REGION).create_memory_session("ann", "s-2")
    memories, answer, event = session.process_turn_with_llm(
        "What do I do on Saturdays with my kick wheel?",
        lambda _, found: f"{len(found)} memories",
        {"/facts/{actorId}/": RetrievalConfig(top_k=3, relevance_score=0.1)},
    )
    assert answer == "1 memories" and "kick wheel" in memories[0]["content"]["text"]
    for at in range(5):
        said = [ConversationalMessage(f"Fork {at}.", MessageRole.USER)]
        session.fork_conversation(said, event["eventId"], f"fork-{at}")
    assert {branch["name"] for branch in session.list_branches()} >= {"main", "fork-0", "fork-4"}


# MemoryControlPlaneClient


def test_the_control_plane_client_keeps_memories_and_strategies(signed_in: None) -> None:
    client = MemoryControlPlaneClient(region_name=REGION)
    waits = {"max_wait": 20, "poll_interval": 1}
    memory = client.create_memory(name(), strategies=[SEMANTIC], wait_for_active=True, **waits)["id"]
    client.add_strategy(memory, PREFERENCE, wait_for_active=True, **waits)
    strategies = {one["name"]: one["strategyId"] for one in client.get_memory(memory)["strategies"]}
    assert set(strategies) == {"Facts", "Likes"}
    client.update_strategy(memory, strategies["Facts"], description="Facts", wait_for_active=True, **waits)
    assert client.get_strategy(memory, strategies["Facts"])["description"] == "Facts"
    client.remove_strategy(memory, strategies["Likes"], wait_for_active=True, **waits)
    changed = client.update_memory(memory, description="Kept", event_expiry_days=60)
    assert changed["description"] == "Kept"
    client.delete_memory(memory, wait_for_deletion=True, **waits)
    assert memory not in [one["id"] for one in client.list_memories()]


# Strands


def user(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"text": text}]}


def test_a_strands_store_writes_messages_and_finds_memories(signed_in: None, facts: str, data: Any) -> None:
    store = StrandsStore(
        memory_id=facts,
        actor_id="ann",
        session_id="s-1",
        namespace="/facts/{actorId}/",
        writable=True,
        region_name=REGION,
    )
    answer = {"role": "assistant", "content": [{"text": "How lovely."}]}
    asyncio.run(store.add_messages([user(POTTERY), answer]))
    until(lambda: listed(data, facts), "a fact")
    (found,) = asyncio.run(store.search("What happens on Saturdays at the kick wheel?"))
    assert "kick wheel" in found.content
    assert found.metadata["_namespaces"] == ["/facts/ann/"] and found.metadata["_score"] > 0
    subtree = StrandsStore(
        memory_id=facts, actor_id="ann", session_id="s-1", namespace_path="/facts/{actorId}", region_name=REGION
    )
    assert [one.content for one in asyncio.run(subtree.search("pots"))] == [found.content]
    other = StrandsStore(
        memory_id=facts, actor_id="an", session_id="s-1", namespace_path="/facts/{actorId}", region_name=REGION
    )
    assert asyncio.run(other.search("pots")) == []


def test_strands_stores_of_a_factory_keep_sessions_apart(signed_in: None, control: Any, data: Any) -> None:
    digest = {"summaryMemoryStrategy": {"name": "Digest", "namespaceTemplates": ["/digest/{actorId}/{sessionId}/"]}}
    memory = make_memory(control, SEMANTIC, digest)["id"]

    def stores(session: str) -> list[Any]:
        return create_agentcore_memory_stores(
            memory_id=memory,
            actor_id="ann",
            session_id=session,
            namespaces=[{"namespace": "/facts/{actorId}/"}, {"namespace": "/digest/{actorId}/{sessionId}/"}],
            extraction=True,
            region_name=REGION,
        )

    facts, _ = stores("s-1")
    asyncio.run(facts.add_messages([user(POTTERY)]))
    until(lambda: len(listed(data, memory)) >= 2, "a fact and a summary")
    settled(data, memory)
    facts, digests = stores("s-2")
    assert asyncio.run(facts.search("kick wheel")) and not asyncio.run(digests.search("kick wheel"))
    assert asyncio.run(stores("s-1")[1].search("kick wheel"))


def test_a_strands_batch_sent_again_makes_no_second_event(signed_in: None, facts: str, data: Any) -> None:
    from strands.memory import AddMessagesContext

    store = StrandsStore(
        memory_id=facts, actor_id="ann", session_id="s-1", namespace="/facts/ann/", writable=True, region_name=REGION
    )
    context = AddMessagesContext(sequence_numbers=[1])
    for _ in range(2):
        asyncio.run(store.add_messages([user(POTTERY)], context))
    assert len(data.list_events(memoryId=facts, actorId="ann", sessionId="s-1")["events"]) == 1


# LangGraph


def test_a_langgraph_store_puts_searches_and_gets(signed_in: None, facts: str, data: Any) -> None:
    store = LangGraphStore(memory_id=facts, region_name=REGION)
    store.put(("ann", "s-1"), "m-1", {"message": HumanMessage(POTTERY)})
    store.put(("ann", "s-1"), "m-2", {"message": AIMessage("I own a castle in Wales.")})
    until(lambda: listed(data, facts), "a fact")
    settled(data, facts)
    (found,) = store.search(("facts", "ann"), query="kick wheel", limit=3)
    assert "kick wheel" in found.value["content"] and found.score > 0
    assert found.value["namespaces"] == ["/facts/ann/"]
    assert store.get(("facts", "ann"), found.key).value["content"] == found.value["content"]
    assert store.get(("facts", "ann"), "mem-00000000-0000-0000-0000-000000000000") is None
    assert store.search((), query="kick wheel") and not store.search(("facts", "an"), query="kick wheel")
    exact = LangGraphStore(memory_id=facts, hierarchical_search=False, region_name=REGION)
    assert exact.search(("facts", "ann"), query="kick wheel") and not exact.search(("facts",), query="kick wheel")
    assert len(search(data, facts, "castle")) == 1
