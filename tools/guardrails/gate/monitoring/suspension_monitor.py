"""Detects what suspends actuation, records it, and ends the requests approved before."""

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.connectors.model.values import (
    BAD_NO_COMMUNICATION,
    BAD_WAITING,
    UNCERTAIN_LAST_USABLE,
    DataValue,
)

from ....requests.timestamps import CLOCK_STEP_S, Instant
from ...interlocks.suspension import Suspension, applying
from ...ledger.lifecycle import move_request
from ...ledger.records import load_requests
from ...ledger.store.states import RequestState
from ..state.execution import GateContext
from ..state.suspensions import SuspensionChange
from .alarm_rate import AlarmCount

LOST_S = 5.0
"""How long a connection may bring nothing before it suspends: a reader that starts needs some."""
STEADY_S = 10.0
"""How long after a step the wall clock must have run evenly."""
_ROOM_AGAIN = 1.1  # by how much the disk must have more than it needs, or it would come and go
_STALE = frozenset({BAD_NO_COMMUNICATION, BAD_WAITING, UNCERTAIN_LAST_USABLE})
_DISK, _CLOCK, _ALARMS, _LEDGER, _LOST = "disk", "clock", "alarms", "ledger", "connection"


class MonitoredConnection(Protocol):
    """A connection as `connectors.session.supervisor.Connection` shows it."""

    @property
    def reason(self) -> str:
        """Reason why it is not connected, empty if it is."""
        ...

    @property
    def name(self) -> str:
        """Its name in the site file."""
        ...

    @property
    def is_connected(self) -> bool:
        """Whether there is a session that delivers."""
        ...

    def latest(self) -> Mapping[str, DataValue]:
        """Returns the latest reading of each tag as it counts now."""
        ...


class SuspensionMonitor:
    """Finds what suspends actuation, once in each of the gate's rounds."""

    def __init__(self, context: GateContext) -> None:
        self._context = context
        self._rule = context.policy.suspend
        self._alarms = AlarmCount(self._rule, context.site)
        self._lost_since_ms: dict[str, int] = {}
        self._steady_from_ms = -1

    @property
    def alarm_tags(self) -> frozenset[str]:
        """The tags that it must be shown whatever is asked for."""
        return self._alarms.tags

    def clock_was_set(self, now: Instant) -> None:
        """Notes a step of the wall clock, which must then run evenly before it is relied on."""
        self._steady_from_ms = now.boot_ms + round(1000.0 * STEADY_S)
        self._look_at_clock(now)

    def ledger_failed(self, reason: str) -> None:
        """Notes that the ledger, or what stands beside it, cannot be read or written."""
        self._context.suspensions.note(SITE_SCOPE, _LEDGER, reason, self._context.clock())

    def ledger_works(self) -> None:
        """Notes that a whole round has been read and written."""
        self._context.suspensions.note(SITE_SCOPE, _LEDGER, "", self._context.clock())

    def look(
        self, connections: Sequence[MonitoredConnection], readings: Mapping[str, DataValue]
    ) -> None:
        """Checks everything but the ledger. Needs no ledger and raises nothing."""
        now = self._context.clock()
        self._look_at_clock(now)
        self._look_at_disk(now)
        self._alarms.take(readings, now)
        self._context.suspensions.note(SITE_SCOPE, _ALARMS, self._alarms.flood(now), now)
        for name in self._lost_since_ms.keys() - {each.name for each in connections}:
            del self._lost_since_ms[name]  # a later reader of it needs time of its own
        for each in connections:
            self._look_at(each, now)

    def _look_at_clock(self, now: Instant) -> None:
        reason = f"the wall clock was set by more than {CLOCK_STEP_S:g} s"
        is_even = now.boot_ms >= self._steady_from_ms
        self._context.suspensions.note(SITE_SCOPE, _CLOCK, "" if is_even else reason, now)

    def _look_at_disk(self, now: Instant) -> None:
        suspensions, needed = self._context.suspensions, self._rule.disk
        try:
            free = free_bytes(self._context.state)
        except OSError as error:
            suspensions.note(SITE_SCOPE, _DISK, f"the disk cannot be read: {error.strerror}", now)
            return
        if free < needed:
            reason = f"the disk has {free / 1e6:.0f} MB left, of at least {needed / 1e6:.0f} MB"
            suspensions.note(SITE_SCOPE, _DISK, reason, now)
        elif free >= _ROOM_AGAIN * needed:
            suspensions.note(SITE_SCOPE, _DISK, "", now)

    def _look_at(self, connection: MonitoredConnection, now: Instant) -> None:
        name, reason = connection.name, _lost(connection)
        if not reason:
            self._lost_since_ms.pop(name, None)
            self._context.suspensions.note(name, _LOST, "", now)
            return
        since_ms = self._lost_since_ms.setdefault(name, now.boot_ms)
        if now.boot_ms - since_ms >= 1000.0 * LOST_S:
            self._context.suspensions.note(name, _LOST, reason, now)

    def tell(self) -> None:
        """Tells the journal what began and what is over, and ends what was approved before.

        After a `LedgerError` it is told the next time, and holds all the same.
        """
        context = self._context
        while change := context.suspensions.next_change():
            if not change.is_over:
                self._end_what_was_approved(change.what)
            self._record(change)
            context.suspensions.mark_recorded()

    def _record(self, change: SuspensionChange) -> None:
        context, scope = self._context, change.what.scope
        body: dict[str, object] = {"reason": change.what.reason, "since": change.what.since}
        body["epoch"] = context.epoch
        with context.database.transaction(context.clock()) as transaction:
            if change.is_over:
                transaction.record("gate.resumed", scope, body)
            else:
                transaction.record("gate.suspended", scope, body)

    def _end_what_was_approved(self, suspended: Suspension) -> None:
        context = self._context
        for record in load_requests(context.database, {RequestState.APPROVED}):
            if applying([suspended], record.request, context.site.tags):
                name = record.request.request_id
                with context.database.transaction(context.clock()) as transaction:
                    move_request(transaction, name, RequestState.INVALIDATED, suspended.words)


def free_bytes(folder: Path) -> int:
    """Returns how much room there is where a folder lies, or raises `OSError`."""
    return shutil.disk_usage(folder).free


def _lost(connection: MonitoredConnection) -> str | None:
    if not connection.is_connected:
        return connection.reason or "it is not connected"
    readings = connection.latest().values()
    is_stale = all(each.status in _STALE for each in readings)
    return "every value of it is stale" if is_stale and readings else None
