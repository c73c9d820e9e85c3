"""The gate's socket in its site's state folder."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from stat import S_ISSOCK

from ....errors import LedgerError
from ...client.gate_socket import SOCKET_FILE

_MODE = 0o660  # who may write to it may speak to the gate
_BACKLOG = 128


def listening_socket(state: Path) -> socket.socket:
    """Returns a socket that listens in a folder, in the place of one that a dead gate has left.

    The caller has the ledger's file open, so that no living gate listens there.

    Raises:
        LedgerError: It cannot be made, or something else than a socket stands in its place.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        folder = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _take_away(folder, state / SOCKET_FILE)
            made.bind(f"/proc/self/fd/{folder}/{SOCKET_FILE}")  # never through a link
            os.chmod(SOCKET_FILE, _MODE, dir_fd=folder)  # before anybody can connect
        finally:
            os.close(folder)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise LedgerError(f"{state / SOCKET_FILE}: {error.strerror}") from None
    except BaseException:
        made.close()
        raise
    return made


def _take_away(folder: int, shown: Path) -> None:
    with suppress(FileNotFoundError):
        if not S_ISSOCK(os.stat(SOCKET_FILE, dir_fd=folder, follow_symlinks=False).st_mode):
            raise LedgerError(f"{shown}: is a link, or no socket; take it away")
        os.unlink(SOCKET_FILE, dir_fd=folder)
