"""States of the units behind a connection, with the pauses of silent ones."""

from collections.abc import Iterable
from dataclasses import dataclass

from .request import Request

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_SHARE = 0.1  # of the time, in which other units may wait for silent ones


@dataclass(frozen=True, slots=True)
class Silence:
    """A unit that does not answer."""

    reason: str  # error of the last request
    request: Request  # its last request, which is sent again
    due_s: float  # monotonic time of that


class UnitStates:
    """A circuit breaker for each unit, which pauses a silent one.

    The pause is 1 s and doubles with each failure up to 30 s, until a reading succeeds. It outlives
    a session, so that a silent unit which breaks the connection does not break the next one too.
    All times are monotonic, seconds.

    Attributes:
        silent: Units that are not to be asked, with the reasons.
    """

    def __init__(self) -> None:
        self.silent: dict[int, Silence] = {}
        self._pauses: dict[int, float] = {}
        self._answering: dict[int, None] = {}  # a set in the order of their first answer
        self._known: set[int] = set()
        self._waiting_since_s: float | None = None
        self._free_until_s = 0.0

    @property
    def answering(self) -> list[int]:
        """Units that answered their last request."""
        return list(self._answering)

    @property
    def possible(self) -> set[int]:
        """Units that have tags and are not known to be silent."""
        return self._known - self.silent.keys()

    @property
    def faults(self) -> dict[str, str]:
        """Each silent unit with its reason."""
        return {f"unit {unit}": self.silent[unit].reason for unit in sorted(self.silent)}

    def due(self, now_s: float) -> list[int]:
        """Returns the silent units that are to be asked again, the longest due first."""
        due = [(each.due_s, unit) for unit, each in self.silent.items() if each.due_s <= now_s]
        return [unit for _, unit in sorted(due)]

    def may_wait(self, now_s: float) -> bool:
        """Whether others may wait for a silent unit, about a tenth of the time."""
        return self._waiting_since_s is None and now_s >= self._free_until_s

    def add(self, units: Iterable[int]) -> None:
        """Adds units that have tags."""
        self._known.update(units)

    def note_answer(self, unit: int, now_s: float) -> None:
        """Notes that a unit was read."""
        self._answering[unit] = None
        self._pauses.pop(unit, None)
        self.silent.pop(unit, None)
        if self._waiting_since_s is not None:
            waited_s = now_s - self._waiting_since_s
            pause_s = waited_s * (1.0 / _SHARE - 1.0)
            self._free_until_s = now_s + min(pause_s, _LONGEST_PAUSE_S)
            self._waiting_since_s = None

    def note_failure(self, unit: int, request: Request, reason: str, now_s: float) -> None:
        """Notes that a unit did not answer."""
        pause_s = self._pauses.get(unit, _FIRST_PAUSE_S)
        self._pauses[unit] = min(2.0 * pause_s, _LONGEST_PAUSE_S)
        self.silent[unit] = Silence(reason, request, now_s + pause_s)
        self._answering.pop(unit, None)

    def note_wait(self, since_s: float) -> None:
        """Notes that others wait for a silent unit, until one of them is read."""
        if self._waiting_since_s is None:
            self._waiting_since_s = since_s

    def postpone(self, unit: int, request: Request, now_s: float) -> None:
        """Postpones a unit of which nothing is known until others may wait for it."""
        reason = "not asked yet, because another unit did not answer"
        self.silent[unit] = Silence(reason, request, now_s)

    def allow(self, unit: int) -> None:
        """Lets a unit be asked again. Only a reading shortens its next pause."""
        self.silent.pop(unit, None)

    def clear(self) -> None:
        """Forgets all silent units, since none answered and the connection was at fault."""
        self.silent.clear()
        self._pauses.clear()
        self._answering.clear()
