"""Finds what has changed at a site since the console last showed it."""

from collections.abc import Iterator

from handwheel.connectors.errors import HandwheelError
from handwheel.connectors.hints import next_step
from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError, NoGate
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.ledger.listing import listed, load_listed
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.store.database import Ledger
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.timestamps import Instant

from ..people.lockout_lines import lockout_lines
from ..requests.request_text import request_line
from ..requests.write_followup import open_lines
from .waiting import NOTHING, Waiting, waiting_for_people

_SHOWN_AS_WAITING = frozenset({"run", "authority", "case", "question", "work_order"})
NO_GATE = "no gate is running: nothing can be approved"


class ChangeTracker:
    """Remembers what was shown of each request, lockout, suspension and of what waits."""

    def __init__(self, site: Site, database: Ledger) -> None:
        self.site, self._database = site, database
        self._shown: dict[str, tuple[str, str]] = {}
        self._left_open = frozenset[str]()
        self._stops = frozenset[str]()
        self._waiting: dict[str, Waiting] = {}
        self._faults = frozenset[str]()

    def updates(self, now: Instant) -> list[str]:
        """Returns a line for each change since the last call."""
        faults: set[str] = set()
        requests: list[str] = []
        try:
            requests += self._requests(now)
            requests += self._open_writes()
            requests += self._waiting_changes(now)
        except NoGate:
            pass  # told as what stops everything
        except LedgerError as error:
            faults.add(f"the ledger cannot be read: {error}; lockout still works")
        except HandwheelError as error:
            faults.add(f"what waits for a person cannot be read: {error}")
        new_faults = sorted(faults - self._faults)
        self._faults = frozenset(faults)
        return [*new_faults, *requests, *self._stop_changes()]

    def overview(self, now: Instant) -> list[str]:
        """Returns the open requests, what else waits for a person, and what stops the gate.

        Raises `HandwheelError` if any of it cannot be read.
        """
        has_gate = read_snapshot(self._database) is not None
        requests = [
            request_line(each, now, has_gate=has_gate)
            for each in load_listed(self._database, every=False)
            if each.state not in WAITING_REQUESTS
        ]
        waiting = waiting_for_people(self.site, self._database, now)
        lines = [line for each in waiting for line in each.lines]
        stops = self._current_stops() - {each.text for each in waiting}
        return [*requests, *(lines or [NOTHING]), *_stop_lines(stops)]

    def _waiting_changes(self, now: Instant) -> Iterator[str]:
        """Yields what waits for a person and is not shown as a request, write or lockout."""
        found = {
            each.key: each
            for each in waiting_for_people(self.site, self._database, now)
            if each.kind in _SHOWN_AS_WAITING
        }
        for key, each in found.items():
            if key not in self._waiting:
                yield from each.lines
        subjects = {each.subject for each in found.values()}
        for key, each in self._waiting.items():
            if key not in found and each.subject not in subjects:
                yield f"ended: {each.subject} waits no longer"
        self._waiting = found

    def _requests(self, now: Instant) -> Iterator[str]:
        found = {each.request_id: each for each in load_listed(self._database, every=False)}
        for name in self._shown.keys() - found.keys():
            del self._shown[name]
            yield request_line(listed(load_exactly(self._database, name)), now)
        for name, each in found.items():
            state = each.status  # the time left is not in it
            if self._shown.get(name) != state:
                self._shown[name] = state
                yield request_line(each, now)

    def _open_writes(self) -> Iterator[str]:
        now_open = open_lines(self._database)
        yield from (each for each in now_open if each not in self._left_open)
        yield from (f"ended: {each}" for each in sorted(self._left_open.difference(now_open)))
        self._left_open = frozenset(now_open)

    def _stop_changes(self) -> Iterator[str]:
        stops = self._current_stops()
        yield from _stop_lines(stops - self._stops)
        yield from (f"ended: {each}" for each in sorted(self._stops - stops))
        self._stops = stops

    def _current_stops(self) -> frozenset[str]:
        try:
            snapshot = read_snapshot(self._database)
        except LedgerError as error:
            return frozenset({str(error), *self._locked_without_gate()})
        if snapshot is None:
            return frozenset({NO_GATE, *self._locked_without_gate()})
        words = (each.words for each in snapshot.suspended)
        locked = lockout_lines(self.site, self._database, snapshot.locked)
        return frozenset({*words, *locked})

    def _locked_without_gate(self) -> list[str]:
        try:
            return lockout_lines(self.site, self._database)
        except LedgerError:  # reported by updates
            return lockout_lines(self.site, self._database, ())


def _stop_lines(stops: frozenset[str]) -> list[str]:
    return [f"{each}; {next_step('gate')}" if each == NO_GATE else each for each in sorted(stops)]
