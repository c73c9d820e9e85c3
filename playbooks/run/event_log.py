"""A run's events as they are written: checked by the machine first, then into the ledger."""

from collections.abc import Callable

from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.run_orders import RunOrder, load_orders
from handwheel.tools.guardrails.approval.run_requests import note_promise
from handwheel.tools.guardrails.ledger.effects import StepEffect
from handwheel.tools.guardrails.ledger.runs import (
    RunEntry,
    RunRow,
    load_rows,
    open_run,
    record_event,
)
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.requests.stamps import Instant
from handwheel.tools.safe_text import printable

from .states import CLOSED, EventKind, IllegalEvent, Run, RunEvent, apply, fold

_ORDERED = "ordered"
_LONG = 200  # characters


class RunLog:
    """One run of the ledger, and the only way in which its events are written.

    Args:
        holder: Of the lease under which the run is worked on.
        clock: Returns the moment on people's clocks.
    """

    def __init__(
        self, database: Database, run_id: str, holder: str, clock: Callable[[], Instant]
    ) -> None:
        self.run_id = run_id
        self._database = database
        self._holder = holder
        self._clock = clock
        self.run = load_run(database, run_id)

    def open(self, playbook: str, assets: tuple[str, ...], body: dict[str, object]) -> str:
        """Opens the run.

        Returns:
            The run that owns one of the assets, and that is in the way; empty if it is opened.

        Raises:
            LedgerError: It cannot be written.
        """
        entry = RunEntry(self.run_id, playbook, True)
        row, owner = open_run(self._database, entry, assets, body, self._holder, self._clock())
        if not owner:
            self.run = apply(self.run, _event(row))
        return owner

    def record(self, kind: EventKind, **body: object) -> None:
        """Records an event.

        Raises:
            IllegalEvent: It does not belong into the run's state; nothing was recorded.
            LedgerError: It cannot be written, or somebody else works on the run.
        """
        after = apply(self.run, RunEvent(kind, body))
        row = record_event(
            self._database, self.run_id, kind.value, body, self._holder, self._clock(),
            closes=after.state in CLOSED and not self.run.is_closed,
        )  # fmt: skip
        self.run = apply(self.run, _event(row))

    def note_promise(self, step: str, promise: StepEffect) -> None:
        """Records with the writes of a step what came of one of its promises, once.

        Raises:
            LedgerError: It cannot be written, or somebody else works on the run.
        """
        note_promise(
            self._database, self.run_id, step, promise, self._holder, self._clock()
        )  # fmt: skip

    def new_orders(self) -> list[RunOrder]:
        """Returns what people have asked for since the last order that was dealt with.

        Nothing of it has been checked.
        """
        return load_orders(self._database, self.run_id, self.run.orders)


def load_run(database: Database, run_id: str) -> Run:
    """Returns a run as the ledger tells of it.

    Raises:
        LedgerError: It cannot be read, or its events are no run's.
    """
    rows = load_rows(database, run_id)
    try:
        return fold(_event(row) for row in rows if row.kind != _ORDERED)
    except IllegalEvent as error:
        raise LedgerError(f"run {run_id} is damaged: {error}") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        words = printable(f"{type(error).__name__}: {error}", _LONG)
        raise LedgerError(f"run {run_id} is damaged: {words}") from None


def _event(row: RunRow) -> RunEvent:
    return RunEvent(EventKind(row.kind), row.body, row.at, row.seq)
