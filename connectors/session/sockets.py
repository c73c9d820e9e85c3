"""Connections that are not to be trusted any more."""

import asyncio
import socket
import struct
from contextlib import suppress

_LINGER_NOT = struct.pack("ii", 1, 0)


def drop(transport: asyncio.WriteTransport) -> None:
    """Closes a connection at once, and drops what has not reached the other side.

    After an ordinary close the system goes on repeating what was not acknowledged, and a
    frame could reach the device minutes after everybody was told that nobody answered.

    Source: RFC 9293, 3.10.5 (abort); SO_LINGER with a time of 0.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):  # it is closed already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
