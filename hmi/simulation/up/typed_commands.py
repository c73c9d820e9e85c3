"""Commands that `handwheel up` adds to the console, and news of its processes."""

import asyncio
import shlex
import signal
import subprocess
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from queue import Empty

import typer

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import InvalidArguments
from handwheel.tools.guardrails.identity.roster import Operator
from handwheel.tools.requests.timestamps import instant_now

from ...people.signing import Signer, open_context, open_signer
from ...shell.terminal.wrap import fold
from ...shift.site_status import read_site_status
from ...shift.status_text import INDENT, status_lines
from ...shift.typed_commands import Additions, Command, ConsoleContext
from ..local_system.people import GRANTOR
from .processes import LocalProcesses

_HELP = """\
  propose TAG=VALUE… [WHY]  submit a request, which another person approves
  status                    show the site on one page
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

    def propose(console: ConsoleContext, rest: str) -> None:
        _propose(console, rest, people.get(GRANTOR))

    def for_the_plant(word: str) -> Command:
        return lambda console, rest: processes.tell_plant(f"{word} {rest}")

    commands: dict[str, Command] = {
        "propose": propose,
        "status": _status,
        "handwheel": _run_command,
    }
    commands |= {word: for_the_plant(word) for word in ("speed", "fault", "field")}
    return Additions(commands, _HELP, news, open_key)


def _propose(console: ConsoleContext, rest: str, proposer: Signer | None) -> None:
    from ...requests.propose import propose_writes

    words = _words(rest)
    assignments = [each for each in words if "=" in each]
    reason = " ".join(each for each in words if "=" not in each) or _REASON
    if not assignments:
        raise InvalidArguments("name the tag and its value: propose P-101B.run_cmd=true")
    signer = proposer or console.holder.signer()  # not in the thread that asks for passphrases
    with open_context(console.site) as context:
        asyncio.run(propose_writes(context, assignments, reason, lambda: signer))


def _status(console: ConsoleContext, rest: str) -> None:
    status = asyncio.run(read_site_status(console.site, console.database, instant_now()))
    for line in status_lines(status):
        typer.echo(fold(line, INDENT))


def _run_command(console: ConsoleContext, rest: str) -> None:
    command = [sys.executable, "-m", "handwheel.hmi", *_words(rest)]
    with _spared_by_ctrl_c():
        subprocess.run(command, check=False)  # noqa: S603 (what a person typed, without a shell)


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise InvalidArguments(f"{text!a}: {error}") from None


@contextmanager
def _spared_by_ctrl_c() -> Generator[None]:
    """Leaves Ctrl-C to the command that runs in the terminal."""
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
