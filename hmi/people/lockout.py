"""Command `handwheel lockout`, which stops the gate with a file.

It must work at once, also when the ledger is locked, the disk is full or the site's files are
broken. So it imports only the standard library and what imports no more, reads `site.yaml` line
by line, and locks out too much rather than too little.
"""

import os
import pwd
import sys
import time
from pathlib import Path

from handwheel.connectors.hints import name_site, next_step, shell_command
from handwheel.tools.guardrails.client.gate_socket import dial

from .lockout_site_file import Unclear, plain_equipment, plain_state

SITE = "site"
"""The scope that covers all equipment, and the name of its file."""

_DONE, _CONFIGURATION = 0, 2
_SITE_FILE = "site.yaml"
_USUAL_STATE = "var/"
_FOLDER = "lockout"
_ANSWER_S = 0.5
_SHARED = 0o2020  # set-group-id, and writable for the group

USAGE = """\
Usage: handwheel lockout [OPTIONS] [EQUIPMENT]

  Stop all writing at once, to the site or to one piece of equipment.

  Needs no login, no gate and no ledger. Only a signed release ends it. It is
  no emergency stop: a write already on its way to a device cannot be recalled.

  Exit codes: 0 locked out, 2 not, or not for certain.

Arguments:
  [EQUIPMENT]  Its name in site.yaml; the whole site without.

Options:
  --site DIR  The site's folder; else HANDWHEEL_SITE, else the nearest site.yaml
              above.
  --json      Print what was done as JSON.
  -h, --help  Show this message and exit.
"""


class _NotLocked(Exception):
    """Nothing was locked out."""


def run_lockout(words: list[str]) -> int:
    """Locks out the site or one piece of equipment.

    Args:
        words: The command line after `lockout`.

    Returns:
        The exit code: 0 it is locked out, 2 it is not, or not for certain.

    Effect: stops every later frame; one that is already being sent cannot be recalled. Retry:
    not needed, an existing lockout is sufficient. Timeout: none.
    """
    if "-h" in words or "--help" in words:
        _say(USAGE)
        return _DONE
    as_json = "--json" in words
    try:
        scope, named = _parse([each for each in words if each != "--json"])
        state, scope, doubt = _place(_find_site(named), scope)
        told = _lock(state, scope)
        told += "" if doubt else f"{next_step('release', scope)}\n"  # it needs a sound site.yaml
        _say(_document(state, scope) if as_json else told)
    except _NotLocked as error:
        _warn(f"NOT LOCKED OUT: {error}")
        return _CONFIGURATION
    if doubt:
        _warn(f"NOT CERTAIN: {doubt}, so the lockout was put into {state}")
        _warn("a gate with another state folder is not stopped: stop the gate's process")
        return _CONFIGURATION
    return _DONE


def _place(root: Path, scope: str) -> tuple[Path, str, str]:
    """Returns the state folder, the scope, and why they are uncertain, if they are."""
    path, usual = root / _SITE_FILE, root / _USUAL_STATE
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = _reason(error) if isinstance(error, OSError) else "it is not UTF-8"
        if not (usual / _FOLDER).is_dir():  # no gate has used this folder
            raise _NotLocked(f"{path}: {reason}") from None
        return usual, SITE, f"{path}: {reason}"
    if scope != SITE:
        _check_known(scope, plain_equipment(lines))
    try:
        return root / (plain_state(lines) or _USUAL_STATE), scope, ""
    except Unclear as error:
        return usual, scope, f"{path}: {error}"


def _parse(words: list[str]) -> tuple[str, str | None]:
    scopes: list[str] = []
    given: str | None = None
    rest = iter(words)
    for word in rest:
        if word == "--site":
            given = next(rest, "")
        elif word.startswith("--site="):
            given = word.removeprefix("--site=")
        elif word.startswith("-"):
            raise _NotLocked(f"there is no option {word!a}; {next_step('lockout', '--help')}")
        else:
            scopes.append(word)
    if given == "":
        raise _NotLocked("--site needs a folder")
    named = given or os.environ.get("HANDWHEEL_SITE")
    name_site(Path(named) if named else None)
    if len(scopes) > 1:
        every = shell_command("lockout")
        raise _NotLocked(f"one piece of equipment at a time; for all of them: {every}")
    return (scopes[0] if scopes else SITE), named


def _find_site(named: str | None) -> Path:
    if named:
        if not Path(named).is_dir():
            raise _NotLocked(f"{named!a} is no folder")
        return Path(named)
    try:
        here = Path.cwd()
    except OSError:
        raise _NotLocked("this folder no longer exists; name the site with --site") from None
    for folder in (here, *here.parents):
        if (folder / _SITE_FILE).is_file():
            return folder
    raise _NotLocked(f"no {_SITE_FILE} here or above; name the site with --site")


def _check_known(scope: str, names: list[str]) -> None:
    if scope in names:
        return
    known = f"known: {', '.join(names)}" if names else f"{_SITE_FILE} names none in plain lines"
    every = shell_command("lockout")
    raise _NotLocked(f"there is no equipment {scope!a}; {known}; for all of it: {every}")


def _document(state: Path, scope: str) -> str:
    from json import dumps  # nothing else here needs it

    return dumps({"locked_out": scope, "file": str(state / _FOLDER / scope)}) + "\n"


def _lock(state: Path, scope: str) -> str:
    """Creates the file that the gate looks for, and returns the message."""
    folder = state / _FOLDER
    path = folder / scope
    try:
        is_new = not state.is_dir()
        _make(folder)
        file = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o644)
    except FileExistsError:
        if os.path.lexists(path):
            return f"already locked out: {scope}{_by_whom(path)}\n{_no_gate(state)}"
        raise _NotLocked(f"{folder} is no folder") from None
    except OSError as error:
        raise _NotLocked(f"{path}: {_reason(error)}; stop the gate's process") from None
    try:
        _keep(file, path, state)
    except OSError as error:  # the file exists, so the gate sees it
        _warn(f"locked out, but the file may not survive a power cut: {_reason(error)}")
    hint = f"{folder} is new: no gate has run here yet\n" if is_new else _no_gate(state)
    return f"locked out: {scope}\n{hint}"


def _no_gate(state: Path) -> str:
    """Returns a note if no gate answers on this machine, which would record the lockout."""
    try:
        found, can_be_gate = dial(state, _ANSWER_S)
        found.close()
    except OSError:
        can_be_gate = False
    if can_be_gate:
        return ""
    return "no gate answers here: the lockout is only in the file until a gate reads it\n"


def _make(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    state = folder.parent.stat().st_mode
    if state & _SHARED == _SHARED:  # a folder of several users, who must all be able to lock out
        folder.chmod(0o3770)


def _keep(file: int, path: Path, state: Path) -> None:
    try:
        os.write(file, f"{system_user()} {_now()} pid {os.getpid()}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    for folder in (path.parent, state, state.absolute().parent):
        entry = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def system_user() -> str:
    """Returns the name of the user who runs this process."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"


def _now() -> str:
    seconds, ms = divmod(time.time_ns() // 1_000_000, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{ms:03d}Z"


def _by_whom(path: Path) -> str:
    try:
        content = _beginning(path).decode(errors="replace").strip()
    except OSError:
        return ""
    return f" ({ascii(content)[1:-1]})" if content else ""


def _beginning(path: Path) -> bytes:
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.read(file, 200)
    finally:
        os.close(file)


def _reason(error: OSError) -> str:
    return os.strerror(error.errno or 0).lower()


def _say(text: str) -> None:
    # A closed standard output must not change the result.
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _warn(text: str) -> None:
    sys.stderr.write(f"handwheel: {text}\n")
