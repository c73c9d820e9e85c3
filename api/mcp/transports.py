"""Ways on which MCP peers reach a server, both on this machine only."""

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from secrets import token_urlsafe
from socket import IPPROTO_TCP, TCP_NODELAY, create_server, socket
from typing import Any

from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

_HOST = "127.0.0.1"
_PATH = "/mcp"
_MOST_CONNECTIONS = 100  # to one episode


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


@asynccontextmanager
async def served_in_loop(server: Server[Any]) -> AsyncGenerator[str]:
    """Serves peers by streamable HTTP beside other work, and yields an address nobody can guess.

    Signals are left to others.

    Effect: listens on the loopback address. Retry: none. Timeout: 2 s at the end.
    """
    import uvicorn

    class Beside(uvicorn.Server):
        @contextmanager
        def capture_signals(self) -> Generator[None]:
            yield

    path = f"/{token_urlsafe()}{_PATH}"
    app = server.streamable_http_app(host=_HOST, streamable_http_path=path)
    config = uvicorn.Config(
        app, log_config=None, limit_concurrency=_MOST_CONNECTIONS, timeout_graceful_shutdown=1
    )
    with listen(0) as listening:
        serving = Beside(config)
        task = asyncio.create_task(serving.serve([listening]))
        try:
            yield f"http://{_HOST}:{listening.getsockname()[1]}{path}"
        finally:
            serving.should_exit = True
            await task


def listen(port: int) -> socket:
    """Returns a socket that listens on the loopback address, 0 for any free port.

    Raises:
        OSError: The port is taken.

    Effect: listens. Retry: none. Timeout: none.
    """
    listening = create_server((_HOST, port))
    # Each connection gets it. asyncio does not set it where a socket names no protocol, and an
    # answer in two packets would then wait 40 ms for an acknowledgement.
    listening.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
    return listening


def address(listening: socket) -> str:
    """Returns the address that peers connect to."""
    return f"http://{_HOST}:{listening.getsockname()[1]}{_PATH}"
