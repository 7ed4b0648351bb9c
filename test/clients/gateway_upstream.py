"""An MCP server with one tool, `echo`, on a port of its own choice, which it prints. Run by build/clients/proxy."""

import socket

import uvicorn
from mcp.server.fastmcp import FastMCP

server = FastMCP("upstream", stateless_http=True, json_response=True, log_level="ERROR")


@server.tool(description="Echo a message")
def echo(message: str) -> str:
    return f"echo: {message}"


if __name__ == "__main__":
    # The event loop turns Nagle's algorithm off for sockets that say they are TCP's, as it does for its own.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen(128)  # who reads the port may connect at once
    print(listener.getsockname()[1], flush=True)
    config = uvicorn.Config(server.streamable_http_app(), log_level="error")
    uvicorn.Server(config).run(sockets=[listener])
