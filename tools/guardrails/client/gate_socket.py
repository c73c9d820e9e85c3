"""Socket of a gate. It imports only the standard library, for commands that must always work."""

import os
import socket
import struct
from pathlib import Path

SOCKET_FILE = "gate.sock"
"""Name of the gate's socket in the state folder."""

NOBODY = (FileNotFoundError, ConnectionRefusedError, NotADirectoryError)
"""Errors of `dial` where nobody listens."""

_CREDENTIALS = struct.Struct("3i")
_ROOT = 0


def peer_credentials(connected: socket.socket) -> tuple[int, int]:
    """Returns process and OS user at the other end, as the kernel names them."""
    found = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, _ = _CREDENTIALS.unpack(found)
    return pid, uid


def dial(state: Path, timeout_s: float) -> tuple[socket.socket, bool]:
    """Connects to who listens in a state folder, and returns whether that can be its gate.

    A process of another user than the folder's owner or root is none.
    """
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        found.settimeout(timeout_s)
        folder = os.open(state, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            # A path may be too long for a socket's address.
            found.connect(f"/proc/self/fd/{folder}/{SOCKET_FILE}")
            owner = os.fstat(folder).st_uid
            return found, peer_credentials(found)[1] in {owner, _ROOT}
        finally:
            os.close(folder)
    except BaseException:
        found.close()
        raise
