"""The operator's console for a shift, with changes, typed commands and a lock."""

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
from handwheel.tools.requests.timestamps import instant_now

from ..people.signing import open_signer
from ..shell.terminal.prompt import NO_TERMINAL
from ..shell.terminal.stdin import open_descriptor
from ..shell.terminal.wrap import fold
from .changes import ChangeTracker
from .key_holder import KeyHolder, locked_by_signals
from .lock_states import ConsoleEvent, ConsoleState
from .typed_commands import ConsoleContext, run_typed

_POLL_S = 0.2
_CHECK_S = 1.0  # the ledger does not change when a request expires or operators.yaml changes
_LONGEST = 4096
_INDENT = 4


class NoConsole(HandwheelError):
    """There is no terminal in the foreground."""


def run_console(site: Site, person: str, lock_after_s: float) -> None:
    """Runs the console of a person until they quit. It locks after this time without a typed line.

    Raises:
        NoConsole: Standard input or output is no terminal, or this is a background job.
        HandwheelError: The ledger cannot be opened, or the first passphrase is wrong.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    terminal = open_descriptor()
    if terminal is None or not (os.isatty(terminal) and sys.stdout.isatty()):
        raise NoConsole(NO_TERMINAL)
    with Database(site.state, site.id) as database:
        holder = KeyHolder(site, database, person, lock_after_s)
        console = ConsoleContext(site, database, holder, ChangeTracker(site, database))
        with locked_by_signals(holder):
            holder.unlock(lambda operator: open_signer(site, operator, None))
            typer.echo("help lists the commands")
            _Console(console, terminal).work()


class _Console:
    """The loop that reads typed lines and prints changes."""

    def __init__(self, console: ConsoleContext, terminal: int) -> None:
        self._context, self._terminal = console, terminal
        self._version = (-1, -1)
        self._checked_s = 0.0
        self._was_open = False

    def work(self) -> None:
        holder = self._context.holder
        while holder.state is not ConsoleState.ENDED:
            self._print_updates()
            self._prompt()
            line = self._await_line()
            if line is None:
                holder.handle(ConsoleEvent.QUIT)
                with suppress(OSError):  # the terminal may be closed
                    typer.echo("")
                return
            holder.handle(ConsoleEvent.TYPED)
            self._do(line)

    def _do(self, line: str) -> None:
        console = self._context
        try:
            if not line.strip() and console.holder.state is ConsoleState.LOCKED:
                console.holder.unlock(lambda operator: open_signer(console.site, operator, None))
            else:
                run_typed(console, line)
        except HandwheelError as error:
            for each in str(error).splitlines():
                typer.echo(fold(f"handwheel: {each}", _INDENT))
        except OSError as error:
            typer.echo(f"handwheel: {error.strerror}")

    def _await_line(self) -> str | None:
        """Returns the next typed line, or `None` if the terminal or its input has ended."""
        while True:
            self._context.holder.check()
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
            if self._print_updates():
                self._prompt(drops=False)

    def _print_updates(self) -> bool:
        """Prints what has changed, and returns whether anything was printed."""
        now_s, database = monotonic(), self._context.database
        try:
            version = database.version()
        except HandwheelError:
            version = (-1, -1)
        if version == self._version and now_s - self._checked_s < _CHECK_S:
            return False
        self._checked_s = now_s
        lines = self._context.changes.updates(instant_now())
        # The update itself may change the ledger, so the version from before it is kept.
        self._version = version
        for number, line in enumerate(lines):
            typer.echo(f"{'' if number else chr(10)}{fold(line, _INDENT)}")
        return bool(lines)

    def _is_open(self) -> bool:
        return self._context.holder.state is ConsoleState.UNLOCKED

    def _prompt(self, *, drops: bool = True) -> None:
        holder = self._context.holder
        self._was_open = self._is_open()
        if holder.state is ConsoleState.ENDED:
            return
        if drops:
            termios.tcflush(
                self._terminal, termios.TCIFLUSH
            )  # input from before the prompt is dropped
        where = "" if self._was_open else f" locked ({holder.reason}); Enter for the passphrase"
        sys.stdout.write(f"{holder.person}{where}> ")
        sys.stdout.flush()
