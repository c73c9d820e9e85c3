"""Accepts connections at a Unix socket, so many of a user and of a process and no more."""

import asyncio
import socket
from collections import defaultdict
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from ..client.gate_socket import peer_credentials

_AGAIN_S = 1.0  # after a connection could not be accepted


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Connections that may be open at once."""

    of_user: int  # of one OS user, so that none of them uses up the file numbers
    of_process: int | None = None  # of one process; `None` for as many as its user may have


@asynccontextmanager
async def accepting(
    listener: socket.socket,
    make: Callable[[], asyncio.BaseProtocol],
    limits: ConnectionLimits,
    pause_s: float = 0.0,
) -> AsyncGenerator[None]:
    """Accepts connections while the context is open. One too many is closed at once.

    Args:
        make: Returns the protocol of each.
        pause_s: Pause after each, seconds, so that a flood of them costs little.

    Effect: none. Retry: 1 s after one that could not be accepted. Timeout: none.
    """
    task = asyncio.create_task(_accept(listener, make, limits, pause_s))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _accept(
    listener: socket.socket,
    make: Callable[[], asyncio.BaseProtocol],
    limits: ConnectionLimits,
    pause_s: float,
) -> None:
    loop = asyncio.get_running_loop()
    open_by_uid = defaultdict[int, list[tuple[int, asyncio.BaseTransport]]](list)
    while True:
        try:
            connected, _ = await loop.sock_accept(listener)
            pid, uid = peer_credentials(connected)
            of_user = [each for each in open_by_uid[uid] if not each[1].is_closing()]
            own = sum(process == pid for process, _ in of_user)
            if len(of_user) < limits.of_user and own < (limits.of_process or limits.of_user):
                transport, _ = await loop.connect_accepted_socket(make, connected)
                of_user.append((pid, transport))
            else:
                connected.close()
            open_by_uid[uid] = of_user
            if pause_s:
                await asyncio.sleep(pause_s)
        except OSError:  # such as for lack of file numbers
            await asyncio.sleep(_AGAIN_S)
