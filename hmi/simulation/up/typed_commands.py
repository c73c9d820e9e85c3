"""Commands that `handwheel up` adds to the console, and news of its processes."""

import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from queue import Empty

from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.identity.roster import Operator

from ...people.signing import Signer, open_signer
from ...shift.typed_commands import Additions, Command, ConsoleContext, split_words
from ..local_system.people import GRANTOR
from .processes import LocalProcesses

_HELP = """\
  speed N, fault ID[,…]     set the plant's pace, start a fault now
  field ACTION              perform a field action, such as field repair-P-101A
  handwheel …               run any command of handwheel for this site
"""
_REASON = "tried at the console of a simulated plant"


def additions(processes: LocalProcesses, people: Mapping[str, Signer]) -> Additions:
    """Returns the additions for a console beside these processes.

    Args:
        people: Throw-away people by name, whose keys need no passphrase; none if the site has
            its own.
    """

    def news(console: ConsoleContext) -> list[str]:
        lines = list[str]()
        while True:
            try:
                each = processes.news.get_nowait()
            except Empty:
                return lines
            if isinstance(each, Site):
                console.site = console.changes.site = each
            else:
                lines.append(each)

    def open_key(site: Site, operator: Operator) -> Signer:
        return people.get(operator.person) or open_signer(site, operator, None)

    def for_the_plant(word: str) -> Command:
        return lambda console, rest: processes.tell_plant(f"{word} {rest}")

    commands: dict[str, Command] = {"handwheel": _run_command}
    commands |= {word: for_the_plant(word) for word in ("speed", "fault", "field")}
    return Additions(commands, _HELP, news, open_key, people.get(GRANTOR), _REASON)


def _run_command(console: ConsoleContext, rest: str) -> None:
    command = [sys.executable, "-m", "handwheel.hmi", *split_words(rest)]
    with _spared_by_ctrl_c():
        subprocess.run(command, check=False)  # noqa: S603 (what a person typed, without a shell)


@contextmanager
def _spared_by_ctrl_c() -> Generator[None]:
    """Leaves Ctrl-C to the command that runs in the terminal."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
