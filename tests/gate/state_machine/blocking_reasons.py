"""What else stands in a frame's way, told by what the test has done to people, plant and gate."""

from dataclasses import dataclass

from handwheel.connectors.model.site import Site
from handwheel.connectors.model.site_file import SITE_SCOPE
from handwheel.connectors.model.values import DataValue
from handwheel.tools.guardrails.interlocks.authority import Mode
from handwheel.tools.requests.request import Action, ActionRequest
from handwheel.tools.requests.timestamps import Instant

from ...plants.in_memory import MemoryPlant
from ..testbed.oracle import Oracle

# As docs/reference/requests.md tells people: numbers of the tests' own, not the product's.
LOST_S = 5.0
STEADY_S = 10.0


@dataclass
class MemoryConnection:
    """A connection as its supervisor shows it."""

    name: str
    plant: MemoryPlant
    reason: str = "connection refused"

    @property
    def is_connected(self) -> bool:
        return not self.plant.is_down

    def latest(self) -> dict[str, DataValue]:
        return {}


@dataclass
class MemoryReader:
    """What the gate reads all the time."""

    connections: list[MemoryConnection]

    def latest(self) -> dict[str, DataValue]:
        return {}


@dataclass
class Outlook:
    """What a gate that looks out must find, from what the test did; a new gate knows nothing."""

    plant: MemoryPlant
    started: Instant
    _lost_ms: int | None = None
    _steady_ms: int = -1

    def look(self, now: Instant) -> str:
        """Returns why nothing may leave until the gate has looked again; empty if it may."""
        if abs(_offset_s(now) - _offset_s(self.started)) > 2.0:
            self.started, self._steady_ms = now, now.boot_ms + round(1000.0 * STEADY_S)
        if not self.plant.is_down:
            self._lost_ms = None
        elif self._lost_ms is None:
            self._lost_ms = now.boot_ms
        if now.boot_ms < self._steady_ms:
            return "the clock was set"
        is_lost = self._lost_ms is not None and now.boot_ms - self._lost_ms >= 1000.0 * LOST_S
        return "no connection" if is_lost else ""


class Circumstances:
    """Everything but approvals, lockouts and leases, which the oracle knows itself.

    Attributes:
        began: When the gate took up the action that is under way: what it looks at in its first
            seven steps is judged by that moment.
        suspended: Why nothing may leave; empty if it may.
    """

    def __init__(self, site: Site, oracle: Oracle, began: Instant) -> None:
        self._site, self._oracle = site, oracle
        self.began = began
        self.suspended = ""
        self._modes = dict[str, tuple[Mode, Instant, float]]()
        self._past_that = set[str]()

    def objection(self, request: ActionRequest, action: Action) -> str:
        """Returns why a frame may not leave."""
        return self.suspended or self._authority(request, action) or self._turn(request, action)

    def hand_over(self, scope: str, now: Instant, lasts_s: float) -> None:
        """Notes that a person has handed equipment over to agents."""
        self._modes[scope] = ("AGENT", now, lasts_s)

    def take_over(self, scope: str, mode: Mode, now: Instant) -> None:
        """Notes that somebody has taken equipment over, and ends what that ends."""
        self._past_that |= self._oracle.under_way()
        members = self._site.members_of(scope)
        for each in members:
            if each in self._modes and self._modes[each][0] == "AGENT":
                self._modes[each] = ("OPERATOR", now, 0.0)
        self._modes[scope] = (mode, now, 0.0)
        for told in self._oracle.told.values():
            touched = {each.equipment for each in told.request.actions}
            is_covered = scope == SITE_SCOPE or bool(touched & set(members))
            if is_covered and (mode != "OPERATOR" or told.request.run is not None):
                self._oracle.end(told.request, f"{scope} was taken over")

    def _authority(self, request: ActionRequest, action: Action) -> str:
        if action.action_id in self._past_that:
            return ""  # somebody took over once its intent was on disk
        scopes = self._site.scopes_of(action.equipment)  # the widest first
        known = [self._modes[each] for each in scopes if each in self._modes]
        if closed := [mode for mode, _, _ in known if mode in {"LOCAL", "MAINTENANCE"}]:
            return f"{action.equipment} is {closed[0]}"
        if request.run is None:
            return ""
        if not known or known[-1][0] != "AGENT":
            return f"{action.equipment} is not the agents'"
        _, given, lasts_s = known[-1]
        wall_s = (self.began.wall - given.wall).total_seconds()
        boot_s = (self.began.boot_ms - given.boot_ms) / 1000.0
        is_same_boot = self.began.boot_id == given.boot_id
        is_over = wall_s >= lasts_s or wall_s < 0.0 or (is_same_boot and boot_s >= lasts_s)
        return f"the agents' authority over {action.equipment} is over" if is_over else ""

    def _turn(self, request: ActionRequest, action: Action) -> str:
        is_the_gates = request.lease is not None and action.kind == "recovery"
        is_said = action.action_id in self._oracle.due
        return "" if request.run is None or is_the_gates or is_said else "no run has set it due"


def _offset_s(now: Instant) -> float:
    return now.wall.timestamp() - now.boot_ms / 1000.0
