"""Memory of a gate beside its ledger, of expected effects and classes of requests."""

from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic

from handwheel.connectors.model.values import DataValue

from ....conditions.condition import Condition
from ....requests.timestamps import Instant
from ...ledger.effects import PendingEffect
from ...signatures.request_class import RequestClass


@dataclass(frozen=True, slots=True)
class MonitoredEffect:
    """Something that is looked for since this gate has verified a command."""

    what: PendingEffect
    condition: Condition | None  # `None` if it cannot be evaluated by the site's tags
    at: Instant  # when the command was verified, on wall and boot clock
    at_s: float  # the same on the clock of readings, monotonic seconds
    was_so: bool  # whether it was true before the frame left


class GateMemory:
    """Expected effects, classes of requests, and when actions were concluded.

    An effect is forgotten with its verdict. The rest is about 100 bytes for each action.
    """

    def __init__(self) -> None:
        self._expected: dict[tuple[str, int], MonitoredEffect] = {}
        self._classes: dict[str, RequestClass] = {}
        self._concluded_s: dict[str, float] = {}

    def note_class(self, digest: str, found: RequestClass) -> None:
        """Notes the class of a request, by its digest, for which enough people have signed."""
        self._classes.setdefault(digest, found)

    def class_of(self, digest: str) -> RequestClass | None:
        """Returns the class that was noted for a request first, or `None` if none was."""
        return self._classes.get(digest)

    @property
    def expected(self) -> tuple[MonitoredEffect, ...]:
        """Expected effects without a verdict, the oldest first."""
        return tuple(self._expected.values())

    def expect(self, what: MonitoredEffect) -> None:
        """Looks for something from now on."""
        self._expected[what.what.action_id, what.what.number] = what

    def conclude(self, what: MonitoredEffect) -> None:
        """Forgets an expected effect that has its verdict."""
        del self._expected[what.what.action_id, what.what.number]

    def note_concluded(self, action_id: str) -> None:
        """Notes that the outcome of an action is recorded now."""
        self._concluded_s[action_id] = monotonic()

    def seen_since(
        self, action_id: str, readings: Mapping[str, DataValue]
    ) -> Mapping[str, DataValue]:
        """Returns the readings that came after an action was concluded.

        All of them where another gate has concluded it: this one has read nothing before.
        """
        if (at_s := self._concluded_s.get(action_id)) is None:
            return readings
        return {name: each for name, each in readings.items() if each.received_s > at_s}
