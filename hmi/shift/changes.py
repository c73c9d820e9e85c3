"""What has changed at a site since an operator's terminal was told last, as lines."""

from collections.abc import Iterator

from handwheel.connectors.model.site import Site
from handwheel.tools.errors import LedgerError
from handwheel.tools.guardrails.approval.plant_snapshot import read_snapshot
from handwheel.tools.guardrails.ledger.listing import ListedRequest, list_now, listed
from handwheel.tools.guardrails.ledger.records import load_exactly
from handwheel.tools.guardrails.ledger.store.database import Database
from handwheel.tools.guardrails.ledger.store.states import WAITING_REQUESTS
from handwheel.tools.requests.stamps import Instant
from handwheel.tools.safe_text import plain

from ..people.lockout_lines import lockout_lines
from ..requests.request_text import request_line
from ..requests.write_followup import open_lines

NO_PICTURE = "the gate gives no picture: nothing can be approved"


class ChangeTracker:
    """Remembers what was told of each request, open write, lockout and suspension."""

    def __init__(self, site: Site, database: Database) -> None:
        self._site, self._database = site, database
        self._told: dict[str, str] = {}
        self._left_open = frozenset[str]()
        self._stops = frozenset[str]()
        self._faults = frozenset[str]()

    def updates(self, now: Instant) -> list[str]:
        """Returns a line for each thing that is not as it was told last."""
        faults: set[str] = set()
        requests: list[str] = []
        try:
            requests += self._requests(now, faults)
            requests += self._open_writes()
        except LedgerError as error:
            faults.add(f"the ledger cannot be read: {error}; lockout works all the same")
        told = sorted(faults - self._faults)
        self._faults = frozenset(faults)
        return [*told, *requests, *self._other(now)]

    def overview(self, now: Instant) -> list[str]:
        """Returns a line for each request that waits or is under way, open write and stop.

        Raises:
            LedgerError: The ledger cannot be read.
        """
        has_gate = read_snapshot(self._site.state, now) is not None
        lines = [request_line(each, now, has_gate=has_gate) for each in self._open(now, set())]
        open_ = open_lines(self._database)
        return [*(lines or ["nothing waits"]), *open_, *sorted(self._current_stops(now))]

    def _requests(self, now: Instant, faults: set[str]) -> Iterator[str]:
        found = {each.request_id: each for each in self._open(now, faults)}
        for name in self._told.keys() - found.keys():
            del self._told[name]
            yield request_line(listed(load_exactly(self._database, name)), now)
        for name, each in found.items():
            standing = _standing(each)
            if self._told.get(name) != standing:
                self._told[name] = standing
                yield request_line(each, now)

    def _open(self, now: Instant, faults: set[str]) -> list[ListedRequest]:
        def on_damaged(name: str, fault: str) -> None:
            faults.add(f"passed by {plain(name)}: {plain(fault)}")

        return list_now(self._database, on_damaged, now, every=False)

    def _open_writes(self) -> Iterator[str]:
        now_open = open_lines(self._database)
        yield from (each for each in now_open if each not in self._left_open)
        yield from (f"no more: {each}" for each in sorted(self._left_open.difference(now_open)))
        self._left_open = frozenset(now_open)

    def _other(self, now: Instant) -> Iterator[str]:
        stops = self._current_stops(now)
        yield from sorted(stops - self._stops)
        yield from (f"no more: {each}" for each in sorted(self._stops - stops))
        self._stops = stops

    def _current_stops(self, now: Instant) -> frozenset[str]:
        picture = read_snapshot(self._site.state, now)
        if picture is None:
            return frozenset({NO_PICTURE, *self._locked_without_gate()})
        words = (each.words for each in picture.suspended)
        locked = lockout_lines(self._site, self._database, picture.locked)
        return frozenset({*words, *locked})

    def _locked_without_gate(self) -> list[str]:
        try:
            return lockout_lines(self._site, self._database)
        except LedgerError:  # which is told
            return lockout_lines(self._site, self._database, ())


def _standing(request: ListedRequest) -> str:
    """Returns what is another when people should look again; time left is not."""
    is_waiting = request.state in WAITING_REQUESTS
    actions = "" if is_waiting else " ".join(each.state for each in request.actions)
    return f"{request.state} {actions}"
