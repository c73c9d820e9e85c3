"""Supervision of one run and of the tasks of the agents."""

import asyncio
from collections.abc import Callable, Coroutine, KeysView
from typing import Any

from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.execution.driver import RunDriver
from handwheel.playbooks.execution.ledger_port import LedgerPort
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.store.database import LostRace

_AFTER_FAULT_S = 1.0
_FAULTS_AT_MOST = 5
_MAX_LENGTH = 200

Report = Callable[[str, str], None]
"""Takes a subject and its problem, which is empty once it is over."""


class SupervisedRun:
    """One run with its driver. It is advanced by one task at a time."""

    def __init__(self, driver: RunDriver, ledger: LedgerPort, report: Report) -> None:
        self.driver = driver
        self._ledger = ledger
        self._report = report
        self._faults = 0
        self._hold_reason = ""

    async def advance(self) -> None:
        """Works until the run waits. Raises `LostRace` if another process has the runner lock."""
        while True:
            try:
                if self._faults:
                    self._ledger.writer.settle()
                    self.driver.log.reload()
                if self._hold_reason:  # retried while the ledger is busy
                    self.driver.hold(self._hold_reason)
                    self._hold_reason, self._faults = "", 0
                await self.driver.advance()
            except HandwheelError as error:
                self._check_lock(error)
                await self._note_fault(str(error), is_foreseen=True)
            except Exception as error:  # noqa: BLE001 (the supervisor of runs)
                await self._note_fault(one_line(error), is_foreseen=False)
            else:
                self._faults = 0
                self._report(self.driver.run_id, "")
                return

    def _check_lock(self, error: HandwheelError) -> None:
        """Raises `LostRace` if another process has the runner lock, as an error may say."""
        if not isinstance(error, LostRace):
            return
        try:
            self._ledger.writer.renew()
        except LostRace:
            raise
        except LedgerError as busy:  # the next write checks the lock again
            self._report(self.driver.run_id, str(busy))

    async def _note_fault(self, problem: str, *, is_foreseen: bool) -> None:
        """Reports a fault. An unforeseen or lasting one holds the run."""
        self._faults += 1
        self._report(self.driver.run_id, problem)
        if not is_foreseen or self._faults >= _FAULTS_AT_MOST:
            self._hold_reason = self._hold_reason or f"the agents failed: {problem}"
        await asyncio.sleep(_AFTER_FAULT_S)


def one_line(error: Exception) -> str:
    """Returns an error as text, one that is not foreseen on one line and shortened."""
    if isinstance(error, HandwheelError):
        return str(error)
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first[:_MAX_LENGTH]}"


class Tasks:
    """Tasks that are being done."""

    def __init__(self) -> None:
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Starts a task."""
        self._tasks[name] = asyncio.create_task(work, name=name)

    @property
    def names(self) -> KeysView[str]:
        """Names of the tasks that are being done, or whose end nobody has seen."""
        return self._tasks.keys()

    def raise_errors(self) -> None:
        """Forgets the tasks that are done, and raises the error of one."""
        for name, task in list(self._tasks.items()):
            if task.done():
                del self._tasks[name]
                task.result()

    async def end(self) -> None:
        """Ends every task."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
