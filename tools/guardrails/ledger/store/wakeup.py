"""Wakes processes that wait for the ledger. The datagram is a hint and never the truth."""

import asyncio
import os
import select
import socket
from collections.abc import Generator
from contextlib import contextmanager, suppress
from errno import ECONNREFUSED
from itertools import islice
from pathlib import Path
from secrets import token_hex
from stat import S_ISSOCK
from time import sleep
from typing import Self

from handwheel.connectors.config.shared_folder import is_shared, make_folder

_FOLDER = "wake"
_LISTENERS_AT_MOST = 64  # a full folder must not hold up the gate
_LONGEST = 256  # bytes of a datagram
_PAUSE_S = 0.005  # a flooded listener must not be kept busy
_OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_OPEN_SOCKET = getattr(os, "O_PATH", 0) | os.O_NOFOLLOW | os.O_CLOEXEC


def notify(state: Path, name: str) -> None:
    """Tells every listener of a site that something has become of a request or an action.

    The id is all that is told. A listener that does not keep up is left alone, one that is gone is
    taken away, and nothing but a socket in the folder itself is ever written to. Never raises.

    Effect: none. Retry: none. Timeout: none; it does not wait.
    """
    with suppress(OSError), _folder(state) as folder:
        _tell(folder, name.encode()[:_LONGEST])


@contextmanager
def _folder(state: Path) -> Generator[int]:
    folder = os.open(state / _FOLDER, _OPEN_FOLDER)
    try:
        yield folder
    finally:
        os.close(folder)


def _tell(folder: int, message: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender, os.scandir(folder) as found:
        sender.setblocking(False)
        for each in islice(found, _LISTENERS_AT_MOST):
            try:
                _send(sender, folder, each.name, message)
            except OSError as error:
                if error.errno == ECONNREFUSED:  # its process is gone
                    with suppress(OSError):
                        os.unlink(each.name, dir_fd=folder)


def _send(sender: socket.socket, folder: int, name: str, message: bytes) -> None:
    # Opened without following a link, and then told by that very handle: what is put in its place
    # meanwhile is not written to.
    handle = os.open(name, _OPEN_SOCKET, dir_fd=folder)
    try:
        if S_ISSOCK(os.fstat(handle).st_mode):
            sender.sendto(message, f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)


class WakeupListener:
    """Is woken by `notify` while the context is open.

    Where that fails it waits for the time-out, since listeners poll anyway.
    """

    def __init__(self, state: Path) -> None:
        self._state = state
        self._name = f"{os.getpid()}-{token_hex(4)}"
        self._socket: socket.socket | None = None

    def __enter__(self) -> Self:
        with suppress(OSError):
            make_folder(self._state / _FOLDER, 0o700)
            self._socket = self._bound()
        return self

    def _bound(self) -> socket.socket:
        made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            made.setblocking(False)
            with _folder(self._state) as folder:
                made.bind(f"/proc/self/fd/{folder}/{self._name}")  # a path may be too long for it
                if is_shared(os.fstat(folder)):
                    os.chmod(self._name, 0o660, dir_fd=folder)
        except OSError:
            made.close()
            raise
        return made

    def __exit__(self, *error: object) -> None:
        made, self._socket = self._socket, None
        if made is None:
            return
        made.close()
        with suppress(OSError), _folder(self._state) as folder:
            os.unlink(self._name, dir_fd=folder)

    def wait(self, timeout_s: float) -> None:
        """Waits for a hint, or until time is up."""
        if self._socket is None:
            sleep(timeout_s)
            return
        if select.select([self._socket], [], [], timeout_s)[0]:
            sleep(min(_PAUSE_S, timeout_s))
            self._drain()

    async def wait_async(self, timeout_s: float) -> None:
        """Waits for a hint, or until time is up, and lets others work meanwhile."""
        if self._socket is None:
            await asyncio.sleep(timeout_s)
            return
        with suppress(TimeoutError, OSError):
            async with asyncio.timeout(timeout_s):
                await asyncio.get_running_loop().sock_recv(self._socket, _LONGEST)
                await asyncio.sleep(min(_PAUSE_S, timeout_s))
        self._drain()

    def _drain(self) -> None:
        with suppress(OSError):
            for _ in range(_LISTENERS_AT_MOST):
                if self._socket is not None:
                    self._socket.recv(_LONGEST)
