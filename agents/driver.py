"""Drives one run through the graph, and wakes it when it needs attention."""

import asyncio
from collections.abc import Callable
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.types import Command

from handwheel.connectors.errors import HandwheelError
from handwheel.playbooks.execution.hold import hold
from handwheel.playbooks.run.phases import Phase
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.ledger.runner_lock import renew_runner_lock
from handwheel.tools.guardrails.ledger.store.database import LostRace

from .agent_context import ActiveRun, AgentContext
from .graph import Graph, ThreadState

_AFTER_FAULT_S = 1.0
_FAULTS_AT_MOST = 5
_NODES_AT_MOST = 500
_MAX_LENGTH = 200
_WAITING = frozenset({Phase.AWAIT_DECISION, Phase.AWAIT_ORDER})

Report = Callable[[str, str], None]
"""Takes a subject and its problem, which is empty once it is over."""


class Driver:
    """Drives one run until it is over. A fault of the agents holds only this run."""

    def __init__(
        self, context: AgentContext, graph: Graph, active: ActiveRun, report: Report
    ) -> None:
        self._context = context
        self._graph = graph
        self._active = active
        self._report = report
        self._faults = 0
        self._hold_reason = ""
        self._config: RunnableConfig = {
            "configurable": {"thread_id": active.runner.run_id},
            "recursion_limit": _NODES_AT_MOST,
        }

    async def drive(self) -> None:
        """Works until the run is over. Raises `LostRace` if another process has the runner lock."""
        work: ThreadState | Command[Any] = self._entry()
        while True:
            try:
                if self._active.runner.phase is Phase.OVER:
                    return
                self._hold_if_due()
                work = await self._advance(work)
            except HandwheelError as error:
                self._check_lock(error)
                await self._note_fault(str(error), is_foreseen=True)
                work = self._entry()
            except Exception as error:  # noqa: BLE001 (the graph's supervisor)
                await self._note_fault(_one_line(error), is_foreseen=False)
                work = self._entry()

    async def _advance(self, work: ThreadState | Command[Any]) -> ThreadState | Command[Any]:
        runner = self._active.runner
        await self._graph.ainvoke(work, self._config, durability="sync")
        if runner.phase not in _WAITING:  # over, or the thread was moved from outside
            return self._entry()
        self._faults = 0
        self._report(runner.run_id, "")
        while not runner.needs_attention():
            await self._context.plant.next_scan()
        return await self._wake_up()

    async def _wake_up(self) -> ThreadState | Command[Any]:
        """Returns the input that resumes the thread. A thread that was moved restarts."""
        snapshot = await self._graph.aget_state(self._config)
        is_as_left = len(snapshot.tasks) == len(snapshot.interrupts) == 1
        return Command(resume="read the ledger") if is_as_left else self._entry()

    def _entry(self) -> ThreadState:
        """Returns the input that starts the thread again. The run's events decide where."""
        return {"run_id": self._active.runner.run_id, "offset": self._active.runner.run.seq}

    def _check_lock(self, error: HandwheelError) -> None:
        """Raises `LostRace` if another process has the runner lock, as an error may say."""
        if not isinstance(error, LostRace):
            return
        ledger = self._context.ledger
        try:
            renew_runner_lock(ledger.context.database, ledger.holder, self._context.clock())
        except LostRace:
            raise
        except LedgerError as busy:  # the next write checks the lock again
            self._report(self._active.runner.run_id, str(busy))

    async def _note_fault(self, problem: str, *, is_foreseen: bool) -> None:
        """Reports a fault. An unforeseen or lasting one holds the run."""
        self._faults += 1
        self._report(self._active.runner.run_id, problem)
        if not is_foreseen or self._faults >= _FAULTS_AT_MOST:
            self._hold_reason = self._hold_reason or f"the agents failed: {problem}"
        await asyncio.sleep(_AFTER_FAULT_S)

    def _hold_if_due(self) -> None:
        """Holds the run before anything else. Retried while the ledger is busy."""
        if self._hold_reason:
            hold(self._active.runner.log, self._context.ledger, self._hold_reason)
            self._hold_reason, self._faults = "", 0


def _one_line(error: Exception) -> str:
    """Returns an unforeseen error on one line, shortened."""
    first = str(error).partition("\n")[0]
    return f"{type(error).__name__}: {first[:_MAX_LENGTH]}"
