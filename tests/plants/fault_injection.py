"""A clock, a ledger and a fuse: what happens at the n-th point of an action's way."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from handwheel.evaluation.trial.clock import SteppedClock
from handwheel.tools.guardrails.approval.plant_snapshot import GateLedger
from handwheel.tools.guardrails.ledger.store.database import Database, Transaction, WaitsFor
from handwheel.tools.guardrails.ledger.store.journal import Anchors, JournalRow
from handwheel.tools.requests.timestamps import Instant

WALL = datetime(2026, 11, 25, 8, 50, 25, tzinfo=UTC)


class Crash(BaseException):
    """The gate's process is gone; nobody may catch it."""


def crash() -> None:
    raise Crash


class Fuse:
    """Counts the points that an action passes, and does something at one of them.

    In the gate's transaction only a crash can happen: everybody else waits for its end.

    Attributes:
        points: What was passed since it was armed.
        is_in_transaction: Whether the gate is in a transaction.
    """

    def __init__(self) -> None:
        self.points: list[str] = []
        self.is_in_transaction = False
        self._what: Callable[[], object] = crash
        self._left = 0

    def arm(self, left: int, what: Callable[[], object] = crash) -> None:
        """Does it at the point of this number, counted from one; at none for 0."""
        self.points, self._left, self._what = [], left, what

    def reach(self, point: str) -> None:
        self.points.append(point)
        if self._left and len(self.points) >= self._left:
            if self.is_in_transaction and self._what is not crash:
                return  # it comes at the first point behind it
            self._left = 0
            self._what()


class FusedClock(SteppedClock):
    """People's two clocks, with a fuse where the gate looks at them."""

    def __init__(self, fuse: Fuse) -> None:
        super().__init__(WALL)
        self._fuse = fuse

    def __call__(self) -> Instant:
        self._fuse.reach("clock")
        return self.now()


class FusedAnchors(Anchors):
    """Anchors that tell when a commit has happened and its anchor has not."""

    def __init__(self, anchors: Anchors, fuse: Fuse) -> None:
        self.__dict__ = anchors.__dict__  # one file
        self._fuse = fuse

    def note(self, rows: Sequence[JournalRow], *, waits: bool = True) -> None:
        self._fuse.reach("committed")
        super().note(rows, waits=waits)


class FusedDatabase(GateLedger):
    """The gate's view of a ledger, with a fuse at each end of a transaction."""

    def __init__(self, ledger: Database, fuse: Fuse) -> None:
        self.__dict__ = ledger.__dict__  # one ledger: people's changes and the gate's are the same
        self._fuse = fuse

    @contextmanager
    def transaction(
        self, now: Instant | None = None, *, waits_for: WaitsFor = "anchor"
    ) -> Generator[Transaction]:
        self._fuse.reach("before transaction")
        anchors = self.anchors
        self.anchors = FusedAnchors(anchors, self._fuse)
        try:
            with super().transaction(now, waits_for=waits_for) as transaction:
                self._fuse.is_in_transaction = True
                try:
                    yield transaction
                    self._fuse.reach("in transaction")
                finally:
                    self._fuse.is_in_transaction = False
        finally:
            self.anchors = anchors
        self._fuse.reach("anchored")


def reopen(ledger: Database) -> None:
    """Forgets what a process had in memory, and reads the file anew as the next one does."""
    ledger.close()
    ledger.__init__(ledger.path.parents[1], ledger.site)  # type: ignore[misc]
