"""The operator's console for a shift, with changes, typed commands and a lock."""

import os
import select
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import typer

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import at_console
from handwheel.connectors.model.site import Site
from handwheel.tools.guardrails.client import connect
from handwheel.tools.requests.timestamps import instant_now

from ..shell.cli.field_lines import print_lines
from ..shell.cli.ledger_wait import keep_up
from ..shell.terminal.prompt import NO_TERMINAL
from ..shell.terminal.stdin import open_descriptor
from ..shell.terminal.wrap import fold, folded
from .changes import ChangeTracker
from .key_holder import KeyHolder, locked_by_signals
from .lock_states import ConsoleEvent, ConsoleState
from .typed_commands import NO_ADDITIONS, Additions, ConsoleContext, run_typed
from .typed_line import TypedLine, clear_row, take_keys, unechoed

_POLL_S = 0.2
_CHECK_S = 1.0  # the ledger does not change when a request expires or operators.yaml changes
_LONGEST = 4096


class NoConsole(HandwheelError):
    """There is no terminal in the foreground."""


def run_console(
    site: Site, person: str, lock_after_s: float, additions: Additions = NO_ADDITIONS
) -> None:
    """Runs the console of a person until they quit. It locks after this time without a typed line.

    Args:
        additions: Commands and news of what runs beside the console.

    Raises:
        NoConsole: Standard input or output is no terminal, or this is a background job.
        HandwheelError: The ledger cannot be opened, or the first passphrase is wrong.
        KeyboardInterrupt: Ctrl-C or SIGTERM.
    """
    terminal = open_descriptor()
    if terminal is None or not (os.isatty(terminal) and sys.stdout.isatty()):
        raise NoConsole(NO_TERMINAL)
    with connect.open_ledger(site) as database:
        keep_up(database)
        holder = KeyHolder(site, database, person, lock_after_s)
        changes = ChangeTracker(site, database)
        console = ConsoleContext(site, database, holder, changes, additions)
        with locked_by_signals(holder):
            console.unlock()
            typer.echo("help lists the commands")
            with at_console(person):
                _Console(console, terminal).work()


class _Console:
    """The loop that reads typed lines and prints changes."""

    def __init__(self, console: ConsoleContext, terminal: int) -> None:
        self._context, self._terminal = console, terminal
        self._version = -1
        self._checked_s = 0.0
        self._was_open = False
        self._typed = TypedLine()
        self._is_refused = False  # the last Enter did not unlock

    def work(self) -> None:
        holder = self._context.holder
        while holder.state is not ConsoleState.ENDED:
            self._print_updates()
            self._typed = TypedLine(is_shown=not self._is_refused)
            with unechoed(self._terminal):
                self._prompt()
                line = self._await_line()
            if line is None:
                holder.handle(ConsoleEvent.QUIT)
                with suppress(OSError):  # the terminal may be closed
                    typer.echo("")
                return
            holder.handle(ConsoleEvent.TYPED)
            if self._typed.is_shown:
                self._do(line)
            else:  # it may be the passphrase that was not asked for
                self._is_refused = False

    def _do(self, line: str) -> None:
        console = self._context
        try:
            if not line.strip() and console.holder.state is ConsoleState.LOCKED:
                self._is_refused = True
                with unechoed(self._terminal):  # the prompt may come late, or never
                    console.unlock()
                self._is_refused = False
            else:
                run_typed(console, line)
        except HandwheelError as error:
            for each in str(error).splitlines():
                typer.echo(fold(f"handwheel: {each}"))
        except OSError as error:
            typer.echo(f"handwheel: {error.strerror}")

    def _await_line(self) -> str | None:
        """Returns the next typed line, or `None` if the terminal or its input has ended."""
        while True:
            self._context.holder.check()
            if self._is_open() != self._was_open:
                clear_row()
                self._prompt()
            take_keys(self._terminal)
            ready, _, _ = select.select([self._terminal], [], [], _POLL_S)
            if ready:
                try:
                    data = os.read(self._terminal, _LONGEST)
                    line = self._typed.take(data)
                except (OSError, EOFError):
                    return None
                if line is not None or not data:
                    return line
            elif self._print_updates(clear_row):
                self._prompt(drops=False)

    def _print_updates(self, make_room: Callable[[], None] | None = None) -> bool:
        """Prints what has changed, and returns whether anything was printed."""
        lines = [*self._context.news(), *self._changes()]
        if lines and make_room is not None:
            make_room()
        print_lines(folded(lines))
        return bool(lines)

    def _changes(self) -> list[str]:
        now_s, database = monotonic(), self._context.database
        try:
            version = database.version()
        except HandwheelError:
            version = -1
        if version == self._version and now_s - self._checked_s < _CHECK_S:
            return []
        self._checked_s = now_s
        lines = self._context.changes.updates(instant_now())
        # The update itself may change the ledger, so the version from before it is kept.
        self._version = version
        return lines

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
        typed, step = self._typed.text, "Enter for the passphrase"
        if not self._typed.is_shown:
            typed, step = "", "Enter to go on, nothing typed is shown"
        where = "" if self._was_open else f" locked ({holder.reason}); {step}"
        sys.stdout.write(f"{holder.person}{where}> {typed}")
        sys.stdout.flush()
