"""MCP servers behind a gateway, by MCP's Python client and by plain HTTP; `server-everything` lies behind."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import mcp_types as types
import pytest
from mcp.client.client import Client
from mcp.shared.exceptions import MCPError

from mcp_peers import (
    ALLOW_LOOPBACK,
    VERSIONS,
    add_server,
    conformance_upstream,
    everything,
    free_port,
    make_gateway,
)
from support import Keys, Server

ACCEPT = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
DISCOVERED = 60


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with everything(tmp_path_factory.mktemp("everything")) as url:
        yield url


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Keys]]:
    server = Server(tmp_path_factory.mktemp("mcp") / "data", *ALLOW_LOOPBACK).start()
    yield server, server.new_account()
    assert server.stop() == 0, server.log()[-3000:]


@pytest.fixture(scope="module")
def talking(served: tuple[Server, Keys], upstream: str) -> str:
    """A gateway with sessions and streams."""
    made = make_gateway(*served, sessions=True, streaming=True)
    add_server(*served, made["gatewayId"], upstream, "every")
    return made["gatewayUrl"]


@pytest.fixture(scope="module")
def plain(served: tuple[Server, Keys], upstream: str) -> str:
    """A gateway with neither."""
    made = make_gateway(*served)
    add_server(*served, made["gatewayId"], upstream, "every")
    return made["gatewayUrl"]


def use(url: str, work: Callable[[Client], Awaitable[Any]], **options: Any) -> Any:
    async def run() -> Any:
        async with Client(url, cache=None, **options) as client:
            return await work(client)

    return asyncio.run(asyncio.wait_for(run(), DISCOVERED))


def post(url: str, method: str, params: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    message = {"jsonrpc": "2.0", "id": 1, "method": method} | ({} if params is None else {"params": params})
    return httpx.post(url, json=message, headers=ACCEPT | headers, timeout=30)


def first_text(result: types.CallToolResult) -> str:
    return result.content[0].text


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_client_of_either_manner_lists_and_calls_tools_by_their_prefixed_names(plain: str, mode: str) -> None:
    async def work(client: Client) -> None:
        names = [tool.name for tool in (await client.list_tools()).tools]
        assert "every___echo" in names and all(name.startswith("every___") for name in names)
        assert "every___trigger-elicitation-request" in names, "also what only some clients can take part in"
        assert first_text(await client.call_tool("every___echo", {"message": "hi"})) == "Echo: hi"
        weather = await client.call_tool("every___get-structured-content", {"location": "Chicago"})
        assert weather.structured_content["temperature"]
        assert client.session.protocol_version == ("2025-11-25" if mode == "legacy" else "2026-07-28")

    use(plain, work, mode=mode)


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_prompts_and_resources_are_those_of_the_server(plain: str, mode: str) -> None:
    async def work(client: Client) -> None:
        prompts = [prompt.name for prompt in (await client.list_prompts()).prompts]
        assert "every___simple-prompt" in prompts
        got = await client.get_prompt("every___args-prompt", {"city": "Kyoto"})
        assert "Kyoto" in got.messages[0].content.text
        resources = (await client.list_resources()).resources
        assert resources and not str(resources[0].uri).startswith("every___"), "resources go by their URI"
        read = await client.read_resource(str(resources[0].uri))
        assert read.contents[0].text
        templates = [template.uri_template for template in (await client.list_resource_templates()).resource_templates]
        assert "demo://resource/dynamic/text/{resourceId}" in templates
        assert (await client.read_resource("demo://resource/dynamic/text/7")).contents[0].text

    use(plain, work, mode=mode)


def test_progress_reaches_the_client_under_its_own_token(talking: str) -> None:
    heard: list[tuple[float, float | None]] = []

    async def progress(done: float, total: float | None, _: str | None) -> None:
        heard.append((done, total))

    async def work(client: Client) -> None:
        arguments = {"duration": 0.3, "steps": 3}
        done = await client.call_tool("every___trigger-long-running-operation", arguments, progress_callback=progress)
        assert "completed" in first_text(done)

    use(talking, work, mode="legacy")
    assert heard == [(1, 3), (2, 3), (3, 3)]


def test_server_asks_the_client_through_the_gateway(talking: str) -> None:
    async def elicited(_: Any, params: Any) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"name": "Mary", "email": "m@example.com"})

    async def sampled(_: Any, params: Any) -> types.CreateMessageResult:
        said = types.TextContent(type="text", text="a fine answer")
        return types.CreateMessageResult(role="assistant", content=said, model="m", stop_reason="endTurn")

    async def work(client: Client) -> None:
        filled = await client.call_tool("every___trigger-elicitation-request", {})
        assert "Mary" in json.dumps([part.text for part in filled.content])
        said = await client.call_tool("every___trigger-sampling-request", {"prompt": "p", "maxTokens": 10})
        assert "a fine answer" in first_text(said)

    use(talking, work, mode="legacy", elicitation_callback=elicited, sampling_callback=sampled)


def test_client_that_cannot_be_asked_is_not_asked(talking: str) -> None:
    async def work(client: Client) -> None:
        result = await client.call_tool("every___trigger-elicitation-request", {})
        assert result.is_error, "to this client the server has no such tool"

    use(talking, work, mode="legacy")


def test_arguments_are_checked_before_the_server_is_called(plain: str) -> None:
    async def work(client: Client) -> str:
        return first_text(await client.call_tool("every___get-sum", {"a": "one", "b": 2}))

    assert "`/a` must be of type number" in use(plain, work, mode="legacy")
    for version in VERSIONS[:2]:
        refused = post(plain, "tools/call", {"name": "every___get-sum", "arguments": {"a": 1}},
                       **{"MCP-Protocol-Version": version})
        assert refused.json()["error"]["code"] == -32602, "an error of the protocol in the early versions"
        assert "`b`" in refused.json()["error"]["message"]


def test_unknown_names_are_errors_of_the_protocol(plain: str) -> None:
    for method, params in (
        ("tools/call", {"name": "every___none", "arguments": {}}),
        ("tools/call", {"name": "nobody___echo", "arguments": {}}),
        ("prompts/get", {"name": "nobody___simple-prompt"}),
    ):
        assert post(plain, method, params).json()["error"]["code"] == -32602, (method, params)
    missing = post(plain, "resources/read", {"uri": "nowhere://x"}, **{"MCP-Protocol-Version": "2025-11-25"})
    assert missing.json()["error"]["code"] == -32002


@pytest.mark.parametrize("version", VERSIONS[:3])
def test_every_version_with_a_handshake_is_settled_on_and_needs_none(plain: str, version: str) -> None:
    who = {"protocolVersion": version, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    shaken = post(plain, "initialize", who).json()["result"]
    assert shaken["protocolVersion"] == version
    assert "mcp-session-id" not in post(plain, "initialize", who).headers
    listed = post(plain, "tools/list", **{"MCP-Protocol-Version": version})
    assert listed.json()["result"]["tools"], "without initialize, as clients of AWS's gateways do"


def test_sessions_are_asked_for_bound_and_ended(talking: str) -> None:
    version = {"MCP-Protocol-Version": "2025-11-25"}
    assert post(talking, "tools/list", **version).status_code == 400
    assert post(talking, "tools/list", **version, **{"Mcp-Session-Id": "made-up"}).status_code == 404
    who = {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    session = {"Mcp-Session-Id": post(talking, "initialize", who).headers["mcp-session-id"]}
    assert post(talking, "tools/list", **version, **session).status_code == 200
    assert httpx.request("DELETE", talking, headers=version | session).is_success
    assert post(talking, "tools/list", **version, **session).status_code == 404


def test_cancelled_call_ends_at_once(talking: str) -> None:
    async def work(client: Client) -> None:
        slow = client.call_tool("every___trigger-long-running-operation", {"duration": 50, "steps": 5})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(slow, 1)
        assert first_text(await client.call_tool("every___echo", {"message": "on"})) == "Echo: on"

    use(talking, work, mode="legacy")


def test_server_that_cannot_be_reached_fails_with_the_reason(served: tuple[Server, Keys]) -> None:
    made = make_gateway(*served)
    with pytest.raises(AssertionError, match="Failed to connect and fetch tools from the provided MCP target server"):
        add_server(*served, made["gatewayId"], f"http://127.0.0.1:{free_port()}/mcp", "gone")


def test_private_address_is_refused_unless_the_operator_allowed_it(server: Server, owner: Keys, upstream: str) -> None:
    made = make_gateway(server, owner)
    with pytest.raises(AssertionError, match="FAILED"):
        add_server(server, owner, made["gatewayId"], upstream, "inside")


def test_dynamic_target_is_asked_at_each_list(served: tuple[Server, Keys], upstream: str) -> None:
    made = make_gateway(*served)
    add_server(*served, made["gatewayId"], upstream, "live", listingMode="DYNAMIC")
    names = [tool["name"] for tool in post(made["gatewayUrl"], "tools/list").json()["result"]["tools"]]
    assert "live___echo" in names
    called = post(made["gatewayUrl"], "tools/call", {"name": "live___echo", "arguments": {"message": "x"}}).json()
    assert called["result"]["content"][0]["text"] == "Echo: x"


def tool_names(url: str) -> list[str]:
    return [tool["name"] for tool in post(url, "tools/list").json()["result"]["tools"]]


def test_catalogue_is_kept_until_the_target_is_synchronized(served: tuple[Server, Keys], tmp_path: Path) -> None:
    server, keys = served
    control = server.client("bedrock-agentcore-control", keys)
    made = make_gateway(server, keys)
    port = free_port()
    with everything(tmp_path, port) as upstream:
        target = add_server(server, keys, made["gatewayId"], upstream, "srv")
        assert "srv___echo" in tool_names(made["gatewayUrl"])
    with conformance_upstream(tmp_path, port):
        assert "srv___echo" in tool_names(made["gatewayUrl"]), "nobody has asked the new server"
        ids = {"gatewayIdentifier": made["gatewayId"], "targetId": target["targetId"]}
        control.synchronize_gateway_targets(gatewayIdentifier=ids["gatewayIdentifier"], targetIdList=[ids["targetId"]])
        end = time.monotonic() + DISCOVERED
        while control.get_gateway_target(**ids)["status"] == "SYNCHRONIZING" and time.monotonic() < end:
            time.sleep(0.02)
        names = tool_names(made["gatewayUrl"])
        assert "srv___test_simple_text" in names and "srv___echo" not in names
        called = post(made["gatewayUrl"], "tools/call", {"name": "srv___test_simple_text", "arguments": {}}).json()
        assert called["result"]["content"][0]["text"].startswith("This is a simple text")


def test_error_of_the_server_keeps_its_code(plain: str) -> None:
    async def work(client: Client) -> None:
        with pytest.raises(MCPError) as failure:
            await client.get_prompt("every___args-prompt", {})
        assert failure.value.error.code == -32602

    use(plain, work, mode="legacy")
