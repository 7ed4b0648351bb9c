"""Takes a gateway's `target___` prefix off names, so that a client that knows a server's own names can judge the
gateway in front of it. Everything else passes as it is: heads, statuses, streams. Run: name_shim.py PORT URL PREFIX."""

import json
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

NOT_FORWARDED = {
    "content-length", "transfer-encoding", "connection", "keep-alive", "content-encoding", "date", "server"
}
URL, PREFIX = "", ""
client = httpx.AsyncClient(timeout=httpx.Timeout(60.0), follow_redirects=False)


def prefixed(message: Any, headers: dict[str, str]) -> Any:
    """The message with the names that a gateway knows; the Mcp-Name header follows where it said the same."""
    params = message.get("params") if isinstance(message, dict) else None
    if not isinstance(params, dict):
        return message
    name = params.get("name")
    if message.get("method") in ("tools/call", "prompts/get") and isinstance(name, str):
        if headers.get("mcp-name") == name:
            headers["mcp-name"] = PREFIX + name
        return message | {"params": params | {"name": PREFIX + name}}
    reference = params.get("ref")
    if isinstance(reference, dict) and "name" in reference:
        return message | {"params": params | {"ref": reference | {"name": PREFIX + reference["name"]}}}
    return message


def rewritten(body: bytes, headers: dict[str, str]) -> bytes:
    try:
        message = json.loads(body)
    except ValueError:
        return body
    renamed = prefixed(message, headers)
    # What needs no other name passes byte for byte: malformed and doubled members are the gateway's to judge.
    return body if renamed is message else json.dumps(renamed).encode()


async def bare(answer: httpx.Response) -> AsyncIterator[bytes]:
    if "json" in answer.headers.get("content-type", ""):
        yield (await answer.aread()).replace(PREFIX.encode(), b"")
        return
    async for part in answer.aiter_raw():
        yield part


async def forward(request: Request) -> Response:
    headers = {name: value for name, value in request.headers.items() if name not in NOT_FORWARDED}
    body = rewritten(await request.body(), headers)
    sent = client.build_request(request.method, URL, headers=headers, content=body)
    answer = await client.send(sent, stream=True)
    kept = {name: value for name, value in answer.headers.items() if name not in NOT_FORWARDED}
    return StreamingResponse(
        bare(answer), status_code=answer.status_code, headers=kept, background=BackgroundTask(answer.aclose)
    )


if __name__ == "__main__":
    port, URL, PREFIX = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    app = Starlette(routes=[Route("/mcp", forward, methods=["GET", "POST", "DELETE"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
