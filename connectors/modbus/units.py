"""Which units behind a connection answer, and when those that do not are asked again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .request import Request

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A unit that does not answer.

    Attributes:
        reason: What happened when it was asked last.
        request: What it was asked, and will be asked again.
        due_s: When, monotonic.
    """

    reason: str
    request: Request
    due_s: float


class Units:
    """A circuit breaker for each unit: one that does not answer is left alone for a while.

    The pause is 1 s, and doubles with each failure up to 30 s, until a reading succeeds.
    """

    def __init__(self) -> None:
        self._silent: dict[int, Silence] = {}
        self._pauses: dict[int, float] = {}
        self._answering: dict[int, None] = {}  # a set in the order of their first answer
        self._known: set[int] = set()

    @property
    def silent(self) -> Mapping[int, Silence]:
        """The units that are not to be asked, and why."""
        return self._silent

    @property
    def answering(self) -> list[int]:
        """The units that answered when they were asked last."""
        return list(self._answering)

    @property
    def hopeful(self) -> set[int]:
        """The units that have tags and are not known to be silent."""
        return self._known - self._silent.keys()

    @property
    def faults(self) -> dict[str, str]:
        """Each silent unit and why."""
        return {f"unit {unit}": self._silent[unit].reason for unit in sorted(self._silent)}

    def know(self, units: Iterable[int]) -> None:
        """Notes units that have tags."""
        self._known.update(units)

    def answer(self, unit: int) -> None:
        """Notes that a unit was read."""
        self._answering[unit] = None
        self._pauses.pop(unit, None)
        self._silent.pop(unit, None)

    def fail(self, unit: int, request: Request, reason: str, now_s: float) -> None:
        """Notes that a unit did not answer.

        Args:
            now_s: Monotonic time, seconds.
        """
        pause_s = self._pauses.get(unit, _FIRST_PAUSE_S)
        self._pauses[unit] = min(2.0 * pause_s, _LONGEST_PAUSE_S)
        self._silent[unit] = Silence(reason, request, now_s + pause_s)
        self._answering.pop(unit, None)

    def allow(self, unit: int) -> None:
        """Lets a unit be asked again; only a reading makes its next pause short."""
        self._silent.pop(unit, None)

    def clear(self) -> None:
        """Forgets who is silent: none answered, and it was the way to them."""
        self._silent.clear()
        self._pauses.clear()
        self._answering.clear()
