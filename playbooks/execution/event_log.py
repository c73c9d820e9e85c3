"""Events of a run, checked by the state machine and written to the ledger."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.messages.agents import Operation
from handwheel.tools.guardrails.approval.messages.run_events import OpenRun, RecordEvent
from handwheel.tools.guardrails.approval.run_orders import RunOrder, load_orders
from handwheel.tools.guardrails.ledger.runs import PREFIX, RunRow, load_rows
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.journal import JournalRow
from handwheel.tools.requests.timestamps import stamp
from handwheel.tools.safe_text import printable

from ..engine.run import IllegalEvent, Run, RunEvent, apply, fold
from ..engine.states import EventKind
from .ledger_writer import LedgerWriter

_ORDERED = "ordered"
_LONG = 200  # characters


class RunLog:
    """Events of one run in the ledger. Only this class writes them.

    Any of its methods raises `LedgerError` if another process has the runner lock.

    Attributes:
        run: The run. Within a transaction it is ahead of the ledger.
    """

    def __init__(self, writer: LedgerWriter, run_id: str) -> None:
        self.run_id = run_id
        self._writer = writer
        self.run = load_run(writer.context.database, run_id)
        self._before: Run | None = None  # a transaction that has changed it; else `None`

    def open(
        self,
        playbook: str,
        assets: tuple[str, ...],
        body: dict[str, object],
        ancestors: tuple[str, ...] = (),
    ) -> None:
        """Opens the run. Raises `PermitRefused` if another run owns one of its assets.

        Within a transaction that is raised at its end. What runs own that have started it, its
        `ancestors`, prevents nothing.
        """
        operation = OpenRun(
            run_id=self.run_id, playbook=playbook, assets=assets, ancestors=ancestors, body=body
        )
        self._add(operation, self._after(EventKind.OPENED, body))

    def record(self, kind: EventKind, **body: object) -> None:
        """Records an event, or raises `IllegalEvent` if the run's state does not allow it."""
        operation = RecordEvent(kind=f"{PREFIX}{kind}", subject=self.run_id, body=body)
        self._add(operation, self._after(kind, body))

    def _after(self, kind: EventKind, body: dict[str, object]) -> Run:
        """Returns the run after an event, as it will most likely be recorded."""
        at = stamp(self._writer.clock().wall)
        return apply(self.run, RunEvent(kind, body, at, self.run.seq + 1))

    def _add(self, operation: Operation, after: Run) -> None:
        if self._before is None:
            self._before = self.run
        self.run = after
        self._writer.add(operation, self)

    def go_on(self, rows: Sequence[JournalRow]) -> None:
        """Takes its events as they were recorded. See `Follower`."""
        run, own = self._before or self.run, f'"subject":"{self.run_id}"}}'
        for row in rows:
            if row.text.endswith(own):  # as the last field of a row, and cheaper than all fields
                fields = row.fields
                kind = str(fields["kind"]).removeprefix(PREFIX)
                event = RunRow(row.seq, kind, str(fields["at"]), fields["body"])
                run = apply(run, _event(event))
        self.run, self._before = run, None

    def go_back(self) -> None:
        """Forgets what was not recorded. See `Follower`."""
        self.run, self._before = self._before or self.run, None

    def transaction(self) -> AbstractContextManager[None]:
        """Records all that is recorded inside at once, or nothing if an error is raised."""
        return self._writer.transaction()

    def reload(self) -> None:
        """Reads the run again, since what was not anchored stands in the ledger."""
        self.run = load_run(self._writer.context.database, self.run_id)

    def new_orders(self) -> list[RunOrder]:
        """Returns the orders since the last one that was handled. They are not checked."""
        return load_orders(self._writer.context.database, self.run_id, self.run.orders)


def load_run(database: Ledger, run_id: str) -> Run:
    """Returns a run from its events in the ledger. Damaged ones raise `LedgerError`."""
    rows = load_rows(database, run_id)
    try:
        return fold(_event(row) for row in rows if row.kind != _ORDERED)
    except IllegalEvent as error:
        raise LedgerError(f"run {run_id} is damaged: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        message = printable(f"{type(error).__name__}: {error}", _LONG)
        raise LedgerError(f"run {run_id} is damaged: {message}") from None


def _event(row: RunRow) -> RunEvent:
    return RunEvent(EventKind(row.kind), row.body, row.at, row.seq)
