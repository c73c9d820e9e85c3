"""Ways on which MCP peers reach a server, both on this machine only."""

import logging
import sys
from socket import create_server, socket
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

_HOST = "127.0.0.1"
_PATH = "/mcp"


def log_to_stderr() -> None:
    """Sends what libraries log to standard error, since standard output belongs to the peer."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)


async def serve_stdio(server: Server[Any]) -> None:
    """Serves one peer on standard input and output, until it closes them."""
    async with stdio_server() as (received, sent):
        await server.run(received, sent, server.create_initialization_options())


async def serve_http(server: Server[Any], listening: socket) -> None:
    """Serves peers by streamable HTTP on a socket of `listen`, until a signal ends it.

    Requests that name another host, or come from a page of another origin, are refused.
    """
    import uvicorn

    app = server.streamable_http_app(host=_HOST, streamable_http_path=_PATH)
    config = uvicorn.Config(app, log_config=None)
    await uvicorn.Server(config).serve([listening])


def listen(port: int) -> socket:
    """Returns a socket that listens on the loopback address, 0 for any free port.

    Raises:
        OSError: The port is taken.

    Effect: listens. Retry: none. Timeout: none.
    """
    return create_server((_HOST, port))


def address(listening: socket) -> str:
    """Returns the address that peers connect to."""
    return f"http://{_HOST}:{listening.getsockname()[1]}{_PATH}"
