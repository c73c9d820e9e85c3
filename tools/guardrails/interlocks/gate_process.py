"""Process of the gate that a site's lock file names."""

import os
from pathlib import Path

GATE_LOCK = "gate.lock"
"""Name of the lock's file in the state folder."""


def gate_process(state: Path) -> int | None:
    """Returns the living process that the lock names, or `None` for none.

    It is 0 for a user who may not read the file, to whom it is not known.
    """
    try:
        pid = int((state / GATE_LOCK).read_bytes()[:20])
    except PermissionError:
        return 0
    except (OSError, ValueError):
        return None
    try:
        os.kill(pid, 0)  # signal 0 only checks that the process exists
    except PermissionError:  # it is another user's
        return pid
    except (OSError, OverflowError):
        return None
    return pid if pid > 0 else None
