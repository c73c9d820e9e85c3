"""Accepts connections at a Unix socket, so many of an OS user and no more."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress

from ..client.gate_socket import peer_credentials

_AGAIN_S = 1.0  # after a connection could not be accepted


@asynccontextmanager
async def accepting(
    listener: socket.socket,
    make: Callable[[], asyncio.BaseProtocol],
    at_most: int,
    pause_s: float = 0.0,
) -> AsyncGenerator[None]:
    """Accepts connections while the context is open. One too many of a user is closed at once.

    Args:
        make: Returns the protocol of each.
        at_most: Connections of one OS user, so that none of them uses up the file numbers.
        pause_s: Pause after each, seconds, so that a flood of them costs little.
    """
    task = asyncio.create_task(_accept(listener, make, at_most, pause_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _accept(
    listener: socket.socket,
    make: Callable[[], asyncio.BaseProtocol],
    at_most: int,
    pause_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    open_by_uid = defaultdict[int, list[asyncio.BaseTransport]](list)
    while True:
        try:
            connected, _ = await loop.sock_accept(listener)
            _, uid = peer_credentials(connected)
            of_user = [each for each in open_by_uid[uid] if not each.is_closing()]
            if len(of_user) < at_most:
                transport, _ = await loop.connect_accepted_socket(make, connected)
                of_user.append(transport)
            else:
                connected.close()
            open_by_uid[uid] = of_user
            if pause_s:
                await asyncio.sleep(pause_s)
        except OSError:  # such as for lack of file numbers
            await asyncio.sleep(_AGAIN_S)
