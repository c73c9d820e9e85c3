"""Which units behind a connection answer, and when those that do not are asked again."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .request import Request

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 1.0, 30.0
_SHARE = 0.1  # of the time, for silent units that the others have to wait for


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


class UnitStates:
    """A circuit breaker for each unit: one that does not answer is left alone for a while.

    The pause is 1 s, and doubles with each failure up to 30 s, until a reading succeeds. It
    outlives a session: where a silent unit costs the connection, the next one is not lost too.
    """

    def __init__(self) -> None:
        self._silent: dict[int, Silence] = {}
        self._pauses: dict[int, float] = {}
        self._answering: dict[int, None] = {}  # a set in the order of their first answer
        self._known: set[int] = set()
        self._waiting_since_s: float | None = None
        self._free_until_s = 0.0

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

    def due(self, now_s: float) -> list[int]:
        """Returns the silent units that are to be asked again, the one due longest first.

        Args:
            now_s: Monotonic time, seconds.
        """
        due = [(each.due_s, unit) for unit, each in self._silent.items() if each.due_s <= now_s]
        return [unit for _, unit in sorted(due)]

    def may_cost(self, now_s: float) -> bool:
        """Whether the others may be made to wait for a silent unit; about a tenth of the time.

        Args:
            now_s: Monotonic time, seconds.
        """
        return self._waiting_since_s is None and now_s >= self._free_until_s

    def know(self, units: Iterable[int]) -> None:
        """Notes units that have tags."""
        self._known.update(units)

    def answer(self, unit: int, now_s: float) -> None:
        """Notes that a unit was read.

        Args:
            now_s: Monotonic time, seconds.
        """
        self._answering[unit] = None
        self._pauses.pop(unit, None)
        self._silent.pop(unit, None)
        if self._waiting_since_s is not None:
            waited_s = now_s - self._waiting_since_s
            pause_s = waited_s * (1.0 / _SHARE - 1.0)
            self._free_until_s = now_s + min(pause_s, _LONGEST_PAUSE_S)
            self._waiting_since_s = None

    def fail(self, unit: int, request: Request, reason: str, now_s: float) -> None:
        """Notes that a unit did not answer.

        Args:
            now_s: Monotonic time, seconds.
        """
        pause_s = self._pauses.get(unit, _FIRST_PAUSE_S)
        self._pauses[unit] = min(2.0 * pause_s, _LONGEST_PAUSE_S)
        self._silent[unit] = Silence(reason, request, now_s + pause_s)
        self._answering.pop(unit, None)

    def cost(self, since_s: float) -> None:
        """Notes that the others wait for a silent unit, until one of them is read.

        Args:
            since_s: From when on, monotonic.
        """
        if self._waiting_since_s is None:
            self._waiting_since_s = since_s

    def postpone(self, unit: int, request: Request, now_s: float) -> None:
        """Leaves for later a unit of which nothing is known, as soon as the others allow it.

        Args:
            now_s: Monotonic time, seconds.
        """
        reason = "not asked yet, because another unit did not answer"
        self._silent[unit] = Silence(reason, request, now_s)

    def allow(self, unit: int) -> None:
        """Lets a unit be asked again; only a reading makes its next pause short."""
        self._silent.pop(unit, None)

    def clear(self) -> None:
        """Forgets who is silent: none answered, and it was the way to them."""
        self._silent.clear()
        self._pauses.clear()
        self._answering.clear()
