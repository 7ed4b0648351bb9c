"""Vectors of an OpenAI-compatible embeddings endpoint: used, replaced by words when it fails, renewed when another."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chat_double import ChatDouble
from long_term import SEMANTIC, jobs, listed, make_memory, say, search, settled, texts, until
from support import Keys, Server

# A search waits five seconds for an endpoint, and then for a while not at all.
FIRST_SEARCH_S, NEXT_SEARCH_S = 15, 4


@pytest.fixture
def double() -> Iterator[ChatDouble]:
    with ChatDouble() as running:
        yield running


def embedded(double: ChatDouble) -> list[str]:
    """Every text that it was asked to embed."""
    return [text for asked in double.requests if asked["path"].endswith("/embeddings") for text in asked["input"]]


def converse(server: Server) -> tuple[Keys, Any, str]:
    keys = server.new_account()
    data = server.client("bedrock-agentcore", keys)
    memory = make_memory(server.client("bedrock-agentcore-control", keys), SEMANTIC)["id"]
    say(data, memory, ("USER", "I keep huskies in Narvik."), ("USER", "My sister paints boats."))
    assert len(settled(data, memory)) == 2
    return keys, data, memory


def test_an_endpoint_embeds_records_and_queries(double: ChatDouble, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--embedding-url", double.url, "--embedding-model", "echo").start()
    try:
        _, data, memory = converse(server)
        assert "The user keeps huskies in Narvik." in embedded(double)
        found = search(data, memory, "huskies Narvik")
        assert texts(found)[0] == "The user keeps huskies in Narvik." and found[0]["score"] > found[1]["score"]
        assert "huskies Narvik" in embedded(double)
    finally:
        server.stop()


def test_an_endpoint_that_goes_away_leaves_the_words(double: ChatDouble, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--embedding-url", double.url, "--embedding-model", "echo").start()
    try:
        _, data, memory = converse(server)
        double.stopping.set()
        double.shutdown()
        double.server_close()
        assert texts(search(data, memory, "huskies in Narvik"))[0] == "The user keeps huskies in Narvik."
    finally:
        server.stop()


@pytest.mark.parametrize("mode", ["down", "busy", "denied", "garbage", "few", "long", "words", "hang"])
def test_what_an_endpoint_does_wrong_costs_no_event_and_no_search(
    double: ChatDouble, tmp_path: Path, mode: str
) -> None:
    server = Server(tmp_path / "data", "--embedding-url", double.url, "--embedding-model", "echo").start()
    try:
        _, data, memory = converse(server)
        double.embeddings = mode
        say(data, memory, ("USER", "I collect stamps from Faro."))
        for bound in (FIRST_SEARCH_S, NEXT_SEARCH_S):
            begun = time.monotonic()
            assert texts(search(data, memory, "huskies in Narvik"))[0] == "The user keeps huskies in Narvik."
            assert time.monotonic() - begun < bound
        (job,) = until(lambda: jobs(data, memory), "what waits")
        assert job["status"] in ("PENDING", "IN_PROGRESS") and job["messages"]["messagesList"]
        double.embeddings = "echo"
        double.stopping.set()
        until(lambda: any("stamps" in text for text in texts(listed(data, memory))), "the record, late")
        assert texts(settled(data, memory)).count("The user collects stamps from Faro.") == 1
    finally:
        server.stop()


def test_a_server_that_stops_waits_for_no_vectors(double: ChatDouble, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", "--embedding-url", double.url, "--embedding-model", "echo").start()
    try:
        _, data, memory = converse(server)
        double.embeddings = "hang"
        asked = len(embedded(double))
        say(data, memory, ("USER", "I collect stamps from Faro."))
        until(lambda: len(embedded(double)) > asked, "the call that hangs")
        assert server.stop() == 0
    finally:
        double.stopping.set()


def test_records_get_vectors_of_a_new_embedder_while_searches_go_on(double: ChatDouble, tmp_path: Path) -> None:
    server = Server(tmp_path / "data").start()
    keys, _, memory = converse(server)
    assert server.stop() == 0
    server = Server(tmp_path / "data", "--embedding-url", double.url, "--embedding-model", "echo").start()
    try:
        data = server.client("bedrock-agentcore", keys)
        assert texts(search(data, memory, "huskies in Narvik"))[0] == "The user keeps huskies in Narvik."
        until(lambda: "The user keeps huskies in Narvik." in embedded(double), "the record's new vector")
        assert texts(search(data, memory, "huskies in Narvik"))[0] == "The user keeps huskies in Narvik."
        until(lambda: "every record has a vector of the new embedder" in server.log(), "the end of it")
    finally:
        server.stop()
