"""Commands and names that messages suggest, written so that the reader can type them."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from shlex import quote

_WITHOUT_SITE = frozenset({"bench", "demo", "init", "plants"})
"""Commands that have no option `--site`."""

NEXT = "next: "
"""Word before a command that leads on."""

_site: ContextVar[str] = ContextVar("site", default="")
_person: ContextVar[str] = ContextVar("person", default="")  # at the console; empty elsewhere


def did_you_mean(name: str, known: Iterable[str], better: str = "") -> str:
    """Returns how a message on an unknown name ends, with the known name most like it.

    Args:
        better: Suggested rather than another if it is known.
    """
    from difflib import get_close_matches  # slow to import, and rarely needed

    names = list(known)
    close = [better] if better in names else get_close_matches(name, names, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def name_site(folder: Path | None) -> None:
    """Sets the folder that commands in messages name, `None` if they work without one.

    A message then works in the shell where the site was named by option or variable.
    """
    _site.set("" if folder is None else str(folder))


@contextmanager
def at_console(person: str) -> Generator[None]:
    """Has messages name the console's own command for an approval by the person there."""
    token = _person.set(person)
    try:
        yield
    finally:
        _person.reset(token)


def shell_command(*words: str) -> str:
    """Returns a command of `handwheel` as it is typed, with `--site` where that is needed."""
    person = _person.get()
    if person and words[:2] == ("requests", "approve") and words[3:] in {(), ("--as", person)}:
        return f"approve {words[2]}"
    site = _site.get()
    is_complete = words[0] in _WITHOUT_SITE or any(each.startswith("--site") for each in words)
    named = ("--site", site) if site and not is_complete else ()
    return " ".join(["handwheel", *map(quote, (*words, *named))])


def next_step(*words: str) -> str:
    """Returns the end of a message, which is `next` and the command that leads on."""
    return f"{NEXT}{shell_command(*words)}"
