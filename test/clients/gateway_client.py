"""Talks to a gateway as the article's script does, through mcp-proxy-for-aws: `library URL` or `proxy URL COMMAND`.

Prints one JSON object: the tools' names, what `echo` answers, or the error that its user would see. Run by the Python
of build/clients/proxy, with AWS credentials in the environment."""

import asyncio
import json
import os
import sys
from contextlib import asynccontextmanager
from typing import Any, AsyncIterator

from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client
from mcp_proxy_for_aws.client import aws_iam_streamablehttp_client

REGION = "us-east-1"


@asynccontextmanager
async def session_over(how: str, url: str, command: str) -> AsyncIterator[ClientSession]:
    if how == "library":
        client = aws_iam_streamablehttp_client(endpoint=url, aws_region=REGION, aws_service="bedrock-agentcore")
        async with client as (read, write, _), ClientSession(read, write) as session:
            yield session
        return
    arguments = [url, "--service", "bedrock-agentcore", "--region", REGION]
    parameters = StdioServerParameters(command=command, args=arguments, env=dict(os.environ))
    with open(os.devnull, "w", encoding="utf-8") as log:
        async with stdio_client(parameters, errlog=log) as (read, write), ClientSession(read, write) as session:
            yield session


def causes(error: BaseException) -> list[str]:
    if isinstance(error, BaseExceptionGroup):
        return [text for inner in error.exceptions for text in causes(inner)]
    return [f"{type(error).__name__}: {error}"]


async def talk(how: str, url: str, command: str) -> dict[str, Any]:
    try:
        async with session_over(how, url, command) as session:
            await session.initialize()
            names = [tool.name for tool in (await session.list_tools()).tools]
            answer = await session.call_tool(names[0], {"message": "hello"})
            return {"tools": names, "text": answer.content[0].text, "failed": answer.isError}
    except Exception as error:  # whatever its user would see
        return {"error": " | ".join(causes(error))}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(talk(sys.argv[1], sys.argv[2], (sys.argv + [""])[3]))))
