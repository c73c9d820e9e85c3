"""Unix socket in a site's state folder, on which a server listens."""

import os
import socket
from contextlib import suppress
from pathlib import Path
from stat import S_ISSOCK

from ...errors import LedgerError

_MODE = 0o660  # who may write to it may speak to the server
_BACKLOG = 128


def listening_socket(state: Path, file: str) -> socket.socket:
    """Returns a socket that listens in a folder, in the place of a dead server's.

    The caller holds the ledger's file or its runner lock, so that no living server listens there.

    Args:
        state: The site's state folder.
        file: Name of the socket in it.

    Raises:
        LedgerError: It cannot be made, or something else than a socket stands in its place.

    Effect: listens. Retry: none. Timeout: none.
    """
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        folder = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _take_away(folder, state / file)
            made.bind(f"/proc/self/fd/{folder}/{file}")  # never through a link
            os.chmod(file, _MODE, dir_fd=folder)  # before anybody can connect
        finally:
            os.close(folder)
        made.listen(_BACKLOG)
    except OSError as error:
        made.close()
        raise LedgerError(f"{state / file}: {error.strerror}") from None
    except BaseException:
        made.close()
        raise
    return made


def _take_away(folder: int, shown: Path) -> None:
    with suppress(FileNotFoundError):
        if not S_ISSOCK(os.stat(shown.name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise LedgerError(f"{shown}: is a link, or no socket; take it away")
        os.unlink(shown.name, dir_fd=folder)
