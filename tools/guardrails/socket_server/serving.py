"""Serves an application on a Unix socket while a context is open."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from aiohttp import web

from handwheel.connectors.denial import Denial

from .connections import ConnectionLimits, accepting
from .rejections import denied
from .unix_socket import listening_socket

_malformed = logging.getLogger(f"{__name__}.malformed")
_malformed.setLevel(logging.CRITICAL + 1)  # else who sends what is no HTTP fills the log

_OPTIONS: dict[str, Any] = {
    "access_log": None,
    "logger": _malformed,
    "keepalive_timeout": 3600.0,  # s; a kept connection costs nothing
}


class _Connection(web.RequestHandler):
    """Connection on which bytes that are no HTTP are answered with a denial."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Returns the last answer of the connection."""
        answer = super().handle_error(request, status, exc, message)
        if status == HTTPStatus.BAD_REQUEST:
            denial = Denial("not-http", "the message is no HTTP/1.1")
            answer = denied(HTTPStatus.BAD_REQUEST, denial)
            answer.force_close()
        return answer


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
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=shutdown_s)
    await runner.setup()
    try:
        server = runner.server
        assert server is not None  # after its setup
        with listening_socket(state, file) as listener:
            make = partial(_Connection, server, loop=asyncio.get_running_loop(), **_OPTIONS)
            async with accepting(listener, make, limits, pause_s):
                yield
    finally:
        await runner.cleanup()
