"""Socket of a gate. It imports only the standard library, for commands that must always work."""

import os
import socket
from pathlib import Path

SOCKET_FILE = "gate.sock"
"""Name of the gate's socket in the state folder."""

NOBODY = (FileNotFoundError, ConnectionRefusedError, NotADirectoryError)
"""Errors of `dial` where nobody listens."""


def dial(state: Path, timeout_s: float) -> tuple[socket.socket, int]:
    """Connects to who listens in a state folder, and returns the folder's owner too."""
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(timeout_s)
        folder = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # A path may be too long for a socket's address.
            found.connect(f"/proc/self/fd/{folder}/{SOCKET_FILE}")
            return found, os.fstat(folder).st_uid
        finally:
            os.close(folder)
    except BaseException:
        found.close()
        raise
