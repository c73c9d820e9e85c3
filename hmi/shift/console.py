"""The operator's terminal for a shift: news as it comes, a line typed, and a seat that locks."""

import os
import select
import sys
import termios
from contextlib import suppress
from time import monotonic

import typer

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.stamps import instant_now

from ..people.signing import open_signer
from ..shell.terminal.prompt import NO_TERMINAL
from ..shell.terminal.stdin import open_descriptor
from ..shell.terminal.wrap import fold
from .changes import DeskBoard
from .key_holder import KeyHolder, locked_by_signals
from .lock_states import SeatEvent, SeatState
from .typed_commands import DeskTools, run_typed

_POLL_S = 0.2
_LOOK_S = 1.0  # waiting requests end by time alone, and operators.yaml is no ledger
_LONGEST = 4096
_INDENT = 4


class NoDesk(HandwheelError):
    """There is no terminal at which somebody could sit."""


def sit_down(site: Site, person: str, lock_after_s: float) -> None:
    """Lets a person work at this terminal until they quit.

    Args:
        lock_after_s: After how long without a typed line the seat locks, seconds.

    Raises:
        NoDesk: Standard input or output is no terminal, or this is a background job.
        HandwheelError: The ledger cannot be opened, or the first passphrase opens nothing.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    terminal = open_descriptor()
    if terminal is None or not (os.isatty(terminal) and sys.stdout.isatty()):
        raise NoDesk(NO_TERMINAL)
    with Database(site.state, site.id) as database:
        holder = KeyHolder(site, database, person, lock_after_s)
        tools = DeskTools(site, database, holder, DeskBoard(site, database))
        with locked_by_signals(holder):
            holder.unlock(lambda operator: open_signer(site, operator, None))
            typer.echo("help lists what can be typed")
            _Desk(tools, terminal).work()


class _Desk:
    """One terminal, and what was shown at it last."""

    def __init__(self, tools: DeskTools, terminal: int) -> None:
        self._tools, self._terminal = tools, terminal
        self._version = (-1, -1)
        self._looked_s = 0.0
        self._was_open = False

    def work(self) -> None:
        holder = self._tools.holder
        while holder.state is not SeatState.ENDED:
            self._tell_news()
            self._prompt()
            line = self._await_line()
            if line is None:
                holder.tell(SeatEvent.QUIT)
                with suppress(OSError):  # the terminal may have gone
                    typer.echo("")
                return
            holder.tell(SeatEvent.TYPED)
            self._do(line)

    def _do(self, line: str) -> None:
        tools = self._tools
        try:
            if not line.strip() and tools.holder.state is SeatState.LOCKED:
                tools.holder.unlock(lambda operator: open_signer(tools.site, operator, None))
            else:
                run_typed(tools, line)
        except HandwheelError as error:
            for each in str(error).splitlines():
                typer.echo(fold(f"handwheel: {each}", _INDENT))
        except OSError as error:
            typer.echo(f"handwheel: {error.strerror}")

    def _await_line(self) -> str | None:
        """Returns the next typed line; `None` if the terminal has gone or its input ended."""
        while True:
            self._tools.holder.look()
            if self._is_open() != self._was_open:
                typer.echo("")
                self._prompt()
            ready, _, _ = select.select([self._terminal], [], [], _POLL_S)
            if ready:
                try:
                    line = os.read(self._terminal, _LONGEST)
                except OSError:
                    return None
                return line.decode(errors="replace") if line else None
            if self._tell_news():
                self._prompt(drops=False)

    def _tell_news(self) -> bool:
        """Tells what has changed, if anything may have; returns whether it told anything."""
        now_s, database = monotonic(), self._tools.database
        try:
            version = database.version()
        except HandwheelError:
            version = (-1, -1)
        if version == self._version and now_s - self._looked_s < _LOOK_S:
            return False
        self._looked_s = now_s
        lines = self._tools.board.news(instant_now())
        # The sweep of the look itself may have changed something: then it is looked at again.
        self._version = version
        for number, line in enumerate(lines):
            typer.echo(f"{'' if number else chr(10)}{fold(line, _INDENT)}")
        return bool(lines)

    def _is_open(self) -> bool:
        return self._tools.holder.state is SeatState.UNLOCKED

    def _prompt(self, *, drops: bool = True) -> None:
        holder = self._tools.holder
        self._was_open = self._is_open()
        if holder.state is SeatState.ENDED:
            return
        if drops:
            termios.tcflush(self._terminal, termios.TCIFLUSH)  # typed ahead is no order
        where = "" if self._was_open else f" locked ({holder.reason}); Enter for the passphrase"
        sys.stdout.write(f"{holder.person}{where}> ")
        sys.stdout.flush()
