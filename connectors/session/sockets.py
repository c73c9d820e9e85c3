"""Aborts connections that can no longer be trusted."""

import asyncio
import socket
import struct
from contextlib import suppress

_LINGER_NOT = struct.pack("ii", 1, 0)


def drop(transport: asyncio.WriteTransport) -> None:
    """Closes a connection at once and discards unacknowledged data.

    After an ordinary close the system would repeat it, and a frame could reach the device minutes
    after the caller was told that there was no answer.

    Source: RFC 9293, 3.10.5 (abort); SO_LINGER with a time of 0.
    """
    sock: socket.socket | None = transport.get_extra_info("socket")
    if sock is not None:
        with suppress(OSError):  # already closed
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    transport.abort()
