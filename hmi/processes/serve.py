"""Common main loop of gate and agents."""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError, LedgerReplaced
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.safe_text import printable

from ..shell.cli.gc_freeze import freeze_heap
from ..shell.cli.ledger_wait import wait_for_change_async
from ..shell.cli.line_writer import LineWriter
from ..shell.terminal.stdin import is_in_background, stdin_lines

_POLL_S = 0.2
_LONG = 200  # characters of an error


async def serve(
    work: Coroutine[Any, Any, None],
    database: Ledger,
    show: Callable[[JournalRow], str],
) -> None:
    """Runs the work until it ends or fails, or until standard input ends.

    A ledger that was replaced ends it. Another error in printing ends nothing, and is reported
    once on standard error. A new row for which `show` returns an empty line is not printed.
    """
    freeze_heap()
    # Before the work begins, so that the rows of its first step are printed, as of held runs.
    printing = asyncio.create_task(_print_rows(database, show))
    tasks = (asyncio.create_task(work), asyncio.create_task(_await_end()), printing)
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def announce(site: Site, what: str, words: str, *, as_json: bool, **more: object) -> None:
    """Prints that this process is ready, in words or as one JSON line with `more`."""
    ready = {"ready": what, "site": site.id, "pid": os.getpid(), **more}
    print(json.dumps(ready) if as_json else words, flush=True)


def way_to_stop() -> str:
    """Returns the key or the command that ends this process."""
    return f"kill {os.getpid()}" if is_in_background() else "Ctrl-C"


async def _print_rows(database: Ledger, show: Callable[[JournalRow], str]) -> None:
    printer = _RowPrinter(database, show)
    while True:
        printer.print_new()
        try:
            await wait_for_change_async(database, _POLL_S)
        except LedgerReplaced:
            raise
        except LedgerError:
            await asyncio.sleep(_POLL_S)  # the work itself reports it
        except Exception as fault:  # noqa: BLE001 (a fault in printing must not stop the work)
            printer.note(fault)
            await asyncio.sleep(_POLL_S)


class _RowPrinter:
    """Prints each new row of the journal once."""

    def __init__(self, database: Ledger, show: Callable[[JournalRow], str]) -> None:
        self._database, self._show = database, show
        self._writer = LineWriter(sys.stdout)
        self._last: int | None = None
        self._is_faulty = False

    def print_new(self) -> None:
        """Prints the rows that are new since the last call. Raises no error."""
        try:
            # The work itself reports a ledger error. A row is printed once it can be read.
            with suppress(LedgerError):
                if self._last is None:
                    head = self._database.head()
                    self._last = head.seq if head else 0
                for row in self._database.journal(after=self._last):
                    self._last = row.seq
                    if line := self._show(row):
                        self._writer.write(line)
        except Exception as fault:  # noqa: BLE001 (a fault in printing must not stop the work)
            self.note(fault)

    def note(self, fault: Exception) -> None:
        """Reports once that a row cannot be printed. The work continues."""
        if self._is_faulty:
            return
        self._is_faulty = True
        row = "" if self._last is None else f" at row {self._last}"
        words = printable(f"{type(fault).__name__}: {fault}", _LONG)
        LineWriter(sys.stderr).write(
            f"handwheel: the journal cannot be printed{row} ({words}); the process continues; "
            f"{next_step('journal', 'export')}"
        )


async def _await_end() -> None:
    async for _ in stdin_lines():
        pass  # requests come through the ledger only
