"""Files in folders that several OS users share, with setgid and a group that may write.

A file made there gets its group's rights whatever the umask. Other folders are unaffected.
"""

import os
import stat
from contextlib import suppress
from pathlib import Path
from secrets import token_hex

_SHARED = stat.S_ISGID | stat.S_IWGRP
_FILE = 0o660
_FOLDER = 0o3770  # sticky: only the owner may remove or replace a file


def is_shared(status: os.stat_result) -> bool:
    """Whether the users of a folder's group share it."""
    return stat.S_ISDIR(status.st_mode) and status.st_mode & _SHARED == _SHARED


def make_file(path: Path) -> None:
    """Makes a missing file with its group's rights in a shared folder. Raises `OSError`."""
    if os.path.lexists(path) or not is_shared(path.parent.stat()):
        return
    # Made under another name and linked, so that it is not seen before it has its rights. Closed
    # before it is a database, because closing one drops SQLite's locks.
    draft = path.with_name(f".{path.name}.{token_hex(4)}")
    file = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, _FILE)
    finally:
        os.close(file)
    try:
        with suppress(FileExistsError):  # another process was faster
            os.link(draft, path)
    finally:
        draft.unlink()


def make_folder(path: Path, mode: int) -> None:
    """Makes a folder unless it exists, with its group's rights inside a shared folder.

    In other folders it has this mode, less the umask.

    Raises:
        OSError: It cannot be made, or the path is no folder.
    """
    try:
        path.mkdir(mode)
    except FileExistsError:
        if not path.is_dir():
            raise
        return
    if is_shared(path.parent.stat()):
        path.chmod(_FOLDER)
