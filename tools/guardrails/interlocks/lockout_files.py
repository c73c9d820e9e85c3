"""Lockouts as files in the state folder. Any user who can write there can lock out."""

import os
import re
import stat
from pathlib import Path

from handwheel.connectors.config.shared_folder import make_folder
from handwheel.connectors.hints import next_step

from ...safe_text import printable

SITE = "site"
"""The scope that covers every piece of equipment."""

_FOLDER = "lockout"
_SAID = 200
"""How many characters of a lockout's file are kept."""
_SAID_BYTES = 4 * _SAID
_AS_IT_IS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*", re.ASCII)


def read_lockouts(state: Path) -> frozenset[str]:
    """Returns the locked-out scopes, which are names of equipment or `site`.

    Never raises: a folder that cannot be read counts as a locked site, and so does a file
    whose name no equipment can have. Without a state folder no gate has run, and nothing is
    locked out. A name that the site does not know is returned as it is.

    Effect: none. Retry: none. Timeout: that of the local disk.
    """
    try:
        names = os.listdir(state / _FOLDER)  # noqa: PTH208 - three times as fast
    except FileNotFoundError:
        return frozenset() if _is_readable(state) else frozenset({SITE})
    except OSError:
        return frozenset({SITE})
    return frozenset(name if _NAME.fullmatch(name) else SITE for name in names)


class LockoutFolder:
    """Folder of lockouts that a gate has opened. Another one in its place counts as a lockout."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._path = state / _FOLDER
        self._mark = self._found_mark()

    @property
    def fault(self) -> str:
        """Reason why the folder itself locks the site out, empty if there is none."""
        if self._mark is not None and self._mark == self._found_mark():
            return ""
        return (
            f"{self._path} is gone, or another than when the gate was started, so the site is "
            f"locked out: bring that one back, or start the gate again; {next_step('release')}"
        )

    def seen(self) -> frozenset[str]:
        """Returns what is locked out now, and `site` if the folder is another one or gone.

        Never raises. Effect: none. Retry: none. Timeout: that of the local disk.
        """
        before = self._found_mark()
        names = read_lockouts(self._state)
        is_same = self._mark is not None and before == self._mark == self._found_mark()
        return names if is_same else names | {SITE}

    def _found_mark(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino


def has_lockout_folder(state: Path) -> bool:
    """Whether anything stands at the path of the lockout folder. A gate that starts makes it."""
    return os.path.lexists(state / _FOLDER)


def lockout_file(state: Path, scope: str) -> Path:
    """Returns the file that locks a scope out while it is there."""
    return state / _FOLDER / scope


def lockout_note(path: Path) -> str:
    """Returns the first line of a lockout's file, which names its author.

    Anybody can write anything there: it is neither true nor harmless, so only a few printable
    characters are returned. Never raises, follows no link and does not wait.

    Effect: none. Retry: none. Timeout: that of the local disk.
    """
    try:
        file = os.open(path, _AS_IT_IS)
    except OSError:
        return ""
    try:
        is_plain = stat.S_ISREG(os.fstat(file).st_mode)
        told = os.read(file, _SAID_BYTES) if is_plain else b""
    except OSError:
        return ""
    finally:
        os.close(file)
    first, _, _ = told.decode(errors="replace").partition("\n")
    return printable(first.strip(), _SAID)[:_SAID]


def make_lockout_folder(state: Path) -> None:
    """Makes the folder in which lockouts are looked for, else raises `OSError`."""
    state.mkdir(parents=True, exist_ok=True)
    make_folder(state / _FOLDER, 0o777)


def _is_readable(state: Path) -> bool:
    if (state / _FOLDER).is_symlink():  # it leads nowhere
        return False
    try:
        next(state.iterdir(), None)
    except FileNotFoundError:
        return not state.is_symlink()
    except OSError:
        return False
    return True
