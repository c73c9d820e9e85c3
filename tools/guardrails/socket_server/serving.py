"""Serves an application on a Unix socket while a context is open."""

import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from .connections import ConnectionLimits, accepting
from .unix_socket import listening_socket

_malformed = logging.getLogger(f"{__name__}.malformed")
_malformed.setLevel(logging.CRITICAL + 1)  # else who sends what is no HTTP fills the log

_IDLE_S = 3600.0  # a kept connection costs nothing


@asynccontextmanager
async def serving(
    app: web.Application,
    state: Path,
    file: str,
    limits: ConnectionLimits,
    *,
    pause_s: float = 0.0,
    shutdown_s: float = 1.0,
) -> AsyncGenerator[None]:
    """Serves an application, and closes its connections at the end.

    Args:
        state: The site's state folder, see `listening_socket`.
        file: Name of the socket in it.
        pause_s: Pause after each connection, see `accepting`.
        shutdown_s: How long answers under way are waited for at the end, seconds.

    Raises:
        LedgerError: The socket cannot be made.

    Effect: listens. Retry: none. Timeout: an hour for a connection without a message.
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=_malformed,
        handler_cancellation=True,
        keepalive_timeout=_IDLE_S,
        shutdown_timeout=shutdown_s,
    )
    await runner.setup()
    try:
        server = runner.server
        assert server is not None  # after its setup
        with listening_socket(state, file) as listener:
            async with accepting(listener, server, limits, pause_s):
                yield
    finally:
        await runner.cleanup()
