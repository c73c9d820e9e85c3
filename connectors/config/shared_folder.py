"""Files in a folder that several OS users share: it has setgid, and its group may write.

What is made in it gets its group's rights, whatever the umask. In any other folder nothing is
different.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

_SHARED = stat.S_ISGID | stat.S_IWGRP
_FILE = 0o660
_FOLDER = 0o3770  # sticky: nobody takes away or replaces what another has put there


def is_shared(status: os.stat_result) -> bool:
    """Whether a folder is shared by the users of its group."""
    return stat.S_ISDIR(status.st_mode) and status.st_mode & _SHARED == _SHARED


def make_file(path: Path) -> None:
    """Makes an empty file with its group's rights if the folder is shared and there is none.

    Raises:
        OSError: It cannot be made, or the folder is not there.
    """
    if os.path.lexists(path) or not is_shared(path.parent.stat()):
        return
    # Beside and linked, so that nobody finds it before it has its rights. It is closed before it
    # is a database, for closing one drops SQLite's locks.
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, _FILE)
    finally:
        os.close(file)
    try:
        with suppress(FileExistsError):  # somebody was faster
            os.link(draft, path)
    finally:
        draft.unlink()


def make_folder(path: Path, mode: int) -> None:
    """Makes a folder if there is none: with its group's rights where the one above is shared.

    Args:
        mode: Its mode elsewhere, less the umask.

    Raises:
        OSError: It cannot be made, or no folder stands there.
    """
    try:
        path.mkdir(mode)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    if is_shared(path.parent.stat()):
        path.chmod(_FOLDER)
