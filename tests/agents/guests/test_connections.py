"""Connections of guests, of which no process has those of others."""

import asyncio
import socket
import sys
from subprocess import PIPE

from handwheel.tools.guardrails.client.guests_socket import (
    GUESTS_SOCKET_FILE,
    MOST_CONNECTIONS,
    NAME_HEADER,
)

from .asking import Guests, connected

_MESSAGE = f"GET /v1/status HTTP/1.1\r\nHost: agents\r\n{NAME_HEADER}: margin-agent\r\n\r\n"
_ANSWERED = b"HTTP/1.1 200"
_OTHER = f"""
import socket
asked = socket.socket(socket.AF_UNIX)
asked.connect("{GUESTS_SOCKET_FILE}")
asked.sendall({_MESSAGE.encode()!r})
print(asked.recv({len(_ANSWERED)}).decode(), end="")
"""
"""Program of the same account that asks one question."""


async def test_process_with_all_its_connections_shuts_out_none(guests: Guests) -> None:
    held = [connected(guests) for _ in range(MOST_CONNECTIONS)]
    assert [await _first(each) for each in held] == [_ANSWERED] * MOST_CONNECTIONS
    assert await _first(connected(guests)) == b""
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _OTHER, cwd=guests.room.site.state, stdout=PIPE
    )
    assert (await other.communicate())[0] == _ANSWERED
    held.pop().close()
    async with asyncio.timeout(30.0):  # until the server has seen it close
        while await _first(again := connected(guests)) != _ANSWERED:
            pass
    for each in (*held, again):
        each.close()


async def _first(asked: socket.socket) -> bytes:
    """Asks on a connection, and returns the first of the answer. It is closed without any."""
    asked.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        await loop.sock_sendall(asked, _MESSAGE.encode())
        found = await loop.sock_recv(asked, len(_ANSWERED))
    except ConnectionError:
        found = b""
    if not found:
        asked.close()
    return found
