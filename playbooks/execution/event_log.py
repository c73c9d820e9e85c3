"""Events of a run, checked by the state machine and written to the ledger."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

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
from handwheel.tools.requests.timestamps import Instant
from handwheel.tools.safe_text import printable

from ..engine.run import IllegalEvent, Run, RunEvent, apply, fold
from ..engine.states import CLOSED, EventKind

_ORDERED = "ordered"
_LONG = 200  # characters


class RunLog:
    """Events of one run in the ledger. Only this class writes them.

    Any of its methods raises `LedgerError` if another process has the runner lock.
    """

    def __init__(
        self, database: Database, run_id: str, holder: str, clock: Callable[[], Instant]
    ) -> None:
        self.run_id = run_id
        self._database = database
        self._holder = holder
        self._clock = clock
        self.run = load_run(database, run_id)

    def open(
        self,
        playbook: str,
        assets: tuple[str, ...],
        body: dict[str, object],
        ancestors: tuple[str, ...] = (),
    ) -> str:
        """Opens the run, or returns the ID of a run that owns one of the assets.

        What runs own that have started it, its `ancestors`, prevents nothing.
        """
        entry = RunEntry(self.run_id, playbook, True)
        row, owner = open_run(
            self._database, entry, assets, body, self._holder, self._clock(), ancestors
        )
        if not owner:
            self.run = apply(self.run, _event(row))
        return owner

    def record(self, kind: EventKind, **body: object) -> None:
        """Records an event, or raises `IllegalEvent` if the run's state does not allow it."""
        after = apply(self.run, RunEvent(kind, body))
        row = record_event(
            self._database, self.run_id, kind.value, body, self._holder, self._clock(),
            closes=after.state in CLOSED and not self.run.is_closed,
        )  # fmt: skip
        self.run = apply(self.run, _event(row))

    @contextmanager
    def transaction(self) -> Generator[None]:
        """Records all that is recorded inside at once, or nothing if an error is raised."""
        before = self.run
        try:
            with self._database.transaction(self._clock()):
                yield
        except BaseException:
            self.run = before
            raise

    def reload(self) -> None:
        """Reads the run again, since what was not anchored stands in the ledger."""
        self.run = load_run(self._database, self.run_id)

    def record_outcome(self, step: str, outcome: StepEffect) -> None:
        """Records the outcome of an expected result with the writes of its step, once."""
        note_promise(self._database, self.run_id, step, outcome, self._holder, self._clock())

    def new_orders(self) -> list[RunOrder]:
        """Returns the orders since the last one that was handled. They are not checked."""
        return load_orders(self._database, self.run_id, self.run.orders)


def load_run(database: Database, run_id: str) -> Run:
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
